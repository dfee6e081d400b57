//! RSA keys that can be factored.

/// Returns true if a modulus has the form of the keys that Infineon's library made (ROCA,
/// CVE-2017-15361). Modulo every small prime it is a power of 65537. About one in 2^27 of other
/// moduli has this form.
pub(in crate::verify::oauth) fn can_be_factored(modulus: &[u8]) -> bool {
    PRIMES.iter().all(|prime| {
        let rest = modulus.iter().fold(0, |rest, byte| (rest * 256 + u32::from(*byte)) % prime);
        let powers = std::iter::successors(Some(1), |power| Some(power * (65_537 % prime) % prime));
        powers.take(*prime as usize).any(|power| power == rest)
    })
}

const PRIMES: [u32; 38] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103,
    107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_power_of_65537_has_the_form_and_a_prime_product_has_not() {
        assert!(can_be_factored(&1_u32.to_be_bytes()));
        assert!(can_be_factored(&65_537_u32.to_be_bytes()));
        assert!(can_be_factored(&(65_537_u64 * 65_537).to_be_bytes()));
        assert!(!can_be_factored(&[0xC3; 256]));
        assert!(!can_be_factored(&[0xFB; 256]));
    }
}

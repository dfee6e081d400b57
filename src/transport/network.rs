//! The network by which the requests of one client are counted.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::Ipv6Net;

/// The division of addresses into clients.
#[derive(Clone, Debug)]
pub(crate) struct Networks {
    /// The bits of an IPv4 and of an IPv6 address that differ between clients.
    pub(crate) prefixes: [u8; 2],
    /// Prefixes of translators, beside the well-known one (RFC 6052).
    pub(crate) nat64: Vec<Ipv6Net>,
}

impl Networks {
    /// Each IPv4 address, and each /64 of IPv6.
    pub(crate) const DEFAULT: Self = Self { prefixes: [32, 64], nat64: Vec::new() };

    /// Returns the network of an address. A network of IPv4 is written in IPv6 form, which no other
    /// network has.
    ///
    /// One /64, or even one /96, of addresses that embed IPv4 addresses has clients from all of the
    /// internet. Such clients are counted by the embedded address.
    pub(crate) fn of(&self, address: IpAddr) -> [u8; 16] {
        let [_, prefix] = self.prefixes;
        match address.to_canonical() {
            IpAddr::V4(address) => self.of_ipv4(address),
            IpAddr::V6(address) => match self.embedded(address) {
                Some(address) => self.of_ipv4(address),
                None if is_one_client(address) => address.octets(),
                None => {
                    let mask = u128::MAX.checked_shl(128_u32.saturating_sub(prefix.into())).unwrap_or(0);
                    Ipv6Addr::from_bits(address.to_bits() & mask).octets()
                }
            },
        }
    }

    fn of_ipv4(&self, address: Ipv4Addr) -> [u8; 16] {
        let [prefix, _] = self.prefixes;
        let mask = u32::MAX.checked_shl(32_u32.saturating_sub(prefix.into())).unwrap_or(0);
        Ipv4Addr::from_bits(address.to_bits() & mask).to_ipv6_mapped().octets()
    }

    /// Returns the IPv4 address of the client that a translator or a tunnel embeds.
    fn embedded(&self, address: Ipv6Addr) -> Option<Ipv4Addr> {
        if let Some(prefix) = self.nat64.iter().find(|prefix| prefix.contains(&address)) {
            return translated(address, prefix.prefix_len());
        }
        let bits = address.to_bits();
        match address.segments() {
            // NAT64 (RFC 6052), and stateless translation (RFC 2765).
            [0x64, 0xff9b, 0, 0, 0, 0, _, _] | [0, 0, 0, 0, 0xffff, 0, _, _] => translated(address, 96),
            // 6to4 (RFC 3056): all addresses of one site.
            [0x2002, ..] => Some(Ipv4Addr::from_bits(low(bits >> 80))),
            // Teredo (RFC 4380), which inverts the address.
            [0x2001, 0, ..] => Some(Ipv4Addr::from_bits(!low(bits))),
            _ => None,
        }
    }
}

/// Returns the four bytes after a prefix of RFC 6052, without byte 8, which is zero.
fn translated(address: Ipv6Addr, prefix: u8) -> Option<Ipv4Addr> {
    let octets = address.octets();
    let bytes = octets.iter().enumerate().skip(usize::from(prefix / 8));
    let mut bytes = bytes.filter(|(at, _)| *at != 8).map(|(_, byte)| *byte);
    Some(Ipv4Addr::from([bytes.next()?, bytes.next()?, bytes.next()?, bytes.next()?]))
}

/// Returns true if a single address is a client by itself: IPv4-compatible addresses (RFC 4291
/// section 2.5.5.1), and addresses of translators inside a site, whose prefix is not known (RFC
/// 8215).
const fn is_one_client(address: Ipv6Addr) -> bool {
    matches!(address.segments(), [0, 0, 0, 0, 0, 0, _, _] | [0x64, 0xff9b, 1, ..])
}

#[allow(clippy::cast_possible_truncation, reason = "the low half is what is wanted")]
const fn low(bits: u128) -> u32 {
    bits as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(networks: &Networks, address: &str) -> [u8; 16] {
        networks.of(address.parse().unwrap())
    }

    #[test]
    fn an_embedded_address_is_counted_as_the_address_itself() {
        let networks = Networks::DEFAULT;
        for embedded in [
            "64:ff9b::192.0.2.1",
            "::ffff:192.0.2.1",
            "::ffff:0:192.0.2.1",
            "2002:c000:201::1",
            "2002:c000:201:ffff::ffff",
            "2001:0:4136:e378:8000:63bf:3fff:fdfe",
        ] {
            assert_eq!(network(&networks, embedded), network(&networks, "192.0.2.1"), "{embedded}");
            assert_ne!(network(&networks, embedded), network(&networks, "192.0.2.2"), "{embedded}");
        }
    }

    #[test]
    fn addresses_that_only_look_embedded_are_not() {
        let networks = Networks::DEFAULT;
        for (one, other, shared) in [
            ("64:ff9b::192.0.2.1", "64:ff9b::192.0.2.2", false),
            ("::192.0.2.1", "::192.0.2.2", false),
            ("::192.0.2.1", "192.0.2.1", false),
            ("::1", "0.0.0.1", false),
            ("64:ff9b:1::192.0.2.1", "64:ff9b:1::192.0.2.2", false),
            ("64:ff9b:1::192.0.2.1", "192.0.2.1", false),
            ("64:ff9b:2::192.0.2.1", "64:ff9b:2::192.0.2.2", true),
            ("2001:db8::192.0.2.1", "2001:db8::192.0.2.2", true),
            ("2001:1::192.0.2.1", "2001:1::192.0.2.2", true),
        ] {
            assert_eq!(network(&networks, one) == network(&networks, other), shared, "{one} {other}");
        }
    }

    /// The examples of RFC 6052 section 2.4.
    #[test]
    fn a_prefix_of_a_translator_is_read_at_every_length() {
        for (prefix, address) in [
            ("2001:db8::/32", "2001:db8:c000:221::"),
            ("2001:db8:100::/40", "2001:db8:1c0:2:21::"),
            ("2001:db8:122::/48", "2001:db8:122:c000:2:2100::"),
            ("2001:db8:122:300::/56", "2001:db8:122:3c0:0:221::"),
            ("2001:db8:122:344::/64", "2001:db8:122:344:c0:2:2100::"),
            ("2001:db8:122:344::/96", "2001:db8:122:344::192.0.2.33"),
        ] {
            let networks = Networks { nat64: vec![prefix.parse().unwrap()], ..Networks::DEFAULT };
            assert_eq!(network(&networks, address), network(&networks, "192.0.2.33"), "{prefix}");
        }
    }
}

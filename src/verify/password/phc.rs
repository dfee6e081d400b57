//! The text of a password hash: `$ID$v=VERSION$NAME=VALUE,NAME=VALUE$SALT$HASH` (PHC).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// The parts of a hash after the name of its algorithm.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Phc<'t> {
    pub(super) version: Option<u32>,
    params: &'t str,
    pub(super) salt: Vec<u8>,
    pub(super) hash: Vec<u8>,
}

/// The accepted lengths, which are those of the crate `phc`: of all parameters, and of a salt and a
/// hash in bytes. A longer hash would only cost more.
const PARAMS: usize = 127;
const SALT: std::ops::RangeInclusive<usize> = 8..=48;
const HASH: std::ops::RangeInclusive<usize> = 10..=64;

impl<'t> Phc<'t> {
    /// Parses a hash. Returns `None` if it is malformed, or has no salt or no hash.
    pub(super) fn read(text: &'t str) -> Option<Self> {
        let mut fields = text.strip_prefix('$')?.split('$').skip(1).peekable();
        let version = fields.next_if(|field| field.starts_with("v=") && !field.contains(','));
        let version = match version.and_then(|field| field.strip_prefix("v=")) {
            Some(version) => Some(decimal(version)?),
            None => None,
        };
        let params = fields.next_if(|field| field.contains('=')).unwrap_or_default();
        let (salt, hash) = (bytes(fields.next()?, SALT)?, bytes(fields.next()?, HASH)?);
        let is_whole = fields.next().is_none() && params.len() <= PARAMS;
        is_whole.then_some(Self { version, params, salt, hash })
    }

    /// Returns the names and values of the parameters. A parameter without `=` has an empty value,
    /// which is no number.
    pub(super) fn params(&self) -> impl Iterator<Item = (&'t str, &'t str)> {
        let params = self.params.split(',').filter(|_| !self.params.is_empty());
        params.map(|param| param.split_once('=').unwrap_or((param, "")))
    }

    /// Writes a hash, with numbers as parameters.
    pub(super) fn write(id: &str, version: u32, params: &[(&str, u32)], salt: &[u8], hash: &[u8]) -> String {
        let params: Vec<_> = params.iter().map(|(name, number)| format!("{name}={number}")).collect();
        let [salt, hash] = [salt, hash].map(|bytes| STANDARD_NO_PAD.encode(bytes));
        format!("${id}$v={version}${}${salt}${hash}", params.join(","))
    }
}

/// Reads a number in its only decimal form: digits without a leading zero.
pub(super) fn decimal(text: &str) -> Option<u32> {
    let is_canonical =
        text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|_| is_canonical)
}

/// Decodes base64 in its only form: the standard alphabet, no padding, no bits after the end.
fn bytes(text: &str, lengths: std::ops::RangeInclusive<usize>) -> Option<Vec<u8>> {
    let longest = lengths.end().div_ceil(3) * 4;
    let bytes = STANDARD_NO_PAD.decode(Some(text).filter(|text| text.len() <= longest)?).ok()?;
    lengths.contains(&bytes.len()).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Version, numbers, salt and hash.
    type Parts = (Option<u32>, Vec<(String, u32)>, Vec<u8>, Vec<u8>);

    /// Reads a hash with the crate `phc`, as if its parameters were those of argon2.
    fn peer(text: &str) -> Option<Parts> {
        let hash = phc::PasswordHash::new(text).ok()?;
        let params = hash.params.iter().map(|(name, value)| Some((name.to_string(), value.decimal().ok()?)));
        Some((
            hash.version,
            params.collect::<Option<_>>()?,
            hash.salt?.to_vec(),
            hash.hash?.as_bytes().to_vec(),
        ))
    }

    fn own(text: &str) -> Option<Parts> {
        let hash = Phc::read(text)?;
        let is_name = |name: &str| {
            let is_valid = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
            (1..=32).contains(&name.len()) && name.bytes().all(is_valid)
        };
        let params = hash.params().map(|(name, value)| {
            is_name(name).then_some(())?;
            Some((name.to_owned(), decimal(value)?))
        });
        let params = params.collect::<Option<_>>()?;
        Some((hash.version, params, hash.salt, hash.hash))
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(version: u32, salt in prop::collection::vec(any::<u8>(), 8..=48),
                                   hash in prop::collection::vec(any::<u8>(), 10..=64), m: u32, p: u32) {
            let text = Phc::write("argon2id", version, &[("m", m), ("p", p)], &salt, &hash);
            let read = Phc::read(&text).unwrap();
            prop_assert_eq!((read.version, &read.salt, &read.hash), (Some(version), &salt, &hash));
            let params: Vec<_> = read.params().map(|(name, value)| (name, decimal(value))).collect();
            prop_assert_eq!(params, [("m", Some(m)), ("p", Some(p))]);
            prop_assert_eq!(peer(&text), own(&text));
        }

        /// The same hashes are accepted as by the crate `phc`, and read alike.
        #[test]
        fn a_hash_is_read_as_the_crate_phc_reads_it(
            version in "(\\$v=[0-9,]{0,3})?",
            params in "(\\$[mtp]=[0-9=+,]{0,4}(,[a-z]{1,2}=[0-9]{1,3}){0,3})?",
            salt in "(\\$[A-Za-z0-9+/=.-]{9,13}|\\$[A-Za-z0-9+/]{62,66})?",
            hash in "(\\$[A-Za-z0-9+/=]{11,16}|\\$[A-Za-z0-9+/]{84,88})?",
            rest in "(\\$.?)?",
        ) {
            let text = format!("$argon2id{version}{params}{salt}{hash}{rest}");
            prop_assert_eq!(own(&text), peer(&text), "{}", text);
        }
    }

    #[test]
    fn a_number_has_one_form() {
        for (text, number) in [("0", Some(0)), ("19", Some(19)), ("4294967295", Some(u32::MAX))] {
            assert_eq!(decimal(text), number);
        }
        for text in ["", "00", "019", "+1", "-1", " 1", "1 ", "4294967296", "\u{661}"] {
            assert_eq!(decimal(text), None, "{text}");
        }
    }

    #[test]
    fn base64_has_one_form() {
        let hash = |salt: &str| format!("$x${salt}$aGFzaGhhc2hoYXNo");
        assert!(Phc::read(&hash("c2FsdHNhbHQ")).is_some());
        // Padding, bits after the end, another alphabet, a space, and a byte too few.
        for salt in ["c2FsdHNhbHQ=", "c2FsdHNhbHR", "c2FsdHNh-HQ", "c2FsdHNh HQ", "c2FsdHNhbA"] {
            assert_eq!(Phc::read(&hash(salt)), None, "{salt}");
        }
    }
}

//! Keyed fingerprints of secrets.

use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::sync::Arc;
use std::{fmt, io};

use siphasher::sip128::{Hash128, Hasher128, SipHasher24};

use super::universal_hash::{UniversalHash, write_words};

/// A 128-bit keyed fingerprint of one or several secrets.
///
/// It serves as the key of maps, so that a secret is never a map key. It is safe to log, because it
/// reveals nothing without the [`FingerprintKey`]. It is not for storage, because another process
/// has another key.
///
/// # Examples
///
/// ```
/// use std::collections::HashMap;
/// use tower_principal::Secret;
/// use tower_principal::credential::FingerprintKey;
///
/// // A map of failures whose keys reveal nothing:
/// let key = FingerprintKey::random()?;
/// let token = Secret::borrowed("otto-token");
/// let mut failures = HashMap::new();
/// let print = key.of(&[token.expose_secret().as_bytes()]);
/// *failures.entry(print).or_insert(0) += 1;
/// assert_eq!(failures[&print], 1);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u64; 2]);

/// The random key of a family of fingerprints (SipHash-2-4 with 128 bits of output). A part that is
/// longer than 64 bytes is first shortened by a universal hash (NH), whose key is secret as well.
///
/// # Examples
///
/// ```
/// use tower_principal::credential::FingerprintKey;
///
/// let key = FingerprintKey::random()?;
/// assert_eq!(key.of(&[b"a", b"b"]), key.of(&[b"a", b"b"]));
/// assert_ne!(key.of(&[b"a", b"b"]), key.of(&[b"ab"]));
/// assert_ne!(key.of(&[b"a"]), FingerprintKey::random()?.of(&[b"a"]));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct FingerprintKey {
    /// For lists of one short part, which need no length.
    one: SipHasher24,
    /// For lists of several short parts.
    several: SipHasher24,
    /// For lists with a long part.
    long: SipHasher24,
    shortens: Arc<UniversalHash>,
}

impl Fingerprint {
    /// Returns bits that a map's hash does not use, to choose one of several maps.
    #[cfg_attr(not(any(feature = "cache", feature = "memory")), allow(dead_code))]
    pub(crate) const fn spread(self) -> u64 {
        let [_, second] = self.0;
        second
    }
}

// Secrets are keys by fingerprint only. `MemoryVerifier` and the caches use a 128-bit SipHash-2-4
// with a random key. The input is a list of parts whose lengths go in first. A stored fingerprint
// would be useless in the next process, on purpose.
impl FingerprintKey {
    /// Makes a fresh key from the operating system.
    ///
    /// # Errors
    ///
    /// Returns an error if the operating system has no randomness.
    pub fn random() -> io::Result<Self> {
        let shortens = Arc::new(UniversalHash::random()?);
        Ok(Self { one: random()?, several: random()?, long: random()?, shortens })
    }

    /// Returns the fingerprint of these parts. Two different lists of parts never give the same
    /// bytes under the same key, because a single short part has a key of its own. Before several
    /// short parts come their number and the length of each part except the last. Lists with a long
    /// part have a third key, and each part comes after its length.
    #[inline]
    pub fn of(&self, parts: &[&[u8]]) -> Fingerprint {
        let hash = match parts {
            // Hashing at once costs less than writing and finishing.
            [part] if is_short(part) => self.one.hash(part),
            [measured @ .., last] if is_short(last) && measured.iter().all(is_short) => {
                self.of_several(measured, parts)
            }
            _ => self.of_long(parts),
        };
        Fingerprint([hash.h1, hash.h2])
    }

    fn of_several(&self, measured: &[&[u8]], parts: &[&[u8]]) -> Hash128 {
        let mut hasher = self.several;
        let count = (parts.len() as u64) << 48;
        measured.iter().for_each(|part| hasher.write_u64(count | part.len() as u64));
        parts.iter().for_each(|part| hasher.write(part));
        hasher.finish128()
    }

    #[inline(never)]
    fn of_long(&self, parts: &[&[u8]]) -> Hash128 {
        let mut hasher = self.long;
        let count = (parts.len() as u64) << 48;
        for part in parts {
            hasher.write_u64(count | part.len() as u64);
            if is_short(part) {
                write_words(part, &mut hasher);
            } else {
                self.shortens.write(part, &mut hasher);
            }
        }
        hasher.finish128()
    }
}

/// Returns true if a part is hashed as it is, because to shorten it first would cost more.
#[inline]
const fn is_short(part: &&[u8]) -> bool {
    part.len() <= 64
}

fn random() -> io::Result<SipHasher24> {
    let mut key = [0; 16];
    getrandom::fill(&mut key).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(SipHasher24::new_with_key(&key))
}

impl fmt::Debug for FingerprintKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FingerprintKey(..)")
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, _] = self.0;
        write!(f, "{first:016x}")
    }
}

impl Hash for Fingerprint {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let [first, _] = self.0;
        state.write_u64(first);
    }
}

/// A hasher for maps keyed by [`Fingerprint`], which is random already.
pub(crate) type AlreadyRandom = BuildHasherDefault<Identity>;

#[derive(Default)]
pub(crate) struct Identity(u64);

impl Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = word;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn parts_do_not_run_into_each_other() {
        let key = FingerprintKey::random().unwrap();
        let (long, longer) = ([b'a'; 65], [b'a'; 66]);
        let lists: [&[&[u8]]; 15] = [
            &[b"a", b"b:c"],
            &[b"a:b", b"c"],
            &[b"a", b"b", b"c"],
            &[b"abc"],
            &[b"abc", b""],
            &[],
            &[&long[..64]],
            &[&long],
            &[&longer],
            &[&long, b""],
            &[&long, b"a"],
            &[b"a", &long],
            &[b"a\0", &long],
            &[&long, &longer],
            &[&longer, &long],
        ];
        for (i, one) in lists.iter().enumerate() {
            for (j, other) in lists.iter().enumerate() {
                assert_eq!(key.of(one) == key.of(other), i == j, "{i} {j}");
            }
        }
    }

    #[test]
    fn every_length_and_every_byte_counts() {
        let key = FingerprintKey::random().unwrap();
        let zeros = [0; 1100];
        let mut seen = HashSet::new();
        assert!((0..zeros.len()).all(|length| seen.insert(key.of(&[&zeros[..length]]))));
        for length in [64, 65, 80, 1024, 1025, 1100] {
            for at in 0..length {
                let mut other = zeros;
                other[at] = 1;
                assert!(seen.insert(key.of(&[&other[..length]])), "{at} of {length}");
                assert!(seen.insert(key.of(&[b"acme", &other[..length]])), "{at} of {length}");
            }
        }
    }

    #[test]
    fn the_key_is_not_shown_and_differs_each_time() {
        let (one, two) = (FingerprintKey::random().unwrap(), FingerprintKey::random().unwrap());
        assert_eq!(format!("{one:?}"), "FingerprintKey(..)");
        assert_ne!(one.of(&[b"x"]), two.of(&[b"x"]));
    }
}

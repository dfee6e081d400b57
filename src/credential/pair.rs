//! An id and its secret.

use std::fmt;

use zeroize::Zeroizing;

use super::Secret;

/// An id and its secret: a user and password, an API key of two parts, a client's credentials.
///
/// A pair is either one decoded buffer split at its first colon (RFC 7617 section 2) or two values
/// sent separately. `Debug` shows neither half, because people do put secrets into the wrong field.
///
/// # Examples
///
/// ```
/// use tower_principal::{Pair, Secret};
///
/// let pair = Pair::new(Secret::borrowed("alice"), Secret::borrowed("pa:ss"));
/// assert_eq!(pair.id(), "alice");
/// assert_eq!(pair.secret().expose_secret(), "pa:ss");
/// assert_eq!(format!("{pair:?}"), "Pair(..)");
/// ```
pub struct Pair<'r>(Halves<'r>);

enum Halves<'r> {
    Joined { text: Zeroizing<String>, colon: usize },
    Apart { id: Secret<'r>, secret: Secret<'r> },
}

impl<'r> Pair<'r> {
    /// Makes a pair of two values that were sent separately.
    pub const fn new(id: Secret<'r>, secret: Secret<'r>) -> Self {
        Self(Halves::Apart { id, secret })
    }

    /// Splits `id:secret` at the first colon. Returns `None` if there is no colon.
    pub(crate) fn split(text: Zeroizing<String>) -> Option<Self> {
        let colon = memchr::memchr(b':', text.as_bytes())?;
        Some(Self(Halves::Joined { text, colon }))
    }

    /// Returns the public half: a user name, a key's id, a client's id.
    pub fn id(&self) -> &str {
        match &self.0 {
            Halves::Joined { text, colon } => text.get(..*colon).unwrap_or_default(),
            Halves::Apart { id, .. } => id.expose_secret(),
        }
    }

    /// Returns the bytes of the public half, which cost less than the text. Only for fingerprints.
    #[cfg_attr(not(feature = "memory"), allow(dead_code))]
    pub(crate) fn id_bytes(&self) -> &[u8] {
        match &self.0 {
            Halves::Joined { text, colon } => text.as_bytes().get(..*colon).unwrap_or_default(),
            Halves::Apart { id, .. } => id.expose_secret_bytes(),
        }
    }

    /// Returns the secret half, exactly as sent: never trimmed, folded or cut.
    pub fn secret(&self) -> Secret<'_> {
        match &self.0 {
            Halves::Joined { text, colon } => Secret::borrowed(text.get(colon + 1..).unwrap_or_default()),
            Halves::Apart { secret, .. } => secret.reborrow(),
        }
    }

    /// Returns the same pair, borrowed from this one.
    pub fn reborrow(&self) -> Pair<'_> {
        Pair::new(Secret::borrowed(self.id()), self.secret())
    }

    /// Returns a copy that outlives the request; it is wiped on drop.
    pub fn into_owned(self) -> Pair<'static> {
        match self.0 {
            Halves::Joined { text, colon } => Pair(Halves::Joined { text, colon }),
            Halves::Apart { id, secret } => Pair::new(id.into_owned(), secret.into_owned()),
        }
    }
}

impl fmt::Debug for Pair<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pair(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Option<Pair<'static>> {
        Pair::split(Zeroizing::new(text.to_owned()))
    }

    #[test]
    fn the_first_colon_splits() {
        for (text, id, secret) in
            [("u:p", "u", "p"), ("u:a:b", "u", "a:b"), (":p", "", "p"), ("u:", "u", ""), ("ü:é", "ü", "é")]
        {
            let pair = split(text).unwrap();
            assert_eq!((pair.id(), pair.secret().expose_secret()), (id, secret), "{text}");
            assert_eq!(pair.reborrow().into_owned().id(), id);
            assert_eq!(pair.into_owned().secret().expose_secret(), secret);
        }
        assert!(split("no colon").is_none());
    }

    #[test]
    fn debug_shows_neither_half() {
        assert_eq!(format!("{:?}", split("u:p").unwrap()), "Pair(..)");
    }
}

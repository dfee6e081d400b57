//! Shapes of codes and tokens.

use std::io;
use std::time::SystemTime;

use zeroize::Zeroizing;

use self::read::digests;
use self::text::{SHORTEST, alphanumeric, following, prefixed, uuid};
use super::{GrantId, IssuedRefresh, IssuedToken, RefreshDigests, usergrid_token};
use crate::credential::token_format::random;
use crate::credential::{Digest, Secret, TokenFormat};

mod read;
mod text;

/// Shape of the codes and tokens that a server issues.
///
/// It makes secrets from the operating system's randomness, and their digests for a
/// [store](crate::grant::Grants). It can be a `const`.
///
/// # Examples
///
/// ```
/// use tower_principal::grant::{GrantId, TokenShape};
///
/// const SHAPE: TokenShape = TokenShape::prefixed("acme");
///
/// let id = GrantId::random()?;
/// let first = SHAPE.refresh(&id)?;
/// let second = SHAPE.successor(&first.secret)?.unwrap();
/// assert_eq!(first.digests.family, second.digests.family);
/// assert_ne!(first.digests.token, second.digests.token);
/// assert_eq!(SHAPE.grant_of(&second.secret), Some(id));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenShape {
    /// The [format](crate::credential::TokenFormat) of this crate: a word of 1 to 15 of `0-9a-z`
    /// and a letter for the kind (`o` code, `a` access, `r` refresh), the grant's id, 160 random
    /// bits, and a checksum.
    Prefixed(&'static str),
    /// This many characters of `0-9A-Za-z`, without a meaning. At least 22 for 128 bits; a refresh
    /// token needs at least 30.
    Alphanumeric(usize),
    /// Usergrid's access token: `YWMt` and 59 characters (48 if it does not expire). These are a
    /// version 1 UUID, the end, and 160 random bits in place of Usergrid's salted SHA-1. Codes and
    /// refresh tokens, which Usergrid does not have, are 40 alphanumeric characters.
    Usergrid,
    /// Codes are UUIDs of version 4 (RFC 9562), which have 122 random bits. Access and refresh
    /// tokens are 40 alphanumeric characters.
    Uuid,
}

/// Length of the family part of an alphanumeric refresh token: 71 random bits.
const FAMILY: usize = 12;
/// Length of the family part of a prefixed refresh token: 130 random bits.
const PREFIXED_FAMILY: usize = 22;
/// Length of the codes and tokens that a platform's shape does not have.
const BESIDE: usize = 40;

impl TokenShape {
    /// Returns the format of this crate with a constant word.
    pub const fn prefixed(word: &'static str) -> Self {
        Self::Prefixed(word)
    }

    /// Returns a new authorization code.
    ///
    /// # Errors
    ///
    /// If the operating system provides no randomness, or the shape cannot be used.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::grant::{GrantId, TokenShape};
    ///
    /// const SHAPE: TokenShape = TokenShape::prefixed("acme");
    /// let code = SHAPE.code(&GrantId::random()?)?;
    /// assert!(code.secret.expose_secret().starts_with("acmeo_"));
    /// assert_eq!(TokenShape::digest_of_code(&code.secret), code.digest);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn code(&self, grant: &GrantId) -> io::Result<IssuedToken> {
        let secret = match self {
            Self::Prefixed(word) => prefixed(word, 'o', grant.as_str())?,
            Self::Alphanumeric(length) => alphanumeric(*length, SHORTEST)?,
            Self::Usergrid => alphanumeric(BESIDE, SHORTEST)?,
            Self::Uuid => uuid()?,
        };
        let digest = Self::digest_of_code(&secret);
        Ok(IssuedToken { secret, digest })
    }

    /// Returns a new access token for this [tenant](crate::grant::Grants::tenant).
    ///
    /// # Errors
    ///
    /// If the operating system provides no randomness, or the shape cannot be used. Use
    /// [`access_until`](Self::access_until) for a [`Usergrid`](Self::Usergrid) token that expires.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::grant::{GrantId, TokenShape};
    ///
    /// const SHAPE: TokenShape = TokenShape::prefixed("acme");
    /// let access = SHAPE.access(&GrantId::random()?, None)?;
    /// assert!(access.secret.expose_secret().starts_with("acmea_"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn access(&self, grant: &GrantId, tenant: Option<&str>) -> io::Result<IssuedToken> {
        self.access_until(grant, tenant, SystemTime::now(), None)
    }

    /// Returns a new access token for this [tenant](crate::grant::Grants::tenant). A shape that has
    /// times in it takes these.
    ///
    /// # Errors
    ///
    /// As [`access`](Self::access).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use tower_principal::grant::{GrantId, TokenShape};
    ///
    /// let now = SystemTime::now();
    /// let end = Some(now + Duration::from_secs(3600));
    /// let id = GrantId::random()?;
    /// let token = TokenShape::Usergrid.access_until(&id, None, now, end)?;
    /// let text = token.secret.expose_secret();
    /// assert!(text.starts_with("YWMt") && text.len() == 63);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn access_until(
        &self,
        grant: &GrantId,
        tenant: Option<&str>,
        now: SystemTime,
        expires_at: Option<SystemTime>,
    ) -> io::Result<IssuedToken> {
        let secret = match self {
            Self::Prefixed(word) => prefixed(word, 'a', grant.as_str())?,
            Self::Alphanumeric(length) => alphanumeric(*length, SHORTEST)?,
            Self::Usergrid => usergrid_token::issue(now, expires_at)?,
            Self::Uuid => alphanumeric(BESIDE, SHORTEST)?,
        };
        let digest = Self::digest_of_access(&secret, tenant);
        Ok(IssuedToken { secret, digest })
    }

    /// Returns the first refresh token of a grant.
    ///
    /// # Errors
    ///
    /// If the operating system provides no randomness, or the shape cannot be used.
    pub fn refresh(&self, grant: &GrantId) -> io::Result<IssuedRefresh> {
        match self {
            Self::Prefixed(_) => {
                let family = random(PREFIXED_FAMILY)?;
                self.refresh_of(&Zeroizing::new(format!("{grant}.{}", *family)))
            }
            _ => self.refresh_of(&random(FAMILY)?),
        }
    }

    /// Returns the refresh token that follows a presented one. Returns `None` if the presented text
    /// has another shape.
    ///
    /// # Errors
    ///
    /// If the operating system provides no randomness.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::Secret;
    /// use tower_principal::grant::{GrantId, TokenShape};
    ///
    /// const SHAPE: TokenShape = TokenShape::prefixed("acme");
    /// let first = SHAPE.refresh(&GrantId::random()?)?;
    /// let next = SHAPE.successor(&first.secret)?;
    /// assert!(
    ///     next.is_some_and(|next| next.digests.family == first.digests.family)
    /// );
    /// assert!(SHAPE.successor(&Secret::borrowed("made up"))?.is_none());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn successor(&self, presented: &Secret<'_>) -> io::Result<Option<IssuedRefresh>> {
        self.family(presented.expose_secret()).map(|family| self.refresh_of(family)).transpose()
    }

    fn refresh_of(&self, family: &str) -> io::Result<IssuedRefresh> {
        let secret = match self {
            Self::Prefixed(word) => prefixed(word, 'r', family)?,
            Self::Alphanumeric(length) => following(family, *length)?,
            Self::Usergrid | Self::Uuid => following(family, BESIDE)?,
        };
        let digests = digests(family, secret.expose_secret());
        Ok(IssuedRefresh { secret, digests })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shapes() -> [TokenShape; 3] {
        [TokenShape::prefixed("acme"), TokenShape::Alphanumeric(30), TokenShape::Usergrid]
    }

    #[test]
    fn req_103_every_code_and_token_is_new() {
        let id = GrantId::parse("G1").unwrap();
        for shape in shapes() {
            let mut seen = std::collections::BTreeSet::new();
            for _ in 0..200 {
                let secrets = [
                    shape.code(&id).unwrap().secret,
                    shape.access(&id, None).unwrap().secret,
                    shape.refresh(&id).unwrap().secret,
                ];
                assert!(secrets.iter().all(|secret| seen.insert(secret.expose_secret().to_owned())));
            }
        }
        assert!(TokenShape::Alphanumeric(21).code(&id).is_err());
        assert!(TokenShape::Alphanumeric(29).refresh(&id).is_err());
        assert!(TokenShape::prefixed("Not a word").code(&id).is_err());
    }

    #[test]
    fn a_successor_keeps_the_family_and_nothing_else() {
        let id = GrantId::parse("G1").unwrap();
        for shape in shapes() {
            let first = shape.refresh(&id).unwrap();
            let second = shape.successor(&first.secret).unwrap().unwrap();
            assert_eq!(first.digests.family, second.digests.family);
            assert_ne!(first.digests.token, second.digests.token);
            assert_eq!(shape.read_refresh(&second.secret), Some(second.digests));
            let other = shape.refresh(&id).unwrap();
            assert_ne!(first.digests.family, other.digests.family);
        }
    }

    #[test]
    fn a_text_of_another_shape_is_no_refresh_token() {
        let id = GrantId::parse("G1").unwrap();
        let [prefixed, plain, usergrid] = shapes();
        let tokens = [
            prefixed.refresh(&id).unwrap().secret,
            plain.refresh(&id).unwrap().secret,
            usergrid.refresh(&id).unwrap().secret,
        ];
        for (at, shape) in shapes().iter().enumerate() {
            for (other, token) in tokens.iter().enumerate() {
                assert_eq!(shape.read_refresh(token).is_some(), at == other, "{shape:?}");
            }
            for bad in ["", "é", "acmer_", &"é".repeat(15), &"é".repeat(20), &"\0".repeat(30)] {
                assert_eq!(shape.read_refresh(&Secret::borrowed(bad)), None, "{bad:?}");
            }
        }
        let access = prefixed.access(&id, None).unwrap();
        assert_eq!(prefixed.read_refresh(&access.secret), None);
        assert_eq!(prefixed.grant_of(&access.secret), Some(id));
    }
}

//! What a server reads of the codes and tokens that clients present.

use super::{
    BESIDE, Digest, FAMILY, GrantId, PREFIXED_FAMILY, RefreshDigests, Secret, TokenFormat, TokenShape,
};

impl TokenShape {
    /// Returns the digests of a presented refresh token. Returns `None` if it has another shape, so
    /// it was not issued here.
    pub fn read_refresh(&self, presented: &Secret<'_>) -> Option<RefreshDigests> {
        let text = presented.expose_secret();
        Some(digests(self.family(text)?, text))
    }

    /// Returns the grant that a prefixed code or token names. It proves nothing: the text may be
    /// made up. Returns `None` for other shapes.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::grant::{GrantId, TokenShape};
    ///
    /// let id = GrantId::random()?;
    /// let (named, opaque) =
    ///     (TokenShape::prefixed("acme"), TokenShape::Alphanumeric(40));
    /// assert_eq!(
    ///     named.grant_of(&named.access(&id, None)?.secret),
    ///     Some(id.clone())
    /// );
    /// assert_eq!(opaque.grant_of(&opaque.access(&id, None)?.secret), None);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn grant_of(&self, presented: &Secret<'_>) -> Option<GrantId> {
        let Self::Prefixed(word) = self else { return None };
        let id = ['o', 'a', 'r'].iter().find_map(|letter| {
            let format = TokenFormat::new(format!("{word}{letter}")).ok()?;
            format.id_of(presented.expose_secret())
        })?;
        GrantId::parse(id.split_once('.').map_or(id, |(grant, _)| grant))
    }

    /// Returns the digest of a presented code.
    pub fn digest_of_code(code: &Secret<'_>) -> Digest {
        Digest::from_parts(&[b"authorization code", code.expose_secret().as_bytes()])
    }

    /// Returns the digest of a presented access token of this
    /// [tenant](crate::grant::Grants::tenant).
    pub fn digest_of_access(token: &Secret<'_>, tenant: Option<&str>) -> Digest {
        Digest::from_access_token(token, tenant)
    }

    /// Returns the family part of a refresh token.
    pub(super) fn family<'t>(&self, text: &'t str) -> Option<&'t str> {
        let plain = |length: usize| {
            let fits = text.len() == length && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
            text.get(..FAMILY).filter(|_| fits)
        };
        match self {
            Self::Prefixed(word) => {
                let family = TokenFormat::new(format!("{word}r")).ok()?.id_of(text)?;
                let (_, random) = family.split_once('.')?;
                (random.len() == PREFIXED_FAMILY).then_some(family)
            }
            Self::Alphanumeric(length) => plain(*length),
            Self::Usergrid | Self::Uuid => plain(BESIDE),
        }
    }
}

pub(super) fn digests(family: &str, token: &str) -> RefreshDigests {
    RefreshDigests {
        family: Digest::from_parts(&[b"refresh token family", family.as_bytes()]),
        token: Digest::from_parts(&[b"refresh token", token.as_bytes()]),
    }
}

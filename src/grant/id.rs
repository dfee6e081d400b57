//! Ids of grants.

use std::{fmt, io};

use crate::credential::TokenFormat;

/// Public id of a grant: 1 to 32 of `0-9A-Za-z`.
///
/// It is for lists, logs and revocation, and is part of the tokens of
/// [`TokenShape::Prefixed`](super::TokenShape::Prefixed). Knowledge of it allows nothing.
///
/// # Examples
///
/// ```
/// use tower_principal::grant::GrantId;
///
/// assert_eq!(GrantId::parse("7Gk2").unwrap().as_str(), "7Gk2");
/// assert_eq!(GrantId::parse("a.b"), None);
/// assert_ne!(GrantId::random()?, GrantId::random()?);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GrantId(Box<str>);

/// Maximum length of an id. With a family beside it, it is still an id of [`TokenFormat`].
const LONGEST: usize = 32;

impl GrantId {
    /// Returns the id of the access token of this generation, for the `jti` of a JWT.
    pub(crate) fn token_id(&self, generation: u64) -> String {
        format!("{self}.{generation}")
    }

    /// Returns a new id with 83 random bits.
    ///
    /// # Errors
    ///
    /// If the operating system provides no randomness.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::grant::GrantId;
    ///
    /// let id = GrantId::random()?;
    /// assert_eq!(GrantId::parse(id.as_str()), Some(id));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn random() -> io::Result<Self> {
        TokenFormat::id().map(|id| Self(id.into()))
    }

    /// Parses an id. Returns `None` if the text is not one.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::grant::GrantId;
    ///
    /// // From the address of a page that lists a user's grants:
    /// assert!(GrantId::parse("7Gk2").is_some());
    /// assert!(GrantId::parse("../7Gk2").is_none());
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        (plain && (1..=LONGEST).contains(&text.len())).then(|| Self(text.into()))
    }

    /// Returns the text of the id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for GrantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

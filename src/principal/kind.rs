//! The kinds of principal, as a value.

use std::fmt;

/// The seven kinds of [`Principal`](crate::Principal). Its `Display` is the variant's name.
///
/// # Examples
///
/// ```
/// use tower_principal::{OAuthUser, Principal, PrincipalKind};
///
/// let otto: Principal = OAuthUser::new("otto").into();
/// assert_eq!(otto.kind(), PrincipalKind::OAuthUser);
/// assert_eq!(otto.kind().to_string(), "OAuthUser");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "the twin of `Principal`")]
pub enum PrincipalKind {
    /// [`Principal::Guest`](crate::Principal::Guest).
    Guest,
    /// [`Principal::AppToken`](crate::Principal::AppToken).
    AppToken,
    /// [`Principal::BasicUser`](crate::Principal::BasicUser).
    BasicUser,
    /// [`Principal::ApiKey`](crate::Principal::ApiKey).
    ApiKey,
    /// [`Principal::OrgAdmin`](crate::Principal::OrgAdmin).
    OrgAdmin,
    /// [`Principal::AppAdmin`](crate::Principal::AppAdmin).
    AppAdmin,
    /// [`Principal::OAuthUser`](crate::Principal::OAuthUser).
    OAuthUser,
}

impl PrincipalKind {
    /// Returns the variant's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Guest => "Guest",
            Self::AppToken => "AppToken",
            Self::BasicUser => "BasicUser",
            Self::ApiKey => "ApiKey",
            Self::OrgAdmin => "OrgAdmin",
            Self::AppAdmin => "AppAdmin",
            Self::OAuthUser => "OAuthUser",
        }
    }
}

impl fmt::Display for PrincipalKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

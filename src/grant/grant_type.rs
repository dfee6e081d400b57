//! Grant types of token requests.

/// Grant type of a token request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GrantType {
    /// `authorization_code` (RFC 6749 section 4.1).
    AuthorizationCode,
    /// `refresh_token` (RFC 6749 section 6).
    RefreshToken,
    /// `client_credentials` (RFC 6749 section 4.4).
    ClientCredentials,
    /// `password` (RFC 6749 section 4.3). RFC 9700 section 2.4 forbids it.
    Password,
}

impl GrantType {
    /// Returns the value of the parameter `grant_type`.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::grant::GrantType;
    ///
    /// assert_eq!(GrantType::named("password"), Some(GrantType::Password));
    /// assert_eq!(GrantType::Password.as_str(), "password");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
            Self::Password => "password",
        }
    }

    /// Returns the grant type with this value of the parameter `grant_type`.
    pub fn named(name: &str) -> Option<Self> {
        let all = [Self::AuthorizationCode, Self::RefreshToken, Self::ClientCredentials, Self::Password];
        all.into_iter().find(|grant| grant.as_str() == name)
    }
}

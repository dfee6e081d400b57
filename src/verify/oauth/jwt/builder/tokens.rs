//! The settings for the kind, the length and the life of a JWT.

use std::time::Duration;

use super::{JwtVerifierBuilder, TokenUse};

impl JwtVerifierBuilder {
    /// Sets the accepted uses of tokens. Defaults to [`TokenUse::AccessToken`] alone.
    pub fn accept(mut self, uses: impl IntoIterator<Item = TokenUse>) -> Self {
        self.uses = uses.into_iter().collect();
        self
    }

    /// Accepts identity tokens (OpenID Connect Core 1.0 section 2) of this client like access
    /// tokens, and adds [`TokenUse::IdentityToken`]. `aud` must have this client's id. If `aud` has
    /// several names, `azp` must be this client's id, too. Called again it adds a client.
    ///
    /// An identity token informs a client that a user has logged in. A service that accepts it
    /// trusts the client not to send it elsewhere, and gets no scopes. Accept [access
    /// tokens](TokenUse::AccessToken) if the issuer has them.
    pub fn identity_client(mut self, client: impl Into<String>) -> Self {
        self.clients.push(client.into().into_boxed_str());
        self
    }

    /// Adds a word for access tokens in the claims that name the kind of a token (`typ`, `type`,
    /// `token_use`, `token_type`), beside [the usual ones](TokenUse). Case does not matter. A token
    /// with an unknown word is refused.
    pub fn access_word(mut self, word: impl Into<String>) -> Self {
        self.access_words.push(word.into().into_boxed_str());
        self
    }

    /// Sets how much the issuer's clock may be ahead or behind. Defaults to 10 s; at most 5 min. A
    /// token is accepted for this long after its `exp`.
    pub const fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    /// Sets the longest life of a token, from `iat` (or from now, if it has none) to `exp`.
    /// Defaults to 24 h; at most 10 years. A leaked token is good for its whole life, unless it is
    /// revoked.
    pub const fn max_lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// Sets the longest token, in bytes. Defaults to 8 KiB; at most 64 KiB. Longer tokens make
    /// every request of any client cost more, before its signature is verified. The dialect has its
    /// own limit.
    pub const fn danger_max_token_length(mut self, bytes: usize) -> Self {
        self.length = bytes;
        self
    }
}

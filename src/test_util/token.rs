//! A token under construction.

use std::time::Duration;

use serde_json::{Map, Value};

use super::Issuer;

/// A token under construction, by [`Issuer::token`]. It is an access token by RFC 9068 unless
/// changed, and is [signed](Self::sign) as a JWT or made [opaque](Self::opaque).
///
/// # Examples
///
/// ```
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use std::time::Duration;
/// use tower_principal::test_util::Issuer;
///
/// let issuer = Issuer::new("https://login.example")?;
/// let verifier = issuer.verifier("https://api.example").build()?;
/// let token = issuer
///     .token("otto")
///     .audience("https://api.example")
///     .scope("datasets:read")
///     .claim("department", "maps")
///     .expires_in(Duration::from_secs(300))
///     .sign();
/// assert!(verifier.explain(&token).await.is_accepted());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Token {
    issuer: Issuer,
    header: Map<String, Value>,
    claims: Map<String, Value>,
}

impl Token {
    pub(super) fn new(issuer: Issuer, subject: &str) -> Self {
        let now = issuer.seconds();
        let (algorithm, key_id) = issuer.signing_key();
        let token = Self { issuer, header: Map::new(), claims: Map::new() };
        let issuer = token.issuer.name().to_owned();
        token
            .header("alg", algorithm.name())
            .header("kid", key_id)
            .header("typ", "at+jwt")
            .claim("iss", issuer)
            .claim("sub", subject)
            .claim("iat", now)
            .claim("exp", now + 3600)
            .claim("jti", format!("{:016x}", rand()))
    }

    /// Sets the audience.
    pub fn audience(self, audience: &str) -> Self {
        self.claim("aud", audience)
    }

    /// Sets the scopes, separated by spaces.
    pub fn scope(self, scope: &str) -> Self {
        self.claim("scope", scope)
    }

    /// Sets the client that the token was issued to.
    pub fn client(self, client: &str) -> Self {
        self.claim("client_id", client)
    }

    /// Sets the lifetime.
    pub fn expires_in(self, after: Duration) -> Self {
        let now = self.issuer.seconds();
        self.claim("exp", now + after.as_secs())
    }

    /// Sets a claim, of any type.
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(name.to_owned(), value.into());
        self
    }

    /// Removes a claim.
    pub fn without(mut self, name: &str) -> Self {
        self.claims.remove(name);
        self
    }

    /// Sets a header parameter, of any type. It changes the header, not how the token is signed.
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header.insert(name.to_owned(), value.into());
        self
    }

    /// Removes a header parameter.
    pub fn without_header(mut self, name: &str) -> Self {
        self.header.remove(name);
        self
    }

    /// Returns the token, signed by the issuer's newest key.
    pub fn sign(self) -> String {
        let text = |members| Value::Object(members).to_string();
        self.issuer.sign(&text(self.header), &text(self.claims))
    }

    /// Returns a random text without content. The issuer returns the claims as members of its
    /// introspection answer (RFC 7662). Header parameters are omitted.
    ///
    /// A claim `active` or `token_type` replaces the issuer's own in the answer, and a time that is
    /// not a number is sent unchanged.
    pub fn opaque(self) -> String {
        self.opaque_as(&format!("{:016x}{:016x}", rand(), rand()))
    }

    /// Registers a given text as an opaque token; a text that was registered before now stands for
    /// this token.
    pub fn opaque_as(self, token: &str) -> String {
        self.issuer.register(token, self.claims);
        token.to_owned()
    }
}

fn rand() -> u64 {
    let mut bytes = [0; 8];
    // Constant if there is no randomness, which is sufficient for an id in tests.
    let _ = getrandom::fill(&mut bytes);
    u64::from_le_bytes(bytes)
}

impl Issuer {
    /// Starts a token for a subject, to be given an audience and [signed](super::Token::sign), or
    /// registered as an [opaque](super::Token::opaque) one.
    pub fn token(&self, subject: &str) -> Token {
        Token::new(self.clone(), subject)
    }
}

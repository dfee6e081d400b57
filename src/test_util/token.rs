//! A token in the making.

use std::time::Duration;

use serde_json::{Map, Value};

use super::Issuer;

/// A token in the making, by [`Issuer::token`]: an access token by RFC 9068 until it is changed, to be
/// [signed](Self::sign) as a JWT or to be [opaque](Self::opaque).
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

    /// For this audience.
    pub fn audience(self, audience: &str) -> Self {
        self.claim("aud", audience)
    }

    /// With these scopes, space between each.
    pub fn scope(self, scope: &str) -> Self {
        self.claim("scope", scope)
    }

    /// Issued to this client.
    pub fn client(self, client: &str) -> Self {
        self.claim("client_id", client)
    }

    /// Expires after so long.
    pub fn expires_in(self, after: Duration) -> Self {
        let now = self.issuer.seconds();
        self.claim("exp", now + after.as_secs())
    }

    /// Sets a claim, of any type.
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(name.to_owned(), value.into());
        self
    }

    /// Leaves a claim out.
    pub fn without(mut self, name: &str) -> Self {
        self.claims.remove(name);
        self
    }

    /// Sets a header parameter, of any type. It changes what the token says, not how it is signed.
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header.insert(name.to_owned(), value.into());
        self
    }

    /// Leaves a header parameter out.
    pub fn without_header(mut self, name: &str) -> Self {
        self.header.remove(name);
        self
    }

    /// The token, signed by the issuer's newest key.
    pub fn sign(self) -> String {
        let text = |members| Value::Object(members).to_string();
        self.issuer.sign(&text(self.header), &text(self.claims))
    }

    /// A random text that says nothing by itself: whose it is, the issuer tells who introspects it (RFC 7662), with
    /// the claims as members of its answer. Header parameters are left out.
    ///
    /// A claim `active` or `token_type` stands in the answer in place of the issuer's own, and a time that is no
    /// number as it is.
    pub fn opaque(self) -> String {
        self.opaque_as(&format!("{:016x}{:016x}", rand(), rand()))
    }

    /// The same for a text that is given; one that was registered before stands for this now.
    pub fn opaque_as(self, token: &str) -> String {
        self.issuer.register(token, self.claims);
        token.to_owned()
    }
}

fn rand() -> u64 {
    let mut bytes = [0; 8];
    // A constant where there is no randomness: this is an id for tests.
    let _ = getrandom::fill(&mut bytes);
    u64::from_le_bytes(bytes)
}

impl Issuer {
    /// A token for a subject, to be given an audience and [signed](super::Token::sign), or registered as an
    /// [opaque](super::Token::opaque) one.
    pub fn token(&self, subject: &str) -> Token {
        Token::new(self.clone(), subject)
    }
}

//! Presets for identity providers: facts about their tokens, as data.
//!
//! A preset sets the issuer, the address of its keys, the accepted uses of tokens, and the claims
//! for id, client, organization, scopes and groups. You set the audience. Afterwards, you can
//! change every other setting of the builder, but not the claims for the client, or the claims by
//! which a preset refuses tokens. [`Provider::unknown`] lists the settings that a preset does not
//! know and that you may have to set.
//!
//! The guide has chapters on [identity providers](crate::guide::providers) and on
//! [JWTs](crate::guide::jwt).
//!
//! # Examples
//!
//! ```
//! # #[cfg(feature = "reqwest")] {
//! use tower_principal::{fetch::HttpClient, verify::provider};
//!
//! let verifier = provider::auth0("acme.eu.auth0.com")
//!     .verifier(HttpClient::new()?)?
//!     .audience("https://api.example")
//!     .build()?;
//! # let _ = verifier;
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use super::facts::Facts;
use super::{JwtVerifierBuilder, JwtVerifierError, Keys};
use crate::fetch::Fetch;
use crate::verify::{GroupForm, Jwks, JwksBuilder};

mod clouds;
mod data;
mod servers;
mod workloads;

pub use self::clouds::{
    auth0, clerk, cognito, entra, entra_b2c, entra_multi_tenant, firebase, google, okta, supabase,
};
pub use self::servers::{duende, hydra, keycloak, logto, rfc9068, uaa, zitadel};
pub use self::workloads::{cloudflare_access, github_actions, gitlab_ci, kubernetes};

/// An identity provider and one issuer of it.
///
/// # Examples
///
/// ```
/// use tower_principal::verify::provider;
///
/// let realm = provider::keycloak("https://sso.example/realms/city");
/// assert_eq!(realm.name(), "keycloak");
/// // Facts that only the administrator of the realm knows:
/// for fact in realm.unknown() {
///     println!("check: {fact}");
/// }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Provider {
    facts: &'static Facts,
    issuer: String,
    /// Other names of the issuer.
    also: Vec<String>,
    /// The address of the issuer's metadata, if it does not follow from the issuer.
    metadata: Option<String>,
    /// The address of the issuer's keys, if no metadata has it.
    keys: Option<String>,
    /// The client of identity tokens, if the issuer names it.
    client: Option<String>,
    /// The reason if no token of this issuer can be verified here.
    problem: Option<&'static str>,
}

impl Provider {
    fn new(facts: &'static Facts, issuer: impl Into<String>) -> Self {
        let (also, metadata, keys, client, problem) = (Vec::new(), None, None, None, None);
        Self { facts, issuer: issuer.into(), also, metadata, keys, client, problem }
    }

    /// Returns the provider's name.
    pub const fn name(&self) -> &'static str {
        self.facts.name
    }

    /// Returns the issuer, as tokens name it in `iss`.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Returns settings that the preset does not know and that you may need to set.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::verify::provider;
    ///
    /// let auth0 = provider::auth0("acme.eu.auth0.com");
    /// assert!(auth0.unknown().iter().any(|fact| fact.contains("audience")));
    /// ```
    pub const fn unknown(&self) -> &'static [&'static str] {
        self.facts.unknown
    }

    /// Returns a builder for the issuer's keys, found by its metadata or at a fixed address.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "reqwest")] {
    /// use std::time::Duration;
    /// use tower_principal::{fetch::HttpClient, verify::provider};
    ///
    /// let auth0 = provider::auth0("acme.eu.auth0.com");
    /// // The keys with settings of their own, and then the verifier:
    /// let keys = auth0
    ///     .keys(HttpClient::new()?)
    ///     .cooldown(Duration::from_secs(60))
    ///     .build()?;
    /// let verifier =
    ///     auth0.verifier_with(keys).audience("https://api.example").build()?;
    /// # let _ = verifier;
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn keys(&self, fetch: impl Fetch) -> JwksBuilder {
        match (&self.keys, &self.metadata) {
            (Some(at), _) => Jwks::builder(at, fetch),
            (None, Some(at)) => Jwks::discovered(&self.issuer, fetch).metadata_at(at),
            (None, None) => Jwks::discovered(&self.issuer, fetch),
        }
    }

    /// Returns a builder of a verifier that fetches the issuer's keys.
    ///
    /// # Errors
    ///
    /// Returns [`JwtVerifierError::Unverifiable`] if only the provider itself can verify the
    /// issuer's tokens. Returns [`JwtVerifierError::Keys`] if the address of the keys is not an
    /// `https` address.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "reqwest")] {
    /// use tower_principal::{fetch::HttpClient, verify::provider};
    ///
    /// let verifier = provider::auth0("acme.eu.auth0.com")
    ///     .verifier(HttpClient::new()?)?
    ///     .audience("https://api.example")
    ///     .permissions_of("read:reports", ["get:/reports/**"])
    ///     .build()?;
    /// # let _ = verifier;
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn verifier(self, fetch: impl Fetch) -> Result<JwtVerifierBuilder, JwtVerifierError> {
        match self.problem {
            Some(problem) => Err(JwtVerifierError::Unverifiable(problem)),
            None => {
                let keys = self.keys(fetch).build()?;
                Ok(self.verifier_with(keys))
            }
        }
    }

    /// Returns a builder of a verifier with your own keys, such as [`Jwks`] at another address. Its
    /// `build` returns [`JwtVerifierError::Unverifiable`] if only the provider itself can verify
    /// the tokens.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use tower_principal::test_util::Issuer;
    /// use tower_principal::verify::provider;
    ///
    /// // A test that needs no network: the keys are those of a test issuer.
    /// let issuer = Issuer::new("https://sso.example/realms/city")?;
    /// let verifier = provider::keycloak(issuer.name())
    ///     .verifier_with(issuer.keys()?)
    ///     .audience("my-api")
    ///     .build()?;
    /// let token = issuer.token("otto").audience("my-api").sign();
    /// assert!(verifier.explain(&token).await.is_accepted());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn verifier_with(self, keys: impl Into<Keys>) -> JwtVerifierBuilder {
        let mut builder = JwtVerifierBuilder::new(self.issuer).keys(keys).facts(self.facts, self.problem);
        for name in self.also {
            builder = builder.also_issuer(name);
        }
        match self.client {
            Some(client) => builder.identity_client(client),
            None => builder,
        }
    }
}

/// Returns an address with its scheme and without a slash at its end.
fn https(text: &str) -> String {
    let text = text.trim_end_matches('/');
    if text.contains("://") { text.to_owned() } else { format!("https://{text}") }
}

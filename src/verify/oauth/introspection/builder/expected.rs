//! The settings for the expected content of an answer.

use std::sync::Arc;
use std::time::Duration;

use super::IntrospectionBuilder;
use crate::clock::Clock;
use crate::fetch::Fetch;

impl<F: Fetch> IntrospectionBuilder<F> {
    /// Sets the issuer that every answer must name as `iss`. By default the claim is ignored,
    /// because the server answers for the tokens that it issued. The principal's
    /// [issuer](crate::Principal::issuer) is then the endpoint without its query.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use tower_principal::test_util::Issuer;
    /// use tower_principal::{Credential, Secret, Verifier, VerifyContext};
    ///
    /// let issuer = Issuer::new("https://login.example")?;
    /// // `introspection` is a builder with this endpoint, client and issuer.
    /// let verifier =
    ///     issuer.introspection().issuer("https://login.example").build()?;
    /// let text =
    ///     issuer.token("otto").claim("iss", "https://other.example").opaque();
    /// let token = Credential::AccessToken(Secret::borrowed(&text));
    /// assert!(verifier.verify(&token, &VerifyContext::default()).await.is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.expected.issuer = Some(issuer.into());
        self
    }

    /// Sets the name of this service that every answer must have in `aud`. By default a token that
    /// was issued for another service of the same server is accepted, too.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use tower_principal::test_util::Issuer;
    /// use tower_principal::{Credential, Secret, Verifier, VerifyContext};
    ///
    /// let issuer = Issuer::new("https://login.example")?;
    /// let verifier =
    ///     issuer.introspection().audience("https://api.example").build()?;
    /// let text = issuer.token("otto").audience("https://other.example").opaque();
    /// let token = Credential::AccessToken(Secret::borrowed(&text));
    /// assert!(verifier.verify(&token, &VerifyContext::default()).await.is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.expected.audience = Some(audience.into());
        self
    }

    /// Sets how far ahead the server's clock may be for `nbf`. Defaults to 30 s. `exp` has no
    /// leeway.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use std::time::Duration;
    /// use tower_principal::test_util::{Issuer, TestClock};
    /// use tower_principal::{Credential, Secret, Verifier, VerifyContext};
    ///
    /// let issuer = Issuer::new("https://login.example")?;
    /// let behind = TestClock::default();
    /// behind.set_back(Duration::from_secs(60));
    /// let builder = issuer.introspection().clock(behind);
    /// let verifier = builder.leeway(Duration::from_secs(120)).build()?;
    /// let text = issuer.token("otto").opaque();
    /// let token = Credential::AccessToken(Secret::borrowed(&text));
    /// assert!(verifier.verify(&token, &VerifyContext::default()).await.is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub const fn leeway(mut self, leeway: Duration) -> Self {
        self.expected.leeway = leeway;
        self
    }

    /// Sets the clock for `exp` and `nbf`. Defaults to the operating system's clock.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }
}

//! A verifier that introspects at a test issuer.

use std::time::SystemTime;

use super::Issuer;
use super::endpoint::OWN_CLIENT;
use crate::clock::Clock;
use crate::verify::{Introspection, IntrospectionBuilder};

impl Issuer {
    /// Returns a verifier that introspects every token at this issuer (RFC 7662): JWTs and
    /// [opaque](super::Token::opaque) ones. It has credentials there, expects the issuer's name,
    /// and uses the issuer's clock.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::test_util::Issuer;
    /// use tower_principal::{
    ///     Credential, Secret, Verifier as _, VerifyContext, VerifyError,
    /// };
    ///
    /// # tokio::runtime::Runtime::new().unwrap().block_on(async {
    /// let issuer = Issuer::new("https://issuer.example").unwrap();
    /// let verifier =
    ///     issuer.introspection().audience("https://api.example").build().unwrap();
    ///
    /// let token =
    ///     issuer.token("otto").audience("https://api.example").scope("read").opaque();
    /// let credential = Credential::AccessToken(Secret::borrowed(&token));
    /// let otto =
    ///     verifier.verify(&credential, &VerifyContext::default()).await.unwrap();
    /// assert_eq!(otto.id(), Some("otto"));
    ///
    /// issuer.revoke(&token);
    /// let revoked = verifier.verify(&credential, &VerifyContext::default()).await;
    /// assert!(matches!(revoked, Err(VerifyError::Denied(_))));
    /// # });
    /// ```
    pub fn introspection(&self) -> IntrospectionBuilder<Self> {
        let (id, secret) = OWN_CLIENT;
        Introspection::builder(self.introspection_endpoint(), self.clone())
            .client(id, secret)
            .issuer(self.name())
            .clock(ItsClock(self.clone()))
    }
}

#[derive(Debug)]
struct ItsClock(Issuer);

impl Clock for ItsClock {
    fn now(&self) -> SystemTime {
        self.0.now()
    }
}

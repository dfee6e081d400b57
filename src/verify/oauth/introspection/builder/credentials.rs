//! The settings for this service's own credentials at the authorization server.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::{IntrospectionBuilder, Own, form_value};
use crate::fetch::Fetch;

impl<F: Fetch> IntrospectionBuilder<F> {
    /// Sets this service's id and secret at the authorization server, sent in an `Authorization`
    /// header as Basic (`client_secret_basic`).
    ///
    /// Each is encoded as a form value before they are joined (RFC 6749 section 2.3.1), so that `:`
    /// and `%` arrive unchanged. If a server does not decode them, use
    /// [`client_secret_post`](Self::client_secret_post).
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use tower_principal::test_util::Issuer;
    /// use tower_principal::verify::Introspection;
    /// use tower_principal::{Credential, Secret, Verifier, VerifyContext};
    ///
    /// let issuer = Issuer::new("https://login.example")?;
    /// issuer.register_client("my-api", "s3:cr%t");
    /// let endpoint = issuer.introspection_endpoint();
    /// let builder = Introspection::builder(endpoint, issuer.clone());
    /// let verifier = builder.client("my-api", "s3:cr%t").build()?;
    ///
    /// let text = issuer.token("otto").opaque();
    /// let token = Credential::AccessToken(Secret::borrowed(&text));
    /// assert!(verifier.verify(&token, &VerifyContext::default()).await.is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn client(mut self, id: &str, secret: &str) -> Self {
        let pair = Zeroizing::new(format!("{}:{}", &*form_value(id), &*form_value(secret)));
        let encoded = Zeroizing::new(STANDARD.encode(pair.as_bytes()));
        self.own = Some(Own::Header(Zeroizing::new(format!("Basic {}", &*encoded))));
        self
    }

    /// Sets this service's id and secret, sent in the form beside the token (`client_secret_post`,
    /// RFC 6749 section 2.3.1). For a server that does not accept Basic. Replaces
    /// [`client`](Self::client) and [`bearer`](Self::bearer).
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use tower_principal::test_util::Issuer;
    /// use tower_principal::verify::Introspection;
    /// use tower_principal::{Credential, Secret, Verifier, VerifyContext};
    ///
    /// let issuer = Issuer::new("https://login.example")?;
    /// issuer.register_client("my-api", "its-secret");
    /// let endpoint = issuer.introspection_endpoint();
    /// let builder = Introspection::builder(endpoint, issuer.clone());
    /// let verifier =
    ///     builder.client_secret_post("my-api", "its-secret").build()?;
    ///
    /// let text = issuer.token("otto").opaque();
    /// let token = Credential::AccessToken(Secret::borrowed(&text));
    /// assert!(verifier.verify(&token, &VerifyContext::default()).await.is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn client_secret_post(mut self, id: &str, secret: &str) -> Self {
        let (id, secret) = (form_value(id), form_value(secret));
        let form = ["&client_id=", &id, "&client_secret=", &secret].concat();
        self.own = Some(Own::Form(Zeroizing::new(form))).filter(|_| !id.is_empty());
        self
    }

    /// Sets an access token of this service (RFC 7662 section 2.1), instead of id and secret.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use tower_principal::test_util::Issuer;
    /// use tower_principal::verify::Introspection;
    /// use tower_principal::{Credential, Secret, Verifier, VerifyContext};
    ///
    /// let issuer = Issuer::new("https://login.example")?;
    /// let own = issuer.token("my-api").opaque();
    /// let endpoint = issuer.introspection_endpoint();
    /// let builder = Introspection::builder(endpoint, issuer.clone());
    /// let verifier = builder.bearer(&own).build()?;
    ///
    /// let text = issuer.token("otto").opaque();
    /// let token = Credential::AccessToken(Secret::borrowed(&text));
    /// assert!(verifier.verify(&token, &VerifyContext::default()).await.is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn bearer(mut self, token: &str) -> Self {
        self.own = Some(Own::Header(Zeroizing::new(format!("Bearer {token}"))));
        self
    }
}

//! The settings for the names in a JWT: its issuer, its tenants, its audience.

use std::sync::Arc;

use super::{JwtVerifierBuilder, Path, Tenants};

impl JwtVerifierBuilder {
    /// Adds a name of this service that a token's `aud` must have exactly. Several names are
    /// alternatives. At least one is required.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use tower_principal::test_util::Issuer;
    ///
    /// let issuer = Issuer::new("https://login.example")?;
    /// // A service with an old and a new name:
    /// let verifier = issuer
    ///     .verifier("https://api.example")
    ///     .audience("urn:example:api")
    ///     .build()?;
    /// for audience in ["https://api.example", "urn:example:api"] {
    ///     let token = issuer.token("otto").audience(audience).sign();
    ///     assert!(verifier.explain(&token).await.is_accepted());
    /// }
    /// let token = issuer.token("otto").audience("https://api.example/").sign();
    /// assert!(!verifier.explain(&token).await.is_accepted());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audiences.push(audience.into().into_boxed_str());
        self
    }

    /// Adds another name of the same issuer in `iss`, such as `accounts.google.com` beside
    /// `https://accounts.google.com`. Principals have the issuer's first name.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use tower_principal::test_util::Issuer;
    ///
    /// let issuer = Issuer::new("https://login.example")?;
    /// let audience = "https://api.example";
    /// let verifier =
    ///     issuer.verifier(audience).also_issuer("login.example").build()?;
    /// let token =
    ///     issuer.token("otto").audience(audience).claim("iss", "login.example");
    /// assert!(verifier.explain(&token.sign()).await.is_accepted());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn also_issuer(mut self, name: impl Into<String>) -> Self {
        self.issuers.push(name.into());
        self
    }

    /// Sets the accepted tenants, if the issuer's name has the placeholder `{tenantid}`, as in
    /// `https://login.microsoftonline.com/{tenantid}/v2.0`. The claim `tid` must be the tenant in
    /// `iss`. Principals have the issuer's name with the tenant in it. Replaces tenants that were
    /// set before.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::verify::JwtVerifier;
    ///
    /// let builder = JwtVerifier::builder(
    ///     "https://login.microsoftonline.com/{tenantid}/v2.0",
    /// )
    /// .tenants(["72f988bf-86f1-41af-91ab-2d7cd011db47"])
    /// .audience("6e74172b-be56-4843-9ff4-e66a39bb12e3");
    /// # let _ = builder;
    /// ```
    pub fn tenants<T: Into<String>>(mut self, tenants: impl IntoIterator<Item = T>) -> Self {
        let tenants = tenants.into_iter().map(|tenant| tenant.into().into_boxed_str());
        self.tenants = Some(Tenants::Listed(tenants.collect()));
        self
    }

    /// Same with a predicate, which is called for every token. It must not block.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::collections::HashSet;
    /// use std::sync::{Arc, RwLock};
    /// use tower_principal::verify::JwtVerifier;
    ///
    /// // Customers that a job reads from a database now and then:
    /// let customers: Arc<RwLock<HashSet<String>>> = Arc::default();
    /// let known = Arc::clone(&customers);
    /// let builder = JwtVerifier::builder(
    ///     "https://login.microsoftonline.com/{tenantid}/v2.0",
    /// )
    /// .audience("6e74172b-be56-4843-9ff4-e66a39bb12e3")
    /// .tenants_where(move |tenant| {
    ///     known.read().is_ok_and(|known| known.contains(tenant))
    /// });
    /// # let _ = builder;
    /// ```
    pub fn tenants_where(mut self, is_accepted: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        self.tenants = Some(Tenants::Where(Arc::new(is_accepted)));
        self
    }

    /// Sets a claim that replaces `aud`, with the values that it may have: `azp` or `client_id`,
    /// for issuers that write no `aud`. The claim is a text, or a list of texts with one of the
    /// values. A token that has `aud` as well needs an [`audience`](Self::audience) in it. Replaces
    /// the claim that was set before.
    ///
    /// The claim names the client that requested the token. A service that accepts it instead of
    /// its own name accepts every token of that client, also those for other services.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use tower_principal::test_util::Issuer;
    /// use tower_principal::verify::JwtVerifier;
    ///
    /// let issuer = Issuer::new("https://login.example")?;
    /// let verifier = JwtVerifier::builder(issuer.name())
    ///     .audience_claim("azp", ["https://www.example"])
    ///     .keys(issuer.keys()?)
    ///     .build()?;
    /// let of_page =
    ///     issuer.token("otto").claim("azp", "https://www.example").sign();
    /// assert!(verifier.explain(&of_page).await.is_accepted());
    /// let of_other =
    ///     issuer.token("otto").claim("azp", "https://evil.example").sign();
    /// assert!(!verifier.explain(&of_other).await.is_accepted());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn audience_claim<V: Into<String>>(
        mut self,
        claim: &str,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        let values = values.into_iter().map(|value| value.into().into_boxed_str());
        self.audience_claim = Some((Path::new(claim), values.collect()));
        self
    }
}

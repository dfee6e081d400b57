//! The settings for members of an answer that describe the principal.

use super::IntrospectionBuilder;
use crate::fetch::Fetch;

impl<F: Fetch> IntrospectionBuilder<F> {
    /// Sets the claim with the principal's id, instead of `sub`, `username` and `client_id`. Here
    /// and in the methods below a claim is a name, or a JSON Pointer (`/realm_access/roles`) if it
    /// is inside another claim.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use tower_principal::test_util::Issuer;
    /// use tower_principal::{Credential, Secret, Verifier, VerifyContext};
    ///
    /// let issuer = Issuer::new("https://login.example")?;
    /// let verifier = issuer.introspection().id_claim("email").build()?;
    /// let text = issuer.token("4711").claim("email", "otto@example.org").opaque();
    /// let token = Credential::AccessToken(Secret::borrowed(&text));
    /// let otto = verifier.verify(&token, &VerifyContext::default()).await?;
    /// assert_eq!(otto.id(), Some("otto@example.org"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn id_claim(mut self, claim: &str) -> Self {
        self.expected.mapping.set_id(claim);
        self
    }

    /// Sets the claim with the principal's organization. Defaults to none.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use tower_principal::test_util::Issuer;
    /// use tower_principal::{Credential, Secret, Verifier, VerifyContext};
    ///
    /// let issuer = Issuer::new("https://login.example")?;
    /// let verifier = issuer.introspection().org_claim("org").build()?;
    /// let text = issuer.token("otto").claim("org", "acme").opaque();
    /// let token = Credential::AccessToken(Secret::borrowed(&text));
    /// let otto = verifier.verify(&token, &VerifyContext::default()).await?;
    /// assert_eq!(otto.org(), Some("acme"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn org_claim(mut self, claim: &str) -> Self {
        self.expected.mapping.set_org(claim);
        self
    }

    /// Sets the claim with the principal's application. Defaults to none.
    pub fn app_claim(mut self, claim: &str) -> Self {
        self.expected.mapping.set_app(claim);
        self
    }

    /// Sets the claim that names the tenant of a token. Defaults to none. A token is good if its
    /// tenant is exactly the request's tenant. A token without the claim is good only in a request
    /// without a tenant. Needed behind a layer with a [tenant](crate::AuthenticateLayer::tenant),
    /// unless the verifier is bound to [one tenant](crate::Verifier::at_tenant).
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use tower_principal::test_util::Issuer;
    /// use tower_principal::{Credential, Secret, Verifier, VerifyContext};
    ///
    /// let issuer = Issuer::new("https://login.example")?;
    /// let verifier = issuer.introspection().tenant_claim("tenant").build()?;
    /// let text = issuer.token("otto").claim("tenant", "acme").opaque();
    /// let token = Credential::AccessToken(Secret::borrowed(&text));
    /// let at = |tenant| VerifyContext::default().with_tenant(tenant);
    /// assert!(verifier.verify(&token, &at("acme")).await.is_ok());
    /// assert!(verifier.verify(&token, &at("rival")).await.is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn tenant_claim(mut self, claim: &str) -> Self {
        self.expected.mapping.set_tenant(claim);
        self
    }

    /// Sets the claims with the principal's scopes, each a text of names or a list of texts.
    /// Defaults to `scope` and `scp`. Groups in these claims become scopes, too.
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
    ///     issuer.introspection().scope_claims(["authorities"]).build()?;
    /// let text = issuer.token("otto").claim("authorities", vec!["read"]).opaque();
    /// let token = Credential::AccessToken(Secret::borrowed(&text));
    /// let otto = verifier.verify(&token, &VerifyContext::default()).await?;
    /// assert!(otto.scopes().contains("read"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn scope_claims<'c>(mut self, claims: impl IntoIterator<Item = &'c str>) -> Self {
        self.expected.mapping.set_scopes(claims);
        self
    }

    /// Sets the claims that [`Claims::groups`](crate::verify::Claims::groups) lists. Defaults to
    /// `groups`, `roles`, `cognito:groups` and `/realm_access/roles`.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use tower_principal::test_util::Issuer;
    /// use tower_principal::{Credential, Secret, Verifier, VerifyContext};
    ///
    /// let issuer = Issuer::new("https://login.example")?;
    /// let verifier = issuer.introspection().group_claims(["teams"]).build()?;
    /// let text = issuer.token("otto").claim("teams", vec!["maps"]).opaque();
    /// let token = Credential::AccessToken(Secret::borrowed(&text));
    /// let otto = verifier.verify(&token, &VerifyContext::default()).await?;
    /// assert!(otto.has_group("maps"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn group_claims<'c>(mut self, claims: impl IntoIterator<Item = &'c str>) -> Self {
        self.expected.mapping.set_groups(claims);
        self
    }

    /// Adds claims that name groups in this form. [`group_claims`](Self::group_claims) replaces
    /// them.
    pub fn group_claims_as<'c>(
        mut self,
        form: crate::verify::GroupForm,
        claims: impl IntoIterator<Item = &'c str>,
    ) -> Self {
        self.expected.mapping.add_groups(form, claims);
        self
    }

    /// Adds permissions for the members of a group or role, in the grammar of
    /// [`Permission`](crate::principal::Permission). They become the principal's
    /// [permissions](crate::Principal::permissions), which
    /// [`policy::permission`](crate::policy::permission()) and
    /// [`policy::application`](crate::policy::application()) require. Groups are those of
    /// [`Claims::groups`](crate::verify::Claims::groups), compared exactly. A group that is not
    /// named here gives no permissions.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::fetch::SharedFetch;
    /// use tower_principal::verify::{Introspection, IntrospectionError};
    ///
    /// fn verifier(
    ///     client: SharedFetch,
    /// ) -> Result<Introspection, IntrospectionError> {
    ///     Introspection::builder("https://login.example.org/introspect", client)
    ///         .client("my-api", "its-secret")
    ///         .permissions_of("editor", ["get,put:/reports/**"])
    ///         .build()
    /// }
    /// # let _ = verifier;
    /// ```
    pub fn permissions_of<'p>(
        mut self,
        group: impl AsRef<str>,
        permissions: impl IntoIterator<Item = &'p str>,
    ) -> Self {
        self.invalid = self.expected.mapping.permit(group.as_ref(), permissions).err().or(self.invalid);
        self
    }
}

//! The settings for claims of a JWT that describe the principal.

use super::{Facts, JwtVerifierBuilder};
use crate::verify::GroupForm;

impl JwtVerifierBuilder {
    /// Sets the claim with the principal's id. Defaults to `sub`. A token needs this claim, as a
    /// non-empty text. If this claim is not `sub`, a token without `sub`, or with an empty one, is
    /// accepted.
    ///
    /// Here and in the methods below a claim is a name, or a JSON Pointer (RFC 6901,
    /// `/realm_access/roles`) if it is inside another claim.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use tower_principal::test_util::Issuer;
    /// use tower_principal::{Credential, Secret, Verifier, VerifyContext};
    ///
    /// let issuer = Issuer::new("https://login.example")?;
    /// let audience = "https://api.example";
    /// let verifier =
    ///     issuer.verifier(audience).id_claim("preferred_username").build()?;
    /// let token = issuer.token("f2f82123").audience(audience);
    /// let jwt = token.claim("preferred_username", "otto").sign();
    ///
    /// let token = Credential::AccessToken(Secret::borrowed(&jwt));
    /// let otto = verifier.verify(&token, &VerifyContext::default()).await?;
    /// assert_eq!(otto.id(), Some("otto"));
    /// // The subject stays the identity, because a user name may change.
    /// assert_eq!(otto.identity().map(|it| it.id()), Some("f2f82123"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn id_claim(mut self, claim: &str) -> Self {
        self.mapping.set_id(claim);
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
    /// let audience = "https://api.example";
    /// let builder = issuer.verifier(audience).org_claim("org").app_claim("/app/name");
    /// let verifier = builder.build()?;
    /// let token = issuer.token("otto").audience(audience).claim("org", "acme");
    /// let app = serde_json::json!({ "name": "weather" });
    /// let jwt = token.claim("app", app).sign();
    ///
    /// let token = Credential::AccessToken(Secret::borrowed(&jwt));
    /// let otto = verifier.verify(&token, &VerifyContext::default()).await?;
    /// assert_eq!((otto.org(), otto.app()), (Some("acme"), Some("weather")));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn org_claim(mut self, claim: &str) -> Self {
        self.mapping.set_org(claim);
        self
    }

    /// Sets the claim with the principal's application. Defaults to none.
    pub fn app_claim(mut self, claim: &str) -> Self {
        self.mapping.set_app(claim);
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
    /// let audience = "https://api.example";
    /// let verifier = issuer.verifier(audience).tenant_claim("tenant").build()?;
    /// let jwt =
    ///     issuer.token("otto").audience(audience).claim("tenant", "acme").sign();
    ///
    /// let token = Credential::AccessToken(Secret::borrowed(&jwt));
    /// let at = |tenant| VerifyContext::default().with_tenant(tenant);
    /// assert!(verifier.verify(&token, &at("acme")).await.is_ok());
    /// assert!(verifier.verify(&token, &at("rival")).await.is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn tenant_claim(mut self, claim: &str) -> Self {
        self.mapping.set_tenant(claim);
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
    /// let audience = "https://api.example";
    /// let verifier = issuer
    ///     .verifier(audience)
    ///     .scope_claims(["scope", "permissions"])
    ///     .build()?;
    /// let token = issuer.token("otto").audience(audience).scope("read");
    /// let jwt = token.claim("permissions", vec!["write"]).sign();
    ///
    /// let token = Credential::AccessToken(Secret::borrowed(&jwt));
    /// let otto = verifier.verify(&token, &VerifyContext::default()).await?;
    /// assert!(otto.scopes().contains("read") && otto.scopes().contains("write"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn scope_claims<'c>(mut self, claims: impl IntoIterator<Item = &'c str>) -> Self {
        self.mapping.set_scopes(claims);
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
    /// use tower_principal::verify::Claims;
    /// use tower_principal::{Credential, Secret, Verifier, VerifyContext};
    ///
    /// let issuer = Issuer::new("https://login.example")?;
    /// let audience = "https://api.example";
    /// let verifier = issuer.verifier(audience).group_claims(["teams"]).build()?;
    /// let token = issuer.token("otto").audience(audience);
    /// let jwt = token.claim("teams", vec!["maps", "roads"]).sign();
    ///
    /// let token = Credential::AccessToken(Secret::borrowed(&jwt));
    /// let otto = verifier.verify(&token, &VerifyContext::default()).await?;
    /// let claims = otto.claims::<Claims>().ok_or("no claims")?;
    /// assert_eq!(claims.groups(), ["maps", "roads"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn group_claims<'c>(mut self, claims: impl IntoIterator<Item = &'c str>) -> Self {
        self.mapping.set_groups(claims);
        self
    }

    /// Adds claims that name groups in this form. [`group_claims`](Self::group_claims) replaces
    /// them.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::verify::{GroupForm, JwtVerifier};
    ///
    /// let builder = JwtVerifier::builder("https://zitadel.example")
    ///     .group_claims_as(
    ///         GroupForm::Keys,
    ///         ["urn:zitadel:iam:org:project:roles"],
    ///     );
    /// # let _ = builder;
    /// ```
    pub fn group_claims_as<'c>(mut self, form: GroupForm, claims: impl IntoIterator<Item = &'c str>) -> Self {
        self.mapping.add_groups(form, claims);
        self
    }

    /// Sets everything that a preset knows.
    pub(in crate::verify::oauth::jwt) fn facts(
        mut self,
        facts: &'static Facts,
        problem: Option<&'static str>,
    ) -> Self {
        self.mapping.set_ids_and_clients(facts.ids, facts.clients);
        if let Some(org) = facts.org {
            self.mapping.set_org(org);
        }
        self.mapping.set_scopes(facts.scopes.iter().copied());
        self.mapping.set_groups([]);
        for (form, claim) in facts.groups {
            self.mapping.add_groups(*form, [*claim]);
        }
        self.facts = Some(facts);
        self.problem = problem;
        self.accept(facts.uses.iter().copied())
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
    /// use tower_principal::verify::JwtVerifier;
    /// use tower_principal::verify::{Algorithm, KeySet};
    /// use tower_principal::{RequireLayer, policy};
    ///
    /// let keys = KeySet::from_secret(
    ///     Algorithm::Hs256,
    ///     b"a secret of 32 random bytes, not this",
    /// )?;
    /// let verifier = JwtVerifier::builder("https://login.example/realms/city")
    ///     .audience("https://api.example")
    ///     .keys(keys)
    ///     .group_claims(["/realm_access/roles"])
    ///     .permissions_of("editor", ["get,put:/reports/**"])
    ///     .permissions_of("reader", ["get:/reports/**", "*:/users/${user}/**"])
    ///     .build()?;
    /// // Editors, not readers.
    /// let layer = RequireLayer::new(policy::permission("put:/reports"));
    /// # let _ = (verifier, layer);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn permissions_of<'p>(
        mut self,
        group: impl AsRef<str>,
        permissions: impl IntoIterator<Item = &'p str>,
    ) -> Self {
        self.invalid = self.mapping.permit(group.as_ref(), permissions).err().or(self.invalid);
        self
    }
}

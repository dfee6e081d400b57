//! The settings for the names in a JWT: its issuer, its tenants, its audience.

use std::sync::Arc;

use super::{JwtVerifierBuilder, Path, Tenants};

impl JwtVerifierBuilder {
    /// Adds a name of this service that a token's `aud` must have exactly. Several names are
    /// alternatives. At least one is required.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audiences.push(audience.into().into_boxed_str());
        self
    }

    /// Adds another name of the same issuer in `iss`, such as `accounts.google.com` beside
    /// `https://accounts.google.com`. Principals have the issuer's first name.
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
    /// let builder =
    ///     JwtVerifier::builder("https://login.microsoftonline.com/{tenantid}/v2.0")
    ///         .tenants(["72f988bf-86f1-41af-91ab-2d7cd011db47"])
    ///         .audience("6e74172b-be56-4843-9ff4-e66a39bb12e3");
    /// # let _ = builder;
    /// ```
    pub fn tenants<T: Into<String>>(mut self, tenants: impl IntoIterator<Item = T>) -> Self {
        let tenants = tenants.into_iter().map(|tenant| tenant.into().into_boxed_str());
        self.tenants = Some(Tenants::Listed(tenants.collect()));
        self
    }

    /// Same with a predicate, which is called for every token. It must not block.
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

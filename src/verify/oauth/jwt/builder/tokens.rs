//! The settings for the kind, the length and the life of a JWT.

use std::time::Duration;

use super::{JwtVerifierBuilder, TokenUse};

impl JwtVerifierBuilder {
    /// Sets the accepted uses of tokens. Defaults to [`TokenUse::AccessToken`] alone.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use tower_principal::test_util::Issuer;
    /// use tower_principal::verify::TokenUse;
    ///
    /// let issuer = Issuer::new("https://login.example")?;
    /// let audience = "https://api.example";
    /// // A token whose header has `"typ": "JWT"`, as many issuers write it:
    /// let plain =
    ///     issuer.token("otto").audience(audience).header("typ", "JWT").sign();
    /// let strict = issuer.verifier(audience).build()?;
    /// assert!(!strict.explain(&plain).await.is_accepted());
    ///
    /// let uses = [TokenUse::AccessToken, TokenUse::PlainJwt];
    /// let verifier = issuer.verifier(audience).accept(uses).build()?;
    /// assert!(verifier.explain(&plain).await.is_accepted());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn accept(mut self, uses: impl IntoIterator<Item = TokenUse>) -> Self {
        self.uses = uses.into_iter().collect();
        self
    }

    /// Accepts identity tokens (OpenID Connect Core 1.0 section 2) of this client like access
    /// tokens, and adds [`TokenUse::IdentityToken`]. `aud` must have this client's id. If `aud` has
    /// several names, `azp` must be this client's id, too. Called again it adds a client.
    ///
    /// An identity token informs a client that a user has logged in. A service that accepts it
    /// trusts the client not to send it elsewhere, and gets no scopes. Accept [access
    /// tokens](TokenUse::AccessToken) if the issuer has them.
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
    ///     .accept([])
    ///     .identity_client("web-shop")
    ///     .keys(issuer.keys()?)
    ///     .build()?;
    /// let identity =
    ///     issuer.token("otto").audience("web-shop").header("typ", "JWT");
    /// assert!(verifier.explain(&identity.sign()).await.is_accepted());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn identity_client(mut self, client: impl Into<String>) -> Self {
        self.clients.push(client.into().into_boxed_str());
        self
    }

    /// Adds a word for access tokens in the claims that name the kind of a token (`typ`, `type`,
    /// `token_use`, `token_type`), beside [the usual ones](TokenUse). Case does not matter. A token
    /// with an unknown word is refused.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use tower_principal::test_util::Issuer;
    ///
    /// let issuer = Issuer::new("https://login.example")?;
    /// let audience = "https://api.example";
    /// let token =
    ///     issuer.token("otto").audience(audience).claim("token_use", "api");
    /// let token = token.sign();
    /// let strict = issuer.verifier(audience).build()?;
    /// assert!(!strict.explain(&token).await.is_accepted());
    /// let verifier = issuer.verifier(audience).access_word("api").build()?;
    /// assert!(verifier.explain(&token).await.is_accepted());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn access_word(mut self, word: impl Into<String>) -> Self {
        self.access_words.push(word.into().into_boxed_str());
        self
    }

    /// Sets how much the issuer's clock may be ahead or behind. Defaults to 10 s; at most 5 min. A
    /// token is accepted for this long after its `exp`.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use std::time::Duration;
    /// use tower_principal::test_util::{Issuer, TestClock};
    ///
    /// let issuer = Issuer::new("https://login.example")?;
    /// let (clock, audience) = (TestClock::default(), "https://api.example");
    /// let builder = issuer.verifier(audience).clock(clock.clone());
    /// let patient = builder.clone().leeway(Duration::from_secs(60)).build()?;
    /// let strict = builder.build()?;
    ///
    /// let lasts = Duration::from_secs(300);
    /// let token =
    ///     issuer.token("otto").audience(audience).expires_in(lasts).sign();
    /// clock.advance(lasts + Duration::from_secs(30));
    /// assert!(patient.explain(&token).await.is_accepted());
    /// assert!(!strict.explain(&token).await.is_accepted());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub const fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    /// Sets the longest life of a token, from `iat` (or from now, if it has none) to `exp`.
    /// Defaults to 24 h; at most 10 years. A leaked token is good for its whole life, unless it is
    /// revoked.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use std::time::Duration;
    /// use tower_principal::test_util::Issuer;
    ///
    /// let issuer = Issuer::new("https://login.example")?;
    /// let audience = "https://api.example";
    /// let hour = Duration::from_secs(3600);
    /// let verifier = issuer.verifier(audience).max_lifetime(hour).build()?;
    /// let token = issuer.token("otto").audience(audience);
    /// let short = token.clone().expires_in(hour).sign();
    /// assert!(verifier.explain(&short).await.is_accepted());
    /// let long = token.expires_in(2 * hour).sign();
    /// assert!(!verifier.explain(&long).await.is_accepted());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub const fn max_lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// Sets the longest token, in bytes. Defaults to 8 KiB; at most 64 KiB. Longer tokens make
    /// every request of any client cost more, before its signature is verified. The dialect has its
    /// own limit.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use tower_principal::test_util::Issuer;
    ///
    /// let issuer = Issuer::new("https://login.example")?;
    /// let audience = "https://api.example";
    /// // Groups of a user in some hundred teams:
    /// let groups: Vec<String> = (0..1_000).map(|n| format!("team-{n}")).collect();
    /// let token = issuer.token("otto").audience(audience).claim("groups", groups);
    /// let token = token.sign();
    /// let usual = issuer.verifier(audience).build()?;
    /// assert!(!usual.explain(&token).await.is_accepted());
    /// let builder = issuer.verifier(audience).danger_max_token_length(32 * 1024);
    /// assert!(builder.build()?.explain(&token).await.is_accepted());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub const fn danger_max_token_length(mut self, bytes: usize) -> Self {
        self.length = bytes;
        self
    }
}

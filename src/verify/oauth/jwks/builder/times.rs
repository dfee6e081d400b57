//! The settings for the times of fetching and keeping keys.

use std::time::Duration;

use super::JwksBuilder;

impl JwksBuilder {
    /// Sets the least time between two fetches, for any cause and any result. Defaults to 30 s;
    /// from 1 s to 1 h. It limits the fetches that random `kid`s can cause, and how soon a new key
    /// is found.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use std::time::Duration;
    /// use tower_principal::test_util::Issuer;
    ///
    /// let issuer = Issuer::new("https://login.example")?;
    /// let keys = issuer.published().cooldown(Duration::from_secs(10)).build()?;
    /// let verifier = tower_principal::verify::JwtVerifier::builder(issuer.name())
    ///     .audience("https://api.example")
    ///     .keys(keys)
    ///     .build()?;
    /// let token = issuer.token("otto").audience("https://api.example");
    /// let token = token.header("kid", "no-such-key").sign();
    /// for _ in 0..10 {
    ///     assert!(!verifier.explain(&token).await.is_accepted());
    /// }
    /// assert_eq!(issuer.fetches(), 1); // not ten
    ///
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub const fn cooldown(mut self, cooldown: Duration) -> Self {
        self.times.cooldown = cooldown;
        self
    }

    /// Sets how long a key that the issuer has removed may still be used. Defaults to 5 min; from 1
    /// s to 5 min. If the issuer answers with a shorter `max-age`, that counts, but not less than
    /// the cooldown.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use tower_principal::test_util::Issuer;
    /// use tower_principal::verify::JwksError;
    ///
    /// let issuer = Issuer::new("https://login.example")?;
    /// let minute = Duration::from_secs(60);
    /// assert!(issuer.published().max_age(minute).build().is_ok());
    /// // A removed key may not be used for longer than 5 minutes.
    /// let hour = issuer.published().max_age(60 * minute).build();
    /// assert_eq!(hour.err(), Some(JwksError::Times));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub const fn max_age(mut self, max_age: Duration) -> Self {
        self.times.max_age = max_age;
        self
    }

    /// Sets how long keys are used when they cannot be fetched again. Defaults to 24 h, which is
    /// also the maximum.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use std::time::Duration;
    /// use tower_principal::test_util::{Fault, Issuer, TestClock};
    /// use tower_principal::verify::JwtVerifier;
    ///
    /// let issuer = Issuer::new("https://login.example")?;
    /// let clock = TestClock::default();
    /// let hour = Duration::from_secs(3600);
    /// let keys =
    ///     issuer.published().max_stale(hour).clock(clock.clone()).build()?;
    /// let builder = JwtVerifier::builder(issuer.name()).keys(keys);
    /// let verifier = builder.audience("https://api.example").build()?;
    /// let token = issuer.token("otto").audience("https://api.example").sign();
    /// assert!(verifier.explain(&token).await.is_accepted());
    ///
    /// // An outage of the issuer for half an hour changes nothing.
    /// issuer.set_fault(Fault::Unreachable);
    /// clock.advance(hour / 2);
    /// assert!(verifier.explain(&token).await.is_accepted());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub const fn max_stale(mut self, max_stale: Duration) -> Self {
        self.times.max_stale = max_stale;
        self
    }

    /// Sets the time limit of one fetch, including the issuer's metadata. Defaults to 3 s; at most
    /// 10 s.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use tower_principal::test_util::Issuer;
    /// use tower_principal::verify::JwksError;
    ///
    /// let issuer = Issuer::new("https://login.example")?;
    /// assert!(issuer.published().timeout(Duration::from_secs(1)).build().is_ok());
    /// let long = issuer.published().timeout(Duration::from_secs(60)).build();
    /// assert_eq!(long.err(), Some(JwksError::Times));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.times.timeout = timeout;
        self
    }
}

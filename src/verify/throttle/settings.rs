//! Settings of the throttle.

use std::io;

use ipnet::IpNet;

use super::counts::FailureLimit;
use super::{NAT64_LENGTHS, Throttled};

impl<V> Throttled<V> {
    /// Sets another limit for each id of a client.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use std::time::Duration;
    /// use tower_principal::verify::{FailureLimit, MemoryVerifier, Throttled};
    /// use tower_principal::{
    ///     Credential, DenialReason, Pair, Secret, Verifier, VerifyContext,
    ///     VerifyError,
    /// };
    ///
    /// let limit = FailureLimit::new(2, Duration::from_secs(60));
    /// let verifier =
    ///     Throttled::new(MemoryVerifier::builder().build()?)?.by_id(limit);
    /// let context = VerifyContext::default().with_client("192.0.2.7".parse()?);
    /// let mut last = None;
    /// for guess in ["a", "b", "c"] {
    ///     let pair =
    ///         Pair::new(Secret::borrowed("key-1"), Secret::borrowed(guess));
    ///     last =
    ///         verifier.verify(&Credential::KeyPair(pair), &context).await.err();
    /// }
    /// let reason = match last {
    ///     Some(VerifyError::Denied(reason)) => Some(reason),
    ///     _ => None,
    /// };
    /// assert!(matches!(reason, Some(DenialReason::Throttled { .. })));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn by_id(mut self, limit: FailureLimit) -> Self {
        self.by_id.limit = limit;
        self
    }

    /// Sets another limit for each client.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use tower_principal::verify::{FailureLimit, MemoryVerifier, Throttled};
    ///
    /// // Behind one address there is a whole office.
    /// let limit = FailureLimit::new(500, Duration::from_millis(200));
    /// let verifier =
    ///     Throttled::new(MemoryVerifier::builder().build()?)?.by_client(limit);
    /// assert_eq!(verifier.counts(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn by_client(mut self, limit: FailureLimit) -> Self {
        self.by_client.limit = limit;
        self
    }

    /// Counts no failures from these networks, for instance of health checks or a test's loopback.
    /// An address of NAT64, 6to4 or Teredo is exempt only by itself, not by the address that it
    /// embeds.
    ///
    /// Do not name a network of proxies that do not forward their clients' addresses, because all
    /// of their clients would be exempt.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use std::time::Duration;
    /// use tower_principal::verify::{FailureLimit, MemoryVerifier, Throttled};
    /// use tower_principal::{Credential, Secret, Verifier, VerifyContext};
    ///
    /// let verifier = Throttled::new(MemoryVerifier::builder().build()?)?
    ///     .by_client(FailureLimit::new(1, Duration::from_secs(60)))
    ///     .exempt(["10.1.0.0/16".parse()?]);
    /// // The health check of the load balancer sends a wrong token on purpose.
    /// let context = VerifyContext::default().with_client("10.1.2.3".parse()?);
    /// let token = Credential::AccessToken(Secret::borrowed("wrong"));
    /// for _ in 0..10 {
    ///     assert!(verifier.verify(&token, &context).await.is_err());
    /// }
    /// assert_eq!(verifier.counts(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn exempt(mut self, networks: impl IntoIterator<Item = IpNet>) -> Self {
        self.exempt.extend(networks);
        self
    }

    /// Sets how many bits of an IPv4 and of an IPv6 address differ between clients, at most 32 and
    /// 128. Defaults to 32 and 64.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::verify::{MemoryVerifier, Throttled};
    ///
    /// // Customers of this provider have a /56 each.
    /// let verifier =
    ///     Throttled::new(MemoryVerifier::builder().build()?)?.prefixes(32, 56);
    /// # let _ = verifier;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub const fn prefixes(mut self, ipv4: u8, ipv6: u8) -> Self {
        self.networks.prefixes = [ipv4, ipv6];
        self
    }

    /// Counts addresses in these prefixes of NAT64 translators as the IPv4 addresses that they
    /// embed (RFC 6052). The well-known prefix `64:ff9b::/96` is always treated so.
    ///
    /// # Errors
    ///
    /// Returns an error of the kind `InvalidInput` if a prefix is not IPv6 or has an invalid
    /// length. Valid lengths are 32, 40, 48, 56, 64 and 96 bits.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::verify::{MemoryVerifier, Throttled};
    ///
    /// let throttled =
    ///     || Throttled::new(MemoryVerifier::builder().build().unwrap());
    /// assert!(throttled()?.nat64(["2001:db8:64::/96".parse()?]).is_ok());
    /// // A prefix of IPv4, or of another length, embeds no address.
    /// assert!(throttled()?.nat64(["192.0.2.0/24".parse()?]).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn nat64(mut self, prefixes: impl IntoIterator<Item = IpNet>) -> io::Result<Self> {
        for prefix in prefixes {
            match prefix {
                IpNet::V6(prefix) if NAT64_LENGTHS.contains(&prefix.prefix_len()) => {
                    self.networks.nat64.push(prefix);
                }
                _ => return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a prefix of NAT64")),
            }
        }
        Ok(self)
    }
}

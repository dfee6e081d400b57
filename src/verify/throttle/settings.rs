//! Settings of the throttle.

use std::io;

use ipnet::IpNet;

use super::counts::FailureLimit;
use super::{NAT64_LENGTHS, Throttled};

impl<V> Throttled<V> {
    /// Sets another limit for each id of a client.
    pub fn by_id(mut self, limit: FailureLimit) -> Self {
        self.by_id.limit = limit;
        self
    }

    /// Sets another limit for each client.
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
    pub fn exempt(mut self, networks: impl IntoIterator<Item = IpNet>) -> Self {
        self.exempt.extend(networks);
        self
    }

    /// Sets how many bits of an IPv4 and of an IPv6 address differ between clients, at most 32 and
    /// 128. Defaults to 32 and 64.
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

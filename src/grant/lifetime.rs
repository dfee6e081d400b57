//! Lifetimes of tokens and grants.

use std::time::{Duration, SystemTime};

/// Lifetime of a token or a grant.
///
/// # Examples
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use tower_principal::grant::Lifetime;
///
/// let hour = Lifetime::Limited(Duration::from_secs(3600));
/// assert_eq!(
///     hour.from(SystemTime::UNIX_EPOCH).unwrap().elapsed().is_ok(),
///     true
/// );
/// assert_eq!(Lifetime::Unlimited.from(SystemTime::UNIX_EPOCH), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lifetime {
    /// It ends this long after it was issued.
    Limited(Duration),
    /// It does not end by time. It can still be revoked.
    Unlimited,
}

impl Lifetime {
    /// Returns a limited lifetime of this many seconds.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use tower_principal::grant::Lifetime;
    ///
    /// const HOUR: Lifetime = Lifetime::seconds(3600);
    /// assert_eq!(HOUR, Lifetime::Limited(Duration::from_secs(3600)));
    /// ```
    pub const fn seconds(seconds: u64) -> Self {
        Self::Limited(Duration::from_secs(seconds))
    }

    /// Returns the length of a limited lifetime; `None` if it is unlimited.
    pub(crate) const fn limit(self) -> Option<Duration> {
        match self {
            Self::Limited(lifetime) => Some(lifetime),
            Self::Unlimited => None,
        }
    }

    /// Returns the end of a lifetime that begins at `start`. Returns `None` if there is no end, or
    /// the system cannot represent it.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use tower_principal::grant::Lifetime;
    ///
    /// let start = SystemTime::UNIX_EPOCH;
    /// let end = Lifetime::seconds(60).from(start);
    /// assert_eq!(end, Some(start + Duration::from_secs(60)));
    /// assert_eq!(Lifetime::Unlimited.from(start), None);
    /// ```
    pub fn from(self, start: SystemTime) -> Option<SystemTime> {
        start.checked_add(self.limit()?)
    }
}

//! The source of the time.
//!
//! Verifiers, caches and layers take a [`Clock`], so that tests can set the time. The test kit has
//! `TestClock`, which the guide's chapter on [testing](crate::guide::testing) uses.
//!
//! # Examples
//!
//! ```
//! use tower_principal::clock::SystemClock;
//! use tower_principal::verify::MemoryVerifier;
//!
//! // The default, by its name:
//! let verifier = MemoryVerifier::builder().clock(SystemClock).build()?;
//! # let _ = verifier;
//! # Ok::<(), tower_principal::verify::MemoryVerifierError>(())
//! ```

#[cfg(any(feature = "cache", feature = "jwt"))]
mod moment;

use std::fmt;
use std::time::SystemTime;

#[cfg(any(feature = "cache", feature = "jwt"))]
pub(crate) use self::moment::Moment;

/// Returns the time that decides if a credential has expired. It is a field wherever it is used,
/// never a global.
///
/// # Examples
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use tower_principal::clock::Clock;
///
/// #[derive(Debug)]
/// struct AnHourAhead;
///
/// impl Clock for AnHourAhead {
///     fn now(&self) -> SystemTime {
///         SystemTime::now() + Duration::from_secs(3600)
///     }
/// }
/// ```
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// Returns the current time.
    fn now(&self) -> SystemTime;
}

/// The operating system's clock.
///
/// # Examples
///
/// ```
/// use std::time::SystemTime;
/// use tower_principal::clock::{Clock, SystemClock};
///
/// let before = SystemTime::now();
/// assert!(SystemClock.now() >= before);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}

/// Returns whole seconds since 1970, rounded down.
#[cfg_attr(not(feature = "server"), allow(dead_code))]
pub(crate) fn unix_seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
}

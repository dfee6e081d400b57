//! The log, or nothing at all where the feature `tracing` is off.

#[cfg(feature = "tracing")]
pub(crate) use tracing::{debug, error, warn};

#[cfg(not(feature = "tracing"))]
pub(crate) use silent::{debug, error, warn};

#[cfg(not(feature = "tracing"))]
mod silent {
    macro_rules! debug {
        ($($ignored:tt)*) => {
            ()
        };
    }
    pub(crate) use debug;
    pub(crate) use debug as error;
    pub(crate) use debug as warn;
}

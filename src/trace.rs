//! The log; its macros do nothing if the feature `tracing` is off.

#[cfg(feature = "tracing")]
pub(crate) use tracing::field::{DisplayValue, debug, display};
#[cfg(feature = "tracing")]
pub(crate) use tracing::{Level, debug, enabled, error, info, warn};

#[cfg(not(feature = "tracing"))]
pub(crate) use silent::{debug, enabled, error, info, warn};

#[cfg(not(feature = "tracing"))]
mod silent {
    macro_rules! debug {
        ($($ignored:tt)*) => {
            ()
        };
    }
    macro_rules! enabled {
        ($($ignored:tt)*) => {
            false
        };
    }
    pub(crate) use debug;
    pub(crate) use debug as error;
    pub(crate) use debug as info;
    pub(crate) use debug as warn;
    pub(crate) use enabled;
}

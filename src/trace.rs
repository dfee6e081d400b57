//! The log; its macros do nothing if the feature `tracing` is off.

// Most feature gates stand on `mod` and `use` lines. Some stand on items that one feature alone
// uses. There are two pairs of twins, because two facts are available only with axum. They are the
// original path (`request/original_target.rs`) and the socket's address (`transport/peer.rs`).
// Without axum the original path comes only from an `OriginalTargetLayer`. `trace.rs` is a no-op
// without the feature `tracing`, and `observe/metrics.rs` without `metrics`. No other file
// therefore checks these features before it logs or counts.

#[cfg(feature = "tracing")]
pub(crate) use tracing::field::{DisplayValue, display};
#[cfg(feature = "tracing")]
pub(crate) use tracing::{Level, debug, enabled, error, info, warn};

/// Returns true if a line or a span may have a listener. If not, no other check is needed.
#[cfg(feature = "tracing")]
#[inline]
pub(crate) fn is_on() -> bool {
    tracing::level_filters::LevelFilter::current() != tracing::level_filters::LevelFilter::OFF
}

#[cfg(not(feature = "tracing"))]
#[inline]
pub(crate) const fn is_on() -> bool {
    false
}

#[cfg(not(feature = "tracing"))]
pub(crate) use silent::{debug, enabled, error, info, warn};

/// Keeps the current span around work that moves to another task.
#[cfg(all(feature = "tracing", feature = "server"))]
pub(crate) fn in_current_span<F: Future>(work: F) -> impl Future<Output = F::Output> {
    tracing::Instrument::in_current_span(work)
}

#[cfg(all(not(feature = "tracing"), feature = "server"))]
pub(crate) const fn in_current_span<F>(work: F) -> F {
    work
}

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

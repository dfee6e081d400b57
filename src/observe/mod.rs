//! The reports of the crate: audit events, metrics, and the span of a request.

pub(crate) mod audit;
pub(crate) mod metrics;
#[cfg(feature = "tracing")]
pub(crate) mod span;

//! The reports of the crate: audit events, metrics, and the span of a request.

pub(crate) mod audit;
#[cfg(feature = "server")]
pub(crate) mod issuing;
pub(crate) mod metrics;
pub(crate) mod span;

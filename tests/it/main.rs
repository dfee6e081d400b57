//! The integration tests: one binary, a module for each stage of a request's way.
#![cfg(all(feature = "axum", feature = "test-util"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod allocations;
mod answers;
mod audit;
mod body;
mod connections;
mod dialects;
mod extract;
mod guests;
mod leaks;
mod memory;
#[cfg(feature = "metadata")]
mod metadata;
#[cfg(feature = "metrics")]
mod metrics;
mod passwords;
mod paths;
mod platform_answers;
mod policies;
mod properties;
mod read;
mod readiness;
mod render;
mod revocation;
mod support;
#[cfg(feature = "throttle")]
mod throttle;
mod transport;
mod verify;
mod wiring;

//! The integration tests: one binary, a module for each stage of a request's way.
#![cfg(all(feature = "axum", feature = "test-util"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod allocations;
mod answers;
mod body;
mod bounds;
#[cfg(feature = "cache")]
mod cache;
mod conformance;
mod connections;
mod dialects;
mod extract;
mod fetch;
mod grpc;
mod guests;
#[cfg(all(feature = "introspection", feature = "cache"))]
mod introspection;
mod leaks;
mod live;
mod memory;
mod passwords;
mod paths;
mod plain_hyper;
mod policies;
mod properties;
mod read;
mod readiness;
mod render;
mod revocation;
mod routed;
mod support;
mod transport;
mod verify;
mod wiring;

//! The integration tests: one binary, a module for each stage of a request's way.
#![cfg(all(feature = "axum", feature = "test-util"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod allocations;
mod answers;
mod body;
mod connections;
mod dialects;
mod extract;
mod guests;
mod leaks;
mod memory;
mod passwords;
mod paths;
mod policies;
mod properties;
mod read;
mod readiness;
mod render;
mod revocation;
#[cfg(all(feature = "sqlite", feature = "postgres"))]
mod sql;
mod support;
mod transport;
mod verify;

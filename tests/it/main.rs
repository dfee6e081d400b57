//! The integration tests: one binary, a module for each stage of a request's way.
#![cfg(all(feature = "axum", feature = "test-util"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod allocations;
mod answers;
mod body;
mod connections;
mod dialects;
mod extract;
mod fetch;
mod guests;
mod jwks;
mod jwt;
mod jwt_claims;
mod jwt_logs;
mod jwt_revocation;
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
mod support;
mod transport;
mod verify;
mod wycheproof;

//! The integration tests: one binary, a module for each stage of a request.
#![cfg(all(feature = "axum", feature = "test-util"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod allocations;
mod answers;
mod api_keys;
#[cfg(all(feature = "sqlite", feature = "postgres", feature = "throttle"))]
mod attack;
mod audit;
mod basic;
mod body;
mod bounds;
#[cfg(feature = "cache")]
mod cache;
mod challenge_scope;
mod claims;
mod conformance;
mod connections;
mod cookies;
mod denials;
mod dialects;
mod doctor;
mod extract;
mod fetch;
mod forwarded;
mod front_door;
#[cfg(all(feature = "server", feature = "sqlite", feature = "postgres"))]
mod grants;
mod grounds;
mod groups;
mod grpc;
mod guests;
mod hashes;
#[cfg(all(feature = "introspection", feature = "cache", feature = "jwt"))]
mod identity;
mod in_force;
#[cfg(all(feature = "introspection", feature = "cache", feature = "jwt"))]
mod introspection;
#[cfg(all(feature = "introspection", feature = "jwt"))]
mod issuer;
mod jwks;
mod jwt;
mod jwt_claims;
mod jwt_issuers;
mod jwt_logs;
mod jwt_purpose;
mod jwt_revocation;
mod keys;
mod layers;
mod leaks;
mod live;
#[cfg(all(feature = "server", feature = "introspection", feature = "metadata"))]
mod mcp;
mod memory;
#[cfg(feature = "metadata")]
mod metadata;
#[cfg(feature = "metrics")]
mod metrics;
mod outside;
mod passwords;
mod paths;
mod places;
mod plain_hyper;
mod platform_answers;
mod policies;
mod presented;
mod properties;
mod provider_keys;
mod providers;
mod read;
mod readiness;
mod render;
mod revocation;
mod routed;
#[cfg(all(feature = "server", feature = "sqlite", feature = "postgres"))]
mod server;
#[cfg(feature = "cache")]
mod spellings;
#[cfg(all(feature = "sqlite", feature = "postgres"))]
mod sql;
mod support;
#[cfg(all(feature = "introspection", feature = "cache", feature = "jwt"))]
mod tenants;
#[cfg(feature = "throttle")]
mod throttle;
mod transport;
mod verify;
mod wiring;
mod wycheproof;

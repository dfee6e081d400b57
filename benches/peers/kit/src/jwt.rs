//! The JWTs of the requests, which `tokens` has made.

use std::fs;
use std::path::Path;

use crate::{Made, Sent};

pub const ISSUER: &str = "https://issuer.example";
pub const AUDIENCE: &str = "https://api.example";

/// The secret of HS256.
pub const SECRET: &str = "a secret of thirty-two bytes or more";

/// Reads a file of the folder in `PEERS_TOKENS`.
fn read(name: &str) -> String {
    let folder = std::env::var("PEERS_TOKENS").expect("PEERS_TOKENS is the folder that `tokens` wrote");
    fs::read_to_string(Path::new(&folder).join(name)).expect("a file of `tokens`")
}

/// Returns the set of public keys for `rs256` or `es256`, as JSON.
pub fn key_set(algorithm: &str) -> String {
    read(&format!("{algorithm}.jwks"))
}

/// Returns the router with the requests of `hs256`, `rs256` or `es256`.
pub fn made<S>(algorithm: &str, router: S, plain: S) -> Made<S> {
    let token = read(&format!("{algorithm}.jwt"));
    // The same signature with one other character.
    let (start, end) = token.split_at(token.len() - 10);
    let other = if end.starts_with('A') { 'B' } else { 'A' };
    let wrong = format!("{start}{other}{}", &end[1..]);
    Made { router, plain, accepted: Sent::bearer(&token), wrong: Some(Sent::bearer(&wrong)), of_crowd: None }
}

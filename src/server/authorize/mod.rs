//! The authorization endpoint (RFC 6749 section 3.1): a user at a browser allows a client to act.

mod redirect;
mod request;

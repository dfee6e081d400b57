//! Log-ins, and each way in which they fail.

mod answers;
mod environment;
mod failures;
mod files;
mod log_in;
mod log_out;
mod program;
mod refresh;
mod site;
mod tls;
mod whole;

/// Exit codes of the program.
pub(crate) mod exit {
    pub(crate) const USAGE: i32 = 2;
    pub(crate) const TIMED_OUT: i32 = 3;
    pub(crate) const DENIED: i32 = 4;
    pub(crate) const AWAY: i32 = 5;
    pub(crate) const LOG_IN_AGAIN: i32 = 6;
    pub(crate) const STATE: i32 = 7;
    pub(crate) const ISSUER: i32 = 8;
    pub(crate) const TLS: i32 = 9;
    pub(crate) const REFUSED: i32 = 10;
    pub(crate) const FILE: i32 = 11;
    pub(crate) const NOT_REVOKED: i32 = 12;
    pub(crate) const NOT_DELETED: i32 = 13;
}

//! A log-in from a command line, as `gdh login` of GeoDataHub: tokens of a user, by way of a
//! browser.
//!
//! Start the portal with `cargo portal`. Its file `portal-data/demo-credentials.json` has two
//! client ids for this example: `cli_client` for the browser, and `client_id` for `--paste`. The
//! portal shows codes only for clients without a redirect URI, such as the second one. The name
//! and the password of a user are at `user`. All of these are below `geodatahub`:
//!
//!     gdh() {
//!         cargo run -q --features reqwest --example login -- "$@" --ca portal-data/ca.pem
//!     }
//!     gdh login --client-id ID
//!     gdh login --client-id ID --use-refresh-token --print-all-tokens
//!     gdh logout --client-id ID
//!
//! `login` opens a browser and receives the authorization code on a port of 127.0.0.1 (RFC 8252).
//! With `--paste`, the server shows a one-time code, and the user enters it. Both ways use PKCE
//! (RFC 7636). The endpoints are those of the server's metadata (RFC 8414).
//!
//! The refresh token is stored in `~/.gdh/authentication`, a JSON file with the one key
//! `refresh_token`. Only its owner may read it. `--use-refresh-token` gets new tokens with it, and
//! `logout` ends it. If the variable `GDH_REFRESH_TOKEN` is set, its token is used instead.
//!
//! Tokens are written to stdout, and only with `--print-all-tokens`. Messages are written to stderr
//! and never contain a token.
//!
//! | exit code | reason |
//! |---|---|
//! | 1 | this machine: a file cannot be written, or no port is free |
//! | 2 | unknown or conflicting options |
//! | 3 | no answer within the time of `--wait`, for example because the browser was closed |
//! | 4 | the user denied the log-in |
//! | 5 | the server is not available |
//! | 6 | no valid refresh token: log in again |
//! | 7 | the answer in the browser has another `state` |
//! | 8 | another issuer, in the metadata or in the answer |
//! | 9 | no TLS connection, for example because the certificate is not trusted |
//! | 10 | the server refused the request, or its answer is invalid |
//! | 11 | others have access to the file or its folder, or it is not readable |
//! | 12 | `logout` did not revoke the token, and kept it |
//! | 13 | `logout` revoked the token, and could not delete it |

mod answer;
mod browser;
mod code;
mod error;
mod file;
mod flags;
mod http_client;
mod log_in;
mod log_out;
mod metadata;
mod private;
mod progress;
mod server;
mod tokens;

use std::process::ExitCode;

use clap::Parser as _;

use crate::flags::{Command, Flags};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let done = match Flags::parse().command {
        Command::Login(login) => log_in::run(&login).await,
        Command::Logout(shared) => log_out::run(&shared).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("gdh: {error}");
            ExitCode::from(error.code())
        }
    }
}

//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Logs in to a platform from a command line.
#[derive(Debug, Parser)]
#[command(name = "gdh", bin_name = "gdh")]
pub(crate) struct Flags {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Logs in, and stores the refresh token.
    Login(Login),
    /// Revokes the refresh token at the server, and then deletes it.
    Logout(Shared),
}

#[derive(Args, Debug)]
pub(crate) struct Login {
    #[command(flatten)]
    pub(crate) shared: Shared,

    /// A scope to ask for; may be repeated. By default the server chooses.
    #[arg(long = "scope", value_name = "SCOPE")]
    pub(crate) scopes: Vec<String>,

    /// Asks for the one-time code that the server shows, and needs no browser on this machine.
    #[arg(long)]
    pub(crate) paste: bool,

    /// Gets new tokens with the stored refresh token, without a browser.
    #[arg(long, conflicts_with_all = ["paste", "scopes"])]
    pub(crate) use_refresh_token: bool,

    /// Prints the access, identity and refresh token as JSON.
    #[arg(long)]
    pub(crate) print_all_tokens: bool,

    /// The time for the user to log in, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    pub(crate) wait: u64,
}

#[derive(Args, Debug)]
pub(crate) struct Shared {
    /// The server's issuer URL; must equal the `issuer` in its metadata.
    #[arg(long, value_name = "URL", default_value = "https://localhost:8443/geodatahub")]
    pub(crate) issuer: String,

    /// The client id of this program, a public client.
    #[arg(long, value_name = "ID")]
    pub(crate) client_id: String,

    /// A PEM file with a certificate authority to trust besides those of the system.
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,

    /// The file of the refresh token, in a folder of its owner alone [default:
    /// ~/.gdh/authentication].
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
}

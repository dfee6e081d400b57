//! The command line.

use std::path::PathBuf;

use clap::Parser;
use tower_principal::transport::IpNet;

/// An open-data portal that accepts every credential form of four platforms.
#[derive(Debug, Parser)]
#[command(name = "portal")]
pub(crate) struct Flags {
    /// The address of the plain HTTP listener, HOST:PORT; port 0 picks a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub(crate) http: String,

    /// The address of the HTTPS listener (HTTP/1.1 and HTTP/2), HOST:PORT; port 0 picks a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8443")]
    pub(crate) https: String,

    /// The directory of the private CA and the demo credentials, for one portal at a time; created
    /// if it is missing.
    #[arg(long, value_name = "DIR", default_value = "./portal-data")]
    pub(crate) data: PathBuf,

    /// The database of users, keys and issued tokens: sqlite:FILE or postgres://USER@HOST/NAME. Put
    /// the password in `PGPASSWORD` or `PGPASSFILE` if others may see the command line. A server
    /// off the loopback needs ?sslmode=verify-full [default: sqlite:DIR/portal.db].
    #[arg(long, value_name = "URL")]
    pub(crate) database: Option<String>,

    /// Treats plain HTTP as secure. For tests only.
    #[arg(long)]
    pub(crate) assume_secure: bool,

    /// A proxy whose `Forwarded` and `X-Forwarded-Proto` are trusted; may be repeated.
    #[arg(long, value_name = "CIDR", value_parser = cidr)]
    pub(crate) trust_proxy: Vec<IpNet>,

    /// The filter of the log on stderr: a level, and levels of targets as TARGET=LEVEL, with
    /// commas.
    /// `tower_principal::audit` logs the outcome of every credential, never a secret.
    #[arg(long, value_name = "FILTER", default_value = "info,tower_principal::audit=info")]
    pub(crate) log: String,
}

fn cidr(text: &str) -> Result<IpNet, String> {
    let net: IpNet = text.parse().map_err(|_| "expected ADDRESS/LENGTH")?;
    if net.prefix_len() == 0 { Err("a length of 0 would trust every peer".to_owned()) } else { Ok(net) }
}

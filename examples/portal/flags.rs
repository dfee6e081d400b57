//! The command line.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::Parser;

/// One open-data portal that takes every credential form of four platforms.
#[derive(Debug, Parser)]
#[command(name = "portal")]
pub(crate) struct Flags {
    /// Where plain HTTP listens; port 0 picks a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub(crate) http: SocketAddr,

    /// Where HTTPS listens (HTTP/1.1 and HTTP/2); port 0 picks a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8443")]
    pub(crate) https: SocketAddr,

    /// Holds the private CA and the demo credentials; made when it is missing.
    #[arg(long, value_name = "DIR", default_value = "./portal-data")]
    pub(crate) data: PathBuf,

    /// Where data and issued tokens are kept [default: sqlite:DIR/portal.db]; not used yet, all is in memory.
    #[arg(long, value_name = "URL")]
    pub(crate) database: Option<String>,

    /// Treats plain HTTP as secure. For tests only.
    #[arg(long)]
    pub(crate) assume_secure: bool,

    /// A proxy whose `Forwarded` and `X-Forwarded-Proto` are believed; may be repeated.
    #[arg(long, value_name = "CIDR", value_parser = cidr)]
    pub(crate) trust_proxy: Vec<String>,

    /// What is logged to stderr, in the syntax of `tracing-subscriber`'s `EnvFilter`.
    #[arg(long, value_name = "FILTER", default_value = "info")]
    pub(crate) log: String,
}

fn cidr(text: &str) -> Result<String, String> {
    let (address, length) = text.split_once('/').ok_or("expected ADDRESS/LENGTH")?;
    let address: IpAddr = address.parse().map_err(|_| "the address is not an IP address")?;
    let length: u8 = length.parse().map_err(|_| "the length is not a number")?;
    let longest = if address.is_ipv4() { 32 } else { 128 };
    match length {
        0 => Err("a length of 0 would trust every peer".to_owned()),
        length if length > longest => Err(format!("the length is at most {longest}")),
        _ => Ok(text.to_owned()),
    }
}

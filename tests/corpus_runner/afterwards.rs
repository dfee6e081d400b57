//! The state of credentials that were sent where they should not have been.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::case::Mode;
use super::site::Site;
use super::wire::{self, Message};

/// A revocation continues after the refusal, and may take this long to show.
const SOON: Duration = Duration::from_secs(3);
/// If nothing has changed after this time, the credential was not revoked.
const SETTLED: Duration = Duration::from_millis(150);

/// Returns true if Socrata's routes accept this `Authorization` value over a secure connection:
/// TLS, and a proxy's forwarded header if the portal trusts one.
pub(crate) async fn is_taken(portal: &Site, authorization: &[u8]) -> Result<bool, String> {
    let head = [
        &b"GET /socrata/whoami HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-Proto: https\r\nAuthorization: "[..],
        authorization,
        b"\r\nConnection: close\r\n\r\n",
    ];
    let message = Message { head: head.concat(), body: Vec::new() };
    let answer = wire::exchange(&portal.https, message, Mode::Http1, false).await;
    match answer.map_err(|error| error.to_string())?.status {
        200 => Ok(true),
        401 => Ok(false),
        other => Err(format!("asked whether a credential is still taken, got {other}")),
    }
}

pub(crate) async fn lives(portal: &Site, authorization: &[u8]) -> Result<(), String> {
    sleep(SETTLED).await;
    if is_taken(portal, authorization).await? { Ok(()) } else { Err("a credential was revoked".to_owned()) }
}

pub(crate) async fn ends(portal: &Site, authorization: &[u8]) -> Result<(), String> {
    let started = Instant::now();
    while is_taken(portal, authorization).await? {
        if started.elapsed() > SOON {
            return Err("a credential was not revoked".to_owned());
        }
        sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

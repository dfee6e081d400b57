//! Code challenges (RFC 7636).

use super::profile::Ways;
use crate::grant::Application;

/// Returns `true` if a code of this application may have this S256 challenge, or none.
pub(super) fn is_accepted(challenge: Option<&str>, ways: &Ways, application: &Application) -> bool {
    let may_be_absent = ways.codes.pkce.is_optional(application.is_confidential());
    challenge.map_or(may_be_absent, is_challenge)
}

/// Returns `true` for 43 characters of base64url: a SHA-256.
fn is_challenge(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

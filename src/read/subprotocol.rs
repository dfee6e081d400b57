//! `Sec-WebSocket-Protocol = 1#token` (RFC 6455 section 11.3.4).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderValue;
use http::header::GetAll;
use zeroize::Zeroizing;

use crate::credential::Secret;

/// Returns the elements of a list header, over all of its lines.
pub(crate) fn elements<'r>(lines: GetAll<'r, HeaderValue>) -> impl Iterator<Item = &'r [u8]> {
    let elements = lines.into_iter().flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
    elements.map(<[u8]>::trim_ascii).filter(|element| !element.is_empty())
}

/// Decodes base64url without padding into a buffer that is wiped.
pub(crate) fn decode(value: &[u8]) -> Option<Secret<'static>> {
    let mut buffer = Zeroizing::new(vec![0; value.len()]);
    let length = URL_SAFE_NO_PAD.decode_slice(value, &mut buffer).ok()?;
    buffer.truncate(length);
    Secret::from_utf8(buffer)
}

//! The check that a request is from the service's own origin.

use http::header::{HOST, HeaderName, ORIGIN, UPGRADE};
use http::{HeaderMap, Method};

use crate::request::RequestHead;

/// The Fetch Metadata header in which a browser names the relation of the requesting site.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Returns true if another site may have made a browser send a request that can change something,
/// with this site's cookies. Requests from pages of the `allowed` origins are accepted.
pub(crate) fn is_possible(head: RequestHead<'_>, allowed: &[&str]) -> bool {
    let harmless = matches!(*head.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    !((harmless && !is_websocket(head)) || is_proven(head, allowed))
}

/// Returns true if a request opens a WebSocket: by `Upgrade` (RFC 6455 section 4.1), or by an
/// extended `CONNECT` (RFC 8441 section 4).
pub(crate) fn is_websocket(head: RequestHead<'_>) -> bool {
    let lines = head.headers().get_all(UPGRADE).iter();
    let mut words = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
    *head.method() == Method::CONNECT
        || words.any(|word| word.trim_ascii().eq_ignore_ascii_case(b"websocket"))
}

/// Returns true if the request is proven to be from an allowed origin. `Sec-Fetch-Site` decides if
/// a browser sent it, because no page can change it. Without it, `Origin` must be the request's
/// own. If one of these headers occurs twice, it proves nothing.
// A cookie needs a proof of its origin. Browsers attach cookies to requests that other sites make.
// The table therefore refuses a cookie that counts in an unsafe request, or in a WebSocket
// handshake, unless `Sec-Fetch-Site` or `Origin` proves the origin. The own origin is `https://`
// and the authority of the target and of `Host`, which have to agree. An `Origin` that the row
// lists in `allow_origins` counts as well. If there is no proof, the request is refused. This also
// applies to clients that are not browsers, because these can send a token in a header.
fn is_proven(head: RequestHead<'_>, allowed: &[&str]) -> bool {
    let (Ok(site), Ok(origin)) = (only(head.headers(), &SEC_FETCH_SITE), only(head.headers(), &ORIGIN))
    else {
        return false;
    };
    let listed = origin.is_some_and(|origin| allowed.iter().any(|one| one.as_bytes() == origin));
    listed
        || match (site, origin) {
            (Some(site), _) => site == b"same-origin",
            (None, Some(origin)) => is_own(head, origin),
            (None, None) => false,
        }
}

/// Returns true if an origin is `https://` and the authority of the request.
fn is_own(head: RequestHead<'_>, origin: &[u8]) -> bool {
    let Some(claimed) = origin.strip_prefix(b"https://") else { return false };
    let target = head.uri().authority().map(|authority| authority.as_str().as_bytes());
    let Ok(host) = only(head.headers(), &HOST) else { return false };
    let bare = |authority: &[u8]| authority.strip_suffix(b":443").unwrap_or(authority).to_ascii_lowercase();
    let is_claimed = |own: &[u8]| !own.is_empty() && bare(own) == bare(claimed);
    match (target, host) {
        (Some(target), Some(host)) => is_claimed(target) && is_claimed(host),
        (Some(own), None) | (None, Some(own)) => is_claimed(own),
        (None, None) => false,
    }
}

/// Returns the single value of a header, or an error if there are several.
fn only<'r>(headers: &'r HeaderMap, name: &HeaderName) -> Result<Option<&'r [u8]>, ()> {
    let mut values = headers.get_all(name).iter();
    let first = values.next().map(|value| value.as_bytes().trim_ascii());
    if values.next().is_some() { Err(()) } else { Ok(first) }
}

/// Returns true if a text is an origin as browsers write it: `scheme://host` and optionally a port.
pub(crate) fn is_origin(text: &str) -> bool {
    let Some((scheme, authority)) = text.split_once("://") else { return false };
    let host =
        |byte: u8| byte.is_ascii_graphic() && !byte.is_ascii_uppercase() && !b"/?#@\\,*\"".contains(&byte);
    !scheme.is_empty()
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte))
        && !authority.is_empty()
        && authority.bytes().all(host)
        && !(scheme == "https" && authority.ends_with(":443"))
        && !(scheme == "http" && authority.ends_with(":80"))
}

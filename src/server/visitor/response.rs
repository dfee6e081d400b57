//! Responses for browsers.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, PRAGMA, REFERRER_POLICY,
    RETRY_AFTER, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderValue, Response, StatusCode};

use crate::rejection::render::whole_seconds;
use crate::server::answer_body::AnswerBody;
use crate::server::pages::ErrorPage;
use crate::server::refusal::{Refusal, RefusalKind};
use crate::server::request::EndpointRequest;
use crate::server::state::State;

/// Returns a page.
///
/// No cache keeps it, no other site shows it in a frame, and links on it send no `Referer`, because
/// its URL is the authorization request (RFC 9700 sections 4.2.4 and 4.16). It has no CORS header.
pub(in crate::server) fn page(state: &State, status: StatusCode, html: String) -> Response<AnswerBody> {
    let mut response = Response::new(AnswerBody::from(html));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    keep_private(headers);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CONTENT_SECURITY_POLICY, state.browser.policy.clone());
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    response
}

/// Returns a redirect that a browser follows with `GET` (RFC 9700 section 4.12).
pub(in crate::server) fn see_other(location: HeaderValue) -> Response<AnswerBody> {
    let mut response = Response::new(AnswerBody::default());
    *response.status_mut() = StatusCode::SEE_OTHER;
    response.headers_mut().insert(LOCATION, location);
    keep_private(response.headers_mut());
    response
}

/// Returns a redirect to the page that the browser is on, which it then gets anew.
pub(in crate::server) fn here(request: &EndpointRequest) -> Result<Response<AnswerBody>, Refusal> {
    let here = HeaderValue::try_from(request.reference());
    here.map(see_other).map_err(|_| RefusalKind::ServerError.into())
}

/// Returns the page of a refusal.
pub(in crate::server) fn refused(state: &State, refusal: &Refusal) -> Response<AnswerBody> {
    let row = refusal.kind.row();
    let description = refusal.detail.unwrap_or(row.description);
    let html = state.browser.pages.error(&ErrorPage { status: row.status, error: row.error, description });
    let mut response = page(state, row.status, html);
    let headers = response.headers_mut();
    if let Some(allow) = refusal.allow {
        headers.insert(ALLOW, HeaderValue::from_static(allow));
    }
    let seconds = match refusal.kind {
        RefusalKind::Unavailable => Some(5),
        _ => refusal.retry_after.map(whole_seconds),
    };
    if let Some(seconds) = seconds {
        headers.insert(RETRY_AFTER, seconds.into());
    }
    response
}

fn keep_private(headers: &mut HeaderMap) {
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}

/// Returns the content security policy of pages with this style.
///
/// It has no `form-action`: Chromium checks that along the whole chain of redirects, so a form that
/// ends at an application's own URL would do nothing.
pub(in crate::server) fn policy(style: &str) -> HeaderValue {
    let hash = STANDARD.encode(digest(&SHA256, style.as_bytes()));
    let text =
        format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; frame-ancestors 'none'");
    // Base64 is always the text of a header.
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

//! Audit events and counters: one for each accepted credential, each refused request, and each
//! revocation after plain http, even if it failed or was not made.
//!
//! Events are log lines with the target `tower_principal::audit` (feature `tracing`), so a
//! subscriber can write them to a separate file. The counters are those of `meter` (feature
//! `metrics`).
//!
//! Events and counters contain no secret. A keyed hash, the fingerprint, identifies the credential.
//! It is computed from the id of the credential, or from its secret if there is no id. Text that
//! clients chose is escaped.
#![cfg_attr(not(feature = "tracing"), allow(dead_code, unused_variables))]

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::LazyLock;

use http::HeaderName;
use http::header::ORIGIN;

use super::metrics::{self, Outcome};
use super::span;
use crate::authentication::{Authentication, Origin};
use crate::credential::{Credential, CredentialKind, Credentials, Fingerprint, FingerprintKey};
use crate::rejection::Rejection;
use crate::request::RequestHead;
use crate::trace;

/// The outcome for a credential that was shown over plain http.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Revoked {
    Done,
    /// Not revoked, because this is a dry run.
    DryRun,
    /// Not revoked, because the fuse had blown.
    Spared,
    Failed,
}

/// The key of every fingerprint in the log, so that lines of several layers about one credential
/// match.
static KEY: LazyLock<Option<FingerprintKey>> = LazyLock::new(|| FingerprintKey::random().ok());

/// Returns true if events are enabled.
#[inline]
pub(crate) fn is_on() -> bool {
    trace::is_on() && has_listener()
}

#[cold]
fn has_listener() -> bool {
    trace::enabled!(target: "tower_principal::audit", trace::Level::INFO)
}

/// Adds the fingerprint of the credential to a refusal, for the log.
pub(crate) fn traced(credentials: &Credentials<'_>) -> impl Fn(Rejection) -> Rejection {
    move |rejection| rejection.with_fingerprint(fingerprint(credentials))
}

/// Returns the fingerprint of the credential presented as the subject, or else as the app. Returns
/// `None` if events are disabled.
#[inline]
pub(crate) fn fingerprint(credentials: &Credentials<'_>) -> Option<Fingerprint> {
    if is_on() { presented(credentials) } else { None }
}

#[cold]
fn presented(credentials: &Credentials<'_>) -> Option<Fingerprint> {
    credentials.subject().or(credentials.app()).and_then(print)
}

/// Returns text that a client or a store chose for a field of an event: backslashes and characters
/// that are not printable are escaped.
// Most text needs no escape and is not copied. Quotes stay, because formats for people quote text.
pub(super) fn text(chosen: &str) -> Cow<'_, str> {
    if chosen.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'\\') {
        return Cow::Borrowed(chosen);
    }
    let mut escaped = String::with_capacity(chosen.len());
    for character in chosen.chars() {
        match character {
            '"' | '\'' => escaped.push(character),
            _ => escaped.extend(character.escape_debug()),
        }
    }
    Cow::Owned(escaped)
}

pub(super) fn print(credential: &Credential<'_>) -> Option<Fingerprint> {
    let parts = [credential.kind().as_str().as_bytes(), credential.id_or_secret().as_bytes()];
    Some(KEY.as_ref()?.of(&parts))
}

/// Counts a request that is forwarded with this principal, if it presented a credential.
#[inline]
pub(crate) fn accepted(who: &Authentication) {
    let Some(origin) = who.origin() else { return };
    count(Some(origin), Outcome::Accepted);
    if let Some(carrier) = who.app_carrier() {
        metrics::app_beside(carrier);
    }
}

/// Writes the event for a request that is forwarded with this principal.
// Refusals are audited when they are rendered, accepted credentials when they are judged. Every
// refusal, also from a policy or an extractor, passes `Pipeline::refuse` once, so none can be
// forgotten. Its record carries the fields that the event needs. An accepted credential's
// fingerprint needs the credential, which only the pipeline has. Nothing is computed while there is
// no listener.
#[cold]
pub(crate) fn write_accepted(
    dialect: &'static str,
    who: &Authentication,
    fingerprint: Option<Fingerprint>,
    client: Option<IpAddr>,
) {
    let principal = who.principal();
    trace::info!(
        target: "tower_principal::audit",
        outcome = "accepted",
        dialect,
        credential = who.credential_kind().map(CredentialKind::as_str),
        carrier = who.credential_source().map(|source| source.carrier().as_str()),
        syntax = who.credential_source().map(|source| source.as_str()),
        fingerprint = fingerprint.map(trace::display),
        principal = principal.kind().as_str(),
        id = principal.id().map(text).as_deref(),
        identity = principal.key(),
        credential_id = principal.credential_id().map(text).as_deref(),
        app = who.app().map(|app| text(app.id())).as_deref(),
        app_carrier = who.app_carrier().map(|carrier| carrier.as_str()),
        client = client.map(trace::display),
        "credential accepted"
    );
}

/// Records a request without credentials that is admitted as a guest. It is not an event, because
/// no credential was presented.
pub(crate) fn admitted(dialect: &'static str) {
    count(None, Outcome::Guest);
    trace::debug!(target: "tower_principal", dialect, "guest admitted");
}

/// Records a request that the pipeline, a policy or an extractor refused.
pub(crate) fn refused(dialect: &'static str, rejection: &Rejection, client: Option<IpAddr>) {
    count(rejection.origin(), Outcome::Refused(rejection.kind()));
    if trace::is_on() {
        write_refused(dialect, rejection, client);
    }
}

#[cold]
fn write_refused(dialect: &'static str, rejection: &Rejection, client: Option<IpAddr>) {
    span::refused(rejection);
    trace::info!(
        target: "tower_principal::audit",
        outcome = "refused",
        dialect,
        kind = rejection.kind().as_str(),
        reason = rejection.reason().map(|reason| reason.as_str()),
        credential = rejection.credential_kind().map(CredentialKind::as_str),
        carrier = rejection.credential_source().map(|source| source.carrier().as_str()),
        syntax = rejection.credential_source().map(|source| source.as_str()),
        fingerprint = rejection.fingerprint().map(trace::display),
        client = client.map(trace::display),
        "request refused"
    );
}

#[inline]
fn count(origin: Option<Origin>, outcome: Outcome) {
    metrics::attempt(origin.map(|origin| (origin.kind, origin.source)), outcome);
}

/// Records a credential that was shown over plain http, and the outcome.
pub(crate) fn revoked(what: Revoked, credential: &Credential<'_>, credential_id: Option<&str>) {
    metrics::revocation(what.as_str());
    trace::warn!(
        target: "tower_principal::audit",
        outcome = what.as_str(),
        credential = credential.kind().as_str(),
        fingerprint = print(credential).map(trace::display),
        credential_id = credential_id.map(text).as_deref(),
        "credential sent over plain http"
    );
}

/// Warns if a client's id and secret came from a browser, which exposes them: they are for servers
/// only (Usergrid's document on authenticating requests). Browsers identify themselves by headers
/// which a page cannot set or leave out (`Sec-Fetch-*`, Fetch Metadata), or name the page's
/// `Origin`.
#[inline]
pub(crate) fn browser_client(
    dialect: &'static str,
    credentials: &Credentials<'_>,
    head: Option<RequestHead<'_>>,
) {
    let kind = credentials.presented_subject().map(|subject| subject.kind);
    if kind == Some(CredentialKind::Client) && (metrics::COUNTS || trace::is_on()) {
        head.into_iter().for_each(|head| check_browser_client(dialect, credentials, head));
    }
}

#[inline(never)]
fn check_browser_client(dialect: &'static str, credentials: &Credentials<'_>, head: RequestHead<'_>) {
    if !BROWSERS_SEND.iter().any(|name| head.headers().contains_key(name)) {
        return;
    }
    let Some(subject) = credentials.subject() else { return };
    metrics::browser_client();
    trace::warn!(
        target: "tower_principal::audit",
        outcome = "client_secret_in_browser",
        dialect,
        credential = CredentialKind::Client.as_str(),
        fingerprint = print(subject).map(trace::display),
        "client secret received from a browser"
    );
}

static BROWSERS_SEND: [HeaderName; 4] = [
    ORIGIN,
    HeaderName::from_static("sec-fetch-site"),
    HeaderName::from_static("sec-fetch-mode"),
    HeaderName::from_static("sec-fetch-dest"),
];

impl Revoked {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "revoked",
            Self::DryRun => "would_be_revoked",
            Self::Spared => "spared_by_fuse",
            Self::Failed => "revocation_failed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chosen_text_is_escaped_and_is_copied_only_then() {
        for plain in ["", "otto", "O'Brien <otto@example.org>", "a \"b\" = c"] {
            assert!(matches!(text(plain), Cow::Borrowed(text) if text == plain), "{plain}");
        }
        assert_eq!(text("a\r\n\u{1b}[31m\u{202e}\u{9b}"), r"a\r\n\u{1b}[31m\u{202e}\u{9b}");
        assert_eq!(text(r"a\n"), r"a\\n");
        assert_eq!(text("\"Jürgen\" 'x'\n"), r#""Jürgen" 'x'\n"#);
    }
}

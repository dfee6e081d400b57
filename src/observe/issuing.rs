//! Reports of an authorization server: an event and a counter for tokens that are issued, refreshed
//! and revoked, for what users do at its pages, for each replay and for each refusal. A replay is
//! both a replay and a refusal.
//!
//! Events have the target `tower_principal::audit`, as those of [`audit`](super::audit). They name
//! the client, the user and the grant, and hold no secret. The counter is
//! `tower_principal_tokens_total` with the labels `outcome` and `grant_type`, both of a fixed set.
#![cfg_attr(not(feature = "tracing"), allow(dead_code, unused_variables))]

use std::net::IpAddr;

#[cfg(feature = "tracing")]
use super::audit;
use super::metrics;
use crate::credential::Credential;
use crate::trace;

/// What happened to a grant.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Issuing {
    /// It has its first tokens.
    Issued,
    /// Its refresh token was exchanged.
    Refreshed,
    /// Its code was used again, so it has ended.
    CodeReplayed,
    /// A refresh token before the current one was used again, so it has ended.
    RefreshReused,
    /// A client revoked a token of it.
    Revoked,
    /// A user logged in at a browser.
    LoggedIn,
    /// A user logged out; the grants of the session have ended.
    LoggedOut,
    /// A user allowed a client to act, and the client gets a code.
    Allowed,
    /// A user ended the access of a client.
    Disconnected,
}

/// A token request, as far as it is known.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct TokenEvent<'e> {
    /// One of the fixed names of grant types.
    pub(crate) grant_type: Option<&'static str>,
    /// Id of the client. In a refusal it may be made up.
    pub(crate) client: Option<&'e str>,
    /// Id of the grant.
    pub(crate) grant: Option<&'e str>,
    pub(crate) user: Option<&'e str>,
    pub(crate) address: Option<IpAddr>,
}

impl Issuing {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Issued => "issued",
            Self::Refreshed => "refreshed",
            Self::CodeReplayed => "code_replayed",
            Self::RefreshReused => "refresh_token_reused",
            Self::Revoked => "revoked",
            Self::LoggedIn => "logged_in",
            Self::LoggedOut => "logged_out",
            Self::Allowed => "allowed",
            Self::Disconnected => "disconnected",
        }
    }
}

/// Records a change of a grant, with the fingerprint of what was presented for it. A replay is a
/// warning, because a code or a token was stolen, or a client is broken.
pub(crate) fn changed(what: Issuing, event: &TokenEvent<'_>, presented: Option<&Credential<'_>>) {
    metrics::tokens(what.as_str(), event.grant_type.unwrap_or("none"));
    let TokenEvent { grant_type, client, grant, user, address } = event;
    macro_rules! record {
        ($level:ident, $text:literal) => {
            trace::$level!(
                target: "tower_principal::audit",
                outcome = what.as_str(),
                grant_type,
                oauth_client = client.map(audit::text).as_deref(),
                grant,
                user = user.map(audit::text).as_deref(),
                fingerprint = presented.and_then(audit::print).map(trace::display),
                client = address.map(trace::display),
                $text
            )
        };
    }
    match what {
        Issuing::Issued | Issuing::Refreshed => record!(info, "tokens issued"),
        Issuing::Revoked => record!(info, "grant revoked"),
        Issuing::LoggedIn => record!(info, "user logged in"),
        Issuing::LoggedOut => record!(info, "user logged out, grants of the session ended"),
        Issuing::Allowed => record!(info, "code offered after consent"),
        Issuing::Disconnected => record!(info, "grants of an application ended by its user"),
        Issuing::CodeReplayed | Issuing::RefreshReused => record!(warn, "grant ended after a replay"),
    }
}

/// Records a refusal of this kind. The fingerprint is that of the presented code, token, user or
/// client.
pub(crate) fn refused(kind: &'static str, event: &TokenEvent<'_>, presented: Option<&Credential<'_>>) {
    metrics::tokens(kind, event.grant_type.unwrap_or("none"));
    trace::info!(
        target: "tower_principal::audit",
        outcome = "refused",
        kind,
        grant_type = event.grant_type,
        oauth_client = event.client.map(audit::text).as_deref(),
        fingerprint = presented.and_then(audit::print).map(trace::display),
        client = event.address.map(trace::display),
        "request of the authorization server refused"
    );
}

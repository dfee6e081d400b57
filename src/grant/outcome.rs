//! Outcomes of a store's changes.

use super::{Grant, GrantId, Presented};

/// Outcome of [`Grants::redeem`](super::Grants::redeem).
///
/// # Examples
///
/// ```
/// use tower_principal::grant::Redemption;
///
/// /// The error of the token endpoint (RFC 6749 section 5.2).
/// fn error(outcome: &Redemption) -> Option<&'static str> {
///     match outcome {
///         Redemption::Redeemed(_) => None,
///         Redemption::Replayed(grant) => {
///             eprintln!("a code was used twice; grant {grant} has ended");
///             Some("invalid_grant")
///         }
///         Redemption::Unknown => Some("invalid_grant"),
///     }
/// }
/// assert_eq!(error(&Redemption::Unknown), Some("invalid_grant"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Redemption {
    /// The code was redeemed by this call. The grant has the new tokens.
    Redeemed(Box<Grant>),
    /// The code had been redeemed. The grant and all of its tokens have ended.
    Replayed(GrantId),
    /// The code is unknown or has expired, the grant or its user has ended, or the proof does not
    /// match. Nothing has changed.
    Unknown,
}

/// Outcome of [`Grants::renew`](super::Grants::renew).
///
/// # Examples
///
/// ```
/// use tower_principal::grant::Renewal;
///
/// /// Whether the client may try again with the token that it has.
/// fn may_retry(outcome: &Renewal) -> bool {
///     matches!(outcome, Renewal::Superseded(_))
/// }
/// assert!(!may_retry(&Renewal::Unknown));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Renewal {
    /// The refresh token was used by this call. The grant has the new tokens.
    Renewed(Box<Grant>),
    /// Another call used the refresh token within the
    /// [grace window](super::RefreshRule::grace). Nothing has changed.
    Superseded(GrantId),
    /// The refresh token was used before. The grant and all of its tokens have ended.
    Reused(GrantId),
    /// The refresh token belongs to this grant and to the client, and is not in force. It has
    /// expired, or the grant, its user or its client has ended. Nothing has changed.
    ///
    /// The family part of the token proves that the client held the token, so it is not a guess.
    Ended(GrantId),
    /// The refresh token is unknown, or is another client's. Nothing has changed.
    Unknown,
}

/// Grants that [`Grants::end`](super::Grants::end) ends.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use tower_principal::grant::{Ending, Grants, MemoryGrants};
///
/// let grants = MemoryGrants::new();
/// // At a change of the password, every token of the user ends.
/// let ended =
///     grants.end(&Ending::User { user: "alice", client: None }).await?;
/// assert_eq!(ended, 0); // there was none
/// // At log-out, those of the browser session:
/// grants.end(&Ending::Session("session-1")).await?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub enum Ending<'a> {
    /// The grant of this token, if it is this client's. A refresh token may be an earlier one of
    /// the grant, because the family part proves that the caller held it.
    Token {
        /// Token that the client presents.
        token: &'a Presented,
        /// Client that presents it.
        client: &'a str,
    },
    /// The grant of this id.
    Grant(&'a GrantId),
    /// All grants of a browser session.
    Session(&'a str),
    /// All grants of a user, also those with a code that was not redeemed.
    User {
        /// Name of the user.
        user: &'a str,
        /// Only the grants of this client; `None` for those of all clients.
        client: Option<&'a str>,
    },
    /// All grants of a client.
    Client(&'a str),
}

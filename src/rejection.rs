//! Every refusal, and how it is rendered.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::Response;

use crate::authentication::Authentication;
use crate::kind::RejectionKind;
use crate::policy::Forbidden;
use crate::scope::Scopes;

/// A refused request: what [`Respond`] renders, and what stands in the extensions of the response,
/// for logs and metrics further out.
///
/// # Examples
///
/// ```
/// use tower_principal::{Rejection, RejectionKind};
///
/// fn was_an_outage<B>(response: &http::Response<B>) -> bool {
///     response.extensions().get::<Rejection>().is_some_and(|rejection| rejection.kind() == RejectionKind::Unavailable)
/// }
/// # assert!(!was_an_outage(&http::Response::new(())));
/// ```
#[derive(Clone, Debug)]
pub struct Rejection {
    kind: RejectionKind,
    needed: Scopes,
    retry_after: Option<Duration>,
    /// Whether a pipeline has rendered it: an outer one then leaves it alone.
    rendered: bool,
}

/// Renders refusals in place of the standard answer; see
/// [`AuthenticateLayer::respond`](crate::AuthenticateLayer::respond).
///
/// It gets the standard answer, challenges included, to amend or to replace; a redirect to a log-in
/// page will do. An answer that would turn the refusal into a success (1xx or 2xx) is not sent, nor
/// is there one when it panics: the standard one is. The answer to a gRPC call is sent without its body.
pub trait Respond: Send + Sync + 'static {
    /// Renders one refusal.
    fn respond(&self, rejection: &Rejection, standard: Response<Bytes>) -> Response<Bytes>;
}

impl<F> Respond for F
where
    F: Fn(&Rejection, Response<Bytes>) -> Response<Bytes> + Send + Sync + 'static,
{
    fn respond(&self, rejection: &Rejection, standard: Response<Bytes>) -> Response<Bytes> {
        self(rejection, standard)
    }
}

impl Rejection {
    pub(crate) fn new(kind: RejectionKind) -> Self {
        Self { kind, needed: Scopes::none(), retry_after: None, rendered: false }
    }

    pub(crate) fn throttled(retry_after: Duration) -> Self {
        Self { retry_after: Some(retry_after), ..Self::new(RejectionKind::TooManyAttempts) }
    }

    /// Somebody who may not do this: a guest is asked for credentials, a token holder told that the
    /// token does not do (RFC 6750 section 3.1), anybody else refused.
    pub(crate) fn forbidden(who: &Authentication, forbidden: Forbidden) -> Self {
        if who.principal().is_guest() || forbidden.asks_for_credentials() {
            return Self::new(RejectionKind::Missing);
        }
        if who.holds_token() {
            let needed = forbidden.needed().clone();
            return Self { needed, ..Self::new(RejectionKind::InsufficientScope) };
        }
        Self::new(RejectionKind::Forbidden)
    }

    /// Why the request was refused.
    pub const fn kind(&self) -> RejectionKind {
        self.kind
    }

    /// The scopes that would have allowed it; empty where none would.
    pub const fn needed_scopes(&self) -> &Scopes {
        &self.needed
    }

    /// After how long it may be tried again.
    pub const fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    pub(crate) fn rendered(&self) -> Self {
        Self { rendered: true, ..self.clone() }
    }

    pub(crate) fn unrendered(&self) -> Self {
        Self { rendered: false, ..self.clone() }
    }

    pub(crate) const fn is_rendered(&self) -> bool {
        self.rendered
    }
}

impl From<RejectionKind> for Rejection {
    fn from(kind: RejectionKind) -> Self {
        Self::new(kind)
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl std::error::Error for Rejection {}

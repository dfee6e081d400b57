//! A refused request, and the port for rendering it.

use super::denial::{Check, Denial, Value};
use super::{DenialReason, RejectionKind};
use crate::authentication::Authentication;
use crate::authentication::Origin;
use crate::credential::CredentialKind;
use crate::credential::Fingerprint;
use crate::credential::Source;
use crate::policy::Forbidden;
use crate::principal::Scopes;
use bytes::Bytes;
use http::Response;
use std::fmt;
use std::time::Duration;

/// A refused request. [`RenderRejection`] renders it, and the response carries it in its
/// extensions, for logs and metrics in outer layers.
///
/// # Examples
///
/// ```
/// use tower_principal::{Rejection, RejectionKind};
///
/// fn was_an_outage<B>(response: &http::Response<B>) -> bool {
///     response.extensions().get::<Rejection>().is_some_and(|rejection| {
///         rejection.kind() == RejectionKind::Unavailable
///     })
/// }
/// # assert!(!was_an_outage(&http::Response::new(())));
/// ```
#[derive(Clone, Debug)]
pub struct Rejection {
    kind: RejectionKind,
    needed: Scopes,
    /// The origin of the refused credential, if there was one.
    origin: Option<Origin>,
    /// The verifier's reason, for the log.
    reason: Option<DenialReason>,
    fingerprint: Option<Fingerprint>,
    /// True if the credential is `Basic` and syntactically invalid.
    broken_basic: bool,
    /// True after a pipeline has rendered it; an outer pipeline then leaves it unchanged.
    rendered: bool,
}

/// Renders refusals in place of the standard answer; see
/// [`AuthenticateLayer::respond`](crate::AuthenticateLayer::respond).
///
/// It receives the standard answer, including challenges, and may amend or replace it, for example
/// by a redirect to a login page. If it returns a success (1xx or 2xx) or panics, the standard
/// answer is sent instead. A gRPC call is answered by its own status without a body, whatever the
/// status and body of the rendered answer are; other headers are sent.
///
/// # Examples
///
/// ```
/// use bytes::Bytes;
/// use http::{HeaderValue, Response};
/// use tower_principal::Rejection;
/// use tower_principal::rejection::RenderRejection;
///
/// /// Names the page on which a person finds help.
/// struct WithHelp;
///
/// impl RenderRejection for WithHelp {
///     fn respond(
///         &self,
///         _: &Rejection,
///         mut standard: Response<Bytes>,
///     ) -> Response<Bytes> {
///         let help = HeaderValue::from_static(
///             "<https://example.org/help>; rel=help",
///         );
///         standard.headers_mut().insert("link", help);
///         standard
///     }
/// }
/// # let _ = WithHelp;
/// ```
pub trait RenderRejection: Send + Sync + 'static {
    /// Renders one refusal.
    fn respond(&self, rejection: &Rejection, standard: Response<Bytes>) -> Response<Bytes>;
}

impl<F> RenderRejection for F
where
    F: Fn(&Rejection, Response<Bytes>) -> Response<Bytes> + Send + Sync + 'static,
{
    fn respond(&self, rejection: &Rejection, standard: Response<Bytes>) -> Response<Bytes> {
        self(rejection, standard)
    }
}

impl Rejection {
    pub(crate) fn new(kind: RejectionKind) -> Self {
        let needed = Scopes::none();
        Self {
            kind,
            needed,
            origin: None,
            reason: None,
            fingerprint: None,
            broken_basic: false,
            rendered: false,
        }
    }

    /// Returns the refusal of a principal that a policy does not allow, as
    /// [`RequireLayer`](crate::RequireLayer) makes it. A guest is asked for credentials (401). A
    /// token gets `insufficient_scope` (403, RFC 6750 section 3.1), and any other principal is
    /// forbidden (403). The challenge names the scopes of [`Forbidden::needing`].
    ///
    /// Use it in a handler that reads from the body which permission the caller needs, for example
    /// a handler of GraphQL or JSON-RPC.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::policy;
    /// use tower_principal::request::RequestHead;
    /// use tower_principal::{Authentication, Policy as _, Rejection};
    ///
    /// fn read(who: &Authentication, head: &RequestHead<'_>) -> Result<(), Rejection> {
    ///     policy::scope("datasets:read")
    ///         .check(who.principal(), head)
    ///         .map_err(|forbidden| Rejection::forbidden(who, forbidden))
    /// }
    /// # use tower_principal::{OAuthUser, test_util};
    /// # let who = test_util::authentication(OAuthUser::new("otto"));
    /// # let request = http::Request::new(());
    /// # let refusal = read(&who, &RequestHead::from_request(&request)).unwrap_err();
    /// # assert_eq!(refusal.needed_scopes().as_str(), "datasets:read");
    /// ```
    pub fn forbidden(who: &Authentication, forbidden: Forbidden) -> Self {
        let needed = forbidden.needed().clone();
        if who.principal().is_guest() || forbidden.asks_for_credentials() {
            return Self { needed, ..Self::new(RejectionKind::Missing) };
        }
        log(who, &forbidden);
        if who.holds_token() {
            return Self { needed, ..Self::new(RejectionKind::InsufficientScope).with_origin(who.origin()) };
        }
        Self::new(RejectionKind::Forbidden).with_origin(who.origin())
    }

    pub(crate) fn with_origin(self, origin: Option<Origin>) -> Self {
        Self { origin, ..self }
    }

    pub(crate) fn because(self, reason: DenialReason) -> Self {
        Self { reason: Some(reason), ..self }
    }

    pub(crate) fn with_fingerprint(self, fingerprint: Option<Fingerprint>) -> Self {
        Self { fingerprint, ..self }
    }

    /// Marks the refusal as of syntactically invalid `Basic` credentials, which are challenged as
    /// `Basic`.
    pub(crate) fn of_broken_basic(self, broken_basic: bool) -> Self {
        Self { broken_basic, ..self }
    }

    pub(crate) const fn is_of_broken_basic(&self) -> bool {
        self.broken_basic
    }

    /// Returns the reason why the request was refused.
    pub const fn kind(&self) -> RejectionKind {
        self.kind
    }

    pub(crate) const fn origin(&self) -> Option<Origin> {
        self.origin
    }

    /// Returns the kind of the refused credential. Returns `None` if there was none, or if none was
    /// readable.
    pub fn credential_kind(&self) -> Option<CredentialKind> {
        self.origin.map(|origin| origin.kind)
    }

    /// Returns the source of that credential: where it stood in the request and how it was written
    /// there.
    pub fn credential_source(&self) -> Option<Source> {
        self.origin.map(|origin| origin.source)
    }

    /// Returns the scopes that would have allowed the request; empty if no scope would.
    pub const fn needed_scopes(&self) -> &Scopes {
        &self.needed
    }

    /// Returns the time after which the client may try again.
    pub const fn retry_after(&self) -> Option<Duration> {
        match self.reason {
            Some(DenialReason::Throttled(after)) => Some(after),
            _ => None,
        }
    }

    /// For the log only: a client must not learn if a credential was unknown or has expired.
    #[cfg_attr(not(feature = "tracing"), allow(dead_code))]
    pub(crate) const fn reason(&self) -> Option<DenialReason> {
        self.reason
    }

    #[cfg_attr(not(feature = "tracing"), allow(dead_code))]
    pub(crate) const fn fingerprint(&self) -> Option<Fingerprint> {
        self.fingerprint
    }

    pub(crate) fn rendered(self) -> Self {
        Self { rendered: true, ..self }
    }

    /// Returns a response with the bare status that carries this refusal to the layer around it,
    /// which renders it.
    pub(crate) fn carried_by<B>(self, body: B) -> Response<B> {
        let mut response = Response::new(body);
        *response.status_mut() = self.kind.status();
        response.extensions_mut().insert(Self { rendered: false, ..self });
        response
    }

    pub(crate) const fn is_rendered(&self) -> bool {
        self.rendered
    }
}

/// Logs why a policy refused a principal. Groups that the principal has are not logged, because
/// they are many and personal.
fn log(who: &Authentication, forbidden: &Forbidden) {
    let (principal, groups) = (who.principal(), forbidden.needed_groups());
    if groups.is_empty() || !forbidden.needed().is_empty() {
        let denial = Denial::new(Check::Policy, "a policy refused the principal");
        denial.expected(forbidden.needed().as_str()).received(principal.scopes().as_str()).log("policy");
        return;
    }
    let why = if principal.groups_anywhere().contains_any(groups) {
        "the principal has a needed group, but only in its organization or application"
    } else {
        "the principal lacks a needed group"
    };
    Denial::new(Check::Policy, why).expected(Value::List(groups)).log("policy");
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_that_no_layer_renders_is_never_a_success() {
        for kind in RejectionKind::ALL {
            let answer = Rejection::from(*kind).rendered().carried_by(());
            assert_eq!(answer.status(), kind.status(), "{kind:?}");
            assert!(answer.status().is_client_error() || answer.status().is_server_error());
            let carried = answer.extensions().get::<Rejection>().unwrap();
            assert!(carried.kind() == *kind && !carried.is_rendered());
        }
    }
}

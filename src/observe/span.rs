//! The span of a request: it holds no secret, and the layer records the principal in it.

#[cfg(feature = "tracing")]
pub use self::recording::make_span;
#[cfg(feature = "tracing")]
pub(crate) use self::recording::{accepted, identify, refused};
#[cfg(not(feature = "tracing"))]
pub(crate) use self::silent::{accepted, identify, refused};

#[cfg(feature = "tracing")]
mod recording {
    use http::Request;
    use tracing::Span;
    use tracing::field::{Empty, display};

    use crate::principal::Principal;
    use crate::rejection::Rejection;
    use crate::trace;

    /// Makes a span for a request with its method, path and version and without its query. It is
    /// for logging layers outside [`AuthenticateLayer`](crate::AuthenticateLayer), where
    /// credentials have not been cut out of the target yet. The default span of `tower-http`
    /// records them.
    ///
    /// The layer records these fields, in this span and in any span of your own that is current
    /// when the layer is called and has a field of the name:
    ///
    /// | field | value |
    /// |---|---|
    /// | `principal` | the kind of the principal, when the request is accepted |
    /// | `identity` | the [key](crate::Principal::key) of the principal; none for a guest |
    /// | `outcome` | `accepted`, `guest`, or the kind of refusal, when the response is made |
    /// | `fingerprint` | the fingerprint of a refused credential, if audit events are enabled |
    ///
    /// The span has the level `DEBUG` and the target `tower_principal::request`.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_http::trace::TraceLayer;
    ///
    /// let layer = TraceLayer::new_for_http()
    ///     .make_span_with(tower_principal::layer::make_span::<axum::body::Body>);
    /// # let _ = layer;
    /// ```
    pub fn make_span<B>(request: &Request<B>) -> Span {
        tracing::debug_span!(
            target: "tower_principal::request",
            "request",
            method = %request.method(),
            path = request.uri().path(),
            version = ?request.version(),
            principal = Empty,
            identity = Empty,
            outcome = Empty,
            fingerprint = Empty,
        )
    }

    fn current() -> Option<Span> {
        trace::is_on().then(Span::current)
    }

    /// Records the principal of an accepted request.
    pub(crate) fn identify(principal: &Principal) {
        let Some(span) = current() else { return };
        span.record("principal", principal.kind().as_str());
        // Made only for a span that has the field.
        if span.has_field("identity")
            && let Some(key) = principal.key()
        {
            span.record("identity", key);
        }
    }

    /// Records that a request was accepted, with a credential or as a guest.
    pub(crate) fn accepted(has_credential: bool) {
        let outcome = if has_credential { "accepted" } else { "guest" };
        current().into_iter().for_each(|span| _ = span.record("outcome", outcome));
    }

    /// Records that a request was refused.
    pub(crate) fn refused(rejection: &Rejection) {
        let Some(span) = current() else { return };
        span.record("outcome", rejection.kind().as_str());
        if let Some(fingerprint) = rejection.fingerprint() {
            span.record("fingerprint", display(fingerprint));
        }
    }
}

#[cfg(not(feature = "tracing"))]
mod silent {
    use crate::principal::Principal;
    use crate::rejection::Rejection;

    pub(crate) const fn identify(_: &Principal) {}

    pub(crate) const fn accepted(_: bool) {}

    pub(crate) const fn refused(_: &Rejection) {}
}

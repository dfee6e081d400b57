//! The record of a request's authentication.

use http::Extensions;
use http::request::{Parts, Request};
use http::response::{self, Response};

use crate::credential::{Carrier, CredentialKind, Presented, Source};
use crate::principal::identity::Home;
use crate::principal::{AppToken, Guest, Principal};

/// The principal of a request, and how it was authenticated.
///
/// [`AuthenticateLayer`](crate::AuthenticateLayer) puts it into the request's extensions. No other
/// code can make one, so its presence is the proof. It is also an extractor. Cloning it increments
/// one reference count, or two if an app token came along.
///
/// # Examples
///
/// ```
/// use axum::{Router, routing::get};
/// use tower_principal::Authentication;
///
/// async fn whoami(me: Authentication) -> String {
///     let by =
///         me.credential_kind().map_or("no credential", |kind| kind.as_str());
///     format!("{} by {by}", me.principal().kind())
/// }
/// let app: Router = Router::new().route("/whoami", get(whoami));
/// # let _ = app;
/// ```
#[derive(Clone, Debug)]
pub struct Authentication {
    principal: Principal,
    app: Option<AppToken>,
    origin: Option<Origin>,
    /// True if the layer's verifier has one source, and the principal belongs to it.
    of_only_source: bool,
}

/// The source and the kind of the subject's credential.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin {
    pub(crate) source: Source,
    pub(crate) kind: CredentialKind,
    /// The carrier of the app token beside it.
    pub(crate) app: Option<Carrier>,
    /// A bit for each carrier that brought a credential: this one, the app token beside it, or one
    /// that a rank left out.
    carriers: u8,
}

impl Origin {
    #[inline]
    pub(crate) const fn new(source: Source, kind: CredentialKind) -> Self {
        Self { source, kind, app: None, carriers: bit(source.carrier()) }
    }

    #[inline]
    pub(crate) fn of(presented: &Presented<'_>) -> Self {
        let mut origin = Self::new(presented.source, presented.kind);
        if let Some((carrier, _)) = presented.outranked {
            origin.carriers |= bit(carrier);
        }
        origin
    }

    /// Returns the same origin beside an app token.
    pub(crate) fn beside(self, app: Option<Self>) -> Self {
        let carriers = self.carriers | app.map_or(0, |app| app.carriers);
        Self { app: app.map(|app| app.source.carrier()), carriers, ..self }
    }

    /// Returns true if this carrier brought this credential, the app token beside it, or a
    /// credential that a rank left out.
    #[inline]
    pub(crate) const fn came_by(self, carrier: Carrier) -> bool {
        self.carriers & bit(carrier) != 0
    }

    /// Returns true if any other carrier than this one brought a credential.
    #[inline]
    pub(crate) const fn came_by_others(self, carrier: Carrier) -> bool {
        self.carriers & !bit(carrier) != 0
    }
}

#[inline]
const fn bit(carrier: Carrier) -> u8 {
    1 << carrier as u8
}

/// Reads the [`Authentication`] of a request in code without extractors: plain Tower, hyper, tonic.
/// Layers outside find it in the response, if there is an
/// [`AuthenticationInResponseLayer`](crate::layer::AuthenticationInResponseLayer).
///
/// The trait is sealed: only [`Request`], [`Parts`] and [`Extensions`] implement it.
///
/// # Examples
///
/// ```
/// use tower_principal::AuthenticationExt;
///
/// fn greet<B>(request: &http::Request<B>) -> String {
///     match request.principal() {
///         Some(principal) => {
///             format!("hello, {}", principal.id().unwrap_or("guest"))
///         }
///         None => "the layer is missing".to_owned(),
///     }
/// }
/// # assert_eq!(greet(&http::Request::new(())), "the layer is missing");
/// ```
pub trait AuthenticationExt: sealed::Sealed {
    /// Returns the record, or `None` if no [`AuthenticateLayer`](crate::AuthenticateLayer)
    /// processed the request. A response to a refused request has none.
    fn authentication(&self) -> Option<&Authentication>;

    /// Returns the principal, or `None` if no [`AuthenticateLayer`](crate::AuthenticateLayer)
    /// processed the request.
    fn principal(&self) -> Option<&Principal> {
        self.authentication().map(Authentication::principal)
    }
}

impl Authentication {
    pub(crate) const fn new(principal: Principal, app: Option<AppToken>, origin: Option<Origin>) -> Self {
        Self { principal, app, origin, of_only_source: false }
    }

    pub(crate) const fn guest(guest: Guest) -> Self {
        Self::new(Principal::Guest(guest), None, None)
    }

    /// Returns the same record with the source of the layer's verifier.
    #[inline]
    pub(crate) fn verified_by(self, source: &Home) -> Self {
        Self { of_only_source: source.is(self.principal.source()), ..self }
    }

    pub(crate) const fn is_of_only_source(&self) -> bool {
        self.of_only_source
    }

    pub(crate) fn with_app(self, app: AppToken) -> Self {
        Self { app: Some(app), ..self }
    }

    /// Returns the same record beside the app token of another record, if that record is of an app
    /// token.
    pub(crate) fn beside(self, other: Self) -> Self {
        let origin = self.origin.map(|origin| origin.beside(other.origin));
        match other.principal {
            Principal::AppToken(app) => Self { origin, ..self }.with_app(app),
            _ => self,
        }
    }

    /// Returns the principal of the request.
    pub const fn principal(&self) -> &Principal {
        &self.principal
    }

    /// Returns the principal of the request, without the record.
    pub fn into_principal(self) -> Principal {
        self.principal
    }

    /// Returns the application that came along: an app token beside the principal's own credential.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::test_util::{self, ActAs};
    /// use tower_principal::{AppToken, AuthenticationExt, BasicUser};
    ///
    /// // Socrata's clients send an app token beside a user's password.
    /// let record = test_util::authentication(BasicUser::new("alice"));
    /// assert!(record.app().is_none());
    /// # let _ = ActAs::principal(BasicUser::new("alice")).with_app(AppToken::new("map"));
    /// ```
    pub const fn app(&self) -> Option<&AppToken> {
        self.app.as_ref()
    }

    pub(crate) const fn origin(&self) -> Option<Origin> {
        self.origin
    }

    /// Returns the source of the principal's credential: where it stood in the request and how it
    /// was written there. Returns `None` for a guest.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::test_util;
    /// use tower_principal::{Guest, OAuthUser, Source};
    ///
    /// let record = test_util::authentication(OAuthUser::new("otto"));
    /// assert_eq!(record.credential_source(), Some(Source::Bearer));
    /// let guest = test_util::authentication(Guest::new());
    /// assert_eq!(guest.credential_source(), None);
    /// ```
    pub fn credential_source(&self) -> Option<Source> {
        self.origin.map(|origin| origin.source)
    }

    /// Returns the kind of the principal's credential, or `None` for a guest.
    pub fn credential_kind(&self) -> Option<CredentialKind> {
        self.origin.map(|origin| origin.kind)
    }

    /// Returns the carrier of the app token beside the principal's own credential.
    pub(crate) fn app_carrier(&self) -> Option<Carrier> {
        self.origin?.app
    }

    /// Returns true if the query carried any credential.
    #[inline]
    pub(crate) fn is_in_query(&self) -> bool {
        self.came_by(Carrier::Query)
    }

    /// Returns true if this carrier brought any credential.
    #[inline]
    pub(crate) fn came_by(&self, carrier: Carrier) -> bool {
        self.origin.is_some_and(|origin| origin.came_by(carrier))
    }

    pub(crate) fn holds_token(&self) -> bool {
        self.credential_kind() == Some(CredentialKind::AccessToken)
    }
}

mod sealed {
    pub trait Sealed {}

    impl Sealed for http::Extensions {}
    impl Sealed for http::request::Parts {}
    impl<B> Sealed for http::Request<B> {}
    impl Sealed for http::response::Parts {}
    impl<B> Sealed for http::Response<B> {}
}

impl AuthenticationExt for Extensions {
    fn authentication(&self) -> Option<&Authentication> {
        self.get()
    }
}

impl AuthenticationExt for Parts {
    fn authentication(&self) -> Option<&Authentication> {
        self.extensions.get()
    }
}

impl<B> AuthenticationExt for Request<B> {
    fn authentication(&self) -> Option<&Authentication> {
        self.extensions().get()
    }
}

impl AuthenticationExt for response::Parts {
    fn authentication(&self) -> Option<&Authentication> {
        self.extensions.get()
    }
}

impl<B> AuthenticationExt for Response<B> {
    fn authentication(&self) -> Option<&Authentication> {
        self.extensions().get()
    }
}

#[cfg(test)]
mod tests {
    use static_assertions::assert_impl_all;

    use super::*;

    assert_impl_all!(Authentication: Send, Sync, Clone);

    #[test]
    fn one_small_record() {
        assert!(size_of::<Authentication>() <= 32);
    }
}

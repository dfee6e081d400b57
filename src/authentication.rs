//! The record of a request's authentication.

use http::Extensions;
use http::request::{Parts, Request};

use crate::credential::{Carrier, CredentialKind, Presented, Spelling, Syntax};
use crate::principal::{AppToken, Guest, IdentitySource, Principal};

/// Who a request comes from, and how that is known.
///
/// [`AuthenticateLayer`](crate::AuthenticateLayer) puts it into the request's extensions, and nothing
/// else can make one: holding it is the proof. It is an extractor too. Cloning it counts one reference,
/// or two where an app token came along.
#[derive(Clone, Debug)]
pub struct Authentication {
    principal: Principal,
    app: Option<AppToken>,
    origin: Option<Origin>,
    /// Whether the layer's verifier has one source, and the principal is of it.
    of_only_source: bool,
}

/// Where the subject's credential came from, how it was written and which kind it was.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin {
    pub(crate) spelling: Spelling,
    pub(crate) kind: CredentialKind,
    /// Where the app token beside it came from.
    pub(crate) app: Option<Carrier>,
    /// Where a credential came from that a rank left out.
    pub(crate) outranked: Option<Carrier>,
}

impl Origin {
    pub(crate) const fn new(spelling: Spelling, kind: CredentialKind) -> Self {
        Self { spelling, kind, app: None, outranked: None }
    }

    pub(crate) fn of(presented: &Presented<'_>) -> Self {
        let outranked = presented.outranked.map(|(carrier, _)| carrier);
        Self { outranked, ..Self::new(presented.spelling, presented.kind) }
    }

    /// The same beside an app token.
    pub(crate) fn beside(self, app: Option<Self>) -> Self {
        let outranked = self.outranked.or(app.and_then(|app| app.outranked));
        Self { app: app.map(|app| app.spelling.carrier), outranked, ..self }
    }

    /// Whether this carrier brought anything: this credential, the app token beside it, or one that a
    /// rank left out.
    fn came_by(self, carrier: Carrier) -> bool {
        self.spelling.carrier == carrier || self.app == Some(carrier) || self.outranked == Some(carrier)
    }
}

/// Reads a request's [`Authentication`] where there are no extractors: plain Tower, hyper, tonic.
///
/// # Examples
///
/// ```
/// use tower_principal::AuthenticationExt;
///
/// fn greet<B>(request: &http::Request<B>) -> String {
///     match request.principal() {
///         Some(principal) => format!("hello, {}", principal.id().unwrap_or("guest")),
///         None => "the layer is missing".to_owned(),
///     }
/// }
/// # assert_eq!(greet(&http::Request::new(())), "the layer is missing");
/// ```
pub trait AuthenticationExt {
    /// The record; `None` where no [`AuthenticateLayer`](crate::AuthenticateLayer) saw the request.
    fn authentication(&self) -> Option<&Authentication>;

    /// The principal; `None` where no [`AuthenticateLayer`](crate::AuthenticateLayer) saw the request.
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

    /// The same, once the source of the layer's verifier is known.
    pub(crate) fn verified_by(self, source: IdentitySource<'_>) -> Self {
        Self { of_only_source: self.principal.source() == source, ..self }
    }

    pub(crate) const fn is_of_only_source(&self) -> bool {
        self.of_only_source
    }

    pub(crate) fn with_app(self, app: AppToken) -> Self {
        Self { app: Some(app), ..self }
    }

    /// The same beside another record's app token, where that is what it is of.
    pub(crate) fn beside(self, other: Self) -> Self {
        let origin = self.origin.map(|origin| origin.beside(other.origin));
        match other.principal {
            Principal::AppToken(app) => Self { origin, ..self }.with_app(app),
            _ => self,
        }
    }

    /// Who the request comes from.
    pub const fn principal(&self) -> &Principal {
        &self.principal
    }

    /// Who the request comes from, without the record.
    pub fn into_principal(self) -> Principal {
        self.principal
    }

    /// The application that came along: an app token beside the principal's own credential.
    pub const fn app(&self) -> Option<&AppToken> {
        self.app.as_ref()
    }

    pub(crate) const fn origin(&self) -> Option<Origin> {
        self.origin
    }

    /// Where the principal's credential came from; `None` for a guest.
    pub fn carrier(&self) -> Option<Carrier> {
        self.origin.map(|origin| origin.spelling.carrier)
    }

    /// How the principal's credential was written; `None` for a guest.
    pub fn syntax(&self) -> Option<Syntax> {
        self.origin.map(|origin| origin.spelling.syntax)
    }

    /// Which kind of credential made the principal; `None` for a guest.
    pub fn credential_kind(&self) -> Option<CredentialKind> {
        self.origin.map(|origin| origin.kind)
    }

    /// Where the app token beside the principal's own credential came from.
    pub(crate) fn app_carrier(&self) -> Option<Carrier> {
        self.origin?.app
    }

    /// Whether the query carried anything.
    pub(crate) fn is_in_query(&self) -> bool {
        self.came_by(Carrier::Query)
    }

    /// Whether this carrier brought anything.
    pub(crate) fn came_by(&self, carrier: Carrier) -> bool {
        self.origin.is_some_and(|origin| origin.came_by(carrier))
    }

    pub(crate) fn holds_token(&self) -> bool {
        self.credential_kind() == Some(CredentialKind::AccessToken)
    }
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

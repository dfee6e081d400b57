//! Extractors of axum.

use crate::authentication::Authentication;
use crate::authentication::AuthenticationExt;
use crate::policy::Forbidden;
use crate::policy::check_authenticated;
use crate::principal::ApiKey;
use crate::principal::AppAdmin;
use crate::principal::AppToken;
use crate::principal::BasicUser;
use crate::principal::OAuthUser;
use crate::principal::OrgAdmin;
use crate::principal::Principal;
use crate::rejection::Rejection;
use crate::rejection::RejectionKind;
use crate::trace;
use axum_core::body::Body;
use axum_core::extract::FromRequestParts;
use axum_core::extract::OptionalFromRequestParts;
use axum_core::response::IntoResponse;
use axum_core::response::Response;
use http::request::Parts;
use std::ops::Deref;

/// Any principal except a guest and a lone app token, which identifies an application and
/// authenticates no caller. For both the extractor answers 401 and asks for credentials, as
/// [`policy::authenticated`](crate::policy::authenticated) does.
///
/// It dereferences to [`Principal`], as axum's extractors do to what they extract.
///
/// # Examples
///
/// ```
/// use tower_principal::extract::Authenticated;
///
/// async fn handler(who: Authenticated) -> String {
///     who.id().unwrap_or_default().to_owned()
/// }
/// # let _ = handler;
/// ```
#[derive(Clone, Debug)]
pub struct Authenticated(Principal);

impl Authenticated {
    /// Returns the principal itself.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::Principal;
    /// use tower_principal::extract::Authenticated;
    ///
    /// async fn handler(me: Authenticated) -> String {
    ///     match me.into_principal() {
    ///         Principal::ApiKey(key) => format!("key {}", key.id()),
    ///         principal => principal.id().unwrap_or_default().to_owned(),
    ///     }
    /// }
    /// # let _ = handler;
    /// ```
    pub fn into_principal(self) -> Principal {
        self.0
    }
}

impl Deref for Authenticated {
    type Target = Principal;

    fn deref(&self) -> &Principal {
        &self.0
    }
}

impl IntoResponse for Rejection {
    /// Returns a response with the bare status, without headers and body. The
    /// [`AuthenticateLayer`](crate::AuthenticateLayer) around the handler renders it as its dialect
    /// does.
    fn into_response(self) -> Response {
        self.carried_by(Body::empty())
    }
}

fn found(parts: &Parts) -> Result<&Authentication, Rejection> {
    parts.authentication().ok_or_else(|| {
        trace::error!(
            "extractor found no authentication: wrap the route in an `AuthenticateLayer`, with a later \
            `.layer(..)` call"
        );
        RejectionKind::ServerError.into()
    })
}

impl<S: Sync> FromRequestParts<S> for Authentication {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        found(parts).cloned()
    }
}

impl<S: Sync> FromRequestParts<S> for Principal {
    type Rejection = Rejection;

    /// Never refuses a guest, because a rule admitted it.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        Ok(found(parts)?.principal().clone())
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for Principal {
    type Rejection = Rejection;

    /// Returns `None` for a guest only. The layer has already refused bad credentials.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Rejection> {
        Ok(Some(found(parts)?.principal().clone()).filter(|principal| !principal.is_guest()))
    }
}

impl<S: Sync> FromRequestParts<S> for Authenticated {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        let who = found(parts)?;
        match check_authenticated(who.principal()) {
            Ok(()) => Ok(Self(who.principal().clone())),
            Err(forbidden) => Err(Rejection::forbidden(who, forbidden)),
        }
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for Authenticated {
    type Rejection = Rejection;

    /// Returns `None` for a guest and for a lone app token.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Rejection> {
        let principal = found(parts)?.principal();
        Ok(check_authenticated(principal).is_ok().then(|| Self(principal.clone())))
    }
}

/// Makes a kind of principal an extractor. Another kind is refused with 403; a guest is refused
/// with 401, or is `None` if optional.
macro_rules! extract {
    ($($kind:ident from $who:ident by $pattern:expr;)*) => {$(
        impl<S: Sync> FromRequestParts<S> for $kind {
            type Rejection = Rejection;

            async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
                let $who = found(parts)?;
                $pattern.ok_or_else(|| Rejection::forbidden($who, Forbidden::new()))
            }
        }

        impl<S: Sync> OptionalFromRequestParts<S> for $kind {
            type Rejection = Rejection;

            /// Returns `None` for a guest; another kind is refused.
            async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Rejection> {
                let $who = found(parts)?;
                match $pattern {
                    None if !$who.principal().is_guest() => Err(Rejection::forbidden($who, Forbidden::new())),
                    found => Ok(found),
                }
            }
        }
    )*};
}

macro_rules! only {
    ($who:ident, $kind:ident) => {
        match $who.principal() {
            Principal::$kind(found) => Some(found.clone()),
            _ => None,
        }
    };
}

extract! {
    BasicUser from who by only!(who, BasicUser);
    ApiKey from who by only!(who, ApiKey);
    OrgAdmin from who by only!(who, OrgAdmin);
    AppAdmin from who by only!(who, AppAdmin);
    OAuthUser from who by only!(who, OAuthUser);
    // The principal, or the token that came along with another credential.
    AppToken from who by who.app().cloned().or_else(|| only!(who, AppToken));
}

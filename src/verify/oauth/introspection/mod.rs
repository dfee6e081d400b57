//! Token introspection at the authorization server (RFC 7662).

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use self::answer::Expected;
use self::builder::form_value;
use self::member::{is_for, text_of, time_of};
use super::claims::{Json, Mapping, Word};
use crate::clock::Clock;
use crate::credential::Credential;
use crate::deadline::{Bounded, Unfinished};
use crate::fetch::{Fetch, SharedFetch};
use crate::principal::{IdentitySource, Principal};
use crate::rejection::DenialReason;
use crate::rejection::denial::{Check, Denial, Value};
use crate::verify::{Tenancy, Verifier, VerifyContext, VerifyError};

mod answer;
mod builder;
mod kind;
mod member;

pub use self::builder::{IntrospectionBuilder, IntrospectionError};

/// Verifies access tokens by introspection at the authorization server (RFC 7662), on every
/// request. Put it into a [`Cached`](crate::verify::Cached), which keeps an answer for a while and
/// never past the token's `exp`.
///
/// A token is good if the answer meets all of these conditions:
///
/// * Its status is 200 and its type is `application/json`.
/// * It is an object in which no name occurs twice, at any depth.
/// * Its `active` is the boolean `true`.
/// * Its `exp` and `nbf` are valid, and so are `iss` and `aud` if a value is
///   [expected](IntrospectionBuilder::audience).
///
/// The token is denied if the answer has a `cnf`, because proof of possession is not verified. It
/// is also denied if `token_type`, `token_use` or `typ` names something other than a bearer access
/// token. Any other object denies the token, and so does status 400 with
/// `{"error":"invalid_token"}`, which Cloud Foundry UAA sends.
///
/// Any other response is [unavailable](VerifyError::Unavailable): another status, a redirect, HTML,
/// more than 64 KiB, or no answer in time. The token may be good, and a 401 or 403 is about this
/// service's own credentials.
///
/// The principal is an [`OAuthUser`](crate::OAuthUser) with the id of `sub`, or of `username` if
/// `sub` is missing. A client that acts for itself is an [`AppAdmin`](crate::AppAdmin) or an
/// [`OrgAdmin`](crate::OrgAdmin) if the application or the organization is known. Otherwise it is
/// an `OAuthUser` that [is a client](crate::OAuthUser::is_client). So is a token that looks like a
/// client's only by a name that a person can choose.
///
/// The principal has the scopes of `scope` and `scp`, the client of `client_id` or `azp`, and the
/// credential id of `jti`. It has the whole answer as [`Claims`](crate::verify::Claims), as for
/// JWTs. The builder can choose other claims. The server is asked only about access tokens.
///
/// # Examples
///
/// ```
/// use tower_principal::Verifier as _;
/// use tower_principal::fetch::SharedFetch;
/// use tower_principal::verify::Introspection;
///
/// fn verifier(
///     client: SharedFetch,
/// ) -> Result<Introspection, tower_principal::verify::IntrospectionError>
/// {
///     Introspection::builder(
///         "https://login.example.org/oauth/introspect",
///         client,
///     )
///     .client("my-api", "its-secret")
///     .audience("https://api.example.org")
///     .build()
/// }
/// # let _ = verifier;
/// ```
pub struct Introspection<F = SharedFetch> {
    endpoint: Uri,
    fetch: F,
    authorization: Option<HeaderValue>,
    /// Form members that are sent beside the token.
    own_form: Zeroizing<String>,
    expected: Expected,
    deadline: Duration,
    places: Semaphore,
    clock: Arc<dyn Clock>,
}

/// The verifier's name in log lines.
const NAME: &str = "introspection";

/// The largest answer that is read, in bytes.
const LIMIT: usize = 64 * 1024;

impl<F: Fetch> Introspection<F> {
    /// Returns a builder for this endpoint, an absolute `https` URL, and this HTTP client. The
    /// builder also needs this service's credentials: [`client`](IntrospectionBuilder::client),
    /// [`client_secret_post`](IntrospectionBuilder::client_secret_post) or
    /// [`bearer`](IntrospectionBuilder::bearer).
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use tower_principal::test_util::Issuer;
    /// use tower_principal::verify::Introspection;
    ///
    /// let issuer = Issuer::new("https://login.example")?;
    /// issuer.register_client("my-api", "its-secret");
    /// let endpoint = "https://login.example/introspect";
    /// let verifier = Introspection::builder(endpoint, issuer)
    ///     .client("my-api", "its-secret")
    ///     .build()?;
    /// # let _ = verifier;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn builder(endpoint: impl Into<String>, fetch: F) -> IntrospectionBuilder<F> {
        IntrospectionBuilder::new(endpoint.into(), fetch)
    }

    async fn ask(&self, token: &str, tenant: Option<&str>) -> Result<Principal, VerifyError> {
        let _place = self.places.acquire().await.map_err(VerifyError::unavailable)?;
        let request = self.request(token);
        let response = self.fetch.fetch(request, LIMIT).await.map_err(VerifyError::unavailable)?;
        answer::evaluate_response(body(&response)?, &self.expected, tenant, self.clock.now())
    }

    fn request(&self, token: &str) -> Request<Bytes> {
        let token = form_value(token);
        let form = ["token=", &token, "&token_type_hint=access_token", &self.own_form].concat();
        let form = Zeroizing::new(form.into_bytes());
        // The body is wiped after the client has sent it.
        let mut request = Request::new(Bytes::from_owner(form));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.endpoint.clone();
        let headers = request.headers_mut();
        if let Some(authorization) = &self.authorization {
            headers.insert(AUTHORIZATION, authorization.clone());
        }
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        request
    }
}

/// Returns the body of an answer that is about a token.
fn body(response: &Response<Bytes>) -> Result<&Bytes, VerifyError> {
    let unavailable = |why| Err(VerifyError::unavailable(why));
    match response.status() {
        StatusCode::OK => {}
        // A challenge asks for this service's own credentials, so `invalid_token` is about those.
        StatusCode::BAD_REQUEST if response.headers().contains_key(WWW_AUTHENTICATE) => {
            return unavailable("the authorization server rejected this service's own credentials");
        }
        StatusCode::BAD_REQUEST if is_json_answer(response) && answer::denies(response.body()) => {
            return Err(Denial::new(Check::Record, "the server returned `invalid_token`").logged(NAME));
        }
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            return unavailable("the authorization server rejected this service's own credentials");
        }
        status if status.is_redirection() => {
            return unavailable("the introspection endpoint returned a redirect, which is not followed");
        }
        _ => return unavailable("the authorization server returned an error"),
    }
    match is_json_answer(response) {
        true => Ok(response.body()),
        false => unavailable("the authorization server's response is not of type application/json"),
    }
}

fn is_json_answer(response: &Response<Bytes>) -> bool {
    let mut types = response.headers().get_all(CONTENT_TYPE).iter();
    matches!((types.next(), types.next()), (Some(json), None) if is_json(json))
}

fn is_json(value: &HeaderValue) -> bool {
    let essence = value.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default();
    essence.trim_ascii().eq_ignore_ascii_case(b"application/json")
}

impl<F: Fetch> Verifier for Introspection<F> {
    async fn verify(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Result<Principal, VerifyError> {
        let Credential::AccessToken(token) = credential else { return Err(VerifyError::Unsupported) };
        match Bounded::new(self.ask(token.expose_secret(), context.tenant()), self.deadline).await {
            Ok(answer) => answer,
            Err(Unfinished::Late) => Err(VerifyError::unavailable("the authorization server timed out")),
            Err(Unfinished::Panicked) => Err(VerifyError::unavailable("HTTP client panicked")),
        }
    }

    fn verify_now(
        &self,
        credential: &Credential<'_>,
        _: &VerifyContext<'_>,
    ) -> Option<Result<Principal, VerifyError>> {
        (!matches!(credential, Credential::AccessToken(_))).then_some(Err(VerifyError::Unsupported))
    }

    fn source(&self) -> IdentitySource<'_> {
        IdentitySource::Issuer(&self.expected.authority)
    }

    fn tenancy(&self) -> Tenancy {
        if self.expected.mapping.separates_tenants() { Tenancy::Separates } else { Tenancy::Ignores }
    }
}

impl<F> fmt::Debug for Introspection<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.endpoint.host();
        f.debug_struct("Introspection").field("host", &host).finish_non_exhaustive()
    }
}

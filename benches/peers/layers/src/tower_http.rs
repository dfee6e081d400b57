//! tower-http: its asynchronous authorization with a map and a boxed future, as in its
//! documentation, and its comparison of the whole header, which is deprecated.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use kit::{Made, Setup};
use tower_http::auth::{AsyncAuthorizeRequest, AsyncRequireAuthorizationLayer};
use tower_http::validate_request::ValidateRequestHeaderLayer;

use crate::by_hand::functions::credential;
use crate::by_hand::{Users, greeting, users};
use crate::paths;
use crate::users::{KEY, TOKEN, User};

#[derive(Clone)]
struct Authorize(Users<User>);

type Authorized = Result<Request<Body>, Response<Body>>;

impl AsyncAuthorizeRequest<Body> for Authorize {
    type RequestBody = Body;
    type ResponseBody = Body;
    type Future = std::pin::Pin<Box<dyn Future<Output = Authorized> + Send>>;

    fn authorize(&mut self, mut request: Request<Body>) -> Self::Future {
        let users = self.0.clone();
        Box::pin(async move {
            let user = credential(&request, "Bearer ").and_then(|token| users.get(token)).cloned();
            let Some(user) = user else {
                let mut refusal = Response::new(Body::empty());
                *refusal.status_mut() = StatusCode::UNAUTHORIZED;
                return Err(refusal);
            };
            request.extensions_mut().insert(user);
            Ok(request)
        })
    }
}

pub(crate) fn asynchronous(setup: &Setup<'_>) -> Made<Router> {
    paths::bearer(greeting().layer(AsyncRequireAuthorizationLayer::new(Authorize(users(setup)))))
}

#[allow(deprecated, reason = "there is no other layer for one token")]
pub(crate) fn validate_bearer(_: &Setup<'_>) -> Made<Router> {
    paths::lone(paths::plain().layer(ValidateRequestHeaderLayer::bearer(TOKEN)))
}

#[allow(deprecated, reason = "there is no other layer for one password")]
pub(crate) fn validate_basic(_: &Setup<'_>) -> Made<Router> {
    paths::basic(paths::plain().layer(ValidateRequestHeaderLayer::basic(KEY.0, KEY.1)))
}

//! Usergrid's routes: applications of organizations, and the operations of their administrators and
//! users.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{DefaultBodyLimit, Path, Query, Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use tower_principal::Policy as _;
use tower_principal::policy;
use tower_principal::principal::IdentityKind;
use tower_principal::server::AuthorizationServer;
use tower_principal::transport::Transport;
use tower_principal::verify::sql::UserRecord;
use tower_principal::{
    AuthenticateLayer, Credential, GuestRule, OrgAdmin, Principal, PrincipalKind, RequireLayer, Secret,
    Verifier, VerifyContext, VerifyError, dialect, extract::protect,
};

use super::{BODY_LIMIT, collections, shape};
use crate::collections::Collections;
use crate::demo::usergrid::{APPS, ORG};
use crate::documents::Documents;
use crate::platform::Platform;
use crate::whoami::whoami;

/// The guest rule for the only sandbox; the dialect's own rule covers that of any organization.
const SANDBOX: GuestRule =
    GuestRule::path("/acme/sandbox/**").permissions(&["get,post,put,delete:/**"]).sandbox();

const APPLICATION: &str = "/{org}/{app}/**";
const ORGANIZATION: &str = "/management/orgs/{org}/**";

/// First segments of the other routes, which are not valid names of organizations.
const RESERVED: [&str; 11] = [
    "any",
    "api",
    "geodatahub",
    "management",
    "oauth",
    "oauth2",
    "opendatasoft",
    "resource",
    "rfc6750",
    "socrata",
    "users",
];

type Apps = Arc<BTreeMap<&'static str, Arc<Collections>>>;

/// Builds the routes. `verifier` verifies credentials; `accounts` are those whose tokens `server`
/// issues and that are revoked here.
pub(super) fn routes(
    verifier: impl Verifier,
    accounts: Platform,
    server: AuthorizationServer,
    documents: &Documents,
    transport: &Transport,
) -> Router {
    let collections = |app| (app, Arc::new(Collections::new(documents, ORG, app)));
    let apps: Apps = Arc::new(APPS.into_iter().map(collections).collect());
    let usergrid = dialect::USERGRID.guests([SANDBOX]);
    let authenticate = AuthenticateLayer::new(usergrid, verifier, transport.clone());

    let application = RequireLayer::new(policy::application(APPLICATION));
    let applications = Router::new()
        .route("/{org}/{app}/whoami", get(whoami))
        .route("/{org}/{app}/users/{user}/revoketokens", put(revoke_all).post(revoke_all))
        .route("/{org}/{app}/users/{user}/revoketoken", put(revoke_one).post(revoke_one))
        .with_state(accounts)
        .route("/{org}/{app}/{*path}", collections::methods().layer(DefaultBodyLimit::max(BODY_LIMIT)))
        .route_layer(application)
        .route_layer(from_fn_with_state(apps, known));
    let applications = protect(shape::errors(applications, error), authenticate.clone()).into_router();

    let its_client = policy::kind(PrincipalKind::OrgAdmin).and(policy::application(ORGANIZATION));
    let organizations = Router::new()
        .route("/management/orgs/{org}/credentials", get(credentials))
        .route_layer(RequireLayer::new(its_client));
    let organizations = protect(shape::errors(organizations, error), authenticate).into_router();

    let tokens = Router::new().route_service("/{org}/{app}/token", server.clone());
    let applications = applications.merge(tokens).route_layer(from_fn(unreserved));
    applications.merge(organizations).route_service("/management/token", server)
}

/// Returns the first two segments of a path as they were sent. The policy refuses encoded ones.
fn place(request: &Request) -> (&str, &str) {
    let mut segments = request.uri().path().split('/').skip(1);
    (segments.next().unwrap_or_default(), segments.next().unwrap_or_default())
}

/// Keeps the wildcard from matching paths of the other routes: those are 404 without
/// authentication.
async fn unreserved(request: Request, next: Next) -> Response {
    let (org, _) = place(&request);
    if RESERVED.contains(&org) {
        return StatusCode::NOT_FOUND.into_response();
    }
    next.run(request).await
}

/// Answers 404 if the application does not exist. It runs inside authentication and outside
/// authorization, so that only an authenticated caller gets this answer.
async fn known(State(apps): State<Apps>, mut request: Request, next: Next) -> Response {
    let (org, app) = place(&request);
    let encoded = org.contains('%') || app.contains('%');
    let collections = apps.get(app).filter(|_| org == ORG).cloned();
    match collections {
        None if !encoded => failure(
            StatusCode::NOT_FOUND,
            "organization_application_not_found",
            "There is no such application",
        ),
        collections => {
            collections.and_then(|collections| request.extensions_mut().insert(collections));
            next.run(request).await
        }
    }
}

#[derive(Deserialize)]
struct User {
    org: String,
    app: String,
    user: String,
}

/// Revokes all current tokens of a user of the application.
async fn revoke_all(State(accounts): State<Platform>, Path(User { org, app, user }): Path<User>) -> Response {
    let store = accounts.store();
    let revoked = match store.users().find(&user).await {
        Ok(found) => {
            let is_here =
                |user: &UserRecord| user.org == Some(org) && user.app.as_ref().is_none_or(|own| *own == app);
            if !found.is_some_and(|user| is_here(&user)) {
                return failure(StatusCode::NOT_FOUND, "service_resource_not_found", "There is no such user");
            }
            store.access_tokens().revoke_all_of(&user).await
        }
        Err(error) => Err(error),
    };
    match revoked {
        Ok(_) => Json(json!({ "action": "revoked user tokens" })).into_response(),
        Err(_) => unavailable(UNCERTAIN),
    }
}

#[derive(Deserialize)]
struct Named {
    token: String,
}

/// Revokes one of the user's own tokens; a token of another user is not found.
async fn revoke_one(
    State(accounts): State<Platform>,
    Path(User { user, .. }): Path<User>,
    query: Result<Query<Named>, QueryRejection>,
) -> Response {
    let Ok(Query(Named { token })) = query else {
        return failure(StatusCode::BAD_REQUEST, "illegal_argument", "token is required");
    };
    let (token, context) = (Credential::AccessToken(Secret::owned(token)), VerifyContext::default());
    let is_users = |owner: &Principal| {
        owner.identity().is_some_and(|who| who.kind() == IdentityKind::User && who.id() == user)
    };
    let revoked = match accounts.verify(&token, &context).await {
        Ok(owner) if is_users(&owner) => accounts.revoke(&token, &context).await,
        Ok(_) => Err(VerifyError::UNKNOWN),
        Err(error) => Err(error),
    };
    match revoked {
        Ok(()) => Json(json!({ "action": "revoked user token" })).into_response(),
        Err(VerifyError::Unavailable(_)) => unavailable(UNCERTAIN),
        Err(_) => failure(StatusCode::BAD_REQUEST, "auth_invalid", "There is no such token"),
    }
}

const UNCERTAIN: &str = "The database is unavailable, so the token may not be revoked";

pub(super) fn unavailable(description: &str) -> Response {
    failure(StatusCode::SERVICE_UNAVAILABLE, "service_unavailable", description)
}

/// Omits the secret, because the client has it.
async fn credentials(client: OrgAdmin) -> Json<Value> {
    Json(json!({
        "action": "get organization client credentials",
        "status": "ok",
        "credentials": { "client_id": client.id() },
    }))
}

fn error(status: StatusCode) -> Value {
    body(&shape::name(status), shape::reason(status))
}

pub(super) fn failure(status: StatusCode, error: &str, description: &str) -> Response {
    (status, Json(body(error, description))).into_response()
}

/// Returns an error in Usergrid's shape, without the timestamp and the duration, by which answers
/// would differ.
fn body(error: &str, description: &str) -> Value {
    let exception = "org.apache.usergrid.rest.exceptions.ServiceException";
    json!({ "error": error, "exception": exception, "error_description": description })
}

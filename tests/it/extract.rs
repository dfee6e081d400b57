//! Every extractor for every kind of principal: one matrix.

use axum::Router;
use axum::body::Body;
use axum::routing::get as route;
use http::Request;
use tower_principal::RejectionKind::{Forbidden, InsufficientScope, Missing};
use tower_principal::credential::CredentialKind;
use tower_principal::test_util::ActAs;
use tower_principal::{
    ApiKey, AppAdmin, AppToken, Authentication, BasicUser, GuestRule, OAuthUser, OrgAdmin, Principal,
    PrincipalKind, RejectionKind, Source, dialect, extract::Authenticated,
};

use crate::support::*;

/// Returns a request for each of the seven kinds, in the order of the matrix.
fn comers() -> [(&'static str, Request<Body>); 7] {
    [
        ("guest", get("/", &[])),
        ("app token", get("/", &[("x-app-token", APP_TOKEN)])),
        ("user", authorization(basic(USER, PASSWORD))),
        ("key", authorization(basic(KEY_ID, KEY_SECRET))),
        ("org", authorization(basic(ORG_CLIENT, CLIENT_SECRET))),
        ("app", authorization(basic(APP_CLIENT, CLIENT_SECRET))),
        ("token", authorization(bearer(TOKEN))),
    ]
}

/// The result of an extractor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Made {
    Some,
    None,
    Refused(RejectionKind),
}

use Made::{None as N, Some as Y};

/// The caller is asked for credentials.
const A: Made = Made::Refused(Missing);
/// Forbids every caller without an access token.
const F: Made = Made::Refused(Forbidden);
/// Forbidden to the holder of a token (RFC 6750 section 3.1).
const S: Made = Made::Refused(InsufficientScope);

/// Paths, named after the extractor, and the results for the seven: guest, app token, user, key,
/// organization's client, application's client, access token.
#[rustfmt::skip]
const MATRIX: &[(&str, [Made; 7])] = &[
    ("/principal",              [Y, Y, Y, Y, Y, Y, Y]),
    ("/authentication",         [Y, Y, Y, Y, Y, Y, Y]),
    ("/authenticated",          [A, A, Y, Y, Y, Y, Y]),
    ("/app-token",              [A, Y, F, F, F, F, S]),
    ("/basic-user",             [A, F, Y, F, F, F, S]),
    ("/api-key",                [A, F, F, Y, F, F, S]),
    ("/org-admin",              [A, F, F, F, Y, F, S]),
    ("/app-admin",              [A, F, F, F, F, Y, S]),
    ("/oauth-user",             [A, F, F, F, F, F, Y]),
    ("/optional/principal",     [N, Y, Y, Y, Y, Y, Y]),
    ("/optional/authenticated", [N, N, Y, Y, Y, Y, Y]),
    ("/optional/app-token",     [N, Y, F, F, F, F, S]),
    ("/optional/basic-user",    [N, F, Y, F, F, F, S]),
    ("/optional/api-key",       [N, F, F, Y, F, F, S]),
    ("/optional/org-admin",     [N, F, F, F, Y, F, S]),
    ("/optional/app-admin",     [N, F, F, F, F, Y, S]),
    ("/optional/oauth-user",    [N, F, F, F, F, F, Y]),
];

fn routes() -> Router {
    async fn must<T>(_: T) -> &'static str {
        "some"
    }
    fn may<T>(found: Option<T>) -> &'static str {
        if found.is_some() { "some" } else { "none" }
    }
    Router::new()
        .route("/principal", route(must::<Principal>))
        .route("/authentication", route(must::<Authentication>))
        .route("/authenticated", route(must::<Authenticated>))
        .route("/app-token", route(must::<AppToken>))
        .route("/basic-user", route(must::<BasicUser>))
        .route("/api-key", route(must::<ApiKey>))
        .route("/org-admin", route(must::<OrgAdmin>))
        .route("/app-admin", route(must::<AppAdmin>))
        .route("/oauth-user", route(must::<OAuthUser>))
        .route("/optional/principal", route(async |found: Option<Principal>| may(found)))
        .route("/optional/authenticated", route(async |found: Option<Authenticated>| may(found)))
        .route("/optional/app-token", route(async |found: Option<AppToken>| may(found)))
        .route("/optional/basic-user", route(async |found: Option<BasicUser>| may(found)))
        .route("/optional/api-key", route(async |found: Option<ApiKey>| may(found)))
        .route("/optional/org-admin", route(async |found: Option<OrgAdmin>| may(found)))
        .route("/optional/app-admin", route(async |found: Option<AppAdmin>| may(found)))
        .route("/optional/oauth-user", route(async |found: Option<OAuthUser>| may(found)))
}

fn made(answer: &Answer) -> Made {
    match (answer.kind(), answer.body.as_str()) {
        (Some(kind), _) => {
            assert_eq!(answer.status, kind.status().as_u16());
            assert_eq!(answer.status == 401, !answer.challenges().is_empty() && kind == Missing);
            Made::Refused(kind)
        }
        (None, "some") => Y,
        (None, "none") => N,
        (None, other) => panic!("{other}"),
    }
}

#[tokio::test]
async fn every_extractor_makes_of_every_principal_what_the_matrix_has() {
    let app = routes().layer(layer(dialect::ANY.guests([GuestRule::everywhere()])));
    for (extractor, row) in MATRIX {
        for ((who, mut request), expected) in comers().into_iter().zip(row) {
            *request.uri_mut() = extractor.parse().unwrap();
            let answer = send(app.clone(), request).await;
            assert_eq!(made(&answer), *expected, "{extractor} for {who}");
        }
    }
}

/// The kit for unit tests has the same results, without a dialect's challenges.
#[tokio::test]
async fn acting_as_a_principal_is_being_it() {
    let as_whom = |at: usize| match at {
        0 => ActAs::guest(),
        1 => ActAs::principal(AppToken::new("a")),
        2 => ActAs::principal(BasicUser::new("a")),
        3 => ActAs::principal(ApiKey::new("a")),
        4 => ActAs::principal(OrgAdmin::new("a", "b")),
        5 => ActAs::principal(AppAdmin::new("a", "b", "c")),
        _ => ActAs::principal(OAuthUser::new("a")),
    };
    for (extractor, row) in MATRIX {
        for (at, expected) in row.iter().enumerate() {
            let answer = send(routes().layer(as_whom(at)), get(extractor, &[])).await;
            let expected = match expected {
                Made::Refused(kind) => Err(*kind),
                Y => Ok("some"),
                N => Ok("none"),
            };
            assert_eq!(answer.kind().map_or(Ok(&*answer.body), Err), expected, "{extractor} {at}");
        }
    }
}

#[test]
fn acting_as_a_principal_is_logged_when_the_layer_is_made() {
    let log = listen();
    let _acting = ActAs::principal(OAuthUser::new("otto"));
    let lines = log.take();
    let [line] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!(line.level, tracing::Level::WARN);
    assert!(line.get("message").contains("ActAs"), "{line:?}");
    let _acting = (ActAs::guest(), ActAs::principal(AppToken::new("a")));
    assert_eq!(log.take().len(), 2);
}

/// `AppToken` finds an accompanying app token, also as an option, and that token does not replace
/// the subject.
#[tokio::test]
async fn an_app_token_that_came_along_is_extracted_beside_the_subject() {
    async fn both(user: OAuthUser, app: AppToken, maybe: Option<AppToken>) -> String {
        format!("{} {} {}", user.id(), app.id(), maybe.is_some())
    }
    let app = Router::new().route("/", route(both)).layer(layer(dialect::ANY));
    let token = bearer(TOKEN);
    let request = get("/", &[("authorization", &token), ("x-app-token", APP_TOKEN)]);
    assert_eq!(send(app.clone(), request).await.body, "otto weather-map true");
    assert_eq!(send(app.clone(), get("/", &[("x-app-token", APP_TOKEN)])).await.status, 403);
    assert_eq!(send(app, get("/", &[("authorization", &token)])).await.status, 403);
    let acting = ActAs::principal(OAuthUser::new("otto")).with_app(AppToken::new("map"));
    let answer = send(Router::new().route("/", route(both)).layer(acting), get("/", &[])).await;
    assert_eq!(answer.body, "otto map true");
}

/// REQ-05: `Option` is `None` for guests, and not for an invalid credential.
#[tokio::test]
async fn req_05_an_optional_principal_is_none_for_a_guest_only() {
    let app = routes().layer(layer(dialect::ANY.guests([GuestRule::everywhere()])));
    for line in
        ["", "Bearer", "Bearer nobody", "Basic x", "Basic YTpi", "Digest x", "Bearer a, Bearer b", "\u{7f}"]
    {
        for extractor in
            ["/optional/principal", "/optional/authenticated", "/optional/oauth-user", "/principal"]
        {
            let Ok(line) = http::HeaderValue::from_str(line) else { continue };
            let mut request = get(extractor, &[]);
            request.headers_mut().insert("authorization", line.clone());
            let answer = send(app.clone(), request).await;
            assert!(
                matches!(answer.status, 400 | 401) && answer.kind().is_some(),
                "{extractor} {line:?} {answer:?}"
            );
        }
    }
}

/// The record has the source and the kind of the credential.
#[tokio::test]
async fn the_record_has_source_and_kind_of_the_credential() {
    let show =
        async |who: Authentication| format!("{:?} {:?}", who.credential_source(), who.credential_kind());
    let open = dialect::ANY.guests([GuestRule::everywhere()]);
    let app = Router::new()
        .fallback(show)
        .layer(layer(open).with_form_body(1024, std::time::Duration::from_secs(5)));
    let query = format!("/?access_token={TOKEN}");
    for (request, source, kind) in [
        (authorization(bearer(TOKEN)), Source::Bearer, CredentialKind::AccessToken),
        (authorization(basic(USER, PASSWORD)), Source::Basic, CredentialKind::Password),
        (get(&query, &[]), Source::Query, CredentialKind::AccessToken),
        (get(&query, &[("x-app-token", APP_TOKEN)]), Source::Query, CredentialKind::AccessToken),
        (get("/", &[("x-app-token", APP_TOKEN)]), Source::Header, CredentialKind::AppToken),
        (form("/", format!("access_token={TOKEN}")), Source::Body, CredentialKind::AccessToken),
    ] {
        let answer = send(app.clone(), request).await;
        assert_eq!(answer.body, format!("{:?} {:?}", Some(source), Some(kind)));
    }
    assert_eq!(send(app, get("/", &[])).await.body, "None None");
}

/// The header of a used credential is marked as sensitive, so that it is not printed.
#[tokio::test]
async fn a_used_credential_header_is_marked_sensitive() {
    let show = async |request: axum::extract::Request| {
        assert_eq!(request.headers().values().filter(|value| value.is_sensitive()).count(), 2);
        format!("{:?}", request.headers())
    };
    let app = Router::new().fallback(show).layer(layer(dialect::ANY));
    let token = bearer(TOKEN);
    for request in [
        get("/", &[("authorization", &token), ("x-app-token", APP_TOKEN), ("accept", "*/*")]),
        get("/", &[("authorization", &basic(USER, PASSWORD)), ("x-app-token", APP_TOKEN)]),
    ] {
        let answer = send(app.clone(), request).await;
        assert_eq!(answer.status, 200);
        assert!(!answer.body.contains(TOKEN) && !answer.body.contains(APP_TOKEN), "{}", answer.body);
    }
}

/// The record cannot be forged: a `Principal` in the extensions does not count.
#[tokio::test]
async fn a_principal_in_the_extensions_is_not_the_record() {
    let mut request = get("/principal", &[]);
    request.extensions_mut().insert(Principal::from(OAuthUser::new("mallory")));
    request.extensions_mut().insert(PrincipalKind::OrgAdmin);
    assert_eq!(send(routes(), request).await.status, 500);
}

//! The parts of a credential that an inner service or a cache could still see (REQ-25, REQ-26).

use axum::Router;
use axum::extract::{OriginalUri, Request};
use axum::response::Response;
use axum::routing::any;
use http::header::{CACHE_CONTROL, REFERRER_POLICY, VARY};
use tower_principal::dialect::{PairMeaning, TokenMeaning};
use tower_principal::{
    CredentialForm, GuestRule, Principal, PrincipalKind, RequireLayer, Verifier, VerifyError, dialect,
    policy, verify,
};

use crate::support::*;

/// Returns the target that a handler sees, and whether its credential headers are marked as
/// sensitive.
async fn seen(original: OriginalUri, request: Request) -> String {
    let marked = |name| request.headers().get(name).is_none_or(http::HeaderValue::is_sensitive);
    format!("{} {} {}", request.uri(), original.0, marked("authorization") && marked("x-app-token"))
}

async fn ask(app: Router, target: &str, headers: &[(&'static str, &str)]) -> Answer {
    send(app, get(target, headers)).await
}

#[tokio::test]
async fn req_26_credentials_are_cut_out_of_the_target_and_nothing_else_is() {
    let nested = Router::new().route("/things/{*rest}", any(seen)).layer(layer(dialect::ANY));
    let app = Router::new().nest("/api", nested);
    for (query, left) in [
        (format!("?access_token={TOKEN}"), String::new()),
        (format!("?a=1&access_token={TOKEN}&b=%20"), "?a=1&b=%20".to_owned()),
        (format!("?access%5Ftoken={TOKEN}&a"), "?a".to_owned()),
        (format!("?client_id={ORG_CLIENT}&client_secret={CLIENT_SECRET}&a=b"), "?a=b".to_owned()),
        (format!("?%24%24app_token={APP_TOKEN}&a=b"), "?a=b".to_owned()),
    ] {
        let answer = ask(app.clone(), &format!("/api/things/x{query}"), &[]).await;
        assert_eq!(answer.body, format!("/things/x{left} /api/things/x{left} true"), "{query}");
    }
    let both = [("authorization", &*bearer(TOKEN)), ("x-app-token", APP_TOKEN)];
    let answer = ask(app, "/api/things/x?a=1", &both).await;
    assert_eq!(answer.body, "/things/x?a=1 /api/things/x?a=1 true");
}

#[tokio::test]
async fn req_26_has_a_switch() {
    let kept = Router::new().route("/x", any(seen)).layer(layer(dialect::ANY).keep_query_credentials());
    let answer = ask(kept, &format!("/x?access_token={TOKEN}"), &[]).await;
    assert!(answer.body.contains(TOKEN));
}

#[tokio::test]
async fn req_25_what_a_credential_decided_stays_out_of_caches() {
    let said = |cache: Option<&'static str>| {
        let handler = async move || {
            let mut response = Response::new("ok".to_owned());
            if let Some(cache) = cache {
                response.headers_mut().insert(CACHE_CONTROL, cache.parse().unwrap());
            }
            response
        };
        Router::new().route("/x", any(handler)).layer(layer(dialect::ANY.guests([GuestRule::everywhere()])))
    };
    let header =
        |answer: &Answer, name| answer.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    for (cache, sent) in [
        (None, "no-store"),
        (Some("public, max-age=9"), "no-store"),
        (Some("private, max-age=9"), "private, max-age=9"),
    ] {
        let token = authorization(bearer(TOKEN));
        let mut request = get("/x", &[]);
        *request.headers_mut() = token.headers().clone();
        let answer = send(said(cache), request).await;
        assert_eq!(header(&answer, CACHE_CONTROL).as_deref(), Some(sent));
        assert_eq!(header(&answer, VARY).as_deref(), Some("authorization, x-app-token, x-api-key"));
        assert_eq!(header(&answer, REFERRER_POLICY), None);
    }
    let answer = ask(said(None), &format!("/x?access_token={TOKEN}"), &[]).await;
    assert_eq!(header(&answer, REFERRER_POLICY).as_deref(), Some("no-referrer"));
    let both = [("authorization", &*bearer(TOKEN))];
    let answer = ask(said(None), &format!("/x?$$app_token={APP_TOKEN}"), &both).await;
    assert_eq!(header(&answer, REFERRER_POLICY).as_deref(), Some("no-referrer"));
    let guest = ask(said(Some("public")), "/x", &[]).await;
    assert_eq!(header(&guest, CACHE_CONTROL).as_deref(), Some("public"));
    assert_eq!(header(&guest, VARY).as_deref(), Some("authorization, x-app-token, x-api-key"));
}

/// `Vary` names the headers that a dialect reads, and no others, for every outcome of a request.
#[tokio::test]
async fn an_answer_depends_on_the_headers_that_the_dialect_reads_and_on_no_other() {
    let (token, key) = (TokenMeaning::ACCESS_TOKEN, TokenMeaning::API_KEY);
    let basic = CredentialForm::basic(PairMeaning::PASSWORD);
    let own = |forms: &[CredentialForm]| dialect::RFC6750.forms(forms.iter().copied());
    for (dialect, expected) in [
        (dialect::RFC6750, vec!["authorization"]),
        (dialect::SOCRATA, vec!["authorization, x-app-token"]),
        (dialect::USERGRID, vec!["authorization"]),
        (dialect::GEODATAHUB, vec!["authorization, x-api-key"]),
        (dialect::OPENDATASOFT, vec!["authorization"]),
        (dialect::ANY, vec!["authorization, x-app-token, x-api-key"]),
        (own(&[CredentialForm::header("X-Service-Key", key)]), vec!["x-service-key"]),
        (own(&[CredentialForm::cookie("session", token), basic]), vec!["authorization, cookie"]),
        (own(&[CredentialForm::query("access_token", token)]), vec![]),
    ] {
        let name = dialect.name;
        let app = |dialect| {
            whoami().layer(RequireLayer::new(policy::kind(PrincipalKind::Guest))).layer(layer(dialect))
        };
        let open = dialect.clone().guests([GuestRule::everywhere()]);
        let guest = send(app(open.clone()), get("/", &[])).await;
        assert_eq!((guest.status, guest.lines("vary")), (200, expected.clone()), "{name}");
        assert_eq!(guest.lines("cache-control"), [""; 0], "{name}");
        let missing = send(app(dialect.guests([])), get("/", &[])).await;
        assert_eq!((missing.status, missing.lines("vary")), (401, expected.clone()), "{name}");
        let unknown = send(app(open), authorization(bearer(UNKNOWN_TOKEN))).await;
        assert!(unknown.status >= 400 && unknown.lines("vary") == expected, "{name} {unknown:?}");
    }
}

/// With an optional login, one URL has two answers, which a cache must not confuse.
#[tokio::test]
async fn the_guests_answer_of_an_optional_login_depends_on_the_credential() {
    let hello = async |who: Option<Principal>| {
        let name = who.and_then(|who| who.id().map(str::to_owned)).unwrap_or_else(|| "guest".to_owned());
        ([(VARY, "Accept-Encoding")], name)
    };
    let app = Router::new()
        .route("/x", any(hello))
        .layer(layer(dialect::RFC6750.guests([GuestRule::everywhere()])));
    let token = bearer(TOKEN);
    for (headers, body) in [(&[][..], "guest"), (&[("authorization", &*token)], "otto")] {
        let answer = send(app.clone(), get("/x", headers)).await;
        assert_eq!((answer.status, &*answer.body), (200, body));
        assert_eq!(answer.lines("vary"), ["Accept-Encoding", "authorization"]);
    }
    // If two layers read a header, `Vary` names it once.
    let twice = app.layer(layer(dialect::GEODATAHUB.guests([GuestRule::everywhere()])));
    let answer = send(twice, get("/x", &[])).await;
    assert_eq!(answer.lines("vary"), ["Accept-Encoding", "authorization", "x-api-key"]);
}

/// The outer layer cuts the credential that the inner one would have to judge. The request is no
/// guest because of that.
#[tokio::test]
async fn req_05_a_credential_that_an_outer_layer_cut_makes_no_guest_further_in() {
    let open = || dialect::ANY.guests([GuestRule::everywhere()]);
    let nested = |outer| Router::new().route("/x", any(seen)).layer(layer_of(open(), empty())).layer(outer);
    let target = format!("/x?access_token={TOKEN}");
    assert_eq!(ask(nested(layer(dialect::ANY)), &target, &[]).await.status, 500);
    assert_eq!(ask(nested(layer(dialect::ANY).keep_query_credentials()), &target, &[]).await.status, 401);
}

fn empty() -> impl Verifier {
    verify::from_fn(async |_, _| Err::<Principal, _>(VerifyError::UNKNOWN))
}

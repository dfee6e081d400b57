//! The parts of a credential that an inner service or a cache could still see (REQ-25, REQ-26).

use axum::Router;
use axum::extract::{OriginalUri, Request};
use axum::response::Response;
use axum::routing::any;
use http::header::{CACHE_CONTROL, REFERRER_POLICY, VARY};
use tower_principal::{GuestRule, Principal, Verifier, VerifyError, dialect, verify};

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
        assert_eq!(header(&answer, VARY).as_deref(), Some("Authorization, X-App-Token, x-api-key"));
        assert_eq!(header(&answer, REFERRER_POLICY), None);
    }
    let answer = ask(said(None), &format!("/x?access_token={TOKEN}"), &[]).await;
    assert_eq!(header(&answer, REFERRER_POLICY).as_deref(), Some("no-referrer"));
    let both = [("authorization", &*bearer(TOKEN))];
    let answer = ask(said(None), &format!("/x?$$app_token={APP_TOKEN}"), &both).await;
    assert_eq!(header(&answer, REFERRER_POLICY).as_deref(), Some("no-referrer"));
    let guest = ask(said(Some("public")), "/x", &[]).await;
    assert_eq!((header(&guest, CACHE_CONTROL).as_deref(), header(&guest, VARY)), (Some("public"), None));
}

/// The outer layer cuts the credential that the inner one would have to judge. The request is no
/// guest because of that.
#[tokio::test]
async fn req_05_a_credential_that_an_outer_layer_cut_makes_no_guest_further_in() {
    let open = || dialect::ANY.guests([GuestRule::everywhere()]);
    let nested = |outer| Router::new().route("/x", any(seen)).layer(layer_of(open(), nobody())).layer(outer);
    let target = format!("/x?access_token={TOKEN}");
    assert_eq!(ask(nested(layer(dialect::ANY)), &target, &[]).await.status, 500);
    assert_eq!(ask(nested(layer(dialect::ANY).keep_query_credentials()), &target, &[]).await.status, 401);
}

fn nobody() -> impl Verifier {
    verify::from_fn(async |_, _| Err::<Principal, _>(VerifyError::UNKNOWN))
}

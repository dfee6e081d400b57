//! Cookie rows, and the proof that a request with a cookie comes from the service's own origin.

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, HeaderValue, Request};
use tower_principal::RejectionKind::{Ambiguous, CrossSite, DeniedToken, Malformed, Missing};
use tower_principal::dialect::{self, DialectError, TokenMeaning};
use tower_principal::read::Reader;
use tower_principal::{
    CredentialForm, Dialect, GuestRule, OAuthUser, RejectionKind, Source, verify::MemoryVerifier,
};

use crate::support::*;

const COOKIE: &str = "theme=dark; token=otto-token-0123456789";

fn known() -> MemoryVerifier {
    let otto = OAuthUser::new("otto");
    MemoryVerifier::builder()
        .passwords(cheap_passwords())
        .access_token("otto-token-0123456789", otto.clone())
        .access_token(TOKEN, otto)
        .build()
        .unwrap()
}

fn cookies() -> Dialect {
    dialect::RFC6750.add_form(CredentialForm::cookie("token", TokenMeaning::ACCESS_TOKEN))
}

async fn check(dialect: Dialect, cases: Vec<(Request<Body>, Result<&str, RejectionKind>)>) {
    let (verifier, asked) = Counting::new(known());
    let app = whoami().layer(layer_of(dialect, verifier));
    for (request, expected) in cases {
        let shown = format!("{} {} {:?}", request.method(), request.uri(), request.headers());
        let before = asked();
        assert_eq!(send(app.clone(), request).await.outcome(), expected, "{shown}");
        if !matches!(expected, Ok("OAuthUser") | Err(DeniedToken)) {
            assert_eq!(asked(), before, "{shown}");
        }
    }
}

#[tokio::test]
async fn a_cookie_is_a_credential_and_other_cookies_are_none() {
    let with = |line: &str| get("/", &[("cookie", line)]);
    let mut lines = with("theme=dark");
    lines.headers_mut().append("cookie", HeaderValue::from_static("token=otto-token-0123456789"));
    let mut twice = with(COOKIE);
    twice.headers_mut().append("cookie", HeaderValue::from_static("token=x"));
    let mut both = with(COOKIE);
    both.headers_mut().insert("authorization", bearer(TOKEN).parse().unwrap());
    check(
        cookies(),
        vec![
            (with(COOKIE), Ok("OAuthUser")),
            (with("token=\"otto-token-0123456789\""), Ok("OAuthUser")),
            (lines, Ok("OAuthUser")),
            (with("theme=dark"), Err(Missing)),
            (get("/", &[]), Err(Missing)),
            (with("token=nobody"), Err(DeniedToken)),
            (with("token=otto-token-0123456789%3D"), Err(DeniedToken)),
            (with("token="), Err(Malformed)),
            (with("token"), Err(Malformed)),
            (with("token=\"otto-token-0123456789"), Err(Malformed)),
            (with("token=a b"), Err(Malformed)),
            (twice, Err(Ambiguous)),
            (both, Err(Ambiguous)),
            (with("Token=otto-token-0123456789"), Err(Missing)),
        ],
    )
    .await;
    let guests = cookies().guests([GuestRule::everywhere()]);
    check(guests, vec![(with("theme=dark"), Ok("Guest")), (with("token="), Err(Malformed))]).await;
}

/// A page of another host can set `session` for a parent domain, but never `__Host-session`.
#[tokio::test]
async fn a_host_cookie_is_read_by_its_exact_name() {
    let host = dialect::RFC6750.forms([CredentialForm::cookie("__Host-session", TokenMeaning::ACCESS_TOKEN)]);
    let with = |line: &str| get("/", &[("cookie", line)]);
    check(
        host,
        vec![
            (with("__Host-session=otto-token-0123456789"), Ok("OAuthUser")),
            (with("session=evil; __Host-session=otto-token-0123456789"), Ok("OAuthUser")),
            (with("session=otto-token-0123456789"), Err(Missing)),
            (with("__host-session=otto-token-0123456789"), Err(Missing)),
            (with("=__Host-session=otto-token-0123456789"), Err(Missing)),
        ],
    )
    .await;
}

#[tokio::test]
async fn an_unsafe_request_with_a_cookie_needs_a_proof_of_its_origin() {
    let with = |method: &str, more: &[(&str, &str)]| {
        let mut headers = vec![("cookie", COOKIE), ("host", "api.example.org")];
        headers.extend_from_slice(more);
        request(method, "/", &headers)
    };
    let post = |more: &[(&str, &str)]| with("POST", more);
    let mut twice = post(&[("origin", "https://api.example.org")]);
    twice.headers_mut().append("origin", HeaderValue::from_static("https://evil.example"));
    let mut sites = post(&[("sec-fetch-site", "same-origin")]);
    sites.headers_mut().append("sec-fetch-site", HeaderValue::from_static("cross-site"));
    let mut cases = vec![
        (post(&[("sec-fetch-site", "same-origin")]), Ok("OAuthUser")),
        (post(&[("origin", "https://api.example.org")]), Ok("OAuthUser")),
        (post(&[("origin", "https://API.example.org:443")]), Ok("OAuthUser")),
        (post(&[]), Err(CrossSite)),
        (post(&[("sec-fetch-site", "cross-site")]), Err(CrossSite)),
        (post(&[("sec-fetch-site", "same-site")]), Err(CrossSite)),
        (post(&[("sec-fetch-site", "none")]), Err(CrossSite)),
        (post(&[("sec-fetch-site", "")]), Err(CrossSite)),
        (post(&[("sec-fetch-site", "cross-site"), ("origin", "https://api.example.org")]), Err(CrossSite)),
        (post(&[("origin", "https://evil.example")]), Err(CrossSite)),
        (post(&[("origin", "http://api.example.org")]), Err(CrossSite)),
        (post(&[("origin", "https://api.example.org:8443")]), Err(CrossSite)),
        (post(&[("origin", "https://api.example.org.evil.example")]), Err(CrossSite)),
        (post(&[("origin", "null")]), Err(CrossSite)),
        (post(&[("referer", "https://api.example.org/")]), Err(CrossSite)),
        (twice, Err(CrossSite)),
        (sites, Err(CrossSite)),
    ];
    for method in ["GET", "HEAD", "OPTIONS"] {
        let outcome = if method == "HEAD" { continue } else { Ok("OAuthUser") };
        cases.push((with(method, &[("sec-fetch-site", "cross-site")]), outcome));
    }
    for method in ["PUT", "PATCH", "DELETE", "TRACE", "PURGE", "get"] {
        cases.push((with(method, &[]), Err(CrossSite)));
    }
    check(cookies(), cases).await;
    let head = send(whoami().layer(layer_of(cookies(), known())), with("HEAD", &[])).await;
    assert_eq!(head.status, 200);
}

#[tokio::test]
async fn a_cross_site_request_is_refused_with_403_and_is_no_guest() {
    let app = whoami().layer(layer_of(cookies().guests([GuestRule::everywhere()]), known()));
    let answer = send(app, request("POST", "/", &[("cookie", COOKIE)])).await;
    assert_eq!((answer.status, answer.kind()), (403, Some(CrossSite)));
    assert!(answer.body.contains("cross_site_request") && answer.challenges().is_empty());
}

/// The authority of HTTP/2 is in the target, and a `Host` beside it must agree.
#[tokio::test]
async fn the_own_origin_is_that_of_the_target_and_of_the_host_if_both_are_there() {
    let own = ("origin", "https://api.example.org");
    let at = |target: &str, more: &[(&str, &str)]| {
        let mut headers = vec![("cookie", COOKIE), own];
        headers.extend_from_slice(more);
        request("POST", target, &headers)
    };
    check(
        cookies(),
        vec![
            (at("https://api.example.org/x", &[]), Ok("OAuthUser")),
            (at("https://api.example.org/x", &[("host", "api.example.org")]), Ok("OAuthUser")),
            (at("https://api.example.org/x", &[("host", "evil.example")]), Err(CrossSite)),
            (at("https://evil.example/x", &[("host", "api.example.org")]), Err(CrossSite)),
            (at("/x", &[]), Err(CrossSite)),
        ],
    )
    .await;
}

/// Headers that a page or a proxy can add prove nothing, and neither do repeated values or values
/// that are no origin.
#[tokio::test]
async fn nothing_else_in_a_request_proves_its_origin() {
    let own = "https://api.example.org";
    let post = |more: &[(&str, &str)]| {
        let mut headers = vec![("cookie", COOKIE), ("host", "api.example.org")];
        headers.extend_from_slice(more);
        request("POST", "/", &headers)
    };
    let with = |mut request: Request<Body>, name: &'static str, value: &'static str| {
        request.headers_mut().append(name, HeaderValue::from_static(value));
        request
    };
    let at = |target: &str, host: Option<&'static str>| {
        let request = request("POST", target, &[("cookie", COOKIE), ("origin", own)]);
        if let Some(host) = host { with(request, "host", host) } else { request }
    };
    check(
        cookies(),
        vec![
            (with(post(&[("origin", own)]), "host", "api.example.org"), Err(CrossSite)),
            (with(post(&[("origin", own)]), "origin", "https://api.example.org"), Err(CrossSite)),
            (
                with(post(&[("sec-fetch-site", "same-origin")]), "sec-fetch-site", "same-origin"),
                Err(CrossSite),
            ),
            (post(&[("origin", "https://api.example.org/")]), Err(CrossSite)),
            (post(&[("origin", "https://api.example.org https://evil.example")]), Err(CrossSite)),
            (post(&[("origin", "HTTPS://api.example.org")]), Err(CrossSite)),
            (post(&[("origin", "https://api.example.org:443:443")]), Err(CrossSite)),
            (post(&[("origin", "https://api.example.org:80")]), Err(CrossSite)),
            (post(&[("origin", "https://me@api.example.org")]), Err(CrossSite)),
            (post(&[("origin", "https://")]), Err(CrossSite)),
            (post(&[("origin", "")]), Err(CrossSite)),
            (post(&[("sec-fetch-site", "Same-Origin")]), Err(CrossSite)),
            (post(&[("sec-fetch-mode", "same-origin"), ("sec-fetch-dest", "empty")]), Err(CrossSite)),
            (post(&[("x-requested-with", "XMLHttpRequest")]), Err(CrossSite)),
            (
                post(&[("x-forwarded-host", "evil.example"), ("origin", "https://evil.example")]),
                Err(CrossSite),
            ),
            (post(&[("forwarded", "host=evil.example"), ("origin", "https://evil.example")]), Err(CrossSite)),
            (at("https://api.example.org:443/", Some("api.example.org")), Ok("OAuthUser")),
            (at("https://api.example.org:8443/", None), Err(CrossSite)),
            (at("https://api.example.org:8443/", Some("api.example.org")), Err(CrossSite)),
            (at("https://api.example.org/", Some("api.example.org:8443")), Err(CrossSite)),
            (at("https://API.EXAMPLE.org/", Some("api.example.org")), Ok("OAuthUser")),
            (at("https://api.example.org/", Some("")), Err(CrossSite)),
        ],
    )
    .await;
    // An empty origin does not match an empty host.
    let nothing = request("POST", "/", &[("cookie", COOKIE), ("host", ""), ("origin", "https://")]);
    check(cookies(), vec![(nothing, Err(CrossSite))]).await;
}

/// Cross-site WebSocket hijacking: the handshake is a `GET` that browsers send with cookies.
#[tokio::test]
async fn a_websocket_handshake_with_a_cookie_needs_the_proof_too() {
    let upgrade = |more: &[(&str, &str)]| {
        let mut headers = vec![("cookie", COOKIE), ("host", "api.example.org"), ("connection", "Upgrade")];
        headers.extend_from_slice(more);
        get("/", &headers)
    };
    check(
        cookies(),
        vec![
            (upgrade(&[("upgrade", "websocket"), ("origin", "https://api.example.org")]), Ok("OAuthUser")),
            (upgrade(&[("upgrade", "websocket"), ("sec-fetch-site", "same-origin")]), Ok("OAuthUser")),
            (upgrade(&[("upgrade", "websocket"), ("origin", "https://evil.example")]), Err(CrossSite)),
            (upgrade(&[("upgrade", "h2c, WebSocket")]), Err(CrossSite)),
            (request("CONNECT", "api.example.org:443", &[("cookie", COOKIE)]), Err(CrossSite)),
            (upgrade(&[("upgrade", "h2c")]), Ok("OAuthUser")),
        ],
    )
    .await;
}

#[tokio::test]
async fn pages_of_allowed_origins_may_send_the_cookie_and_no_others() {
    let row = CredentialForm::cookie("token", TokenMeaning::ACCESS_TOKEN);
    let listed =
        dialect::RFC6750.add_form(row.allow_origins(&["https://app.example.org", "http://localhost:5173"]));
    let post = |more: &[(&str, &str)]| {
        let mut headers = vec![("cookie", COOKIE), ("host", "api.example.org")];
        headers.extend_from_slice(more);
        request("POST", "/", &headers)
    };
    check(
        listed,
        vec![
            (
                post(&[("origin", "https://app.example.org"), ("sec-fetch-site", "same-site")]),
                Ok("OAuthUser"),
            ),
            (post(&[("origin", "http://localhost:5173")]), Ok("OAuthUser")),
            (post(&[("origin", "https://api.example.org")]), Ok("OAuthUser")),
            (post(&[("origin", "http://app.example.org")]), Err(CrossSite)),
            (post(&[("origin", "https://app.example.org:444")]), Err(CrossSite)),
            (post(&[("origin", "null")]), Err(CrossSite)),
            (post(&[("sec-fetch-site", "same-site")]), Err(CrossSite)),
        ],
    )
    .await;
    for origin in [
        "null",
        "*",
        "app.example.org",
        "https://app.example.org/",
        "https://App.example.org",
        "https://",
        "",
    ] {
        let origins: &'static [&'static str] = vec![origin].leak();
        let dialect = dialect::RFC6750.add_form(row.allow_origins(origins));
        assert_eq!(Reader::new(&dialect).err(), Some(DialectError::Origin(origin)));
    }
}

/// A script can set `Authorization` only with the service's consent, so its requests need no proof.
#[tokio::test]
async fn a_cookie_that_a_rank_left_out_needs_no_proof() {
    let dialect = dialect::RFC6750.forms([
        CredentialForm::scheme("Bearer", TokenMeaning::ACCESS_TOKEN).rank(1),
        CredentialForm::cookie("token", TokenMeaning::ACCESS_TOKEN),
    ]);
    let line = bearer(TOKEN);
    check(
        dialect,
        vec![
            (request("POST", "/", &[("cookie", COOKIE), ("authorization", &line)]), Ok("OAuthUser")),
            (request("POST", "/", &[("cookie", COOKIE)]), Err(CrossSite)),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_cookie_is_marked_as_sensitive_and_answers_depend_on_it() {
    let seen = async |who: tower_principal::Authentication, headers: HeaderMap| {
        assert_eq!(who.credential_source(), Some(Source::Cookie));
        headers.get_all("cookie").iter().all(HeaderValue::is_sensitive).to_string()
    };
    let app = Router::new().fallback(seen).layer(layer_of(cookies(), known()));
    let mut request = get("/", &[("cookie", "theme=dark")]);
    request.headers_mut().append("cookie", HeaderValue::from_static("token=otto-token-0123456789"));
    let answer = send(app, request).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "true"));
    assert_eq!(answer.lines("cache-control"), ["no-store"]);
    assert!(answer.lines("vary")[0].contains("cookie"));
}

#[test]
fn a_cookie_row_has_a_name_of_its_own() {
    let row = |name| CredentialForm::cookie(name, TokenMeaning::ACCESS_TOKEN);
    for name in ["", "a b", "a;b", "a=b"] {
        let dialect = dialect::RFC6750.add_form(row(name));
        assert_eq!(Reader::new(&dialect).err(), Some(DialectError::Name { what: "cookie", name }));
    }
    let twice = dialect::RFC6750.forms([row("a"), row("a")]);
    assert_eq!(Reader::new(&twice).err(), Some(DialectError::Repeated { what: "cookie", name: "a" }));
}

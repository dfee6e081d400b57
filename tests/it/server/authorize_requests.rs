//! Authorization requests: where a fault is answered, and with which error (RFC 6749 section
//! 4.1.2.1). Names in comments are modules of the OpenID conformance suite.

use std::time::Duration;

use tower_principal::grant::{Application, Applications, GrantType, MemoryGrants, StoreError};
use tower_principal::server::profile::{STANDARD, USERGRID};
use tower_principal::server::{AuthorizationServer, Profile};
use tower_principal::verify::MemoryVerifier;
use tower_principal::{Secret, transport};
use url::Url;

use super::{CALLBACK, CHALLENGE, ISSUER, Kit, Reply, clients, encoded};
use crate::support::*;

/// A request that the user can decide about.
pub(super) const GOOD: &[(&str, &str)] = &[
    ("response_type", "code"),
    ("client_id", "viewer"),
    ("redirect_uri", CALLBACK),
    ("code_challenge", CHALLENGE),
    ("code_challenge_method", "S256"),
    ("state", "a b+c"),
];

/// How a request is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The log-in page.
    LogIn,
    /// An error page with this status.
    Page(u16),
    /// A redirect to the registered URI, with this error.
    Error(String),
}

fn error(error: &str) -> Outcome {
    Outcome::Error(error.to_owned())
}

pub(super) fn without(name: &str) -> Vec<(&'static str, &'static str)> {
    GOOD.iter().filter(|(of, _)| *of != name).copied().collect()
}

pub(super) fn with<'v>(name: &'v str, value: &'v str) -> Vec<(&'v str, &'v str)> {
    let mut parameters = without(name);
    parameters.push((name, value));
    parameters
}

pub(super) async fn ask(kit: &Kit, parameters: &[(&str, &str)]) -> Reply {
    kit.send(get(&format!("/oauth2/authorize?{}", encoded(parameters)), &[])).await
}

pub(super) async fn outcome(kit: &Kit, parameters: &[(&str, &str)]) -> Outcome {
    outcome_of(&ask(kit, parameters).await)
}

/// Returns how a request was answered. A redirect goes to [`CALLBACK`] and nowhere else, and has
/// the issuer (RFC 9207).
pub(super) fn outcome_of(reply: &Reply) -> Outcome {
    let Some(location) = reply.header("location") else {
        assert!(
            reply.header("content-type").is_some_and(|media| media.starts_with("text/html")),
            "{reply:?}"
        );
        return if reply.status == 200 { Outcome::LogIn } else { Outcome::Page(reply.status) };
    };
    assert_eq!(reply.status, 303);
    assert!(location.starts_with(&format!("{CALLBACK}?")), "{location}");
    assert_eq!(answered(location, "iss").as_deref(), Some(ISSUER));
    assert_eq!(answered(location, "code"), None);
    Outcome::Error(answered(location, "error").unwrap())
}

pub(super) fn answered(location: &str, name: &str) -> Option<String> {
    let url = Url::parse(location).unwrap();
    let mut values = url.query_pairs().filter(|(of, _)| of == name).map(|(_, value)| value.into_owned());
    let value = values.next();
    assert_eq!(values.next(), None, "{name} comes twice in {location}");
    value
}

/// The eight that a certifier sends (oauth-v2-1 issue 253). EnsureRegisteredRedirectUri,
/// ResponseTypeMissing.
#[tokio::test]
async fn req_70_req_71_only_faults_in_the_client_or_the_redirect_uri_are_pages() {
    let [_, viewer] = clients();
    let viewer = viewer.redirect("https://viewer.example/other");
    for kit in Kit::with(&[viewer], |builder| builder).await {
        for (parameters, expected) in [
            (GOOD.to_vec(), Outcome::LogIn),
            // oidcc-response-type-missing
            (without("response_type"), error("invalid_request")),
            (with("response_type", "token"), error("unsupported_response_type")),
            (without("client_id"), Outcome::Page(400)),
            (with("client_id", "stranger"), Outcome::Page(400)),
            (without("redirect_uri"), Outcome::Page(400)),
            // oidcc-ensure-registered-redirect-uri
            (with("redirect_uri", "https://evil.example/cb"), Outcome::Page(400)),
            // fapi2-security-profile-id2-ensure-request-without-code-challenge-fails (PKCERequired)
            (without("code_challenge"), error("invalid_request")),
            // PKCEPlainRejected
            (with("code_challenge_method", "plain"), error("invalid_request")),
        ] {
            assert_eq!(outcome(&kit, &parameters).await, expected, "{}: {parameters:?}", kit.name);
        }
    }
}

#[tokio::test]
async fn req_70_a_fault_in_the_client_or_the_redirect_uri_is_a_page_whatever_else_is_wrong() {
    for kit in Kit::all().await {
        for bad in [
            with("client_id", "stranger"),
            with("client_id", ""),
            with("client_id", "\u{7f}"),
            with("client_id", "Viewer"),
            with("redirect_uri", "https://evil.example/cb"),
            with("redirect_uri", "javascript:alert(1)"),
            [GOOD, &[("client_id", "viewer")]].concat(),
            [GOOD, &[("redirect_uri", CALLBACK)]].concat(),
            [GOOD, &[("redirect_uri", "https://evil.example/cb")]].concat(),
        ] {
            for other in [
                ("response_type", "token"),
                ("scope", "unknown"),
                ("resource", "https://unknown.example"),
                ("request", "x"),
                ("state", "second"),
            ] {
                let parameters = [&bad[..], &[other]].concat();
                assert_eq!(outcome(&kit, &parameters).await, Outcome::Page(400), "{parameters:?}");
            }
        }
    }
}

#[tokio::test]
async fn req_71_every_other_fault_goes_back_with_its_error_and_the_state() {
    let [_, viewer] = clients();
    let none = Application::public("none").redirect(CALLBACK).grants([GrantType::RefreshToken]);
    for kit in Kit::with(&[viewer, none], |builder| builder.resource("https://api.example", [""; 0])).await {
        for (parameters, expected) in [
            (with("scope", "unknown"), "invalid_scope"),
            (with("scope", "read unknown"), "invalid_scope"),
            (with("scope", "\"read\""), "invalid_scope"),
            (with("resource", "https://unknown.example"), "invalid_target"),
            (with("client_id", "none"), "unauthorized_client"),
            (with("response_mode", "fragment"), "invalid_request"),
            (with("request", "x"), "request_not_supported"),
            (with("request_uri", "https://viewer.example/x"), "request_uri_not_supported"),
            ([GOOD, &[("scope", "read"), ("scope", "read")]].concat(), "invalid_request"),
            ([GOOD, &[("code_challenge", CHALLENGE)]].concat(), "invalid_request"),
            (with("scope", "read\u{0}"), "invalid_request"),
        ] {
            let reply = ask(&kit, &parameters).await;
            assert_eq!(outcome_of(&reply), error(expected), "{}: {parameters:?}", kit.name);
            let state = answered(reply.header("location").unwrap(), "state");
            assert_eq!(state.as_deref(), Some("a b+c"), "{parameters:?}");
        }
        for good in [
            with("scope", "read"),
            with("scope", ""),
            with("resource", "https://api.example"),
            with("response_mode", "query"),
        ] {
            assert_eq!(outcome(&kit, &good).await, Outcome::LogIn, "{good:?}");
        }
        let raw = |query: &str| get(&format!("/oauth2/authorize?{}&{query}", encoded(GOOD)), &[]);
        for unreadable in ["scope=%zz", "scope=%ff", "unknown=%zz", "%zz=1"] {
            let reply = kit.send(raw(unreadable)).await;
            assert_eq!(outcome_of(&reply), error("invalid_request"), "{unreadable}");
        }
        assert_eq!(outcome_of(&kit.send(raw("redirect_uri=%zz")).await), Outcome::Page(400));
    }
}

#[tokio::test]
async fn a_state_that_is_repeated_unreadable_or_too_long_does_not_come_back() {
    for kit in Kit::all().await {
        let long = "x".repeat(8 * 1024 + 1);
        for parameters in [
            [GOOD, &[("state", "second")]].concat(),
            [GOOD, &[("state", "")]].concat(),
            with("state", "a\u{7f}"),
            with("state", &long),
        ] {
            let reply = ask(&kit, &parameters).await;
            assert_eq!(outcome_of(&reply), error("invalid_request"));
            assert_eq!(answered(reply.header("location").unwrap(), "state"), None);
        }
    }
}

/// LongState: oidcc-ensure-request-with-long-state.
#[tokio::test]
async fn req_71_a_long_or_odd_state_comes_back_byte_for_byte() {
    for kit in Kit::all().await {
        let long = "0123456789abcdef".repeat(512);
        for state in [&long[..], "ü€ +%2B&=#;'\"><script>", "{\"a\":[1]}", "%", "\\"] {
            let mut parameters = with("state", state);
            assert_eq!(outcome(&kit, &parameters).await, Outcome::LogIn);
            parameters.push(("scope", "unknown"));
            let reply = ask(&kit, &parameters).await;
            assert_eq!(answered(reply.header("location").unwrap(), "state").as_deref(), Some(state));
        }
    }
}

/// UnknownParameterSucceeds: oidcc-ensure-request-with-unknown-parameter-succeeds.
#[tokio::test]
async fn req_85_unknown_parameters_of_an_authorization_request_are_ignored() {
    for kit in Kit::all().await {
        for unknown in
            [("extra", "foobar"), ("nonce", "1"), ("prompt", "login"), ("password", "x"), ("code", "x")]
        {
            let parameters = [GOOD, &[unknown, unknown]].concat();
            assert_eq!(outcome(&kit, &parameters).await, Outcome::LogIn, "{unknown:?}");
        }
    }
}

#[tokio::test]
async fn a_client_of_a_profile_without_the_page_gets_a_page_and_no_redirect() {
    let other = Profile { name: "other", door: USERGRID.door, ..STANDARD };
    let [_, viewer] = clients();
    for profile in ["other", "unknown"] {
        let viewer = viewer.clone().profile(profile);
        for kit in Kit::with(&[viewer], |builder| builder.profile(other)).await {
            assert_eq!(outcome(&kit, GOOD).await, Outcome::Page(400), "{profile}");
        }
    }
}

/// Applications whose store is away.
#[derive(Debug)]
struct Away;

impl Applications for Away {
    async fn find(&self, _: &str) -> Result<Option<Application>, StoreError> {
        Err(StoreError::Unavailable(std::io::Error::other("away").into()))
    }

    async fn authenticate(&self, _: &str, _: &Secret<'_>) -> Result<Option<Application>, StoreError> {
        self.find("").await
    }
}

#[tokio::test]
async fn an_outage_before_the_client_is_known_is_a_page_with_503() {
    let users = MemoryVerifier::builder().build().unwrap();
    let secure = transport::danger_assume_secure();
    let server = AuthorizationServer::builder(ISSUER, (MemoryGrants::new(), Away), secure)
        .users(users)
        .deadline(Duration::from_secs(5))
        .build()
        .unwrap();
    let request = get(&format!("/oauth2/authorize?{}", encoded(GOOD)), &[]);
    let reply = Reply::of(send(server, request).await);
    assert_eq!((outcome_of(&reply), reply.header("retry-after")), (Outcome::Page(503), Some("5")));
}

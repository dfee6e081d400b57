//! Every denial is one line of the log, with one target and the reason, and without a secret.

use std::time::{Duration, SystemTime};

use tower_principal::transport::SecureConnection;
use tower_principal::{
    AppToken, AuthenticateLayer, Credential, OAuthUser, Pair, Principal, RequireLayer, Secret, Verifier,
    VerifyContext, VerifyError, dialect, policy, transport,
    verify::{self, MemoryVerifier},
};

use crate::support::*;

const TARGET: &str = "tower_principal::denial";

/// Returns the denials in the log as `verifier check reason: why`.
fn denials(log: &Log) -> Vec<String> {
    let lines = log.take();
    assert!(lines.iter().all(|line| line.target != TARGET || line.level == tracing::Level::DEBUG));
    for line in &lines {
        let shown = format!("{line:?}");
        for secret in [TOKEN, UNKNOWN_TOKEN, PASSWORD, "c4n4ry"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
    let lines = lines.into_iter().filter(|line| line.target == TARGET);
    let shown = |line: Line| {
        let [verifier, check, reason, why] =
            ["verifier", "check", "reason", "why"].map(|field| line.get(field).to_owned());
        assert!(!why.is_empty() && !reason.is_empty(), "{line:?}");
        let values = format!("{}|{}", line.get("expected"), line.get("received"));
        format!("{verifier} {check} {reason} {values}")
    };
    lines.map(shown).collect()
}

async fn verdict(verifier: &impl Verifier, credential: Credential<'_>) -> Result<(), VerifyError> {
    verifier.verify(&credential, &VerifyContext::default()).await.map(drop)
}

fn token(text: &str) -> Credential<'_> {
    Credential::AccessToken(Secret::borrowed(text))
}

fn password<'c>(user: &'c str, password: &'c str) -> Credential<'c> {
    Credential::Password(Pair::new(Secret::borrowed(user), Secret::borrowed(password)))
}

#[tokio::test]
async fn a_verifier_in_memory_logs_each_denial_once() {
    let log = listen();
    let past = SystemTime::now() - Duration::from_secs(60);
    let verifier = MemoryVerifier::builder()
        .passwords(cheap_passwords())
        .user(USER, PASSWORD, tower_principal::BasicUser::new(USER))
        .access_token(TOKEN, OAuthUser::new("otto"))
        .access_token("over-c4n4ry-0123456789", OAuthUser::new("olga").with_expires_at(past))
        .app_token("revoked-c4n4ry-0123456789", AppToken::new("app"))
        .build()
        .unwrap();
    verifier.revoke_all(tower_principal::PrincipalKind::AppToken, "app");
    assert!(verdict(&verifier, token(TOKEN)).await.is_ok());
    assert_eq!(denials(&log), Vec::<String>::new(), "what is accepted is no denial");
    let app = Credential::AppToken(Secret::borrowed("revoked-c4n4ry-0123456789"));
    for (credential, line) in [
        (token(UNKNOWN_TOKEN), "memory record unknown |access_token"),
        (token("over-c4n4ry-0123456789"), "memory record expired |access_token"),
        (app, "memory record revoked |app_token"),
        (password(USER, "wrong c4n4ry"), "memory record unknown |password"),
        (password("c4n4ry", PASSWORD), "memory record unknown |password"),
    ] {
        assert!(verdict(&verifier, credential).await.is_err());
        assert_eq!(denials(&log), [line]);
    }
    assert!(verifier.verify_now(&token(UNKNOWN_TOKEN), &VerifyContext::default()).unwrap().is_err());
    assert_eq!(denials(&log).len(), 1);
}

#[tokio::test]
async fn a_function_logs_the_reason_that_it_returns() {
    let log = listen();
    let verifier = verify::from_fn(async |_, _| {
        Err::<Principal, _>(VerifyError::Denied(tower_principal::DenialReason::Disabled))
    });
    assert!(verdict(&verifier, token(TOKEN)).await.is_err());
    assert_eq!(denials(&log), ["function record disabled |access_token"]);
}

#[cfg(feature = "cache")]
#[tokio::test]
async fn an_answer_from_the_cache_and_an_attempt_too_many_are_denials_of_their_own() {
    let log = listen();
    let cached = verify::Cached::new(one_of_each_kind()).unwrap();
    for line in ["memory record unknown |access_token", "cache record unknown |access_token"] {
        assert!(verdict(&cached, token(UNKNOWN_TOKEN)).await.is_err());
        assert_eq!(denials(&log), [line]);
    }
}

/// If the dialect's limit is too low for an issuer, all of its tokens are refused. That is one line
/// at WARN.
#[tokio::test]
async fn a_credential_too_long_for_the_dialect_is_logged_once_at_warn_for_each_layer() {
    let log = listen();
    let long = format!("Bearer {}", "c4n4ry".repeat(2_000));
    let apps = [app(dialect::RFC6750), app(dialect::RFC6750)];
    for app in &apps {
        for _ in 0..3 {
            assert_eq!(send(app.clone(), authorization(&*long)).await.status, 401);
        }
    }
    let lines = log.take();
    let warned: Vec<&Line> = lines.iter().filter(|line| line.level == tracing::Level::WARN).collect();
    let about = |line: &&&Line| format!("{line:?}").contains("credential too long, or");
    assert_eq!(warned.iter().filter(about).count(), 2, "{warned:?}");
    assert_eq!(lines.iter().filter(|line| line.target == TARGET).count(), 6);
    assert!(lines.iter().all(|line| !format!("{line:?}").contains("c4n4ry")));
}

/// A refusal by the throttle is the throttle's denial. Other denials are those of its inner
/// verifier.
#[cfg(feature = "throttle")]
#[tokio::test]
async fn an_attempt_over_the_limit_is_a_denial_of_the_throttle() {
    let log = listen();
    let limit = verify::FailureLimit::new(2, Duration::from_secs(60));
    let throttled = verify::Throttled::new(one_of_each_kind()).unwrap().by_client(limit);
    let client = VerifyContext::default().with_client("192.0.2.1".parse().unwrap());
    for line in [
        "memory record unknown |access_token",
        "memory record unknown |access_token",
        "throttle record throttled |access_token",
    ] {
        assert!(throttled.verify(&token(UNKNOWN_TOKEN), &client).await.is_err());
        assert_eq!(denials(&log), [line]);
    }
    assert!(throttled.verify_now(&token(UNKNOWN_TOKEN), &client).unwrap().is_err());
    assert_eq!(denials(&log), ["throttle record throttled |access_token"]);
    let elsewhere = VerifyContext::default().with_client("198.51.100.7".parse().unwrap());
    assert!(throttled.verify(&token(TOKEN), &elsewhere).await.is_ok());
    assert_eq!(denials(&log), Vec::<String>::new());
}

/// Denials by the rows of a database, and by its denylist.
#[cfg(feature = "sqlite")]
#[tokio::test]
async fn a_database_and_its_denylist_log_each_denial_once() {
    use tower_principal::verify::sql::{NewUser, SqlVerifier};
    let log = listen();
    let database =
        SqlVerifier::sqlite("sqlite::memory:").passwords(cheap_passwords()).connect().await.unwrap();
    let users = database.store().users();
    users.create(USER, Secret::borrowed(PASSWORD), NewUser::new()).await.unwrap();
    assert!(verdict(&database, password(USER, PASSWORD)).await.is_ok());
    assert_eq!(denials(&log), Vec::<String>::new());
    users.disable(USER).await.unwrap();
    for (credential, line) in [
        (password(USER, PASSWORD), "sql record disabled |password"),
        (password(USER, "wrong c4n4ry"), "sql record unknown |password"),
        (password("c4n4ry", PASSWORD), "sql record unknown |password"),
        (token(UNKNOWN_TOKEN), "sql record unknown |access_token"),
        (Credential::AppToken(Secret::borrowed("c4n4ry-0123456789abcdef")), "sql record unknown |app_token"),
    ] {
        assert!(verdict(&database, credential).await.is_err());
        assert_eq!(denials(&log), [line]);
    }
    let listed = database
        .denylist(verify::from_fn(async |_, _| Ok(OAuthUser::new("otto").with_credential_id("jti-c4n4ry"))));
    assert!(verdict(&listed, token(TOKEN)).await.is_ok());
    listed.revoke(&token(TOKEN), &VerifyContext::default()).await.unwrap();
    assert_eq!(denials(&log), Vec::<String>::new(), "a revocation is no denial");
    assert!(verdict(&listed, token(TOKEN)).await.is_err());
    assert_eq!(denials(&log), ["denylist record revoked |access_token"]);
}

/// If no verifier supports a credential, the layer denies it.
#[tokio::test]
async fn a_credential_that_no_verifier_takes_is_a_denial_of_the_layer() {
    let log = listen();
    let nothing =
        verify::from_fn(async |_, _| Err::<Principal, _>(VerifyError::Unsupported)).separates_tenants();
    let layer = AuthenticateLayer::new(dialect::RFC6750, nothing, transport::danger_assume_secure());
    assert_eq!(send(whoami().layer(layer), authorization(bearer(UNKNOWN_TOKEN))).await.status, 401);
    assert_eq!(denials(&log), ["layer record unknown |access_token"]);
}

/// Requests for which no verifier is asked.
#[tokio::test]
async fn what_cannot_be_read_and_what_is_not_secure_is_a_denial() {
    let log = listen();
    let app = app(dialect::RFC6750);
    let long = format!("Bearer {}", "c4n4ry".repeat(2_000));
    let name = dialect::RFC6750.name;
    for (value, line) in [
        ("Bearer c4n4ry c4n4ry", format!("{name} reading unknown |malformed")),
        (&*long, format!("{name} reading unknown |access_token")),
        (&*bearer(UNKNOWN_TOKEN), "memory record unknown |access_token".to_owned()),
    ] {
        let answer = send(app.clone(), authorization(value)).await;
        assert!(answer.status == 401 || answer.status == 400, "{value}: {}", answer.status);
        assert_eq!(denials(&log), [line], "{value}");
    }
    assert_eq!(send(app.clone(), http::Request::new(axum::body::Body::empty())).await.status, 401);
    assert!(denials(&log)[0].contains(" reading unknown |missing"));

    let layer = AuthenticateLayer::new(dialect::RFC6750, one_of_each_kind(), transport::from_acceptor());
    let guarded = whoami().layer(layer);
    assert_eq!(send(guarded.clone(), authorization(bearer(TOKEN))).await.status, 403);
    assert_eq!(denials(&log), ["transport transport unknown secure|unknown"]);
    let mut plain = authorization(bearer(TOKEN));
    plain.extensions_mut().insert(transport::PlainConnection);
    assert_eq!(send(guarded.clone(), plain).await.status, 403);
    assert_eq!(denials(&log), ["transport transport unknown secure|plain http"]);
    let mut secure = authorization(bearer(TOKEN));
    secure.extensions_mut().insert(SecureConnection);
    assert_eq!(send(guarded, secure).await.status, 200);
    assert_eq!(denials(&log), Vec::<String>::new());
}

#[tokio::test]
async fn a_policy_logs_the_scopes_that_it_needs() {
    let log = listen();
    let app =
        whoami().layer(RequireLayer::new(policy::scope("datasets:write"))).layer(layer(dialect::RFC6750));
    assert_eq!(send(app, authorization(bearer(TOKEN))).await.status, 403);
    assert_eq!(denials(&log), ["policy policy unknown datasets:write|read"]);
}

#[cfg(feature = "introspection")]
#[tokio::test]
async fn introspection_logs_what_was_expected_and_received() {
    use tower_principal::test_util::Issuer;
    let log = listen();
    let issuer = Issuer::new("https://as.example").unwrap();
    let verifier = issuer.introspection().audience("https://api.example").build().unwrap();
    let of = |name: &'static str| issuer.token("c4n4ry").opaque_as(name);
    of("no-audience");
    issuer.token("c4n4ry").audience("https://other.example\n").opaque_as("other-audience");
    issuer
        .token("c4n4ry")
        .audience("https://api.example")
        .claim("iss", "https://x.example")
        .opaque_as("issuer");
    issuer.token("c4n4ry").audience("https://api.example").claim("exp", 5).opaque_as("over");
    issuer.token("c4n4ry").audience("https://api.example").claim("token_type", "DPoP").opaque_as("bound");
    for (name, line) in [
        ("nobody's", "introspection record unknown true|false"),
        ("no-audience", "introspection audience unknown https://api.example|none"),
        ("other-audience", r"introspection audience unknown https://api.example|https://other.example\n"),
        ("issuer", "introspection issuer unknown https://as.example|https://x.example"),
        ("bound", "introspection use unknown token_type|DPoP"),
    ] {
        assert!(verdict(&verifier, token(name)).await.is_err(), "{name}");
        assert_eq!(denials(&log), [line], "{name}");
    }
    assert!(verdict(&verifier, token("over")).await.is_err());
    assert_eq!(
        denials(&log),
        ["introspection record unknown true|false"],
        "the server itself answers that it is inactive"
    );
}

#[cfg(feature = "jwt")]
#[tokio::test]
async fn a_jwt_logs_what_was_expected_and_received() {
    use serde_json::json;
    use tower_principal::test_util::{Issuer, TestClock};
    let log = listen();
    let clock = TestClock::default();
    let issuer = Issuer::with_algorithm(
        "https://issuer.example",
        tower_principal::verify::Algorithm::EdDsa,
        clock.clone(),
    )
    .unwrap();
    let other = Issuer::with_algorithm(
        "https://issuer.example",
        tower_principal::verify::Algorithm::EdDsa,
        clock.clone(),
    );
    let other = other.unwrap();
    let verifier = issuer.verifier("https://api.example").clock(clock.clone()).build().unwrap();
    let good = || issuer.token("c4n4ry").audience("https://api.example");
    assert!(verdict(&verifier, token(&good().sign())).await.is_ok());
    log.take();
    let now =
        tower_principal::clock::Clock::now(&clock).duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    for (name, jwt, line) in [
        (
            "issuer",
            good().claim("iss", "https://issuer.example/").sign(),
            "jwt issuer unknown https://issuer.example|https://issuer.example/",
        ),
        (
            "audience",
            good().audience("https://other.example").sign(),
            "jwt audience unknown https://api.example|https://other.example",
        ),
        ("typ", good().header("typ", "dpop+jwt").sign(), "jwt use unknown "),
        ("alg", good().header("alg", "none").sign(), "jwt header unknown |none"),
        ("crit", good().header("crit", json!(["x"])).sign(), "jwt header unknown |crit"),
        ("kid", good().header("kid", "key-9").sign(), "jwt key unknown |alg EdDSA, kid key-9"),
        (
            "signature",
            other.token("c4n4ry").audience("https://api.example").sign(),
            "jwt signature unknown |alg EdDSA, kid key-1",
        ),
        ("early", good().claim("nbf", now + 45).sign(), "jwt time unknown 10 s|45 s"),
        ("late", good().claim("iat", now - 100).claim("exp", now - 45).sign(), "jwt time expired 10 s|45 s"),
        (
            "lifetime",
            good().expires_in(Duration::from_secs(2 * 86_400)).sign(),
            "jwt time unknown 86400 s|172800 s",
        ),
        ("untyped", good().without_header("typ").sign(), "jwt use unknown [AccessToken]|none"),
        ("opaque", "opaque-c4n4ry".to_owned(), "jwt format unknown |"),
    ] {
        assert!(verdict(&verifier, token(&jwt)).await.is_err(), "{name}");
        let found = denials(&log);
        assert_eq!(found.len(), 1, "{name}: {found:?}");
        assert!(found[0].starts_with(line), "{name}: {found:?}");
    }
    // Each line names the setting that would accept the token, if there is a safe one.
    for (jwt, setting) in [
        (good().header("typ", "JWT").sign(), Some("accept(TokenUse::PlainJwt)")),
        (good().without_header("typ").sign(), Some("accept(TokenUse::UntypedJwt)")),
        (good().claim("nbf", now + 45).sign(), Some("leeway")),
        (good().expires_in(Duration::from_secs(2 * 86_400)).sign(), Some("max_lifetime")),
        (good().without("aud").sign(), Some("audience_claim")),
        (good().claim("type", "employee").sign(), Some("access_word")),
        (good().claim("type", "refresh").sign(), None),
        (good().header("alg", "none").sign(), None),
    ] {
        assert!(verdict(&verifier, token(&jwt)).await.is_err());
        let lines = log.take();
        let [line] = &lines[..] else { panic!("{lines:?}") };
        assert_eq!(line.fields.get("setting").map(String::as_str), setting, "{line:?}");
    }
    let revoked = good().claim("jti", "c4n4ry").sign();
    verifier.revoke(&token(&revoked), &VerifyContext::default()).await.unwrap();
    assert!(verdict(&verifier, token(&revoked)).await.is_err());
    assert_eq!(denials(&log), ["jwt revocation revoked |"]);
}

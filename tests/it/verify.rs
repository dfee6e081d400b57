//! Calls of verifiers, and the effect of their answers (REQ-15 to REQ-19, REQ-55, REQ-56).

use std::future::pending;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::routing::get as route;
use tokio::time::{Instant, sleep};
use tower_principal::RejectionKind::{
    Ambiguous, DeniedAppToken, DeniedCredentials, DeniedToken, Malformed, ServerError, TooManyAttempts,
    Unavailable,
};
use tower_principal::credential::{ClientKind, CredentialKind};
use tower_principal::transport::Peer;
use tower_principal::{
    AppToken, BasicUser, Credential, DenialReason, Guest, GuestRule, OAuthUser, Principal, PrincipalKind,
    RequireLayer, Verifier as _, VerifyError, dialect, policy,
    verify::{self, MemoryVerifier},
};

use crate::support::*;

type Verdict = Result<Principal, VerifyError>;

fn otto() -> Verdict {
    Ok(OAuthUser::new("otto").into())
}

fn an_app() -> Verdict {
    Ok(AppToken::new("app").into())
}

/// The format of the id determines the kind before a verifier is asked, and the verifier is asked
/// once.
#[tokio::test]
async fn req_15_the_shape_of_the_id_decides_and_nothing_is_tried_twice() {
    for (dialect, id, kind) in [
        (dialect::SOCRATA, KEY_ID, CredentialKind::KeyPair),
        (dialect::SOCRATA, USER, CredentialKind::Password),
        (dialect::SOCRATA, ORG_CLIENT, CredentialKind::Password),
        (dialect::USERGRID, ORG_CLIENT, CredentialKind::Client),
        (dialect::USERGRID, USER, CredentialKind::Client),
        (dialect::ANY, KEY_ID, CredentialKind::KeyPair),
        (dialect::ANY, APP_CLIENT, CredentialKind::Client),
        (dialect::ANY, USER, CredentialKind::Password),
    ] {
        let seen = move |credential: &Credential<'_>| {
            assert_eq!(credential.kind(), kind, "{id}");
            if let Credential::Client(client, pair) = credential {
                assert_eq!(*client, ClientKind::from_id(pair.id()));
            }
            assert!(!matches!(credential, Credential::ApiKey(_)));
            Err(VerifyError::UNKNOWN)
        };
        let (verifier, asked) = Counting::new(says(seen));
        let app = whoami().layer(layer_of(dialect, verifier));
        assert_eq!(send(app, authorization(basic(id, "x"))).await.outcome(), Err(DeniedCredentials));
        assert_eq!(asked(), 1, "{id}");
    }
}

#[tokio::test]
async fn req_15_a_key_does_not_open_with_a_password_nor_a_user_with_a_key() {
    let app = app(dialect::ANY);
    for (id, secret) in
        [(KEY_ID, PASSWORD), (USER, KEY_SECRET), (ORG_CLIENT, PASSWORD), (USER, CLIENT_SECRET), (KEY_ID, "")]
    {
        let answer = send(app.clone(), authorization(basic(id, secret))).await;
        assert_eq!(answer.outcome(), Err(DeniedCredentials), "{id}");
    }
}

#[tokio::test]
async fn req_16_a_password_is_taken_as_it_came() {
    let long = "x".repeat(72) + "y";
    let named = |name: &str| BasicUser::new(name);
    let verifier = MemoryVerifier::builder()
        .passwords(cheap_passwords())
        .user("admin", " Pässword ", named("admin"))
        .user("long", long.as_str(), named("long"))
        .user("very-long", "z".repeat(4000), named("very-long"))
        .build()
        .unwrap();
    let app = whoami().layer(layer_of(dialect::GEODATAHUB, verifier));
    for (id, password, good) in [
        ("admin", " Pässword ", true),
        ("admin", "Pässword", false),
        ("admin", " pässword ", false),
        ("admin", " Pa\u{308}ssword ", false),
        (" admin", " Pässword ", false),
        ("admin ", " Pässword ", false),
        ("ADMIN", " Pässword ", false),
        ("long", &long, true),
        ("long", &long[..72], false),
        ("long", &format!("{}z", &long[..72]), false),
        ("very-long", &"z".repeat(4000), true),
        ("very-long", &"z".repeat(3999), false),
    ] {
        let answer = send(app.clone(), authorization(basic(id, password))).await;
        let expected = if good { Ok("BasicUser") } else { Err(DeniedCredentials) };
        assert_eq!(answer.outcome(), expected, "{id} {password}");
    }
}

/// `passwords` tests that they take the same time; this tests that they have the same bytes.
#[tokio::test]
async fn req_17_unknown_wrong_and_disabled_users_get_the_same_answer() {
    let verifier = std::sync::Arc::new(one_of_each_kind());
    let app = whoami().layer(layer_of(dialect::SOCRATA, std::sync::Arc::clone(&verifier)));
    let mut answers = Vec::new();
    for (id, password) in [("nobody", PASSWORD), (USER, "wrong"), (USER, "")] {
        answers.push(send(app.clone(), authorization(basic(id, password))).await);
    }
    assert_eq!(verifier.disable(PrincipalKind::BasicUser, USER), 1);
    answers.push(send(app, authorization(basic(USER, PASSWORD))).await);
    for answer in &answers {
        assert_eq!(answer.outcome(), Err(DeniedCredentials));
        assert_eq!((&answer.headers, &answer.body), (&answers[0].headers, &answers[0].body));
    }
}

/// A database may return an error for text with a NUL, which would look like an outage.
#[tokio::test]
async fn req_19_text_that_no_store_can_hold_is_denied_unasked() {
    let (verifier, asked) = Counting::new(verify::from_fn(async |_, _| {
        Err::<Principal, _>(VerifyError::unavailable("invalid byte sequence for encoding"))
    }));
    let app = whoami().layer(layer_of(dialect::ANY, verifier));
    for (query, expected) in [
        ("access_token=a%00b", DeniedToken),
        ("access_token=%00", DeniedToken),
        ("access_token=%0a", DeniedToken),
        ("access_token=%C3%BC", DeniedToken),
        ("apikey=a%00", DeniedCredentials),
        ("$$app_token=a%00", DeniedAppToken),
    ] {
        let answer = send(app.clone(), get(&format!("/?{query}"), &[])).await;
        assert_eq!(answer.outcome(), Err(expected), "{query}");
    }
    assert_eq!(send(app.clone(), authorization(basic("u", "p\0q"))).await.outcome(), Err(Malformed));
    assert_eq!(asked(), 0);
}

/// The same for the two halves of a client's credential, whose characters are not limited to those
/// of a token.
#[tokio::test]
async fn req_19_no_control_character_of_a_pair_reaches_a_verifier() {
    let (verifier, asked) = Counting::new(says(|_| Err(VerifyError::UNKNOWN)));
    let app = whoami().layer(layer_of(dialect::USERGRID, verifier));
    for query in
        ["client_id=a%00b&client_secret=s", "client_id=a&client_secret=s%00", "client_id=%0a&client_secret=s"]
    {
        let answer = send(app.clone(), get(&format!("/?{query}"), &[])).await;
        assert!([400, 401].contains(&answer.status), "{query} {answer:?}");
    }
    assert_eq!(asked(), 0);
}

#[tokio::test]
async fn the_subject_is_judged_before_the_app_token_and_a_denial_beats_an_outage() {
    let verdicts: [fn() -> Verdict; 4] = [
        otto,
        || Err(VerifyError::UNKNOWN),
        || Err(VerifyError::Unsupported),
        || Err(VerifyError::unavailable("down")),
    ];
    let expected = |subject: usize, app: usize| match (subject, app) {
        (0, 0) => Ok("OAuthUser"),
        (1 | 2, _) => Err(DeniedToken),
        (0 | 3, 1 | 2) => Err(DeniedAppToken),
        _ => Err(Unavailable),
    };
    for at_once in [true, false] {
        for (subject, subject_says) in verdicts.into_iter().enumerate() {
            for (app, app_says) in verdicts.into_iter().enumerate() {
                let answer = move |credential: &Credential<'_>| match credential {
                    Credential::AppToken(_) => app_says().and(an_app()),
                    _ => subject_says(),
                };
                let service = whoami().layer(layer_of(dialect::ANY, Says { answer, at_once }));
                let request = get("/", &[("authorization", "Bearer x"), ("x-app-token", "y")]);
                assert_eq!(send(service, request).await.outcome(), expected(subject, app), "{subject} {app}");
            }
        }
    }
}

#[tokio::test]
async fn a_verifier_that_breaks_its_contract_is_a_server_error() {
    let guest: fn() -> Verdict = || Ok(Guest::new().into());
    for at_once in [true, false] {
        for (header, answer) in [
            (("authorization", "Bearer x"), guest),
            (("authorization", "Basic eDp5"), guest),
            (("x-app-token", "x"), guest),
            (("x-app-token", "x"), otto),
        ] {
            let open = dialect::ANY.guests([GuestRule::everywhere()]);
            let verifier = Says { answer: move |_: &Credential<'_>| answer(), at_once };
            let service = whoami().layer(layer_of(open, verifier));
            assert_eq!(send(service, get("/", &[header])).await.outcome(), Err(ServerError), "{header:?}");
        }
    }
}

/// Bare axum would close the connection without an answer.
#[tokio::test]
async fn req_56_a_verifier_that_panics_is_a_server_error_and_the_next_request_is_fine() {
    for at_once in [true, false] {
        let answer = |credential: &Credential<'_>| match credential {
            Credential::AccessToken(token) if token.expose_secret() == "boom" => panic!("on purpose"),
            _ => otto(),
        };
        let app = whoami().layer(layer_of(dialect::RFC6750, Says { answer, at_once }));
        for _ in 0..3 {
            assert_eq!(send(app.clone(), authorization("Bearer boom")).await.outcome(), Err(ServerError));
            assert_eq!(send(app.clone(), authorization("Bearer fine")).await.outcome(), Ok("OAuthUser"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn req_55_a_verifier_that_hangs_is_unavailable_at_the_deadline() {
    let hang = || verify::from_fn(async |_, _| pending::<Verdict>().await);
    for (layer, seconds) in [
        (layer_of(dialect::RFC6750, hang()), 2),
        (layer_of(dialect::RFC6750, hang()).deadline(Duration::from_secs(7)), 7),
    ] {
        let started = Instant::now();
        assert_eq!(send(whoami().layer(layer), authorization("Bearer x")).await.outcome(), Err(Unavailable));
        let waited = started.elapsed();
        let wanted = Duration::from_secs(seconds);
        assert!(waited >= wanted && waited < wanted + Duration::from_millis(50), "{waited:?}");
    }
}

/// A subject and an app token share the deadline, in all places of a request.
#[tokio::test(start_paused = true)]
async fn req_55_one_deadline_holds_for_all_verification_of_a_request() {
    let slow = || {
        verify::from_fn(async |credential, _| {
            sleep(Duration::from_millis(1500)).await;
            if let Credential::AppToken(_) = credential { an_app() } else { otto() }
        })
    };
    let head = get("/", &[("authorization", "Bearer x"), ("x-app-token", "y")]);
    let mut body = form("/", "access_token=x");
    body.headers_mut().insert("x-app-token", "y".parse().unwrap());
    for (at, request) in [head, body].into_iter().enumerate() {
        let layer = layer_of(dialect::ANY, slow()).with_form_body(1024, Duration::from_secs(5));
        assert_eq!(send(whoami().layer(layer), request).await.outcome(), Err(Unavailable), "case {at}");
    }
}

#[tokio::test]
async fn a_throttled_denial_is_too_many_attempts() {
    let throttled =
        |_: &Credential<'_>| Err(VerifyError::Denied(DenialReason::Throttled(Duration::from_secs(17))));
    let app = whoami().layer(layer_of(dialect::ANY, says(throttled)));
    for line in ["Bearer x".to_owned(), basic("u", "p")] {
        let answer = send(app.clone(), authorization(line)).await;
        assert_eq!((answer.outcome(), answer.lines("retry-after")), (Err(TooManyAttempts), vec!["17"]));
    }
}

#[tokio::test]
async fn a_verifier_learns_tenant_address_and_head() {
    static SEEN: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let verifier = verify::from_fn(async |_, context| {
        let line = format!("{:?} {:?}", context.tenant(), context.client_address());
        SEEN.lock().unwrap().push(line);
        otto()
    });
    let layer = layer_of(dialect::RFC6750, verifier.separates_tenants())
        .tenant(|head| head.headers().get("host")?.to_str().ok().map(Into::into));
    let app = whoami().layer(layer);
    let address: SocketAddr = "192.0.2.1:4711".parse().unwrap();
    let mut request = authorization("Bearer x");
    request.headers_mut().insert("host", "acme.example".parse().unwrap());
    request.extensions_mut().insert(Peer(address));
    send(app.clone(), request).await;
    let mut request = authorization("Bearer x");
    request.extensions_mut().insert(ConnectInfo(address));
    send(app, request).await;
    let both = ["Some(\"acme.example\") Some(192.0.2.1)", "None Some(192.0.2.1)"];
    assert_eq!(*SEEN.lock().unwrap(), both);
}

/// Peers cached a permission with the identity. Here the second route checks its own scope.
#[tokio::test]
async fn defect_14_the_second_route_checks_its_own_scope() {
    let reads =
        Router::new().route("/read", route(async || "read")).layer(RequireLayer::new(policy::scope("read")));
    let writes = Router::new()
        .route("/write", route(async || "write"))
        .layer(RequireLayer::new(policy::scope("write")));
    let app = reads.merge(writes).layer(layer(dialect::RFC6750));
    let line = bearer(TOKEN);
    for (target, status) in [("/read", 200), ("/write", 403), ("/read", 200), ("/write", 403)] {
        assert_eq!(
            send(app.clone(), get(target, &[("authorization", &line)])).await.status,
            status,
            "{target}"
        );
    }
}

/// If guests are allowed, peers accept tokens of a wrong issuer as guests.
#[tokio::test]
async fn defect_15_missing_does_not_absorb_present_but_unusable() {
    let app = app(dialect::OPENDATASOFT.guests([GuestRule::everywhere()]));
    assert_eq!(send(app.clone(), get("/", &[])).await.outcome(), Ok("Guest"));
    let two = format!("/?access_token={UNKNOWN_TOKEN}&apikey=x");
    for (request, expected) in [
        (authorization(bearer(UNKNOWN_TOKEN)), DeniedToken),
        (authorization("Bearer"), Malformed),
        (get(&two, &[]), Ambiguous),
        (get("/?apikey=x", &[]), DeniedCredentials),
    ] {
        assert_eq!(send(app.clone(), request).await.outcome(), Err(expected));
    }
}

/// The answer to an expired, revoked or disabled token is the same as to an unknown one.
#[tokio::test]
async fn every_denied_token_gets_the_same_answer() {
    let mut answers = Vec::new();
    for reason in
        [DenialReason::Unknown, DenialReason::Expired, DenialReason::Revoked, DenialReason::Disabled]
    {
        let verifier = says(move |_| Err(VerifyError::Denied(reason))).boxed();
        let answer =
            send(whoami().layer(layer_of(dialect::RFC6750, verifier)), authorization("Bearer x")).await;
        assert_eq!(answer.outcome(), Err(DeniedToken));
        answers.push((answer.headers, answer.body));
    }
    assert!(answers.windows(2).all(|two| two[0] == two[1]));
}

/// A verifier that caches its answers may return one too late.
#[tokio::test]
async fn a_principal_past_its_end_is_refused_for_any_answer_of_the_verifier() {
    #[derive(Debug)]
    struct At(u64);
    impl tower_principal::clock::Clock for At {
        fn now(&self) -> std::time::SystemTime {
            std::time::UNIX_EPOCH + Duration::from_secs(self.0)
        }
    }
    let ends = std::time::UNIX_EPOCH + Duration::from_secs(1_000);
    let forgetful =
        || verify::from_fn(move |_, _| async move { Ok(OAuthUser::new("otto").with_expires_at(ends)) });
    for (now, outcome) in [(1_029, Ok("OAuthUser")), (1_030, Err(DeniedToken)), (5_000, Err(DeniedToken))] {
        let app = whoami().layer(layer_of(dialect::RFC6750, forgetful()).clock(At(now)));
        let answer = send(app, get("/", &[("authorization", "Bearer x")])).await;
        assert_eq!(answer.outcome(), outcome, "{now}");
    }
}

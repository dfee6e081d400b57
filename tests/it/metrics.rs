//! Counters for operators: which events are counted, and that no label contains text from a client.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use axum::body::Body;
use http::Request;
use metrics::with_local_recorder;
use metrics_util::CompositeKey;
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use tower_principal::dialect::{self, CustomPlace, PairMeaning, TokenMeaning};
use tower_principal::layer::RevocationLimits;
use tower_principal::transport::{self, PlainConnection};
use tower_principal::{
    AuthenticateLayer, Credential, CredentialForm, Dialect, GuestRule, OAuthUser, Principal, RejectionKind,
    RequireLayer, VerifyError, policy, verify::MemoryVerifier,
};

use crate::support::*;

/// Only this file uses this token, because the whole process refuses it while it is revoked.
const SHOWN_TOKEN: &str = "9kxoTUYvSxnAiMpv008NBqRiqkCount";

/// All recorded metrics by name and labels.
type Series = BTreeMap<(String, Vec<(String, String)>), f64>;

/// Runs requests one after another on this thread, where they are counted.
struct Counted {
    recorder: DebuggingRecorder,
    snapshotter: Snapshotter,
    runtime: tokio::runtime::Runtime,
}

impl Counted {
    fn new() -> Self {
        let recorder = DebuggingRecorder::new();
        let snapshotter = recorder.snapshotter();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { recorder, snapshotter, runtime }
    }

    fn run<T>(&self, work: impl Future<Output = T>) -> T {
        with_local_recorder(&self.recorder, || self.runtime.block_on(work))
    }

    /// Returns the counts since the last call.
    fn series(&self) -> Series {
        let taken = self.snapshotter.snapshot().into_vec();
        let value = |value| match value {
            DebugValue::Counter(count) => count as f64,
            DebugValue::Gauge(value) => value.into_inner(),
            DebugValue::Histogram(values) => values.len() as f64,
        };
        let one = |(key, _, _, recorded): (CompositeKey, _, _, _)| {
            let labels = key.key().labels().map(|label| (label.key().to_owned(), label.value().to_owned()));
            ((key.key().name().to_owned(), labels.collect()), value(recorded))
        };
        taken.into_iter().map(one).filter(|(_, value)| *value > 0.0).collect()
    }

    /// Returns the attempts since the last call, as `credential carrier syntax outcome`.
    fn attempts(&self) -> Vec<(String, f64)> {
        let series = self.series().into_iter();
        let attempts = series.filter(|((name, _), _)| name == "tower_principal_attempts_total");
        attempts
            .map(|((_, labels), count)| {
                let names: Vec<_> = labels.iter().map(|(name, _)| name.as_str()).collect();
                assert_eq!(names, ["credential", "carrier", "syntax", "outcome"]);
                (labels.into_iter().map(|(_, value)| value).collect::<Vec<_>>().join(" "), count)
            })
            .collect()
    }
}

fn mine() -> Dialect {
    Dialect { name: "mine", ..dialect::RFC6750 }
        .forms([
            CredentialForm::scheme("Bearer", TokenMeaning::ACCESS_TOKEN),
            CredentialForm::basic(PairMeaning::PASSWORD),
            CredentialForm::header("x-app-token", TokenMeaning::APP_TOKEN),
            CredentialForm::query("access_token", TokenMeaning::ACCESS_TOKEN),
            CredentialForm::body("access_token", TokenMeaning::ACCESS_TOKEN),
        ])
        .guests([GuestRule::path("/open/**")])
}

fn service(at_once: bool) -> axum::Router {
    let layer =
        layer_of(mine(), Says { answer: obey, at_once }).with_form_body(256, Duration::from_millis(20));
    let secured = RequireLayer::new(policy::scope("write"));
    let routes = axum::Router::new()
        .route("/secured", axum::routing::any(async || "in").layer(secured))
        .fallback(async || "in");
    routes.layer(layer)
}

#[test]
fn every_outcome_is_counted_once_by_kind_carrier_and_syntax() {
    let token = |word: &str| authorization(bearer(&format!("{word}-token")));
    let secured = |mut request: Request<Body>| {
        *request.uri_mut() = "/secured".parse().unwrap();
        request
    };
    let slow = || {
        form("/", Body::from_stream(futures_util::stream::pending::<Result<bytes::Bytes, std::io::Error>>()))
    };
    for at_once in [true, false] {
        let counted = Counted::new();
        let twice = {
            let mut twice = token("good");
            twice.headers_mut().append("authorization", "x".parse().unwrap());
            twice
        };
        for (request, expected) in [
            (token("good"), &["access_token authorization bearer accepted"][..]),
            (get("/?access_token=good", &[]), &["access_token query parameter accepted"]),
            (form("/", "access_token=good"), &["access_token body parameter accepted"]),
            (get("/", &[("x-app-token", "good")]), &["app_token header header accepted"]),
            (authorization(basic("good", "x")), &["password authorization basic accepted"]),
            (get("/open/x", &[]), &["none none none guest"]),
            (get("/", &[]), &["none none none missing"]),
            (authorization("Digest x"), &["none none none unknown_scheme"]),
            (authorization("Bearer"), &["none none none malformed"]),
            (twice, &["none none none ambiguous"]),
            (token("bad"), &["access_token authorization bearer denied_token"]),
            (authorization(basic("bad", "x")), &["password authorization basic denied_credentials"]),
            (get("/", &[("x-app-token", "bad")]), &["app_token header header denied_app_token"]),
            (token("throttled"), &["access_token authorization bearer too_many_attempts"]),
            (token("down"), &["access_token authorization bearer unavailable"]),
            (form("/", "x".repeat(300)), &["none none none body_too_large"]),
            (slow(), &["none none none body_timeout"]),
            (
                secured(token("good")),
                &[
                    "access_token authorization bearer accepted",
                    "access_token authorization bearer insufficient_scope",
                ],
            ),
            (
                secured(authorization(basic("good", "x"))),
                &["password authorization basic accepted", "password authorization basic forbidden"],
            ),
        ] {
            let shown = format!("{} {:?} {expected:?}", request.uri(), request.headers());
            counted.run(send(service(at_once), request));
            let expected: Vec<_> = expected.iter().map(|series| ((*series).to_owned(), 1.0)).collect();
            assert_eq!(counted.attempts(), expected, "{shown}");
        }
        counted.run(send(service(at_once), token("panic")));
        let attempts = counted.attempts();
        assert!(attempts.len() == 1 && attempts[0].0.ends_with(" server_error"), "{attempts:?}");
    }
}

/// An app token in the head and a subject in the body belong to one request.
#[test]
fn a_subject_in_the_body_beside_an_app_token_is_one_attempt() {
    let counted = Counted::new();
    for (body, expected) in [
        ("access_token=good", "access_token body parameter accepted"),
        ("access_token=bad", "access_token body parameter denied_token"),
        ("a=b", "app_token header header accepted"),
    ] {
        let mut request = form("/", body);
        request.headers_mut().insert("x-app-token", "good".parse().unwrap());
        counted.run(send(service(false), request));
        assert_eq!(counted.attempts(), [(expected.to_owned(), 1.0)]);
    }
}

/// REQ-07: the metrics show whether a form is still in use before it is removed.
#[test]
fn req_07_every_spelling_is_counted_under_a_name_of_its_own() {
    let counted = Counted::new();
    let target = |parameters: &str| get(&format!("/?{parameters}"), &[]);
    let client = format!("client_id={ORG_CLIENT}&client_secret={CLIENT_SECRET}");
    let rows = [
        ("access_token authorization bearer", authorization(bearer(TOKEN)), authorization("bEaReR x")),
        (
            "access_token authorization bearer_colon",
            authorization(format!("Bearer: {TOKEN}")),
            authorization("BEARER: x"),
        ),
        (
            "access_token authorization oauth",
            authorization(format!("OAuth {TOKEN}")),
            authorization(format!("oauth {}", "x".repeat(9_000))),
        ),
        ("access_token authorization bare", authorization(TOKEN), authorization(UNKNOWN_TOKEN)),
        ("access_token query parameter", target(&format!("access_token={TOKEN}")), target("access_token=x")),
        (
            "access_token body parameter",
            form("/", format!("access_token={TOKEN}")),
            form("/", "access_token=a%3Ab"),
        ),
        (
            "api_key authorization apikey",
            authorization(format!("Apikey {API_KEY}")),
            authorization("Apikey a=b=c"),
        ),
        (
            "key_pair authorization basic",
            authorization(basic(KEY_ID, KEY_SECRET)),
            authorization(basic(KEY_ID, "x")),
        ),
        ("api_key query parameter", target(&format!("apikey={API_KEY}")), target("%61pikey=x")),
        (
            "password authorization basic",
            authorization(basic(USER, PASSWORD)),
            authorization(basic(USER, "x")),
        ),
        (
            "client authorization basic",
            authorization(basic(ORG_CLIENT, CLIENT_SECRET)),
            authorization(basic(ORG_CLIENT, "x")),
        ),
        (
            "client query parameter_pair",
            target(&client),
            target(&format!("client_id={ORG_CLIENT}&client_secret={}", "x".repeat(30_000))),
        ),
        (
            "app_token header header",
            get("/", &[("x-app-token", APP_TOKEN)]),
            get("/", &[("x-api-key", UNKNOWN_TOKEN)]),
        ),
        ("app_token query parameter", target(&format!("$$app_token={APP_TOKEN}")), target("$$app_token=x")),
    ];
    let app = whoami().layer(layer(dialect::ANY).with_form_body(4096, Duration::from_secs(5)));
    let mut names = BTreeSet::new();
    for (spelling, good, bad) in rows {
        for (request, accepted) in [(good, true), (bad, false)] {
            let shown = format!("{} {:?}", request.uri(), request.headers());
            assert_eq!(counted.run(send(app.clone(), request)).status == 200, accepted, "{shown}");
            let attempts = counted.attempts();
            let [(labels, 1.0)] = &attempts[..] else { panic!("{shown}: {attempts:?}") };
            let (told, outcome) = labels.rsplit_once(' ').unwrap();
            assert_eq!((told, outcome == "accepted"), (spelling, accepted), "{shown}");
        }
        names.insert(spelling);
    }
    assert_eq!(names.len(), 14);
}

/// All schemes and grammars of a service's own share a few names.
#[test]
fn req_07_spellings_of_a_services_own_are_counted_apart_from_the_platforms() {
    fn own(
        value: tower_principal::Secret<'_>,
    ) -> Result<Credential<'_>, tower_principal::dialect::Malformed> {
        let (key, _) = value.split_once('/').ok_or(tower_principal::dialect::Malformed)?;
        Ok(Credential::AccessToken(key))
    }
    let counted = Counted::new();
    let dialect = Dialect { name: "mine", ..dialect::RFC6750 }.forms([
        CredentialForm::scheme("Token", TokenMeaning::ACCESS_TOKEN),
        CredentialForm::scheme_colon("Token", TokenMeaning::ACCESS_TOKEN),
        CredentialForm::custom(CustomPlace::Scheme("Key"), own),
        CredentialForm::custom(CustomPlace::Header("x-key"), own),
        CredentialForm::custom(CustomPlace::Query("key"), own),
    ]);
    let app = whoami().layer(layer_of(dialect, says(obey)));
    for (request, expected) in [
        (authorization("token good"), "access_token authorization scheme accepted"),
        (authorization("token: good"), "access_token authorization scheme_colon accepted"),
        (authorization("Key good/x"), "access_token authorization custom accepted"),
        (get("/", &[("x-key", "bad/x")]), "access_token header custom denied_token"),
        (get("/?key=bad/x", &[]), "access_token query custom denied_token"),
        // A malformed credential has no form.
        (authorization("Key good"), "none none none malformed"),
    ] {
        counted.run(send(app.clone(), request));
        assert_eq!(counted.attempts(), [(expected.to_owned(), 1.0)]);
    }
}

/// An attempt is labelled by its subject, so the app token beside it has a count of its own.
#[test]
fn req_07_an_app_token_beside_another_credential_is_counted_by_its_carrier() {
    let counted = Counted::new();
    let app = whoami().layer(layer(dialect::ANY).with_form_body(4096, Duration::from_secs(5)));
    let by_query = format!("/?$$app_token={APP_TOKEN}");
    let token = bearer(TOKEN);
    for (request, expected) in [
        (get(&by_query, &[("authorization", &token)]), Some("query")),
        (form(&by_query, format!("access_token={TOKEN}")), Some("query")),
        (get("/", &[("authorization", &token), ("x-app-token", APP_TOKEN)]), Some("header")),
        // An app token alone is an attempt of its own.
        (get(&by_query, &[]), None),
        (get("/", &[("authorization", &token)]), None),
        (get(&by_query, &[("authorization", "Bearer unknown")]), None),
    ] {
        let shown = format!("{} {:?}", request.uri(), request.headers());
        counted.run(send(app.clone(), request));
        let series = counted.series().into_iter();
        let beside: Vec<_> = series
            .filter(|((name, _), _)| name == "tower_principal_app_tokens_beside_total")
            .map(|((_, labels), count)| (labels, count))
            .collect();
        let labels = |carrier: &str| vec![("carrier".to_owned(), carrier.to_owned())];
        let expected: Vec<_> = expected.into_iter().map(|carrier| (labels(carrier), 1.0)).collect();
        assert_eq!(beside, expected, "{shown}");
    }
}

#[test]
fn insecure_transport_is_counted_too() {
    let counted = Counted::new();
    let layer = AuthenticateLayer::new(mine(), one_of_each_kind(), transport::from_acceptor());
    counted.run(send(whoami().layer(layer), authorization(bearer(TOKEN))));
    assert_eq!(
        counted.attempts(),
        [("access_token authorization bearer insecure_transport".to_owned(), 1.0)]
    );
}

/// Only answers that were waited for are timed, because reading the clock twice costs more than an
/// immediate answer.
#[test]
fn the_time_of_a_verification_is_recorded_by_kind() {
    for at_once in [true, false] {
        let counted = Counted::new();
        counted.run(async {
            for _ in 0..3 {
                send(service(at_once), authorization(bearer("good"))).await;
            }
            send(service(at_once), authorization(bearer("bad"))).await;
            send(service(at_once), authorization(basic("good", "x"))).await;
            // No verifier is asked about these.
            send(service(at_once), get("/open/x", &[])).await;
            send(service(at_once), get("/", &[])).await;
        });
        let series = counted.series();
        let of = |kind: &str| {
            let labels = vec![("credential".to_owned(), kind.to_owned())];
            series.get(&("tower_principal_verification_seconds".to_owned(), labels)).copied()
        };
        let expected = if at_once { (None, None, None) } else { (Some(4.0), Some(1.0), None) };
        assert_eq!((of("access_token"), of("password"), of("none")), expected);
    }
}

#[test]
fn the_time_is_that_of_the_verification() {
    let counted = Counted::new();
    let slow = tower_principal::verify::from_fn(async |_, _| {
        tokio::time::sleep(Duration::from_millis(30)).await;
        Err::<Principal, _>(VerifyError::UNKNOWN)
    });
    counted.run(send(whoami().layer(layer_of(mine(), slow)), authorization(bearer("x"))));
    let taken = counted.snapshotter.snapshot().into_vec();
    let times = taken.into_iter().find_map(|(_, _, _, value)| match value {
        DebugValue::Histogram(times) => Some(times),
        _ => None,
    });
    let times = times.unwrap();
    assert!(times.len() == 1 && (0.03..20.0).contains(&times[0].into_inner()), "{times:?}");
}

#[test]
fn what_is_revoked_is_counted_by_what_came_of_it() {
    let counted = Counted::new();
    let limits = RevocationLimits::default();
    for (limits, expected) in [
        (limits, "revoked"),
        (limits.dry_run(), "would_be_revoked"),
        (limits.per_minute(0), "spared_by_fuse"),
    ] {
        let otto = OAuthUser::new("otto");
        let verifier = MemoryVerifier::builder().access_token(SHOWN_TOKEN, otto).build().unwrap();
        let layer = AuthenticateLayer::new(dialect::SOCRATA, verifier, transport::from_acceptor());
        let mut request = authorization(format!("OAuth {SHOWN_TOKEN}"));
        request.extensions_mut().insert(PlainConnection);
        counted.run(send(whoami().layer(layer.revocation(limits)), request));
        let series = counted.series();
        let revocations: Vec<_> =
            series.iter().filter(|((name, _), _)| name == "tower_principal_revocations_total").collect();
        let labels = vec![("outcome".to_owned(), expected.to_owned())];
        assert_eq!(revocations, [(&("tower_principal_revocations_total".to_owned(), labels), &1.0)]);
    }
}

#[test]
fn a_client_secret_from_a_browser_is_counted() {
    let counted = Counted::new();
    let target = format!("/?client_id={ORG_CLIENT}&client_secret={CLIENT_SECRET}");
    for _ in 0..2 {
        counted.run(send(app(dialect::USERGRID), get(&target, &[("origin", "https://page.example")])));
    }
    counted.run(send(app(dialect::USERGRID), get(&target, &[])));
    let series = counted.series();
    assert_eq!(series.get(&("tower_principal_browser_clients_total".to_owned(), Vec::new())), Some(&2.0));
}

#[cfg(feature = "throttle")]
#[test]
fn req_60_what_is_slowed_down_is_counted_by_what_was_over_its_limit() {
    use std::net::SocketAddr;

    use tower_principal::transport::Peer;
    use tower_principal::verify::{FailureLimit, Throttled};

    let counted = Counted::new();
    let hour = Duration::from_secs(3_600);
    for at_once in [true, false] {
        let inner = Says { answer: obey, at_once };
        let throttled = Throttled::new(inner)
            .unwrap()
            .by_id(FailureLimit::new(1, hour))
            .by_client(FailureLimit::new(2, hour));
        let app = whoami().layer(layer_of(mine(), throttled));
        let attempt = |id: &str| {
            let mut request = authorization(basic(id, "x"));
            request.extensions_mut().insert(Peer(SocketAddr::from(([192, 0, 2, 1], 4711))));
            request
        };
        let slowed = |expected: &[(&str, f64)]| {
            let series = counted.series();
            let slowed: Vec<_> = series
                .iter()
                .filter(|((name, _), _)| name == "tower_principal_throttled_total")
                .map(|((_, labels), count)| (labels[0].1.as_str(), *count))
                .collect();
            assert_eq!(slowed, expected);
        };
        for id in ["good", "bad-1", "bad-1", "bad-2", "bad-3"] {
            counted.run(send(app.clone(), attempt(id)));
        }
        slowed(&[("client", 1.0), ("id", 1.0)]);
        // The throttle knows this client, so the request passes and no slow-down is counted.
        assert_eq!(counted.run(send(app.clone(), attempt("good"))).status, 200);
        slowed(&[]);
    }
}

/// REQ-54: every label is a name that the crate defines, for any request.
#[test]
fn req_54_no_label_is_anything_that_a_client_chose() {
    let counted = Counted::new();
    let layer = layer(dialect::ANY).with_form_body(4096, Duration::from_secs(5));
    let app = whoami().layer(layer);
    let mut names = 0_u64;
    let mut odd = || {
        names += 1;
        format!("odd{:016x}", names.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    };
    counted.run(async {
        for n in 0..1_500 {
            let (one, two) = (odd(), odd());
            let request = match n % 12 {
                0 => authorization(bearer(&one)),
                1 => authorization(basic(&one, &two)),
                2 => authorization(format!("{one} {two}")),
                3 => authorization(one.clone()),
                4 => get(&format!("/{one}?access_token={two}"), &[]),
                5 => get(&format!("/?client_id={one}&client_secret={two}"), &[("origin", &two)]),
                6 => get(&format!("/{one}"), &[("x-app-token", &two)]),
                7 => request(&one, "/", &[("x-api-key", &two)]),
                8 => form(&format!("/{one}"), format!("access_token={two}")),
                9 => authorization(format!("Basic {one}")),
                10 => get(&format!("/?apikey={one}"), &[("user-agent", &two), ("host", &one)]),
                _ => get(&format!("/{one}"), &[("x-forwarded-for", &two)]),
            };
            send(app.clone(), request).await;
        }
    });
    let series = counted.series();
    let kinds = ["none", "access_token", "api_key", "key_pair", "app_token", "client", "password"];
    let carriers = ["none", "authorization", "header", "query", "body"];
    let syntaxes =
        ["none", "basic", "bearer", "oauth", "apikey", "bare", "header", "parameter", "parameter_pair"];
    let all = [
        RejectionKind::Missing,
        RejectionKind::UnknownScheme,
        RejectionKind::Malformed,
        RejectionKind::Ambiguous,
        RejectionKind::DeniedToken,
        RejectionKind::DeniedCredentials,
        RejectionKind::DeniedAppToken,
    ];
    let outcomes: BTreeSet<_> = all.iter().map(|kind| kind.as_str()).chain(["accepted", "guest"]).collect();
    for (name, labels) in series.keys() {
        assert!(name.starts_with("tower_principal_"), "{name}");
        for (label, value) in labels {
            let fixed = match label.as_str() {
                "credential" => kinds.contains(&value.as_str()),
                "carrier" => carriers.contains(&value.as_str()),
                "syntax" => syntaxes.contains(&value.as_str()),
                "outcome" => outcomes.contains(value.as_str()),
                _ => false,
            };
            assert!(fixed, "{name} {label}={value}");
        }
    }
    assert!(series.len() > 10 && series.len() < 40, "{series:?}");
    let attempts = series.iter().filter(|((name, _), _)| name == "tower_principal_attempts_total");
    assert_eq!(attempts.map(|(_, count)| *count).sum::<f64>(), 1_500.0);
}

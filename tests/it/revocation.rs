//! The effect of plain http on credentials, and which evidence of it counts (REQ-33 to REQ-38).

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::{Router, routing::get};
use http::Request;
use tower::ServiceExt as _;
use tower_principal::layer::RevocationLimits;
use tower_principal::transport::{self, Peer, PlainConnection, SecureConnection, Transport};
use tower_principal::verify::password::Passwords;
use tower_principal::{
    ApiKey, AppToken, AuthenticateLayer, Credential, OAuthUser, Principal, Rejection, RejectionKind,
    Verifier, VerifyContext, VerifyError, dialect, verify::MemoryVerifier,
};

use crate::support::logged;

const TOKENS: [&str; 3] = ["first-token-of-otto", "second-token-of-otto", "third-token-of-otto"];

fn verifier() -> Arc<MemoryVerifier> {
    let builder = MemoryVerifier::builder()
        .passwords(Passwords::with_params(8, 1, 1).unwrap())
        .app_token("09sIcqEhoY0teGY5rhupZGqhW", AppToken::new("app"));
    let user = || OAuthUser::new("otto");
    Arc::new(
        TOKENS
            .into_iter()
            .fold(builder, |builder, token| builder.access_token(token, user()))
            .build()
            .unwrap(),
    )
}

fn app(transport: Transport, limits: RevocationLimits) -> Router {
    let layer = AuthenticateLayer::new(dialect::SOCRATA, verifier(), transport).revocation(limits);
    Router::new().route("/", get(async |me: Principal| me.kind().to_string())).layer(layer)
}

enum Over {
    Tls,
    Plain,
    Unmarked,
    Proxy(&'static [(&'static str, &'static str)]),
}

async fn status(app: &Router, token: &str, over: Over) -> (u16, Option<RejectionKind>, Vec<u8>) {
    let mut request =
        Request::get("/").header("authorization", format!("OAuth {token}")).body(Body::empty()).unwrap();
    match over {
        Over::Tls => _ = request.extensions_mut().insert(SecureConnection),
        Over::Plain => _ = request.extensions_mut().insert(PlainConnection),
        Over::Unmarked => {}
        Over::Proxy(lines) => {
            request.extensions_mut().insert(PlainConnection);
            request.extensions_mut().insert(Peer(SocketAddr::from(([10, 0, 0, 1], 4711))));
            for (name, value) in lines {
                request.headers_mut().append(*name, value.parse().unwrap());
            }
        }
    }
    let response = app.clone().oneshot(request).await.unwrap();
    let kind = response.extensions().get::<Rejection>().map(Rejection::kind);
    let (parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, 4096).await.unwrap();
    (parts.status.as_u16(), kind, format!("{:?}{body:?}", parts.headers).into_bytes())
}

async fn lives(app: &Router, token: &str) -> bool {
    status(app, token, Over::Tls).await.0 == 200
}

#[tokio::test]
async fn req_37_a_token_shown_over_plain_http_is_refused_and_revoked_at_once() {
    let app = app(transport::from_acceptor(), RevocationLimits::default());
    let [first, second, _] = TOKENS;
    assert!(lives(&app, first).await);
    let (code, kind, good) = status(&app, first, Over::Plain).await;
    assert_eq!((code, kind), (403, Some(RejectionKind::InsecureTransport)));
    assert_eq!(
        status(&app, "nobody-knows-this-token", Over::Plain).await.2,
        good,
        "tells nothing of the token"
    );
    assert!(!lives(&app, first).await && lives(&app, second).await);
}

#[tokio::test]
async fn req_36_only_a_definite_verdict_revokes() {
    let proxied =
        || app(transport::behind_proxy(["10.0.0.0/8".parse().unwrap()]), RevocationLimits::default());
    let [token, ..] = TOKENS;
    let xfp = "x-forwarded-proto";
    for (over, code, survives) in [
        (Over::Unmarked, 403, true),
        (Over::Proxy(&[]), 403, true),
        (Over::Proxy(&[("x-forwarded-proto", "https"), ("x-forwarded-proto", "http")]), 403, true),
        (Over::Proxy(&[("x-forwarded-proto", "httpsx")]), 403, true),
        (Over::Proxy(&[("x-forwarded-ssl", "on")]), 403, true),
        (Over::Proxy(&[("x-forwarded-proto", "https")]), 200, true),
        (Over::Proxy(&[("forwarded", "for=x;PROTO=\"https\"")]), 200, true),
        (Over::Proxy(&[("x-forwarded-proto", "http")]), 403, false),
    ] {
        let app = proxied();
        assert_eq!(status(&app, token, over).await.0, code);
        assert_eq!(lives(&app, token).await, survives, "{xfp}");
    }
}

#[tokio::test]
async fn req_34_a_peer_off_the_list_is_not_believed() {
    let app = app(transport::behind_proxy(["192.0.2.0/24".parse().unwrap()]), RevocationLimits::default());
    let [token, ..] = TOKENS;
    assert_eq!(status(&app, token, Over::Proxy(&[("x-forwarded-proto", "https")])).await.0, 403);
    assert!(
        std::panic::catch_unwind(|| self::app(
            transport::behind_proxy(["::/0".parse().unwrap()]),
            RevocationLimits::default()
        ))
        .is_err()
    );
}

#[tokio::test]
async fn req_38_the_fuse_stops_revoking_and_a_dry_run_never_does() {
    let [first, second, third] = TOKENS;
    let fused = app(transport::from_acceptor(), RevocationLimits::default().per_minute(1));
    for token in ["garbage-garbage-garbage", first, second, third] {
        assert_eq!(status(&fused, token, Over::Plain).await.0, 403);
    }
    assert!(!lives(&fused, first).await && lives(&fused, second).await && lives(&fused, third).await);
    let dry = app(transport::from_acceptor(), RevocationLimits::default().dry_run());
    assert_eq!(status(&dry, first, Over::Plain).await.0, 403);
    assert!(lives(&dry, first).await);
}

/// The log reports it once and not for each request, and contains no token.
#[tokio::test(flavor = "current_thread")]
async fn req_38_a_blown_fuse_is_one_error_in_the_log() {
    let fused = app(transport::from_acceptor(), RevocationLimits::default().per_minute(1));
    let ((), log) = logged(async {
        for _ in 0..2 {
            for token in TOKENS {
                assert_eq!(status(&fused, token, Over::Plain).await.0, 403);
            }
        }
    })
    .await;
    let lines = |word: &str| log.lines().filter(|line| line.contains(word)).count();
    assert_eq!((lines("ERROR"), lines("but not revoked, this minute")), (1, 1), "{log}");
    assert_eq!(lines("outcome=\"revoked\""), 1, "{log}");
    assert!(TOKENS.iter().all(|token| !log.contains(token)), "{log}");
}

const SLOW: Duration = Duration::from_millis(40);

/// Answers slowly, so that many verifications run at once.
struct Slow {
    inner: Arc<MemoryVerifier>,
    revoked: Arc<AtomicUsize>,
}

impl Verifier for Slow {
    async fn verify(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Result<Principal, VerifyError> {
        let answer = self.inner.verify(credential, context).await;
        tokio::time::sleep(SLOW).await;
        answer
    }

    async fn revoke(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Result<(), VerifyError> {
        self.revoked.fetch_add(1, Ordering::SeqCst);
        self.inner.revoke(credential, context).await
    }
}

/// A client that retries sends one credential, and uses one place of the fuse.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn req_38_many_showings_of_one_token_use_up_one_place_of_the_fuse() {
    let revoked = Arc::new(AtomicUsize::new(0));
    let verifier = Slow { inner: verifier(), revoked: Arc::clone(&revoked) };
    let layer = AuthenticateLayer::new(dialect::SOCRATA, verifier, transport::from_acceptor())
        .revocation(RevocationLimits::default().per_minute(2).percent(100));
    let app = Router::new().route("/", get(async |me: Principal| me.kind().to_string())).layer(layer);
    let [first, second, third] = TOKENS;
    let shown: Vec<_> = (0..1_000)
        .map(|_| {
            let app = app.clone();
            tokio::spawn(async move { status(&app, first, Over::Plain).await.0 })
        })
        .collect();
    for shown in shown {
        assert_eq!(shown.await.unwrap(), 403);
    }
    for (token, revocations) in [(first, 1), (second, 2), (third, 2)] {
        assert_eq!(status(&app, token, Over::Plain).await.0, 403);
        // The revocation continues after the answer.
        tokio::time::timeout(Duration::from_secs(20), async {
            while revoked.load(Ordering::SeqCst) < revocations {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        })
        .await
        .unwrap();
        tokio::time::sleep(SLOW * 3).await;
        assert_eq!(revoked.load(Ordering::SeqCst), revocations, "{token}");
    }
    assert!(!lives(&app, first).await, "it is revoked");
    assert!(!lives(&app, second).await, "there was a second place");
    assert!(lives(&app, third).await, "and no third one");
}

/// The owner deliberately sends 20 tokens over plain http, from one client and then from many.
#[tokio::test]
async fn req_38_one_owners_tokens_do_not_use_up_the_fuse_for_the_others() {
    for one_client in [true, false] {
        let (flood, of_olga) = (tokens_of("otto"), tokens_of("olga"));
        let mut builder = MemoryVerifier::builder();
        for (user, tokens) in [("otto", &flood), ("olga", &of_olga)] {
            for token in tokens {
                builder = builder.access_token(token, OAuthUser::new(user));
            }
        }
        let app = shown_over(builder);
        for (n, token) in flood.iter().enumerate() {
            show(&app, token, if one_client { 1 } else { n as u8 }).await;
        }
        show(&app, &of_olga[0], 200).await;
        let mut revoked = 0;
        for token in &flood {
            revoked += usize::from(!lives(&app, token).await);
        }
        assert_eq!(revoked, 5, "otto's share");
        assert!(!lives(&app, &of_olga[0]).await && lives(&app, &of_olga[1]).await);
    }
}

/// One client with tokens of many owners, such as an attacker that registers accounts.
#[tokio::test]
async fn req_38_one_clients_tokens_do_not_use_up_the_fuse_for_the_others() {
    let tokens = tokens_of("many");
    let builder = tokens.iter().enumerate().fold(MemoryVerifier::builder(), |builder, (n, token)| {
        builder.access_token(token, OAuthUser::new(format!("user-{n}")))
    });
    let app = shown_over(builder);
    for token in &tokens[..20] {
        show(&app, token, 1).await;
    }
    show(&app, &tokens[20], 2).await;
    let mut revoked = Vec::new();
    for (n, token) in tokens.iter().enumerate() {
        if !lives(&app, token).await {
            revoked.push(n);
        }
    }
    assert_eq!(revoked, [0, 1, 2, 3, 4, 20]);
}

/// A key that acts for a user counts as that user's.
#[tokio::test]
async fn req_38_keys_and_tokens_of_one_owner_share() {
    let tokens = tokens_of("mixed");
    let builder = tokens.iter().enumerate().fold(MemoryVerifier::builder(), |builder, (n, token)| {
        let key = ApiKey::new(format!("key-{n}")).with_owner("otto");
        match n % 2 {
            0 => builder.access_token(token, OAuthUser::new("otto")),
            _ => builder.access_token(token, key),
        }
    });
    let app = shown_over(builder);
    for (n, token) in tokens.iter().enumerate() {
        show(&app, token, n as u8).await;
    }
    let mut revoked = 0;
    for token in &tokens {
        revoked += usize::from(!lives(&app, token).await);
    }
    assert_eq!(revoked, 5);
}

/// A client, and users of another issuer, store and tenant, have the same name as the user.
#[tokio::test]
async fn req_38_identities_of_one_name_do_not_share() {
    let of_user = tokens_of("otto");
    let user = || OAuthUser::new("otto");
    for other in [
        user().for_itself(),
        user().with_issuer("https://b.example"),
        user().with_store("b"),
        user().with_tenant("b"),
        user().with_subject("u-2"),
    ] {
        let flood = tokens_of("other");
        let builder =
            flood.iter().fold(MemoryVerifier::builder(), |all, token| all.access_token(token, other.clone()));
        let app = shown_over(builder.access_token(&of_user[0], user()));
        for (n, token) in flood[..6].iter().enumerate() {
            show(&app, token, n as u8).await;
        }
        show(&app, &of_user[0], 200).await;
        assert!(lives(&app, &flood[5]).await, "their share is used up");
        assert!(!lives(&app, &of_user[0]).await, "{:?}", Principal::from(other).key());
    }
}

fn tokens_of(name: &str) -> Vec<String> {
    (0..21).map(|n| format!("a-token-of-{name}-number-{n:04}")).collect()
}

fn shown_over(builder: tower_principal::verify::MemoryVerifierBuilder) -> Router {
    let layer =
        AuthenticateLayer::new(dialect::SOCRATA, builder.build().unwrap(), transport::from_acceptor());
    Router::new().route("/", get(async |me: Principal| me.kind().to_string())).layer(layer)
}

/// Sends a token over plain http, from one of 256 addresses.
async fn show(app: &Router, token: &str, address: u8) {
    let mut request =
        Request::get("/").header("authorization", format!("OAuth {token}")).body(Body::empty()).unwrap();
    request.extensions_mut().insert(PlainConnection);
    request.extensions_mut().insert(Peer(SocketAddr::from(([192, 0, 2, address], 4711))));
    assert_eq!(app.clone().oneshot(request).await.unwrap().status(), 403);
}

#[tokio::test]
async fn an_app_token_passes_over_plain_http() {
    let app = app(transport::from_acceptor(), RevocationLimits::default());
    let mut request =
        Request::get("/").header("x-app-token", "09sIcqEhoY0teGY5rhupZGqhW").body(Body::empty()).unwrap();
    request.extensions_mut().insert(PlainConnection);
    assert_eq!(app.oneshot(request).await.unwrap().status(), 200);
}

#[tokio::test(start_paused = true)]
async fn the_refusal_takes_the_same_time_whatever_the_token() {
    let app = app(transport::from_acceptor(), RevocationLimits::default());
    let [token, ..] = TOKENS;
    let mut times = Vec::new();
    for token in [token, "nobody-knows-this-token"] {
        let started = tokio::time::Instant::now();
        assert_eq!(status(&app, token, Over::Plain).await.0, 403);
        times.push(started.elapsed());
    }
    assert_eq!(times[0], times[1]);
    assert!(times[0] > Duration::ZERO);
}

//! A client that keeps failing is slowed down, and no other client is (REQ-60).

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use http::Request;
use tower_principal::transport::{self, ForwardingHeaders, Peer, Transport};
use tower_principal::verify::{FailureLimit, Throttled};
use tower_principal::{
    AppToken, AuthenticateLayer, BasicUser, Credential, DenialReason, OAuthUser, Pair, Secret, Verifier,
    VerifyContext, VerifyError, dialect, verify::MemoryVerifier,
};

use crate::support::*;

const HOUR: Duration = Duration::from_secs(3_600);
const HERE: &str = "192.0.2.1";
const ELSEWHERE: &str = "198.51.100.7";

/// The outcome of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Came {
    In,
    Denied,
    Throttled,
    Else,
}

use Came::{Denied, In, Throttled as Slowed};

fn password<'c>(id: &'c str, secret: &'c str) -> Credential<'c> {
    Credential::Password(Pair::new(Secret::borrowed(id), Secret::borrowed(secret)))
}

fn token(secret: &str) -> Credential<'_> {
    Credential::AccessToken(Secret::borrowed(secret))
}

fn from(address: &str) -> VerifyContext<'static> {
    VerifyContext::default().with_client(address.parse().unwrap())
}

/// Asks like the layer: first `verify_now`, then `verify` if that has no answer.
async fn ask(verifier: &impl Verifier, credential: Credential<'_>, context: &VerifyContext<'_>) -> Came {
    let answer = match verifier.verify_now(&credential, context) {
        Some(answer) => answer,
        None => verifier.verify(&credential, context).await,
    };
    match answer {
        Ok(_) => In,
        Err(VerifyError::Denied(DenialReason::Throttled(after))) => {
            assert!(after > Duration::ZERO && after <= HOUR * 4, "{after:?}");
            Slowed
        }
        Err(VerifyError::Denied(_)) => Denied,
        Err(_) => Came::Else,
    }
}

/// Accepts the word `right`; other words choose other answers.
fn words(credential: &Credential<'_>) -> Result<tower_principal::Principal, VerifyError> {
    let word = match credential {
        Credential::Password(pair) => pair.secret().expose_secret().to_owned(),
        Credential::AccessToken(token) | Credential::AppToken(token) => token.expose_secret().to_owned(),
        _ => "unknown".to_owned(),
    };
    match &*word {
        "right" => Ok(match credential {
            Credential::AppToken(_) => AppToken::new("map").into(),
            _ => BasicUser::new("alice").into(),
        }),
        "right-token-0123456" => Ok(OAuthUser::new("otto").into()),
        "expired" => Err(VerifyError::Denied(DenialReason::Expired)),
        "revoked" => Err(VerifyError::Denied(DenialReason::Revoked)),
        "disabled" => Err(VerifyError::Denied(DenialReason::Disabled)),
        "down" => Err(VerifyError::unavailable("down")),
        "unsupported" => Err(VerifyError::Unsupported),
        _ => Err(VerifyError::UNKNOWN),
    }
}

/// Returns a throttle that allows three failures of an id and five of a client for a long time.
fn slow<V: Verifier>(inner: V) -> Throttled<V> {
    Throttled::new(inner).unwrap().by_id(FailureLimit::new(3, HOUR)).by_client(FailureLimit::new(5, HOUR))
}

/// Returns the same throttle over a verifier whose calls are counted, and which answers at once or
/// later.
fn counted(at_once: bool) -> (Throttled<impl Verifier>, impl Fn() -> usize) {
    let (inner, asked) = Counting::new(Says { answer: words, at_once });
    (slow(inner), asked)
}

#[tokio::test]
async fn req_60_failures_are_counted_and_requests_are_not() {
    for at_once in [true, false] {
        let (verifier, asked) = counted(at_once);
        let here = from(HERE);
        for _ in 0..200 {
            assert_eq!(ask(&verifier, password("alice", "right"), &here).await, In);
        }
        for _ in 0..3 {
            assert_eq!(ask(&verifier, password("alice", "wrong"), &here).await, Denied);
        }
        let before = asked();
        for secret in ["wrong", "other", "wrong"] {
            assert_eq!(ask(&verifier, password("alice", secret), &here).await, Slowed);
        }
        assert_eq!((before, asked()), (203, 203), "the verifier inside is not asked");
        assert_eq!(ask(&verifier, password("alice", "right"), &here).await, In, "it has succeeded before");
    }
}

#[tokio::test]
async fn req_60_no_client_elsewhere_is_locked_out() {
    let (verifier, _) = counted(true);
    for _ in 0..50 {
        ask(&verifier, password("alice", "wrong"), &from(HERE)).await;
    }
    assert_eq!(ask(&verifier, password("alice", "right"), &from(HERE)).await, Slowed);
    assert_eq!(ask(&verifier, password("alice", "right"), &from(ELSEWHERE)).await, In);
    // Simultaneous attempts from many addresses lock no user out either.
    for n in 0..=255 {
        let place = from(&format!("203.0.113.{n}"));
        for _ in 0..4 {
            ask(&verifier, password("alice", "wrong"), &place).await;
        }
    }
    assert_eq!(ask(&verifier, password("alice", "right"), &from(ELSEWHERE)).await, In);
}

#[tokio::test]
async fn req_60_an_id_over_its_limit_leaves_the_others_of_its_client_alone() {
    let (verifier, _) = counted(true);
    for _ in 0..3 {
        assert_eq!(ask(&verifier, password("alice", "wrong"), &from(HERE)).await, Denied);
    }
    assert_eq!(ask(&verifier, password("alice", "right"), &from(HERE)).await, Slowed);
    assert_eq!(ask(&verifier, password("bob", "right"), &from(HERE)).await, In);
}

#[tokio::test]
async fn req_60_what_has_succeeded_goes_on_from_a_client_over_its_limit() {
    let (verifier, asked) = counted(true);
    let here = from(HERE);
    assert_eq!(ask(&verifier, password("alice", "right"), &here).await, In);
    assert_eq!(ask(&verifier, token("right-token-0123456"), &here).await, In);
    for n in 0..5 {
        assert_eq!(ask(&verifier, token(&format!("guess-{n}")), &here).await, Denied);
    }
    assert_eq!(ask(&verifier, token("guess-6"), &here).await, Slowed);
    assert_eq!(
        ask(&verifier, password("bob", "right"), &here).await,
        Slowed,
        "bob has not logged in from here"
    );
    assert_eq!(ask(&verifier, password("alice", "right"), &here).await, In);
    assert_eq!(ask(&verifier, token("right-token-0123456"), &here).await, In);
    // The throttle remembers the credential and not its id: another secret is a guess.
    let before = asked();
    for _ in 0..5 {
        assert_eq!(ask(&verifier, password("alice", "wrong"), &here).await, Slowed);
    }
    assert_eq!(asked(), before, "401 against 429 would tell who has logged in from here");
}

#[tokio::test]
async fn a_neighbours_guesses_do_not_lock_out_a_user_that_has_just_logged_in() {
    for at_once in [true, false] {
        let (verifier, _) = counted(at_once);
        let here = from(HERE);
        assert_eq!(ask(&verifier, password("alice", "right"), &here).await, In);
        for _ in 0..10 {
            ask(&verifier, password("alice", "wrong"), &here).await;
        }
        assert_eq!(ask(&verifier, password("alice", "wrong"), &here).await, Slowed);
        assert_eq!(ask(&verifier, password("alice", "right"), &here).await, In);
        // It is remembered for this kind, this tenant and this address only.
        let key = Credential::KeyPair(Pair::new(Secret::borrowed("alice"), Secret::borrowed("right")));
        for _ in 0..5 {
            ask(&verifier, key.reborrow(), &here).await;
        }
        assert_eq!(ask(&verifier, key, &here).await, Slowed);
        assert_eq!(ask(&verifier, password("alice", "right"), &from(HERE).with_tenant("acme")).await, Slowed);
    }
}

/// No number of attempts reveals whether a user is disabled.
#[tokio::test]
async fn a_disabled_users_password_is_answered_as_a_wrong_one_is() {
    for at_once in [true, false] {
        for (right, wrong) in [("disabled", "wrong"), ("expired", "wrong"), ("revoked", "wrong")] {
            let attempts = async |secret| {
                let (verifier, asked) = counted(at_once);
                let mut came = Vec::new();
                for _ in 0..12 {
                    came.push(ask(&verifier, password("alice", secret), &from(HERE)).await);
                }
                (came, asked())
            };
            assert_eq!(attempts(right).await, attempts(wrong).await, "{right}");
        }
    }
}

/// A user that had logged in from here is now disabled: above the limit, its answer is the same as
/// any other.
#[tokio::test]
async fn a_known_credential_that_is_denied_over_the_limit_is_answered_as_a_guess_is() {
    for reason in [DenialReason::Disabled, DenialReason::Unknown, DenialReason::Expired] {
        let on = Arc::new(AtomicBool::new(true));
        let verifier = {
            let on = Arc::clone(&on);
            slow(says(move |credential| match words(credential) {
                Ok(_) if !on.load(Ordering::SeqCst) => Err(VerifyError::Denied(reason)),
                answer => answer,
            }))
        };
        let here = from(HERE);
        assert_eq!(ask(&verifier, password("alice", "right"), &here).await, In);
        on.store(false, Ordering::SeqCst);
        for _ in 0..4 {
            ask(&verifier, password("alice", "wrong"), &here).await;
        }
        assert_eq!(ask(&verifier, password("alice", "right"), &here).await, Slowed, "{reason}");
        on.store(true, Ordering::SeqCst);
        assert_eq!(ask(&verifier, password("alice", "right"), &here).await, Slowed, "no longer remembered");
    }
}

#[tokio::test]
async fn req_60_an_expired_or_revoked_token_and_an_outage_are_no_failures() {
    for at_once in [true, false] {
        let (verifier, _) = counted(at_once);
        let here = from(HERE);
        for credential in [
            || token("expired"),
            || token("revoked"),
            || Credential::AppToken(Secret::borrowed("expired")),
            || Credential::AppToken(Secret::borrowed("revoked")),
        ] {
            for _ in 0..20 {
                assert_eq!(ask(&verifier, credential(), &here).await, Denied);
            }
        }
        for secret in ["down", "unsupported"] {
            for _ in 0..20 {
                assert_eq!(ask(&verifier, password("alice", secret), &here).await, Came::Else);
                assert_eq!(ask(&verifier, token(secret), &here).await, Came::Else);
            }
        }
        assert_eq!(verifier.counts(), 0);
        assert_eq!(ask(&verifier, Credential::AppToken(Secret::borrowed("right")), &here).await, In);
    }
}

/// A denied token of a disabled user is a failure, and so is every denial of a credential with an
/// id.
#[tokio::test]
async fn every_other_denial_is_a_failure() {
    let key = |secret| Credential::KeyPair(Pair::new(Secret::borrowed("alice"), Secret::borrowed(secret)));
    let client = |secret| {
        let pair = Pair::new(Secret::borrowed("alice"), Secret::borrowed(secret));
        Credential::Client(tower_principal::credential::ClientKind::Other, pair)
    };
    for reason in
        [DenialReason::Unknown, DenialReason::Disabled, DenialReason::Expired, DenialReason::Revoked]
    {
        for credential in [password("alice", "x"), key("x"), client("x")] {
            let verifier = slow(says(move |_| Err(VerifyError::Denied(reason))));
            for expected in [Denied, Denied, Denied, Slowed] {
                assert_eq!(ask(&verifier, credential.reborrow(), &from(HERE)).await, expected, "{reason}");
            }
        }
        let whole = Credential::ApiKey(Secret::borrowed("a-key-without-an-id"));
        for (credential, counts) in
            [(token("x"), matches!(reason, DenialReason::Unknown | DenialReason::Disabled)), (whole, true)]
        {
            let verifier = slow(says(move |_| Err(VerifyError::Denied(reason))));
            for _ in 0..5 {
                assert_eq!(ask(&verifier, credential.reborrow(), &from(HERE)).await, Denied, "{reason}");
            }
            let sixth = ask(&verifier, credential, &from(HERE)).await;
            assert_eq!(sixth == Slowed, counts, "{reason}");
        }
    }
}

/// Returns a service behind the layer, for requests from a peer.
fn app(verifier: impl Verifier, transport: Transport) -> Router {
    whoami().layer(AuthenticateLayer::new(dialect::ANY, verifier, transport))
}

fn sent_from(peer: &str, mut request: Request<Body>) -> Request<Body> {
    request.extensions_mut().insert(Peer(SocketAddr::new(peer.parse().unwrap(), 4711)));
    request
}

fn logs_in(peer: &str, id: &str, secret: &str) -> Request<Body> {
    sent_from(peer, authorization(basic(id, secret)))
}

#[tokio::test]
async fn req_60_the_answer_is_429_with_the_time_to_come_back() {
    for at_once in [true, false] {
        let (inner, asked) = Counting::new(Says { answer: words, at_once });
        let limit = FailureLimit::new(1, Duration::from_millis(9_300));
        let app = app(Throttled::new(inner).unwrap().by_id(limit), transport::danger_assume_secure());
        assert_eq!(send(app.clone(), logs_in(HERE, "alice", "wrong")).await.status, 401);
        for secret in ["wrong", "right"] {
            let answer = send(app.clone(), logs_in(HERE, "alice", secret)).await;
            assert_eq!(answer.outcome(), Err(tower_principal::RejectionKind::TooManyAttempts));
            assert_eq!(answer.status, 429);
            let after: u64 = answer.lines("retry-after")[0].parse().unwrap();
            assert!((5..=10).contains(&after), "whole seconds, rounded up: {after}");
            assert_eq!(answer.challenges(), [""; 0]);
        }
        assert_eq!(asked(), 1);
        assert_eq!(send(app, logs_in(ELSEWHERE, "alice", "right")).await.outcome(), Ok("BasicUser"));
    }
}

/// `Retry-After` is rounded up to whole seconds, so a client that waits as long is not too early.
#[tokio::test]
async fn req_60_a_client_that_comes_back_in_time_is_verified() {
    let limit = FailureLimit::new(1, Duration::from_millis(300));
    let app = app(Throttled::new(says(words)).unwrap().by_id(limit), transport::danger_assume_secure());
    assert_eq!(send(app.clone(), logs_in(HERE, "alice", "wrong")).await.status, 401);
    let answer = send(app.clone(), logs_in(HERE, "alice", "right")).await;
    if answer.status == 429 {
        assert_eq!(answer.lines("retry-after"), ["1"]);
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(send(app, logs_in(HERE, "alice", "right")).await.outcome(), Ok("BasicUser"));
}

#[tokio::test]
async fn req_60_nothing_is_locked_for_good() {
    let limit = FailureLimit::new(2, Duration::from_millis(60));
    let verifier = Throttled::new(says(words)).unwrap().by_id(limit).by_client(limit);
    for _ in 0..20 {
        ask(&verifier, password("alice", "wrong"), &from(HERE)).await;
    }
    let started = Instant::now();
    while ask(&verifier, password("alice", "right"), &from(HERE)).await == Slowed {
        assert!(started.elapsed() < Duration::from_secs(20), "still locked");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn networks_may_be_exempt_however_their_addresses_are_spelled() {
    let exempt = || slow(says(words)).exempt(["127.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()]);
    for (address, expected) in [
        ("127.0.0.1", Denied),
        ("::ffff:127.0.0.1", Denied),
        ("fd00::1", Denied),
        ("126.255.255.255", Slowed),
        ("::1", Slowed),
    ] {
        let verifier = exempt();
        for _ in 0..10 {
            ask(&verifier, password("alice", "wrong"), &from(address)).await;
        }
        assert_eq!(ask(&verifier, password("alice", "wrong"), &from(address)).await, expected, "{address}");
        assert_eq!(verifier.counts() == 0, expected == Denied, "{address}");
    }
}

#[tokio::test]
async fn an_ipv6_client_is_its_network_and_a_mapped_address_is_ipv4() {
    let shares = async |verifier: Throttled<_>, one: &str, other: &str| {
        for _ in 0..3 {
            ask(&verifier, password("alice", "wrong"), &from(one)).await;
        }
        ask(&verifier, password("alice", "right"), &from(other)).await == Slowed
    };
    for (one, other, expected) in [
        ("2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff", true),
        ("2001:db8::1", "2001:db8:0:1::1", false),
        ("192.0.2.1", "::ffff:192.0.2.1", true),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", false),
        ("192.0.2.1", "192.0.2.2", false),
        // IPv6 addresses that end with an IPv4 address do not share its limit either.
        ("0.0.0.1", "::1", false),
        ("::c000:201", "192.0.2.1", false),
        ("::c000:201", "::c000:202", false),
        // Translators and tunnels: clients are distinguished by the embedded address.
        ("64:ff9b::192.0.2.1", "64:ff9b::192.0.2.2", false),
        ("64:ff9b::192.0.2.1", "192.0.2.1", true),
        ("2002:c000:201::1", "2002:c000:201:ffff::1", true),
        ("2002:c000:201::1", "2002:c000:202::1", false),
        ("2001:0:4136:e378:8000:63bf:3fff:fdfe", "2001:0:4136:e378:8000:63bf:3fff:fdfd", false),
        ("2001:0:4136:e378:8000:63bf:3fff:fdfe", "192.0.2.1", true),
        ("64:ff9b:1::192.0.2.1", "64:ff9b:1::192.0.2.2", false),
    ] {
        assert_eq!(shares(slow(says(words)), one, other).await, expected, "{one} {other}");
    }
    for (ipv4, ipv6, one, other, expected) in [
        (24, 48, "192.0.2.1", "192.0.2.255", true),
        (24, 48, "192.0.2.1", "192.0.3.1", false),
        (24, 48, "2001:db8:0:1::", "2001:db8:0:2::", true),
        (24, 128, "2001:db8::1", "2001:db8::2", false),
        (255, 255, "2001:db8::1", "2001:db8::1", true),
        (255, 255, "192.0.2.1", "192.0.2.0", false),
        (0, 0, "192.0.2.1", "203.0.113.9", true),
        (0, 0, "192.0.2.1", "2001:db8::1", false),
    ] {
        let verifier = slow(says(words)).prefixes(ipv4, ipv6);
        assert_eq!(shares(verifier, one, other).await, expected, "{ipv4} {ipv6} {one} {other}");
    }
}

#[tokio::test]
async fn a_translators_own_prefix_is_counted_by_the_address_that_it_embeds() {
    let prefixes = || ["2001:db8:64::/96".parse().unwrap(), "2001:db8:40::/40".parse().unwrap()];
    for (one, other, shared) in [
        ("2001:db8:64::192.0.2.1", "2001:db8:64::192.0.2.2", false),
        ("2001:db8:64::192.0.2.1", "192.0.2.1", true),
        ("2001:db8:64:0:0:1:c000:201", "2001:db8:64:0:0:1:c000:202", true),
        ("2001:db8:c0:2:1::", "192.0.2.1", true),
    ] {
        let verifier = slow(says(words)).nat64(prefixes()).unwrap();
        for _ in 0..3 {
            ask(&verifier, password("alice", "wrong"), &from(one)).await;
        }
        let slowed = ask(&verifier, password("alice", "right"), &from(other)).await == Slowed;
        assert_eq!(slowed, shared, "{one} {other}");
    }
    for wrong in ["2001:db8::/95", "2001:db8::/128", "::/0", "192.0.2.0/24", "10.0.0.0/32"] {
        let refused = slow(says(words)).nat64([wrong.parse().unwrap()]).map(drop);
        assert_eq!(refused.unwrap_err().kind(), std::io::ErrorKind::InvalidInput, "{wrong}");
    }
}

#[tokio::test]
async fn an_exempt_network_exempts_no_address_that_embeds_one_of_it() {
    let verifier = slow(says(words)).exempt(["127.0.0.0/8".parse().unwrap()]);
    for (address, expected) in
        [("64:ff9b::7f00:1", Slowed), ("2002:7f00:1::1", Slowed), ("127.0.0.1", Denied)]
    {
        for _ in 0..5 {
            ask(&verifier, password("alice", "wrong"), &from(address)).await;
        }
        assert_eq!(ask(&verifier, password("alice", "wrong"), &from(address)).await, expected, "{address}");
    }
}

#[tokio::test]
async fn requests_without_an_address_are_counted_together_and_the_log_has_one_warning() {
    let log = listen();
    let verifier = Arc::new(slow(says(words)));
    let app = app(Arc::clone(&verifier), transport::danger_assume_secure());
    let mut statuses = Vec::new();
    for (id, secret) in
        [("known", "right"), ("a", "x"), ("b", "x"), ("c", "x"), ("d", "x"), ("e", "x"), ("f", "right")]
    {
        statuses.push(send(app.clone(), authorization(basic(id, secret))).await.status);
    }
    assert_eq!(statuses, [200, 401, 401, 401, 401, 401, 429]);
    let known = send(app.clone(), authorization(basic("known", "right"))).await;
    assert_eq!(known.status, 200, "it has succeeded before");
    assert_eq!(send(app, logs_in(HERE, "f", "right")).await.status, 200, "an address is another client");
    let lines = log.take();
    let lines: Vec<_> =
        lines.iter().filter(|line| line.get("message").contains("counted together")).collect();
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0].level, tracing::Level::WARN);
}

/// 500 guesses through a proxy, each with another address in a header that the proxy does not
/// write.
#[tokio::test]
async fn a_clients_own_header_of_the_other_family_multiplies_no_attempts() {
    let networks = || transport::behind_proxy(["10.0.0.0/8".parse().unwrap()]);
    let (forwarded, x_forwarded) =
        (("forwarded", "for=198.51.100.7;proto=https"), ("x-forwarded-for", "198.51.100.7"));
    for (transport, by_proxy, clients) in [
        (networks(), forwarded, "x-forwarded-for"),
        (networks().forwarding_headers(ForwardingHeaders::Forwarded), forwarded, "x-forwarded-for"),
        (networks(), x_forwarded, "forwarded"),
        (networks().forwarding_headers(ForwardingHeaders::XForwarded), x_forwarded, "forwarded"),
        // The proxy appends its line to the client's.
        (networks(), x_forwarded, "x-forwarded-for"),
        (networks(), forwarded, "forwarded"),
    ] {
        let (inner, asked) = Counting::new(says(words));
        let app = app(slow(inner), transport);
        for n in 0..500 {
            let mut request = logs_in("10.0.0.1", "alice", "wrong");
            let own = match clients {
                "forwarded" => format!("for=203.0.113.{};proto=https", n % 250),
                _ => format!("203.0.113.{}", n % 250),
            };
            request.headers_mut().append(clients, own.parse().unwrap());
            request.headers_mut().append(by_proxy.0, by_proxy.1.parse().unwrap());
            if by_proxy.0 == "x-forwarded-for" {
                request.headers_mut().append("x-forwarded-proto", "https".parse().unwrap());
            }
            send(app.clone(), request).await;
        }
        assert_eq!(asked(), 3, "{by_proxy:?} {clients}");
    }
}

/// It is not in the audit events either.
#[tokio::test]
async fn the_audit_trail_has_no_address_that_a_client_forged() {
    let log = listen();
    let app = app(slow(says(words)), transport::behind_proxy(["10.0.0.0/8".parse().unwrap()]));
    for (lines, expected) in [
        (&[("forwarded", "for=198.51.100.7;proto=https")][..], "198.51.100.7"),
        (&[("forwarded", "for=198.51.100.7;proto=https"), ("x-forwarded-for", "203.0.113.9")], ""),
        (&[("forwarded", "for=203.0.113.9"), ("forwarded", "for=198.51.100.7;proto=https")], "198.51.100.7"),
        (&[("forwarded", "for=_hidden;proto=https"), ("x-forwarded-for", "203.0.113.9")], ""),
    ] {
        let mut request = logs_in("10.0.0.1", "alice", "right");
        for (name, value) in lines {
            request.headers_mut().append(*name, value.parse().unwrap());
        }
        send(app.clone(), request).await;
        let clients: Vec<_> = log.take().iter().map(|line| line.get("client").to_owned()).collect();
        assert!(clients.contains(&expected.to_owned()), "{lines:?} {clients:?}");
        assert!(!clients.contains(&"203.0.113.9".to_owned()), "{lines:?} {clients:?}");
    }
}

/// A hash that has started costs the same whether or not its client waits for it.
#[tokio::test(start_paused = true)]
async fn an_attempt_whose_client_leaves_is_counted_and_one_that_is_late_is_not() {
    struct Hangs;

    impl Verifier for Hangs {
        async fn verify(
            &self,
            credential: &Credential<'_>,
            _: &VerifyContext<'_>,
        ) -> Result<tower_principal::Principal, VerifyError> {
            match words(credential) {
                Ok(principal) => Ok(principal),
                Err(_) => std::future::pending().await,
            }
        }
    }

    let leave = async |request: Request<Body>, app: &Router| {
        let answer = send(app.clone(), request);
        tokio::time::timeout(Duration::from_millis(100), answer).await.map(|answer| answer.status).ok()
    };
    let app = app(slow(Hangs), transport::danger_assume_secure());
    assert_eq!(send(app.clone(), logs_in(HERE, "known", "right")).await.status, 200);
    for _ in 0..3 {
        assert_eq!(leave(logs_in(HERE, "alice", "wrong"), &app).await, None);
    }
    assert_eq!(send(app.clone(), logs_in(HERE, "alice", "right")).await.status, 429);
    for _ in 0..2 {
        assert_eq!(
            leave(sent_from(HERE, authorization(bearer("a-guess-that-is-a-token"))), &app).await,
            None
        );
    }
    assert_eq!(
        send(app.clone(), logs_in(HERE, "bob", "right")).await.status,
        429,
        "its client is over the limit as well"
    );
    assert_eq!(send(app.clone(), logs_in(HERE, "known", "right")).await.status, 200);
    // The verifier is slower than the layer's deadline, which is an outage and no failed attempt.
    for _ in 0..10 {
        assert_eq!(send(app.clone(), logs_in(ELSEWHERE, "alice", "wrong")).await.status, 503);
    }
    assert_eq!(send(app.clone(), logs_in(ELSEWHERE, "alice", "right")).await.status, 200);
    // Without a layer, a dropped future is a client that left.
    let verifier = slow(Hangs);
    for _ in 0..3 {
        let (here, token) = (from(HERE), token("x"));
        let attempt = verifier.verify(&token, &here);
        assert!(tokio::time::timeout(Duration::from_millis(1), attempt).await.is_err());
    }
    assert_eq!(verifier.counts(), 1);
}

/// Defect 18 of the peers: a header that any client can send decides which client is counted.
#[tokio::test]
async fn req_60_and_defect_18_a_forwarded_address_counts_from_a_trusted_proxy_only() {
    let proxies = || transport::behind_proxy(["10.0.0.0/8".parse().unwrap()]);
    let attempt = |peer: &str, forwarded: String, secret: &str| {
        let mut request = logs_in(peer, "alice", secret);
        request.headers_mut().insert("x-forwarded-for", forwarded.parse().unwrap());
        request.headers_mut().insert("x-forwarded-proto", "https".parse().unwrap());
        request.extensions_mut().insert(transport::SecureConnection);
        request
    };
    for name in ["x-forwarded-for", "forwarded", "x-real-ip", "cf-connecting-ip", "true-client-ip"] {
        let app = app(slow(says(words)), proxies());
        for n in 0..3 {
            let mut request = attempt(HERE, format!("203.0.113.{n}"), "wrong");
            request.headers_mut().insert(name, format!("203.0.113.{n}").parse().unwrap());
            assert_eq!(send(app.clone(), request).await.status, 401);
        }
        let mut request = attempt(HERE, "203.0.113.99".to_owned(), "right");
        request.headers_mut().insert(name, "203.0.113.99".parse().unwrap());
        assert_eq!(send(app.clone(), request).await.status, 429, "{name} is the client's own word");
        // It does not lock out the client with the forged address either.
        let borrowed = attempt("203.0.113.0", String::new(), "right");
        assert_eq!(send(app, borrowed).await.status, 200);
    }
    let app = app(slow(says(words)), proxies());
    for _ in 0..3 {
        // The part before the last hop comes from the client itself.
        let request = attempt("10.0.0.1", "198.51.100.7, 203.0.113.5".to_owned(), "wrong");
        assert_eq!(send(app.clone(), request).await.status, 401);
    }
    let again = |forwarded: &str| attempt("10.0.0.2", forwarded.to_owned(), "right");
    assert_eq!(send(app.clone(), again("1.2.3.4, 203.0.113.5")).await.status, 429);
    assert_eq!(send(app.clone(), again("203.0.113.5:1234")).await.status, 429);
    assert_eq!(send(app.clone(), again("203.0.113.6")).await.status, 200);
    assert_eq!(send(app, again("198.51.100.7")).await.status, 200);
}

/// REQ-54 as well.
#[tokio::test]
async fn req_60_memory_is_bounded_whatever_is_sent() {
    let verifier = slow(says(words));
    let most = 2 * Throttled::<MemoryVerifier>::CAPACITY;
    for n in 0..200_000_u32 {
        let context = VerifyContext::default().with_client(IpAddr::from(n.to_be_bytes()));
        let id = format!("user-{n}");
        assert_eq!(ask(&verifier, password(&id, "wrong"), &context).await, Denied);
        if n % 20_000 == 0 {
            assert!(verifier.counts() <= most, "{}", verifier.counts());
        }
    }
    let counts = verifier.counts();
    assert!(counts <= most && counts > most / 2, "{counts}");
}

/// A `Host` header, which is often the tenant, would otherwise multiply the attempts.
#[tokio::test]
async fn a_tenant_multiplies_no_attempts() {
    for at_once in [true, false] {
        let (verifier, asked) = counted(at_once);
        for n in 0..50 {
            let tenant = from(HERE).with_tenant(format!("host-{n}.example"));
            ask(&verifier, password("alice", "wrong"), &tenant).await;
        }
        assert_eq!(asked(), 3);
        for context in [from(HERE).with_tenant("acme"), from(HERE)] {
            assert_eq!(ask(&verifier, password("alice", "right"), &context).await, Slowed);
        }
        assert_eq!(
            ask(&verifier, password("alice", "right"), &from(ELSEWHERE).with_tenant("acme")).await,
            In
        );
    }
}

/// The same id in another kind of credential is another id.
#[tokio::test]
async fn kinds_do_not_slow_each_other_down() {
    let (verifier, _) = counted(true);
    for _ in 0..3 {
        ask(&verifier, password("alice", "wrong"), &from(HERE)).await;
    }
    let client = Pair::new(Secret::borrowed("alice"), Secret::borrowed("x"));
    let client = Credential::Client(tower_principal::credential::ClientKind::Other, client);
    assert_eq!(ask(&verifier, client, &from(HERE)).await, Denied);
}

#[tokio::test]
async fn it_works_through_the_combinators() {
    let inner = || slow(says(words));
    let here = from(HERE);
    async fn holds(verifier: impl Verifier, here: &VerifyContext<'_>) {
        for expected in [Denied, Denied, Denied, Slowed] {
            assert_eq!(ask(&verifier, password("alice", "wrong"), here).await, expected);
        }
        assert_eq!(ask(&verifier, password("alice", "right"), here).await, Slowed);
        assert_eq!(ask(&verifier, password("bob", "right"), here).await, In);
    }
    holds(inner(), &here).await;
    holds(Arc::new(inner()), &here).await;
    holds(inner().boxed(), &here).await;
    holds(slow(Says { answer: words, at_once: false }).boxed(), &here).await;
    holds(inner().or(empty()), &here).await;
    holds(slow(empty().or(says(words))), &here).await;
    holds(slow(says(words).or(unknown_later())), &here).await;
    holds(empty().or(inner()), &here).await;
}

fn empty() -> impl Verifier {
    says(|_| Err(VerifyError::Unsupported))
}

fn unknown_later() -> impl Verifier {
    says_later(|_| Err(VerifyError::UNKNOWN))
}

/// If this verifier does not support a credential, that is no guess, because the next verifier of a
/// chain may accept it.
#[tokio::test]
async fn a_credential_for_the_next_verifier_is_no_failure() {
    let users = says(|credential| match credential {
        Credential::Password(_) => words(credential),
        _ => Err(VerifyError::Unsupported),
    });
    let tokens = says(|_| Ok(OAuthUser::new("otto").into()));
    let chain = slow(users).or(tokens);
    for n in 0..50 {
        assert_eq!(ask(&chain, token(&format!("token-{n}")), &from(HERE)).await, In);
    }
    assert_eq!(ask(&chain, password("alice", "right"), &from(HERE)).await, In);
}

/// The expensive part of a guess is its password hash, and it does not start.
#[tokio::test]
async fn req_60_a_password_check_is_not_even_started() {
    struct Hashes(Arc<AtomicBool>);

    impl Verifier for Hashes {
        async fn verify(
            &self,
            _: &Credential<'_>,
            _: &VerifyContext<'_>,
        ) -> Result<tower_principal::Principal, VerifyError> {
            self.0.store(true, Ordering::SeqCst);
            tokio::task::yield_now().await;
            Err(VerifyError::UNKNOWN)
        }
    }

    let started = Arc::new(AtomicBool::new(false));
    let app = app(slow(Hashes(Arc::clone(&started))), transport::danger_assume_secure());
    for _ in 0..3 {
        assert_eq!(send(app.clone(), logs_in(HERE, "alice", "wrong")).await.status, 401);
        assert!(started.swap(false, Ordering::SeqCst));
    }
    for _ in 0..3 {
        assert_eq!(send(app.clone(), logs_in(HERE, "alice", "wrong")).await.status, 429);
        assert!(!started.load(Ordering::SeqCst));
    }
}

/// Each request is one attempt, whether or not its answer is immediate.
#[tokio::test]
async fn both_ways_agree_and_count_a_request_once() {
    let script = [
        ("alice", "wrong"),
        ("carol", "right"),
        ("bob", "right-not"),
        ("alice", "wrong"),
        ("bob", "expired"),
        ("alice", "wrong"),
        ("alice", "right"),
        ("carol", "right"),
        ("dave", "wrong"),
        ("erin", "right"),
        ("carol", "right"),
        ("bob", "wrong"),
    ];
    let run = async |at_once| {
        let app = app(slow(Says { answer: words, at_once }), transport::danger_assume_secure());
        let mut statuses = Vec::new();
        for (id, secret) in script {
            statuses.push(send(app.clone(), logs_in(HERE, id, secret)).await.status);
        }
        statuses
    };
    let expected = [401, 200, 401, 401, 401, 401, 429, 200, 429, 429, 200, 429];
    assert_eq!(run(true).await, expected);
    assert_eq!(run(false).await, expected);
}

/// The same if the answer about one credential is immediate and the answer about another beside it
/// is not.
#[tokio::test]
async fn what_is_known_of_one_credential_is_not_counted_again_while_another_is_waited_for() {
    struct Mixed;

    impl Verifier for Mixed {
        async fn verify(
            &self,
            credential: &Credential<'_>,
            _: &VerifyContext<'_>,
        ) -> Result<tower_principal::Principal, VerifyError> {
            tokio::task::yield_now().await;
            words(credential)
        }

        fn verify_now(
            &self,
            credential: &Credential<'_>,
            _: &VerifyContext<'_>,
        ) -> Option<Result<tower_principal::Principal, VerifyError>> {
            (!matches!(credential, Credential::AppToken(_))).then(|| words(credential))
        }
    }

    let (inner, asked) = Counting::new(Mixed);
    let app = app(slow(inner), transport::danger_assume_secure());
    let both = |secret, app| {
        let mut request = logs_in(HERE, "alice", secret);
        request.headers_mut().insert("x-app-token", app);
        request
    };
    let [known, unknown] = ["right", "wrong"].map(http::HeaderValue::from_static);
    let answer = send(app.clone(), both("right", known.clone())).await;
    assert_eq!((answer.status, &*answer.body), (200, "BasicUser:alice+map"));
    assert_eq!(asked(), 2, "each credential once");
    assert_eq!(send(app.clone(), both("right", unknown)).await.status, 403);
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(send(app.clone(), both("wrong", known.clone())).await.status);
    }
    assert_eq!(statuses, [401, 401, 401, 429]);
}

/// The longest interval is an hour, and no limit causes a panic.
#[tokio::test]
async fn odd_limits_hold() {
    for each in [Duration::ZERO, Duration::from_nanos(1), Duration::from_millis(u64::MAX), Duration::MAX] {
        for at_once in [0, 1, u32::MAX] {
            let limit = FailureLimit::new(at_once, each);
            let verifier = Throttled::new(says(words)).unwrap().by_id(limit).by_client(limit);
            std::thread::sleep(Duration::from_millis(2));
            for _ in 0..3 {
                let answer = verifier.verify_now(&password("alice", "wrong"), &from(HERE)).unwrap();
                assert!(answer.is_err(), "{limit:?}");
            }
            let forgiven = each < Duration::from_secs(1) || at_once == u32::MAX;
            let answer = verifier.verify_now(&password("alice", "right"), &from(HERE)).unwrap();
            assert_eq!(answer.is_ok(), forgiven, "{limit:?}");
        }
    }
}

#[tokio::test]
async fn many_at_once_are_counted_each() {
    let verifier = Arc::new(slow(says_later(words)));
    let tasks: Vec<_> = (0..100)
        .map(|_| {
            let verifier = Arc::clone(&verifier);
            tokio::spawn(async move { ask(&verifier, password("alice", "wrong"), &from(HERE)).await })
        })
        .collect();
    for task in tasks {
        assert_ne!(task.await.unwrap(), In);
    }
    let answer = verifier.verify_now(&password("alice", "right"), &from(HERE)).unwrap();
    let Err(VerifyError::Denied(DenialReason::Throttled(after))) = answer else { panic!("{answer:?}") };
    assert!(after <= HOUR * 3, "{after:?}");
}

#[test]
fn debug_and_the_answers_reveal_no_credential() {
    let verifier = slow(one_of_each_kind());
    let answer = verifier.verify_now(&token(UNKNOWN_TOKEN), &from(HERE));
    assert!(!format!("{verifier:?}{answer:?}").contains(UNKNOWN_TOKEN));
}

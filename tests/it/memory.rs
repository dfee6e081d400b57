//! The memory verifier, and combinations of verifiers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use tower_principal::RejectionKind::{DeniedCredentials, DeniedToken};
use tower_principal::clock::Clock;
use tower_principal::credential::ClientKind;
use tower_principal::verify::{self, BoxVerifier, DynVerifier, MemoryVerifierError};
use tower_principal::{
    ApiKey, AppToken, BasicUser, Credential, DenialReason, Guest, OAuthUser, OrgAdmin, Pair, Principal,
    PrincipalKind, Secret, Verifier, VerifyContext, VerifyError, dialect, verify::MemoryVerifier,
};

use crate::support::*;

/// A short form of a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Short {
    Is(PrincipalKind),
    Denied(DenialReason),
    Unsupported,
    Unavailable,
}

fn short(verdict: &Result<Principal, VerifyError>) -> Short {
    match verdict {
        Ok(principal) => Short::Is(principal.kind()),
        Err(VerifyError::Denied(reason)) => Short::Denied(*reason),
        Err(VerifyError::Unsupported) => Short::Unsupported,
        Err(VerifyError::Unavailable(_)) => Short::Unavailable,
        Err(other) => panic!("{other:?}"),
    }
}

/// Asks both `verify_now` and `verify`. If the first has an answer, the second must agree.
async fn ask(verifier: &impl Verifier, credential: Credential<'_>) -> Short {
    let context = VerifyContext::default();
    let now = verifier.verify_now(&credential, &context);
    let later = short(&verifier.verify(&credential, &context).await);
    assert!(now.is_none_or(|now| short(&now) == later));
    later
}

fn token(text: &str) -> Credential<'_> {
    Credential::AccessToken(Secret::borrowed(text))
}

fn pair<'c>(id: &'c str, secret: &'c str) -> Pair<'c> {
    Pair::new(Secret::borrowed(id), Secret::borrowed(secret))
}

const UNKNOWN: Short = Short::Denied(DenialReason::Unknown);

#[tokio::test]
async fn every_kind_of_credential_makes_its_kind_of_principal() {
    let verifier = one_of_each_kind();
    let client = |id, secret| Credential::Client(ClientKind::from_id(id), pair(id, secret));
    for (credential, made) in [
        (Credential::Password(pair(USER, PASSWORD)), Short::Is(PrincipalKind::BasicUser)),
        (Credential::KeyPair(pair(KEY_ID, KEY_SECRET)), Short::Is(PrincipalKind::ApiKey)),
        (Credential::ApiKey(Secret::borrowed(API_KEY)), Short::Is(PrincipalKind::ApiKey)),
        (Credential::AppToken(Secret::borrowed(APP_TOKEN)), Short::Is(PrincipalKind::AppToken)),
        (client(ORG_CLIENT, CLIENT_SECRET), Short::Is(PrincipalKind::OrgAdmin)),
        (client(APP_CLIENT, CLIENT_SECRET), Short::Is(PrincipalKind::AppAdmin)),
        (token(TOKEN), Short::Is(PrincipalKind::OAuthUser)),
        // The same text is unknown as another kind of credential.
        (token(API_KEY), UNKNOWN),
        (token(APP_TOKEN), UNKNOWN),
        (Credential::AppToken(Secret::borrowed(TOKEN)), UNKNOWN),
        (Credential::ApiKey(Secret::borrowed(TOKEN)), UNKNOWN),
        (Credential::KeyPair(pair(ORG_CLIENT, CLIENT_SECRET)), UNKNOWN),
        (client(KEY_ID, KEY_SECRET), UNKNOWN),
        (Credential::Password(pair(KEY_ID, KEY_SECRET)), UNKNOWN),
    ] {
        let shown = format!("{credential:?}");
        assert_eq!(ask(&verifier, credential).await, made, "{shown}");
    }
}

/// REQ-18: a secret must match as a whole, and moving the boundary between two halves gives no
/// match.
#[tokio::test]
async fn req_18_no_part_of_a_secret_is_the_secret() {
    let verifier = one_of_each_kind();
    for near in
        [&TOKEN[1..], &TOKEN[..29], &format!("{TOKEN} "), &format!("{TOKEN}\0"), &TOKEN.to_lowercase(), ""]
    {
        assert_eq!(ask(&verifier, token(near)).await, UNKNOWN, "{near}");
    }
    let halves = format!("{KEY_ID}{KEY_SECRET}");
    for at in [0, 24, 26, 75] {
        let (id, secret) = halves.split_at(at);
        assert_eq!(ask(&verifier, Credential::KeyPair(pair(id, secret))).await, UNKNOWN, "{at}");
    }
    assert_eq!(ask(&verifier, Credential::ApiKey(Secret::borrowed(&halves))).await, UNKNOWN);
    for near in ["correct horse ", "correct hors", "Correct horse", "", "correct\u{a0}horse"] {
        assert_eq!(ask(&verifier, Credential::Password(pair(USER, near))).await, UNKNOWN, "{near}");
    }
}

/// Seconds since the epoch, moved by the test.
#[derive(Clone, Debug)]
struct Hand(Arc<AtomicU64>);

impl Clock for Hand {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(self.0.load(Ordering::SeqCst))
    }
}

#[tokio::test]
async fn a_credential_ends_at_its_expiry_by_the_clock_it_was_given() {
    let clock = Hand(Arc::new(AtomicU64::new(99)));
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(100);
    let verifier = MemoryVerifier::builder()
        .clock(clock.clone())
        .passwords(cheap_passwords())
        .access_token("t", OAuthUser::new("otto").with_expires_at(at))
        .app_token("a", AppToken::new("app").with_expires_at(at))
        .user("u", "p", BasicUser::new("u").with_expires_at(at))
        .access_token("forever", OAuthUser::new("olga"))
        .build()
        .unwrap();
    let user = || Credential::Password(pair("u", "p"));
    assert_eq!(ask(&verifier, token("t")).await, Short::Is(PrincipalKind::OAuthUser));
    assert_eq!(ask(&verifier, user()).await, Short::Is(PrincipalKind::BasicUser));
    assert_eq!(verifier.purge_expired(), 0);
    for now in [100, 101, u64::from(u32::MAX)] {
        clock.0.store(now, Ordering::SeqCst);
        assert_eq!(ask(&verifier, token("t")).await, Short::Denied(DenialReason::Expired));
        assert_eq!(
            ask(&verifier, Credential::AppToken(Secret::borrowed("a"))).await,
            Short::Denied(DenialReason::Expired)
        );
        assert_eq!(ask(&verifier, user()).await, Short::Denied(DenialReason::Expired));
        assert_eq!(ask(&verifier, Credential::Password(pair("u", "wrong"))).await, UNKNOWN);
        assert_eq!(ask(&verifier, token("forever")).await, Short::Is(PrincipalKind::OAuthUser));
    }
    // If the clock jumps back, the token is valid again until it is purged.
    clock.0.store(50, Ordering::SeqCst);
    assert_eq!(ask(&verifier, token("t")).await, Short::Is(PrincipalKind::OAuthUser));
    clock.0.store(100, Ordering::SeqCst);
    assert_eq!(verifier.purge_expired(), 3);
    assert_eq!(ask(&verifier, token("t")).await, UNKNOWN);
    assert_eq!(ask(&verifier, token("forever")).await, Short::Is(PrincipalKind::OAuthUser));
}

#[tokio::test]
async fn disabling_ends_a_principals_credentials_and_enabling_brings_them_back() {
    let otto = |id: &str| OAuthUser::new("otto").with_credential_id(id);
    let verifier = MemoryVerifier::builder()
        .passwords(cheap_passwords())
        .access_token("one", otto("jti-1"))
        .access_token("two", otto("jti-2"))
        .user("otto", "p", BasicUser::new("otto"))
        .build()
        .unwrap();
    let (oauth, basic) = (PrincipalKind::OAuthUser, PrincipalKind::BasicUser);
    assert_eq!(verifier.disable(oauth, "nobody") + verifier.disable(PrincipalKind::ApiKey, "otto"), 0);
    assert_eq!(verifier.disable(oauth, "jti-1"), 1);
    assert_eq!(ask(&verifier, token("one")).await, Short::Denied(DenialReason::Disabled));
    assert_eq!(ask(&verifier, token("two")).await, Short::Is(oauth));
    assert_eq!(verifier.disable(oauth, "otto"), 1);
    assert_eq!(verifier.disable(basic, "otto"), 1);
    assert_eq!(ask(&verifier, token("two")).await, Short::Denied(DenialReason::Disabled));
    assert_eq!(
        ask(&verifier, Credential::Password(pair("otto", "p"))).await,
        Short::Denied(DenialReason::Disabled)
    );
    assert_eq!(ask(&verifier, Credential::Password(pair("otto", "x"))).await, UNKNOWN);
    assert_eq!(verifier.enable(oauth, "otto"), 2);
    assert_eq!(ask(&verifier, token("one")).await, Short::Is(oauth));
    assert_eq!(verifier.enable(basic, "otto"), 1);
    assert_eq!(ask(&verifier, Credential::Password(pair("otto", "p"))).await, Short::Is(basic));
}

#[tokio::test]
async fn revoking_is_for_good_and_for_no_password() {
    let verifier = one_of_each_kind();
    let context = VerifyContext::default();
    verifier.revoke(&token(TOKEN), &context).await.unwrap();
    assert_eq!(ask(&verifier, token(TOKEN)).await, Short::Denied(DenialReason::Revoked));
    assert_eq!(verifier.enable(PrincipalKind::OAuthUser, "otto"), 0);
    assert_eq!(ask(&verifier, token(TOKEN)).await, Short::Denied(DenialReason::Revoked));
    let unknown = verifier.revoke(&token(UNKNOWN_TOKEN), &context).await;
    assert!(matches!(unknown, Err(VerifyError::Denied(DenialReason::Unknown))), "{unknown:?}");
    let password = Credential::Password(pair(USER, PASSWORD));
    assert!(matches!(verifier.revoke(&password, &context).await, Err(VerifyError::Unsupported)));
    assert_eq!(ask(&verifier, password).await, Short::Is(PrincipalKind::BasicUser));
    assert_eq!(verifier.revoke_all(PrincipalKind::OrgAdmin, ORG_CLIENT), 1);
    let client = Credential::Client(ClientKind::Organization, pair(ORG_CLIENT, CLIENT_SECRET));
    assert_eq!(ask(&verifier, client).await, Short::Denied(DenialReason::Revoked));
    // A token that is inserted again is valid again.
    verifier.insert(token(TOKEN), OAuthUser::new("otto")).unwrap();
    assert_eq!(ask(&verifier, token(TOKEN)).await, Short::Is(PrincipalKind::OAuthUser));
}

#[tokio::test]
async fn it_changes_while_it_serves() {
    let verifier = Arc::new(MemoryVerifier::builder().passwords(cheap_passwords()).build().unwrap());
    let app = whoami().layer(layer_of(dialect::ANY, Arc::clone(&verifier)));
    assert_eq!(send(app.clone(), authorization(bearer("new"))).await.outcome(), Err(DeniedToken));
    verifier.insert(token("new"), OAuthUser::new("nina")).unwrap();
    assert_eq!(send(app.clone(), authorization(bearer("new"))).await.body, "OAuthUser:nina");
    verifier.insert(token("new"), OAuthUser::new("nora")).unwrap();
    assert_eq!(send(app.clone(), authorization(bearer("new"))).await.body, "OAuthUser:nora");
    let login = || authorization(basic("nina", "p"));
    assert_eq!(send(app.clone(), login()).await.outcome(), Err(DeniedCredentials));
    verifier.insert(Credential::Password(pair("nina", "p")), BasicUser::new("nina")).unwrap();
    assert_eq!(send(app.clone(), login()).await.body, "BasicUser:nina");
    verifier.disable(PrincipalKind::OAuthUser, "nora");
    assert_eq!(send(app, authorization(bearer("new"))).await.outcome(), Err(DeniedToken));
}

#[test]
fn a_principal_of_a_kind_that_its_credential_cannot_have_is_an_error() {
    let (user, app, guest) = (
        || Principal::from(BasicUser::new("u")),
        || Principal::from(AppToken::new("a")),
        || Principal::from(Guest::new()),
    );
    let app_token = || Credential::AppToken(Secret::borrowed("t"));
    let verifier = one_of_each_kind();
    for (credential, principal) in
        [(token("t"), guest()), (token("t"), app()), (app_token(), guest()), (app_token(), user())]
    {
        let refused = verifier.insert(credential, principal);
        assert!(matches!(refused, Err(MemoryVerifierError::WrongKind { .. })), "{refused:?}");
    }
    assert!(MemoryVerifier::builder().access_token("t", guest()).build().is_err());
    assert!(MemoryVerifier::builder().client("i", "s", app()).build().is_err());
    assert!(verifier.insert(token("t"), OrgAdmin::new("i", "o")).is_ok());
}

#[test]
fn an_empty_secret_is_an_error() {
    let user = || Principal::from(BasicUser::new("u"));
    let key = || Principal::from(ApiKey::new("k"));
    let admin = || Principal::from(OrgAdmin::new("i", "o"));
    let app = || Principal::from(AppToken::new("a"));
    let verifier = one_of_each_kind();
    for (credential, principal) in [
        (token(""), user()),
        (Credential::AppToken(Secret::borrowed("")), app()),
        (Credential::ApiKey(Secret::borrowed("")), key()),
        (Credential::KeyPair(pair("i", "")), key()),
        (Credential::Client(ClientKind::Other, pair("i", "")), admin()),
        (Credential::Password(pair("u", "")), user()),
    ] {
        let refused = verifier.insert(credential, principal);
        assert!(matches!(refused, Err(MemoryVerifierError::EmptySecret(_))), "{refused:?}");
    }
    assert!(MemoryVerifier::builder().access_token("", user()).build().is_err());
    assert!(verifier.insert(Credential::KeyPair(pair("", "s")), key()).is_ok());
}

/// The hash of an empty password may have been made elsewhere.
#[tokio::test]
async fn an_empty_password_logs_in_by_no_hash() {
    let hash = |password: &str| cheap_passwords().hash(password).unwrap();
    let user = |name: &str| BasicUser::new(name);
    let verifier = MemoryVerifier::builder()
        .passwords(cheap_passwords())
        .user_hash("eve", hash(""), user("eve"))
        .user_hash("bob", hash("p"), user("bob"))
        .user_hash("blank", hash(" "), user("blank"))
        .build()
        .unwrap();
    let app = whoami().layer(layer_of(dialect::GEODATAHUB, verifier));
    for (name, password, status) in [
        ("eve", "", 401),
        ("eve", " ", 401),
        ("bob", "", 401),
        ("bob", "p", 200),
        ("blank", "", 401),
        ("nobody", "", 401),
    ] {
        let answer = send(app.clone(), authorization(basic(name, password))).await;
        assert_eq!(answer.status, status, "{name} {password:?}");
    }
}

fn answers(says: Short) -> Result<Principal, VerifyError> {
    match says {
        Short::Is(PrincipalKind::ApiKey) => Ok(ApiKey::new("k").into()),
        Short::Is(_) => Ok(OAuthUser::new("o").into()),
        Short::Denied(reason) => Err(VerifyError::Denied(reason)),
        Short::Unsupported => Err(VerifyError::Unsupported),
        Short::Unavailable => Err(VerifyError::unavailable("down")),
    }
}

/// The result of `or` for two verdicts: a row for the first, a column for the second.
#[tokio::test]
async fn or_asks_on_where_the_first_does_not_know_and_an_outage_is_no_denial() {
    use Short::{Denied, Is, Unsupported};
    const DOWN: Short = Short::Unavailable;
    const EXPIRED: Short = Denied(DenialReason::Expired);
    const FIRST: Short = Is(PrincipalKind::ApiKey);
    const SECOND: Short = Is(PrincipalKind::OAuthUser);
    const COLUMNS: [Short; 5] = [SECOND, UNKNOWN, Unsupported, EXPIRED, DOWN];
    let table = [
        (FIRST, [FIRST; 5]),
        (UNKNOWN, [SECOND, UNKNOWN, UNKNOWN, EXPIRED, DOWN]),
        (Unsupported, [SECOND, UNKNOWN, Unsupported, EXPIRED, DOWN]),
        (EXPIRED, [EXPIRED; 5]),
        (Denied(DenialReason::Revoked), [Denied(DenialReason::Revoked); 5]),
        (Denied(DenialReason::Disabled), [Denied(DenialReason::Disabled); 5]),
        (DOWN, [SECOND, DOWN, DOWN, EXPIRED, DOWN]),
    ];
    for (first, row) in table {
        for (second, expected) in COLUMNS.into_iter().zip(row) {
            for at_once in [(true, true), (true, false), (false, true), (false, false)] {
                let one = Says { answer: move |_: &Credential<'_>| answers(first), at_once: at_once.0 };
                let other = Says { answer: move |_: &Credential<'_>| answers(second), at_once: at_once.1 };
                let boxed = one.or(other).boxed();
                assert_eq!(ask(&boxed, token("x")).await, expected, "{first:?} or {second:?}, {at_once:?}");
            }
        }
    }
}

#[tokio::test]
async fn or_revokes_where_the_credential_is_known() {
    let (staff, customers) =
        (one_of_each_kind(), MemoryVerifier::builder().access_token("c", OAuthUser::new("c")));
    let both = staff.or(customers.build().unwrap());
    let context = VerifyContext::default();
    both.revoke(&token("c"), &context).await.unwrap();
    both.revoke(&token(TOKEN), &context).await.unwrap();
    for revoked in ["c", TOKEN] {
        assert_eq!(ask(&both, token(revoked)).await, Short::Denied(DenialReason::Revoked), "{revoked}");
    }
    assert!(both.revoke(&token("nobody"), &context).await.is_err());
}

/// A verifier in a box, in an `Arc` or as a trait object has the same answers, and the same ones
/// from `verify_now`.
#[tokio::test]
async fn verifiers_without_their_type_answer_the_same() {
    let boxed: BoxVerifier = one_of_each_kind().boxed();
    let counted: Arc<dyn DynVerifier> = Arc::new(one_of_each_kind());
    let context = VerifyContext::default();
    for credential in [token(TOKEN), token("x")] {
        assert!(boxed.verify_now(&credential, &context).is_some());
        assert!(counted.verify_now(&credential, &context).is_some());
    }
    let expected = Short::Is(PrincipalKind::OAuthUser);
    assert_eq!((ask(&boxed, token(TOKEN)).await, ask(&counted, token(TOKEN)).await), (expected, expected));
    boxed.revoke(&token(TOKEN), &context).await.unwrap();
    counted.revoke(&token(TOKEN), &context).await.unwrap();
    assert_eq!(ask(&boxed, token(TOKEN)).await, Short::Denied(DenialReason::Revoked));
    let either = boxed.or(counted).or(Arc::new(one_of_each_kind()));
    let app = whoami().layer(layer_of(dialect::RFC6750, either));
    assert_eq!(send(app, authorization(bearer(TOKEN))).await.outcome(), Err(DeniedToken));
}

#[tokio::test]
async fn a_closure_is_a_verifier_of_owned_credentials() {
    let verifier = verify::from_fn(async |credential, context| match credential {
        Credential::AccessToken(token) if context.tenant() == Some("acme") => {
            Ok(OAuthUser::new(token.expose_secret()))
        }
        Credential::AccessToken(_) => Err(VerifyError::UNKNOWN),
        _ => Err(VerifyError::Unsupported),
    });
    let acme = VerifyContext::default().with_tenant("acme");
    let made = verifier.verify(&token("otto"), &acme).await.unwrap();
    assert_eq!(made.id(), Some("otto"));
    assert_eq!(ask(&verifier, token("otto")).await, UNKNOWN);
    assert!(verifier.verify_now(&token("otto"), &acme).is_none());
}

#[tokio::test]
async fn a_login_in_flight_does_not_outlive_its_user() {
    for change in 0..3 {
        let passwords = tower_principal::verify::password::Passwords::with_params(8192, 3, 1).unwrap();
        let bob = || BasicUser::new("bob");
        let verifier =
            MemoryVerifier::builder().passwords(passwords).user("bob", "secret", bob()).build().unwrap();
        let credential =
            || Credential::Password(Pair::new(Secret::borrowed("bob"), Secret::borrowed("secret")));
        let (login, context) = (credential(), VerifyContext::default());
        let mut login = Box::pin(verifier.verify(&login, &context));
        let mut task = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(login.as_mut().poll(&mut task).is_pending());
        match change {
            0 => assert_eq!(verifier.revoke_all(PrincipalKind::BasicUser, "bob"), 1),
            1 => assert_eq!(verifier.disable(PrincipalKind::BasicUser, "bob"), 1),
            _ => {
                let new = Pair::new(Secret::borrowed("bob"), Secret::borrowed("another"));
                verifier.insert(Credential::Password(new), bob()).unwrap();
            }
        }
        assert!(matches!(login.await, Err(VerifyError::Denied(_))), "{change}");
    }
}

#[test]
fn a_hash_that_cannot_be_read_is_an_error_of_the_builder() {
    for hash in
        ["", "x", "$2b$12$abcdefghijklmnopqrstuv", "$argon2i$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2g"]
    {
        let bob = BasicUser::new("bob");
        let built =
            MemoryVerifier::builder().passwords(cheap_passwords()).user_hash("bob", hash, bob).build();
        assert!(matches!(built, Err(MemoryVerifierError::UnusableHash { .. })), "{hash}");
    }
}

#[tokio::test]
async fn clones_share_their_principals() {
    let one = MemoryVerifier::builder().access_token("t-1", OAuthUser::new("otto")).build().unwrap();
    let other = one.clone();
    assert_eq!(other.disable(PrincipalKind::OAuthUser, "otto"), 1);
    let token = Credential::AccessToken(Secret::borrowed("t-1"));
    assert_eq!(ask(&one, token).await, Short::Denied(DenialReason::Disabled));
}

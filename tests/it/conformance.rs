//! The conformance suite, on verifiers that pass it and on one broken verifier for every rule.

use std::collections::HashMap;
use std::future::{pending, ready};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use tower_principal::credential::ClientKind;
use tower_principal::test_util::conformance::{Report, Rule, Suite};
use tower_principal::verify::{Tenancy, from_fn};
use tower_principal::{
    ApiKey, BasicUser, Credential, Guest, OAuthUser, Pair, Principal, PrincipalKind, Secret, Verifier,
    VerifyContext, VerifyError, verify::MemoryVerifier,
};

use crate::support::*;

type Verdict = Result<Principal, VerifyError>;

const EXPIRED: &str = "expired-0123456789abcdef0123456789";
const REVOKED: &str = "revoked-0123456789abcdef0123456789";
/// A password longer than the 72 bytes that bcrypt reads.
const LONG_USER: &str = "lola@example.org";
const LONG_PASSWORD: &str =
    "a password of which nobody can say that it is too short, however many bytes of it are read";
const DISABLED_ID: &str = "disabledqnxy2n1mo1aqjjzyr";

fn token(text: &str) -> Credential<'_> {
    Credential::AccessToken(Secret::borrowed(text))
}

fn pair<'c>(id: &'c str, secret: &'c str) -> Pair<'c> {
    Pair::new(Secret::borrowed(id), Secret::borrowed(secret))
}

fn otto() -> Verdict {
    Ok(OAuthUser::new("otto").into())
}

/// A verifier with all principals, and some expired and revoked credentials.
pub(crate) fn store() -> MemoryVerifier {
    let known = one_of_each_kind();
    let past = SystemTime::now() - Duration::from_secs(60);
    known.insert(token(EXPIRED), OAuthUser::new("eve").with_expires_at(past)).unwrap();
    known.insert(token(REVOKED), OAuthUser::new("rita")).unwrap();
    let halves = Credential::KeyPair(pair(DISABLED_ID, KEY_SECRET));
    known.insert(halves, ApiKey::new(DISABLED_ID)).unwrap();
    known.insert(Credential::Password(pair("dora", PASSWORD)), BasicUser::new("dora")).unwrap();
    let lola = BasicUser::new(LONG_USER);
    known.insert(Credential::Password(pair(LONG_USER, LONG_PASSWORD)), lola).unwrap();
    assert_eq!(known.revoke_all(PrincipalKind::OAuthUser, "rita"), 1);
    assert_eq!(known.disable(PrincipalKind::ApiKey, DISABLED_ID), 1);
    assert_eq!(known.disable(PrincipalKind::BasicUser, "dora"), 1);
    known
}

fn tokens() -> Suite {
    Suite::new()
        .good(token(TOKEN), PrincipalKind::OAuthUser)
        .unknown(token(UNKNOWN_TOKEN))
        .expired(token(EXPIRED))
        .revoked(token(REVOKED))
}

pub(crate) fn suite() -> Suite {
    tokens()
        .good(Credential::Password(pair(USER, PASSWORD)), PrincipalKind::BasicUser)
        .good(Credential::Password(pair(LONG_USER, LONG_PASSWORD)), PrincipalKind::BasicUser)
        .good(Credential::KeyPair(pair(KEY_ID, KEY_SECRET)), PrincipalKind::ApiKey)
        .good(Credential::ApiKey(Secret::borrowed(API_KEY)), PrincipalKind::ApiKey)
        .good(Credential::AppToken(Secret::borrowed(APP_TOKEN)), PrincipalKind::AppToken)
        .good(
            Credential::Client(ClientKind::Organization, pair(ORG_CLIENT, CLIENT_SECRET)),
            PrincipalKind::OrgAdmin,
        )
        .good(
            Credential::Client(ClientKind::Application, pair(APP_CLIENT, CLIENT_SECRET)),
            PrincipalKind::AppAdmin,
        )
        .unknown(Credential::Password(pair("mallory", PASSWORD)))
        .unknown(Credential::AppToken(Secret::borrowed(UNKNOWN_TOKEN)))
        .disabled(Credential::KeyPair(pair(DISABLED_ID, KEY_SECRET)))
        .disabled(Credential::Password(pair("dora", PASSWORD)))
        .revokes()
}

#[tokio::test]
async fn the_memory_verifier_holds_every_rule() {
    suite().check(&store()).await.assert_holds();
    suite().check(&Arc::new(store())).await.assert_holds();
    suite().check(&store().boxed()).await.assert_holds();
}

#[tokio::test]
async fn two_verifiers_one_after_the_other_hold_every_rule() {
    let empty = || MemoryVerifier::builder().passwords(cheap_passwords()).build().unwrap();
    suite().check(&empty().or(store())).await.assert_holds();
    suite().check(&store().or(empty())).await.assert_holds();
}

#[cfg(feature = "cache")]
#[tokio::test]
async fn a_cached_verifier_holds_every_rule() {
    use tower_principal::verify::Cached;

    /// Has no `verify_now`, so each caller waits.
    struct Remote(MemoryVerifier);

    impl Verifier for Remote {
        async fn verify(&self, credential: &Credential<'_>, context: &VerifyContext<'_>) -> Verdict {
            tokio::time::sleep(Duration::from_micros(50)).await;
            self.0.verify(credential, context).await
        }

        async fn revoke(
            &self,
            credential: &Credential<'_>,
            context: &VerifyContext<'_>,
        ) -> Result<(), VerifyError> {
            self.0.revoke(credential, context).await
        }
    }

    suite().check(&Cached::new(store()).unwrap()).await.assert_holds();
    suite().check(&Cached::new(store()).unwrap().cache_passwords()).await.assert_holds();
    suite().check(&Cached::new(Remote(store())).unwrap()).await.assert_holds();
    suite()
        .check(&Cached::new(Remote(store())).unwrap().cache_passwords().shared_verifications(2))
        .await
        .assert_holds();
}

/// An authorization server that introspects opaque tokens and a JWT, and that is switched off.
#[cfg(all(feature = "introspection", feature = "cache", feature = "jwt"))]
#[tokio::test]
async fn introspection_holds_every_rule() {
    use tower_principal::test_util::Issuer;
    use tower_principal::verify::{Cached, Introspection};

    async fn check<V: Verifier>(make: impl FnOnce(Introspection<Issuer>) -> V) {
        let issuer = Issuer::new("https://issuer.example").unwrap();
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        let good = || issuer.token("otto").audience(jwts::API).scope("read");
        good().opaque_as(TOKEN);
        good().claim("exp", now - 60).opaque_as(EXPIRED);
        good().opaque_as(REVOKED);
        issuer.revoke(REVOKED);
        let suite = tokens()
            .good(token(&good().sign()), PrincipalKind::OAuthUser)
            .unknown(Credential::Password(pair(USER, PASSWORD)))
            .outage(jwts::switch(&issuer, Duration::ZERO));
        let asking = issuer.introspection().audience(jwts::API).build().unwrap();
        let report = suite.check(&make(asking)).await;
        report.assert_holds();
        assert_eq!(report.unchecked().len(), 3, "{report}");
    }

    let empty = || MemoryVerifier::builder().passwords(cheap_passwords()).build().unwrap();
    check(|asking| asking).await;
    check(|asking| Cached::new(asking).unwrap()).await;
    check(|asking| empty().or(asking)).await;
    check(|asking| asking.or(empty())).await;
    #[cfg(feature = "throttle")]
    check(|asking| tower_principal::verify::Throttled::new(Cached::new(asking).unwrap()).unwrap()).await;
}

/// The throttle allows as many failures as the suite makes; otherwise it would slow down the later
/// requests.
#[cfg(feature = "throttle")]
#[tokio::test]
async fn a_throttled_verifier_holds_every_rule() {
    use tower_principal::verify::{FailureLimit, Throttled};

    /// Adds a client address to each call.
    struct FromHere<V>(V);

    impl<V: Verifier> Verifier for FromHere<V> {
        async fn verify(&self, credential: &Credential<'_>, context: &VerifyContext<'_>) -> Verdict {
            self.0.verify(credential, &here(context)).await
        }

        fn verify_now(&self, credential: &Credential<'_>, context: &VerifyContext<'_>) -> Option<Verdict> {
            self.0.verify_now(credential, &here(context))
        }

        async fn revoke(
            &self,
            credential: &Credential<'_>,
            context: &VerifyContext<'_>,
        ) -> Result<(), VerifyError> {
            self.0.revoke(credential, &here(context)).await
        }
    }

    fn here<'c>(context: &VerifyContext<'c>) -> VerifyContext<'c> {
        context.clone().with_client([192, 0, 2, 1].into())
    }

    let limit = FailureLimit::new(1_000_000, Duration::from_millis(1));
    let throttled = || Throttled::new(store()).unwrap().by_id(limit).by_client(limit);
    let verifier = FromHere(throttled());
    suite().check(&verifier).await.assert_holds();
    assert!(verifier.0.counts() > 100, "{}", verifier.0.counts());
    // Without an address.
    let verifier = throttled();
    suite().check(&verifier).await.assert_holds();
    assert!(verifier.counts() > 10, "{}", verifier.counts());
}

#[cfg(feature = "jwt")]
pub(crate) mod jwts {
    use tokio::time::{Sleep, sleep};
    use tower_principal::test_util::{Fault, Issuer};
    use tower_principal::verify::JwtVerifier;

    use super::*;

    pub(crate) const API: &str = "https://api.example";

    /// Returns an issuer and a suite of its tokens. It has no revoked token, because a JWT is
    /// revoked at a verifier.
    pub(crate) fn issued() -> (Issuer, Suite) {
        let issuer = Issuer::new("https://issuer.example").unwrap();
        let forger = Issuer::new(issuer.name()).unwrap();
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        let good = || issuer.token("otto").audience(API);
        let unnamed = good().without("jti").sign();
        let expired = good().claim("iat", now - 7_200).claim("exp", now - 3_600).sign();
        let suite = Suite::new()
            .good(token(&good().scope("read").sign()), PrincipalKind::OAuthUser)
            .good(token(&unnamed), PrincipalKind::OAuthUser)
            .unknown(token(&forger.token("otto").audience(API).sign()))
            .unknown(token(&good().claim("aud", "https://other.example").sign()))
            .unknown(token(UNKNOWN_TOKEN))
            .unknown(Credential::Password(pair(USER, PASSWORD)))
            .expired(token(&expired))
            .revokes();
        (issuer, suite)
    }

    pub(crate) fn with_keys(issuer: &Issuer) -> JwtVerifier {
        let builder = JwtVerifier::builder(issuer.name()).audience(API);
        builder.keys(issuer.keys().unwrap()).build().unwrap()
    }

    /// Returns a switch that takes an issuer down, and starts it again and waits for this time.
    pub(crate) fn switch(issuer: &Issuer, pause: Duration) -> impl Fn(bool) -> Sleep + use<> {
        let issuer = issuer.clone();
        move |is_down| {
            issuer.set_fault(is_down.then_some(Fault::Unreachable));
            sleep(if is_down { Duration::ZERO } else { pause })
        }
    }

    /// With keys that have not been fetched yet, and that become unavailable again.
    #[tokio::test]
    async fn a_verifier_of_jwts_in_an_outage_holds_every_rule() {
        async fn check<V: Verifier>(make: impl FnOnce(JwtVerifier) -> V) {
            let (issuer, suite) = issued();
            let cooldown = Duration::from_secs(1);
            let keys = issuer.published().cooldown(cooldown).build().unwrap();
            let jwt = JwtVerifier::builder(issuer.name()).audience(API).keys(keys).build().unwrap();
            let suite = suite.outage(switch(&issuer, cooldown + Duration::from_millis(100)));
            suite.check(&make(jwt)).await.assert_holds();
        }
        check(|jwt| jwt).await;
        let other = Issuer::new("https://other.example").unwrap();
        check(|jwt| jwt.or(with_keys(&other))).await;
        #[cfg(feature = "cache")]
        check(|jwt| tower_principal::verify::Cached::new(jwt).unwrap()).await;
    }

    /// With a token that it received as revoked.
    async fn check<V: Verifier>(make: impl Fn(JwtVerifier) -> V, fetched: bool) {
        let (issuer, suite) = issued();
        let jwt = if fetched { issuer.verifier(API).build().unwrap() } else { with_keys(&issuer) };
        let verifier = make(jwt);
        let revoked = issuer.token("rita").audience(API).sign();
        verifier.revoke(&token(&revoked), &VerifyContext::default()).await.unwrap();
        suite.revoked(token(&revoked)).check(&verifier).await.assert_holds();
    }

    #[tokio::test]
    async fn a_verifier_of_jwts_holds_every_rule() {
        for fetched in [false, true] {
            check(|jwt| jwt, fetched).await;
            check(|jwt| jwt.or(MemoryVerifier::builder().build().unwrap()), fetched).await;
            #[cfg(feature = "cache")]
            check(|jwt| tower_principal::verify::Cached::new(jwt).unwrap(), fetched).await;
        }
    }
}

/// Changes credentials before the call and answers after it.
struct Broken<B, A> {
    inner: MemoryVerifier,
    before: B,
    after: A,
}

impl<B, A> Verifier for Broken<B, A>
where
    B: Fn(&Credential<'_>) -> Option<Credential<'static>> + Send + Sync + 'static,
    A: Fn(&Credential<'_>, Verdict) -> Verdict + Send + Sync + 'static,
{
    async fn verify(&self, credential: &Credential<'_>, context: &VerifyContext<'_>) -> Verdict {
        let other = (self.before)(credential);
        let answer = self.inner.verify(other.as_ref().unwrap_or(credential), context).await;
        (self.after)(credential, answer)
    }

    async fn revoke(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Result<(), VerifyError> {
        self.inner.revoke(credential, context).await
    }
}

/// Returns the report about a verifier whose answers are changed by this function.
async fn answering(after: impl Fn(&Credential<'_>, Verdict) -> Verdict + Send + Sync + 'static) -> Report {
    suite().check(&Broken { inner: store(), before: |_: &Credential<'_>| None, after }).await
}

/// Returns the report about a verifier that takes one credential for another.
async fn taking(
    before: impl Fn(&Credential<'_>) -> Option<Credential<'static>> + Send + Sync + 'static,
) -> Report {
    suite().check(&Broken { inner: store(), before, after: |_: &Credential<'_>, answer| answer }).await
}

/// The rule is broken, and the message names the rule without quoting a credential.
fn caught(report: &Report, rule: Rule) {
    let message = report.to_string();
    assert!(report.violations().iter().any(|violation| violation.rule() == rule), "{rule:?} in {message}");
    assert!(message.contains(rule.as_str()));
    for secret in
        [TOKEN, PASSWORD, LONG_PASSWORD, KEY_SECRET, API_KEY, APP_TOKEN, CLIENT_SECRET, UNKNOWN_TOKEN]
    {
        assert!(!message.contains(secret), "{message}");
    }
}

fn secret(credential: &Credential<'_>) -> String {
    match credential {
        Credential::AccessToken(secret) | Credential::AppToken(secret) | Credential::ApiKey(secret) => {
            secret.expose_secret().to_owned()
        }
        Credential::KeyPair(pair) | Credential::Client(_, pair) | Credential::Password(pair) => {
            pair.secret().expose_secret().to_owned()
        }
        _ => String::new(),
    }
}

#[tokio::test]
async fn a_verifier_without_anything_wrong_breaks_no_rule() {
    answering(|_, answer| answer).await.assert_holds();
    taking(|credential| Some(credential.reborrow().into_owned())).await.assert_holds();
}

#[tokio::test]
async fn wrong_answers_are_caught() {
    type After = fn(&Credential<'_>, Verdict) -> Verdict;
    let cases: [(Rule, After); 13] = [
        (Rule::GoodIsKnown, |credential, answer| match credential {
            Credential::AppToken(_) => Err(VerifyError::UNKNOWN),
            _ => answer,
        }),
        (Rule::GoodIsKnown, |_, answer| match answer {
            Ok(Principal::OrgAdmin(client)) => Ok(OAuthUser::new(client.id()).into()),
            answer => answer,
        }),
        (Rule::UnknownIsDenied, |credential, answer| match answer {
            Err(VerifyError::Denied(_)) if secret(credential) == UNKNOWN_TOKEN => otto(),
            answer => answer,
        }),
        (Rule::UnknownIsDenied, |_, answer| answer.map_err(|_| VerifyError::unavailable("row not found"))),
        (Rule::EndedIsDenied, |credential, answer| match secret(credential).as_str() {
            EXPIRED => otto(),
            _ => answer,
        }),
        (Rule::EndedIsDenied, |credential, answer| match secret(credential).as_str() {
            REVOKED => Err(VerifyError::Unsupported),
            _ => answer,
        }),
        (Rule::NeverAGuest, |_, answer| answer.or_else(|_| Ok(Guest::new().into()))),
        (Rule::AppTokensMakeAppTokens, |credential, answer| match credential {
            Credential::AppToken(_) if answer.is_ok() => otto(),
            _ => answer,
        }),
        (Rule::NothingGoodHasExpired, |_, answer| match answer {
            Ok(Principal::OAuthUser(user)) => {
                let past = SystemTime::now() - Duration::from_secs(1);
                Ok(OAuthUser::new(user.id()).with_expires_at(past).into())
            }
            answer => answer,
        }),
        (Rule::OddTextIsNoOutage, |credential, answer| match secret(credential).contains('\0') {
            true => Err(VerifyError::unavailable("invalid byte sequence for encoding")),
            false => answer,
        }),
        (Rule::NothingShowsASecret, |credential, answer| {
            answer.map_err(|_| VerifyError::unavailable(format!("no row for {}", secret(credential))))
        }),
        (Rule::NothingShowsASecret, |credential, answer| match answer {
            Ok(Principal::OAuthUser(_)) => Ok(OAuthUser::new(secret(credential)).into()),
            answer => answer,
        }),
        (Rule::NothingPanics, |credential, answer| {
            assert!(!secret(credential).is_empty(), "on purpose");
            answer
        }),
    ];
    for (rule, after) in cases {
        caught(&answering(after).await, rule);
    }
}

#[tokio::test]
async fn what_is_taken_for_something_else_is_caught() {
    type Before = fn(&Credential<'_>) -> Option<Credential<'static>>;
    fn password(id: &str, secret: &str) -> Option<Credential<'static>> {
        Some(Credential::Password(Pair::new(Secret::owned(id), Secret::owned(secret))))
    }
    let cases: [(Rule, Before); 13] = [
        // Names that are trimmed or compared without case (B19).
        (Rule::WrongHalvesAreDenied, |credential| match credential {
            Credential::Password(pair) => password(pair.id().trim_end(), pair.secret().expose_secret()),
            _ => None,
        }),
        (Rule::WrongHalvesAreDenied, |credential| match credential {
            Credential::Password(pair) => password(pair.id().trim_start(), pair.secret().expose_secret()),
            _ => None,
        }),
        (Rule::WrongHalvesAreDenied, |credential| match credential {
            Credential::Password(pair) => password(&pair.id().to_lowercase(), pair.secret().expose_secret()),
            _ => None,
        }),
        (Rule::WrongHalvesAreDenied, |credential| match credential {
            Credential::Client(kind, pair) => {
                let id = pair.id().trim().to_owned();
                let secret = pair.secret().expose_secret().to_owned();
                Some(Credential::Client(*kind, Pair::new(Secret::owned(id), Secret::owned(secret))))
            }
            _ => None,
        }),
        // Passwords of which bcrypt reads 72 bytes, or starts again after a NUL.
        (Rule::WrongHalvesAreDenied, |credential| match credential {
            Credential::Password(pair) if pair.secret().expose_secret().starts_with(&LONG_PASSWORD[..72]) => {
                password(pair.id(), LONG_PASSWORD)
            }
            _ => None,
        }),
        (Rule::WrongHalvesAreDenied, |credential| match credential {
            Credential::Password(pair) => {
                let secret = pair.secret();
                let (one, other) = secret.expose_secret().split_once('\0')?;
                if one == other { password(pair.id(), one) } else { None }
            }
            _ => None,
        }),
        (Rule::WrongHalvesAreDenied, |credential| match credential {
            Credential::AccessToken(token) => Some(self::token(token.expose_secret().trim()).into_owned()),
            _ => None,
        }),
        (Rule::WrongHalvesAreDenied, |credential| match credential {
            Credential::Password(pair) => {
                password(pair.id(), pair.secret().expose_secret().split('\0').next().unwrap())
            }
            _ => None,
        }),
        (Rule::WrongHalvesAreDenied, |credential| match credential {
            Credential::Password(pair) => password(pair.id(), &pair.secret().expose_secret().to_lowercase()),
            _ => None,
        }),
        // A digest of both halves without their lengths.
        (Rule::WrongHalvesAreDenied, |credential| match credential {
            Credential::KeyPair(pair) => {
                let both = format!("{}{}", pair.id(), pair.secret().expose_secret());
                let (id, secret) = both.split_at_checked(KEY_ID.len())?;
                Some(Credential::KeyPair(Pair::new(Secret::owned(id), Secret::owned(secret))))
            }
            _ => None,
        }),
        (Rule::KindsDoNotLeak, |credential| match credential {
            Credential::AppToken(token) => Some(self::token(token.expose_secret()).into_owned()),
            _ => None,
        }),
        // A token that is accepted as a password.
        (Rule::KindsDoNotLeak, |credential| match credential {
            Credential::Password(pair) if pair.secret().expose_secret().len() == TOKEN.len() => {
                Some(self::token(pair.secret().expose_secret()).into_owned())
            }
            _ => None,
        }),
        (Rule::KindsDoNotLeak, |credential| match credential {
            Credential::Client(_, pair) => Some(Credential::KeyPair(pair.reborrow().into_owned())),
            _ => None,
        }),
    ];
    for (rule, before) in cases {
        caught(&taking(before).await, rule);
    }
}

/// Faults that depend on time or on other calls.
#[derive(Clone, Copy, PartialEq)]
enum How {
    NowSaysOtherwise,
    NowKnowsMore,
    NeverAnswers,
    StaysBusyWhenLeft,
    OneAtATime,
    RevokesNothing,
    RevokesAll,
    RevokesById,
    LocksUsers,
    PanicsAtRevoking,
    CannotRevoke,
}

struct Moody {
    inner: MemoryVerifier,
    how: How,
    busy: AtomicBool,
}

/// Marks the verifier as free when it is dropped.
struct Free<'m>(&'m AtomicBool);

impl Drop for Free<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

impl Verifier for Moody {
    async fn verify(&self, credential: &Credential<'_>, context: &VerifyContext<'_>) -> Verdict {
        let free = match self.how {
            How::NeverAnswers if secret(credential) == UNKNOWN_TOKEN => pending().await,
            How::StaysBusyWhenLeft | How::OneAtATime if self.busy.swap(true, Ordering::SeqCst) => {
                return Err(VerifyError::unavailable("busy"));
            }
            How::OneAtATime => Some(Free(&self.busy)),
            _ => None,
        };
        tokio::task::yield_now().await;
        let answer = self.inner.verify(credential, context).await;
        if self.how == How::StaysBusyWhenLeft {
            self.busy.store(false, Ordering::SeqCst);
        }
        drop(free);
        answer
    }

    fn verify_now(&self, credential: &Credential<'_>, context: &VerifyContext<'_>) -> Option<Verdict> {
        match self.how {
            How::NowSaysOtherwise => Some(Err(VerifyError::Unsupported)),
            How::NowKnowsMore if secret(credential) == EXPIRED => Some(otto()),
            How::NowKnowsMore => self.inner.verify_now(credential, context),
            _ => None,
        }
    }

    async fn revoke(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Result<(), VerifyError> {
        match self.how {
            How::RevokesNothing => Ok(()),
            How::CannotRevoke => Err(VerifyError::Unsupported),
            How::PanicsAtRevoking => panic!("on purpose"),
            How::RevokesById => match credential {
                Credential::KeyPair(pair) => {
                    self.inner.revoke_all(PrincipalKind::ApiKey, pair.id());
                    Ok(())
                }
                _ => self.inner.revoke(credential, context).await,
            },
            How::LocksUsers => match (credential, self.inner.verify(credential, context).await) {
                (Credential::Password(_), Ok(user)) => {
                    self.inner.disable(PrincipalKind::BasicUser, user.id().unwrap());
                    Ok(())
                }
                _ => self.inner.revoke(credential, context).await,
            },
            How::RevokesAll => {
                self.inner.revoke_all(PrincipalKind::ApiKey, KEY_ID);
                self.inner.revoke(credential, context).await
            }
            _ => self.inner.revoke(credential, context).await,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_with_waiting_revoking_and_each_other_is_caught() {
    for (rule, how) in [
        (Rule::NowAgrees, How::NowSaysOtherwise),
        (Rule::NowAgrees, How::NowKnowsMore),
        (Rule::EverythingEnds, How::NeverAnswers),
        (Rule::CancellationLeavesItWorking, How::StaysBusyWhenLeft),
        (Rule::TogetherAsAlone, How::OneAtATime),
        (Rule::RevokingEndsIt, How::RevokesNothing),
        (Rule::RevokingEndsIt, How::RevokesAll),
        (Rule::OnlyWhatVerifiesIsRevoked, How::RevokesAll),
        (Rule::OnlyWhatVerifiesIsRevoked, How::RevokesById),
        (Rule::PasswordsStay, How::LocksUsers),
        (Rule::NothingPanics, How::PanicsAtRevoking),
        (Rule::RevokingEndsIt, How::CannotRevoke),
    ] {
        let moody = Moody { inner: store(), how, busy: AtomicBool::new(false) };
        caught(&suite().check(&moody).await, rule);
    }
}

/// Calls a store that can be down.
struct Remote<A> {
    inner: MemoryVerifier,
    down: Arc<AtomicBool>,
    kept: Mutex<HashMap<String, Principal>>,
    /// Its answer while the store is down, also for credentials that it accepted before.
    answer: A,
}

impl<A> Remote<A> {
    fn new(answer: A) -> (Self, Arc<AtomicBool>) {
        let down = Arc::new(AtomicBool::new(false));
        let kept = Mutex::default();
        (Self { inner: store(), down: Arc::clone(&down), kept, answer }, down)
    }
}

impl<A> Verifier for Remote<A>
where
    A: Fn(&Credential<'_>, Option<Principal>) -> Verdict + Send + Sync + 'static,
{
    async fn verify(&self, credential: &Credential<'_>, context: &VerifyContext<'_>) -> Verdict {
        tokio::task::yield_now().await;
        let name = format!("{} {}", credential.kind(), secret(credential));
        if self.down.load(Ordering::SeqCst) {
            let kept = self.kept.lock().unwrap().get(&name).cloned();
            return (self.answer)(credential, kept);
        }
        let answer = self.inner.verify(credential, context).await;
        if let Ok(principal) = &answer {
            self.kept.lock().unwrap().insert(name, principal.clone());
        }
        answer
    }
}

async fn down_with(
    answer: impl Fn(&Credential<'_>, Option<Principal>) -> Verdict + Send + Sync + 'static,
) -> Report {
    let (verifier, down) = Remote::new(answer);
    let switch = move |is_down| {
        down.store(is_down, Ordering::SeqCst);
        ready(())
    };
    tokens().outage(switch).check(&verifier).await
}

#[tokio::test]
async fn an_outage_that_is_a_denial_or_a_way_in_is_caught() {
    type Answer = fn(&Credential<'_>, Option<Principal>) -> Verdict;
    const DOWN: fn() -> VerifyError = || VerifyError::unavailable("no connection");
    down_with(|_, _| Err(DOWN())).await.assert_holds();
    // A cached answer may still be accepted.
    down_with(|_, kept| kept.ok_or_else(DOWN)).await.assert_holds();
    let cases: [Answer; 6] = [
        |_, _| Err(VerifyError::UNKNOWN),
        |_, _| Err(VerifyError::Unsupported),
        |_, _| otto(),
        |credential, _| if secret(credential) == TOKEN { otto() } else { Err(DOWN()) },
        |credential, _| match secret(credential).as_str() {
            UNKNOWN_TOKEN => Err(VerifyError::UNKNOWN),
            _ => Err(DOWN()),
        },
        // A cached answer is dropped and the credential denied.
        |_, kept| Err(if kept.is_some() { VerifyError::UNKNOWN } else { DOWN() }),
    ];
    for answer in cases {
        caught(&down_with(answer).await, Rule::OutagesAreUnavailable);
    }
    // A verifier that does not recover.
    let (verifier, down) = Remote::new(|_: &Credential<'_>, _| Err(DOWN()));
    let switch = move |_| {
        down.store(true, Ordering::SeqCst);
        ready(())
    };
    caught(&tokens().outage(switch).check(&verifier).await, Rule::GoodIsKnown);
}

#[tokio::test]
async fn a_suite_without_a_good_credential_fails_and_reports_what_it_did_not_check() {
    caught(&Suite::new().check(&store()).await, Rule::GoodIsShown);
    caught(&Suite::new().unknown(token(UNKNOWN_TOKEN)).check(&store()).await, Rule::GoodIsShown);

    let alone = || Suite::new().good(token(TOKEN), PrincipalKind::OAuthUser);
    let report = alone().check(&store()).await;
    assert!(report.holds());
    assert_eq!(report.unchecked().len(), 6, "{report}");
    let passwords = alone().good(Credential::Password(pair(USER, PASSWORD)), PrincipalKind::BasicUser);
    let report = passwords.check(&store()).await;
    assert_eq!(report.unchecked().len(), 7, "{report}");
    assert!(report.to_string().contains("not checked: truncation of passwords at 72 bytes"), "{report}");
    let report = suite().check(&store()).await;
    assert_eq!(report.unchecked().len(), 3, "{report}");
    let expected = ["tenants", "identities", "outages"];
    assert!(report.unchecked().iter().all(|what| expected.iter().any(|start| what.starts_with(start))));
}

#[tokio::test]
async fn a_verifier_that_knows_no_tenants_is_caught_where_tenants_matter() {
    caught(&suite().tenant("acme").check(&store()).await, Rule::TenantsAreApart);
    caught(&suite().tenant("acme").check(&store().danger_at_every_tenant()).await, Rule::TenantsAreApart);

    /// Accepts credentials of one tenant only.
    struct Acme(MemoryVerifier);

    impl Verifier for Acme {
        async fn verify(&self, credential: &Credential<'_>, context: &VerifyContext<'_>) -> Verdict {
            match context.tenant() {
                Some("acme") => self.0.verify(credential, context).await,
                _ => Err(VerifyError::UNKNOWN),
            }
        }

        async fn revoke(
            &self,
            credential: &Credential<'_>,
            context: &VerifyContext<'_>,
        ) -> Result<(), VerifyError> {
            self.0.revoke(credential, context).await
        }

        fn tenancy(&self) -> Tenancy {
            Tenancy::Separates
        }
    }

    suite().tenant("acme").check(&Acme(store())).await.assert_holds();
    #[cfg(feature = "cache")]
    {
        let cached = tower_principal::verify::Cached::new(Acme(store())).unwrap().cache_passwords();
        suite().tenant("acme").check(&cached).await.assert_holds();
    }
}

#[tokio::test]
async fn a_verifier_that_does_not_declare_its_tenancy_is_caught() {
    let walled = || {
        from_fn(async |credential, context| match (credential, context.tenant()) {
            (Credential::AccessToken(token), Some("acme")) if token.ct_eq(&Secret::borrowed(TOKEN)) => {
                Ok(OAuthUser::new("otto"))
            }
            (Credential::AccessToken(_), _) => Err(VerifyError::UNKNOWN),
            _ => Err(VerifyError::Unsupported),
        })
    };
    let suite = || Suite::new().tenant("acme").good(token(TOKEN), PrincipalKind::OAuthUser);
    caught(&suite().check(&walled()).await, Rule::TenancyIsDeclared);
    suite().check(&walled().separates_tenants()).await.assert_holds();
    suite().check(&walled().at_tenant("acme")).await.assert_holds();
    caught(&suite().check(&walled().at_tenant("rival")).await, Rule::GoodIsKnown);
}

/// Makes a principal from the text of each token.
fn identities(make: impl Fn(&str) -> Option<Principal> + Send + Sync + 'static) -> impl Verifier {
    from_fn(move |credential, _| {
        std::future::ready(match credential {
            Credential::AccessToken(token) => make(token.expose_secret()).ok_or(VerifyError::UNKNOWN),
            _ => Err(VerifyError::Unsupported),
        })
    })
}

#[tokio::test]
async fn confused_identities_are_caught() {
    let user = |id: &str| OAuthUser::new(id);
    let suite = || {
        Suite::new()
            .good(token("alice-token-1"), PrincipalKind::OAuthUser)
            .identity([token("alice-token-1"), token("alice-token-2")])
            .identity([token("client-alice-1")])
            .client(token("client-alice-1"))
    };
    let good = move |text: &str| match text {
        "alice-token-1" | "alice-token-2" => Some(user("alice").into()),
        "client-alice-1" => Some(user("alice").for_itself().into()),
        _ => None,
    };
    suite().check(&identities(good)).await.assert_holds();
    let all = |make: fn() -> Principal| move |text: &str| good(text).map(|_| make());
    // A client becomes the person with its name.
    let person = identities(all(|| OAuthUser::new("alice").into()));
    caught(&suite().check(&person).await, Rule::IdentitiesAreApart);
    caught(&suite().check(&person).await, Rule::ClientsAreNoPeople);
    // A person becomes a client.
    let client = identities(all(|| OAuthUser::new("alice").for_itself().into()));
    caught(&suite().check(&client).await, Rule::ClientsAreNoPeople);
    // A user with two identities, one without an id, and one with a new identity each time.
    let two = identities(move |text| good(text).map(|_| user(text).into()));
    caught(&suite().check(&two).await, Rule::IdentitiesAreApart);
    let empty = identities(all(|| OAuthUser::new("").into()));
    caught(&suite().check(&empty).await, Rule::IdentitiesAreApart);
    let count = std::sync::atomic::AtomicU32::new(0);
    let other = identities(move |text| {
        let next = count.fetch_add(1, Ordering::Relaxed);
        good(text).map(|_| user(&next.to_string()).into())
    });
    caught(&suite().check(&other).await, Rule::IdentitiesAreApart);
    // A principal from an issuer that the verifier does not name.
    let foreign = identities(all(|| OAuthUser::new("alice").with_issuer("https://b.example").into()));
    caught(&suite().check(&foreign).await, Rule::SourceIsDeclared);
    caught(&suite().identity([token("nobodys-token")]).check(&identities(good)).await, Rule::GoodIsKnown);
}

#[tokio::test]
#[should_panic(
    expected = "a good credential verifies, as the kind of principal it makes: a good credential of kind"
)]
async fn a_report_fails_a_test_by_the_name_of_the_rule() {
    let empty = MemoryVerifier::builder().passwords(cheap_passwords()).build().unwrap();
    tokens().check(&empty).await.assert_holds();
}

#[test]
fn nothing_of_a_suite_shows_a_secret() {
    let shown = format!("{:?}", suite().tenant("acme"));
    assert!(shown.starts_with(r#"Suite { tenant: Some("acme"), good: [AccessToken, Password"#), "{shown}");
    assert!(!shown.contains(TOKEN) && !shown.contains(USER));
}

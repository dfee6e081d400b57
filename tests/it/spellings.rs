//! A cache removes a revoked credential in every form and encoding (REQ-37, REQ-39).

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context as Task, Waker};
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::sync::Semaphore;
use tokio::task::yield_now;
use tower_principal::verify::Cached;
use tower_principal::{
    ApiKey, BasicUser, Credential, DenialReason, OAuthUser, Pair, Principal, Secret, Verifier, VerifyContext,
    VerifyError, verify,
};

type Verdict = Result<Principal, VerifyError>;

fn token(text: &str) -> Credential<'_> {
    Credential::AccessToken(Secret::borrowed(text))
}

fn nowhere() -> VerifyContext<'static> {
    VerifyContext::default()
}

/// Returns true if the cache accepts the credential without waiting.
fn remembers<V: Verifier>(cached: &Cached<V>, credential: &Credential<'_>) -> bool {
    matches!(cached.verify_now(credential, &nowhere()), Some(Ok(_)))
}

async fn until(what: impl Fn() -> bool) {
    for _ in 0..1_000 {
        if what() {
            return;
        }
        yield_now().await;
    }
    panic!("it does not happen");
}

#[cfg(feature = "jwt")]
mod jwts {
    use tower_principal::verify::Algorithm;
    use tower_principal::verify::JwtVerifier;

    use super::*;
    use crate::jwt::{credential, good, pair, verdict};
    use crate::jwt_revocation::malleated;

    /// One message has two ECDSA signatures, and the holder of one can compute the other.
    #[tokio::test]
    async fn req_37_the_twin_of_a_revoked_jwt_is_not_answered_from_the_cache() {
        let (issuer, verifier, _) = pair(Algorithm::Es256);
        let cached = Cached::new(verifier).unwrap();
        let acme = nowhere().with_tenant("acme");
        for known in [true, false] {
            for new in [good(&issuer), good(&issuer).without("jti"), good(&issuer).claim("jti", "")] {
                let token = new.claim("known", known).sign();
                let twin = malleated(&token);
                let other = good(&issuer).sign();
                if known {
                    assert_eq!(verdict(&cached, &token).await, "good");
                }
                assert_eq!(verdict(&cached, &twin).await, "good");
                cached.verify(&credential(&twin), &acme).await.unwrap();
                assert_eq!(verdict(&cached, &other).await, "good");
                cached.revoke(&credential(&token), &nowhere()).await.unwrap();
                assert_eq!(verdict(&cached, &token).await, "revoked");
                assert_eq!(verdict(&cached, &twin).await, "revoked");
                let elsewhere = cached.verify(&credential(&twin), &acme).await;
                assert!(
                    matches!(elsewhere, Err(VerifyError::Denied(DenialReason::Revoked))),
                    "{elsewhere:?}"
                );
                assert!(remembers(&cached, &credential(&other)), "another token of the same user");
            }
        }
    }

    /// Finds its answer at once and returns it when the test lets it.
    struct Late {
        verifier: JwtVerifier,
        asked: AtomicUsize,
        gate: Semaphore,
    }

    impl Verifier for Late {
        async fn verify(&self, credential: &Credential<'_>, context: &VerifyContext<'_>) -> Verdict {
            let answer = self.verifier.verify(credential, context).await;
            self.asked.fetch_add(1, Ordering::SeqCst);
            self.gate.acquire().await.unwrap().forget();
            answer
        }

        async fn revoke(
            &self,
            credential: &Credential<'_>,
            context: &VerifyContext<'_>,
        ) -> Result<(), VerifyError> {
            self.verifier.revoke(credential, context).await
        }
    }

    #[tokio::test]
    async fn req_37_a_verification_of_the_twin_that_began_before_does_not_bring_it_back() {
        let (issuer, verifier, _) = pair(Algorithm::Es256);
        let late = Arc::new(Late { verifier, asked: AtomicUsize::new(0), gate: Semaphore::new(1) });
        let cached = Cached::new(Arc::clone(&late)).unwrap();
        let text = good(&issuer).sign();
        let (token, twin, context) = (credential(&text), malleated(&text), nowhere());
        let twin = credential(&twin);
        cached.verify(&token, &context).await.unwrap();
        let mut before = Box::pin(cached.verify(&twin, &context));
        assert!(before.poll_unpin(&mut Task::from_waker(Waker::noop())).is_pending());
        until(|| late.asked.load(Ordering::SeqCst) == 2).await;
        cached.revoke(&token, &context).await.unwrap();
        // A new caller does not get the earlier answer.
        let mut after = Box::pin(cached.verify(&twin, &context));
        assert!(after.poll_unpin(&mut Task::from_waker(Waker::noop())).is_pending());
        until(|| late.asked.load(Ordering::SeqCst) == 3).await;
        late.gate.add_permits(2);
        assert!(before.await.is_ok());
        assert!(matches!(after.await, Err(VerifyError::Denied(DenialReason::Revoked))));
        assert!(!remembers(&cached, &twin));
    }
}

/// A key has two secrets while it is rotated, and either of them revokes the key.
fn rotated() -> impl Verifier {
    struct Rotated(Semaphore);
    impl Verifier for Rotated {
        async fn verify(&self, credential: &Credential<'_>, _: &VerifyContext<'_>) -> Verdict {
            let Credential::ApiKey(secret) = credential else { return Err(VerifyError::UNKNOWN) };
            let (id, _) = secret.expose_secret().split_once('-').ok_or(VerifyError::UNKNOWN)?;
            if id == "k1" && self.0.is_closed() {
                return Err(VerifyError::Denied(DenialReason::Revoked));
            }
            Ok(ApiKey::new(id).with_credential_id(id).into())
        }

        async fn revoke(&self, _: &Credential<'_>, context: &VerifyContext<'_>) -> Result<(), VerifyError> {
            self.0.close();
            if context.tenant() == Some("slow") { pending().await } else { Ok(()) }
        }
    }
    Rotated(Semaphore::new(0))
}

fn key(secret: &str) -> Credential<'_> {
    Credential::ApiKey(Secret::borrowed(secret))
}

#[tokio::test]
async fn req_39_revoking_by_one_secret_forgets_the_other_one() {
    for shown_before in [true, false] {
        let cached = Cached::new(rotated()).unwrap();
        for secret in ["k1-new", "k2-new"] {
            cached.verify(&key(secret), &nowhere()).await.unwrap();
        }
        if shown_before {
            cached.verify(&key("k1-old"), &nowhere()).await.unwrap();
        }
        cached.revoke(&key("k1-old"), &nowhere()).await.unwrap();
        assert!(!remembers(&cached, &key("k1-new")) && remembers(&cached, &key("k2-new")));
        assert!(cached.verify(&key("k1-new"), &nowhere()).await.is_err());
    }
}

#[tokio::test]
async fn req_39_a_revocation_that_is_dropped_half_way_forgets_every_spelling_too() {
    let cached = Cached::new(rotated()).unwrap();
    let slow = nowhere().with_tenant("slow");
    let (old, new) = (key("k1-old"), key("k1-new"));
    cached.verify(&new, &nowhere()).await.unwrap();
    let mut revoking = Box::pin(cached.revoke(&old, &slow));
    assert!(revoking.poll_unpin(&mut Task::from_waker(Waker::noop())).is_pending());
    // Now the verifier receives the revocation.
    yield_now().await;
    drop(revoking);
    assert!(cached.verify(&new, &nowhere()).await.is_err());
}

/// If the principal is unknown now, the revocation is not passed on, because other encodings of the
/// credential would stay valid in this cache.
#[tokio::test(start_paused = true)]
async fn req_39_what_cannot_be_named_is_not_revoked_and_that_is_an_outage() {
    struct Hangs;
    impl Verifier for Hangs {
        async fn verify(&self, credential: &Credential<'_>, _: &VerifyContext<'_>) -> Verdict {
            let Credential::AccessToken(token) = credential else { return Err(VerifyError::UNKNOWN) };
            match token.expose_secret() {
                "hangs" => pending().await,
                "panics" => panic!("on purpose"),
                "down" => Err(VerifyError::unavailable("on purpose")),
                _ => Ok(OAuthUser::new("otto").into()),
            }
        }

        async fn revoke(&self, _: &Credential<'_>, _: &VerifyContext<'_>) -> Result<(), VerifyError> {
            panic!("told");
        }
    }
    let cached = Cached::new(Hangs).unwrap();
    cached.verify(&token("a"), &nowhere()).await.unwrap();
    for text in ["hangs", "panics", "down"] {
        let started = tokio::time::Instant::now();
        let refused = cached.revoke(&token(text), &nowhere()).await;
        assert!(matches!(refused, Err(VerifyError::Unavailable(_))), "{text}: {refused:?}");
        assert!(remembers(&cached, &token("a")), "{text}");
        assert!(started.elapsed() < Duration::from_secs(5), "{text}");
    }
}

/// If the caller of a revocation leaves, the verifier completes it. Answers from before its
/// completion are not cached.
#[tokio::test(start_paused = true)]
async fn req_39_what_is_verified_while_a_revocation_goes_on_does_not_outlive_it() {
    struct Detached {
        revoked: Arc<AtomicBool>,
        answers: bool,
    }
    impl Verifier for Detached {
        async fn verify(&self, _: &Credential<'_>, _: &VerifyContext<'_>) -> Verdict {
            match self.revoked.load(Ordering::SeqCst) {
                true => Err(VerifyError::Denied(DenialReason::Revoked)),
                false => Ok(OAuthUser::new("otto").with_credential_id("1").into()),
            }
        }

        async fn revoke(&self, _: &Credential<'_>, _: &VerifyContext<'_>) -> Result<(), VerifyError> {
            let revoked = Arc::clone(&self.revoked);
            let work = tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(100)).await;
                revoked.store(true, Ordering::SeqCst);
            });
            if !self.answers {
                return Err(VerifyError::unavailable("the answer was lost"));
            }
            work.await.map_err(VerifyError::unavailable)
        }
    }
    for answers in [true, false] {
        let cached = Cached::new(Detached { revoked: Arc::default(), answers }).unwrap();
        cached.verify(&token("a"), &nowhere()).await.unwrap();
        let (credential, context) = (token("a"), nowhere());
        let revoking = cached.revoke(&credential, &context);
        let _ = tokio::time::timeout(Duration::from_millis(20), revoking).await;
        cached.verify(&token("a"), &nowhere()).await.unwrap();
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert!(cached.verify(&token("a"), &nowhere()).await.is_err(), "{answers}");
    }
}

/// An unknown credential evicts no other entry, and neither does a verifier that cannot revoke.
#[tokio::test]
async fn req_39_a_revocation_without_effect_evicts_no_other_principal() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let cached = Cached::new(verify::from_fn(move |credential, _| {
        count.fetch_add(1, Ordering::SeqCst);
        async move {
            match credential {
                Credential::AccessToken(token) if token.expose_secret().starts_with("good") => {
                    Ok(Principal::from(OAuthUser::new("otto")))
                }
                Credential::Password(pair) => Ok(BasicUser::new(pair.id()).into()),
                _ => Err(VerifyError::UNKNOWN),
            }
        }
    }))
    .unwrap();
    cached.verify(&token("good1"), &nowhere()).await.unwrap();
    for text in ["bad", "good2", "good1"] {
        let before = asked.load(Ordering::SeqCst);
        assert!(remembers(&cached, &token("good1")), "{text}");
        let refused = cached.revoke(&token(text), &nowhere()).await;
        assert!(matches!(refused, Err(VerifyError::Unsupported)), "{refused:?}");
        let more = asked.load(Ordering::SeqCst) - before;
        assert_eq!(more, usize::from(text != "good1"), "{text}: whose it is, is asked once if not at hand");
    }
    // No revocation is attempted for a password, because passwords are not cached.
    let before = asked.load(Ordering::SeqCst);
    let password = Credential::Password(Pair::new(Secret::borrowed("alice"), Secret::borrowed("p")));
    cached.revoke(&password, &nowhere()).await.unwrap_err();
    assert_eq!(asked.load(Ordering::SeqCst), before);
}

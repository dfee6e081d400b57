//! JWT access tokens that are revoked before they expire.
#![cfg(feature = "jwt")]

use std::time::{Duration, SystemTime};

use allocation_counter::measure;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tower_principal::clock::Clock as _;
use tower_principal::test_util::{Issuer, TestClock};
use tower_principal::verify::JwtVerifier;
use tower_principal::verify::{Algorithm, Denylist};
use tower_principal::{DenialReason, OAuthUser, Verifier, VerifyContext, VerifyError};

use crate::jwt::{API, ISSUER, ask, credential, good, pair, verdict};

/// H59, REQ-37: another valid signature over the same message is the same token.
#[tokio::test]
async fn req_37_a_revoked_token_stays_denied_until_it_expires() {
    let (issuer, verifier, clock) = pair(Algorithm::Es256);
    let context = VerifyContext::default();
    for token in [good(&issuer).sign(), good(&issuer).without("jti").sign()] {
        assert_eq!(verdict(&verifier, &token).await, "good");
        verifier.revoke(&credential(&token), &context).await.unwrap();
        assert_eq!(verdict(&verifier, &token).await, "revoked");
        verifier.revoke(&credential(&token), &context).await.unwrap();
        let twin = malleated(&token);
        assert_ne!(twin, token);
        assert_eq!(verdict(&verifier, &twin).await, "revoked");
        assert_eq!(verdict(&verifier, &good(&issuer).sign()).await, "good");
        // If a verifier denies a token, the next one is not asked.
        let lenient = tower_principal::verify::from_fn(async |_, _| Ok(OAuthUser::new("any")));
        let joined = verifier_of(&verifier, &issuer, &clock).or(lenient);
        assert_eq!(verdict(&joined, &token).await, "revoked");
    }
    assert_eq!(verifier.denylist().len(), 2);
}

/// Another verifier that shares the denylist.
fn verifier_of(of: &JwtVerifier, issuer: &Issuer, clock: &TestClock) -> JwtVerifier {
    let builder = JwtVerifier::builder(ISSUER).audience(API).keys(issuer.keys().unwrap());
    builder.clock(clock.clone()).denylist(of.denylist().clone()).build().unwrap()
}

/// Returns the token with the other valid signature that ECDSA has: `s` is replaced by the group's
/// order minus `s`.
pub(crate) fn malleated(token: &str) -> String {
    const ORDER: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
        0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    let (message, signature) = token.rsplit_once('.').unwrap();
    let mut bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let mut borrow = 0;
    for at in (0..32).rev() {
        let difference = i32::from(ORDER[at]) - i32::from(bytes[32 + at]) - borrow;
        borrow = i32::from(difference < 0);
        bytes[32 + at] = u8::try_from(difference.rem_euclid(256)).unwrap();
    }
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(bytes))
}

/// The number of tokens that fill a table exactly, and one more.
#[test]
fn a_denied_token_takes_no_more_room_than_is_said() {
    let until = SystemTime::now();
    for tokens in [28_672, 28_673] {
        let list = Denylist::with_capacity(tokens).unwrap();
        let held = measure(|| (0..tokens).for_each(|at| list.deny("i", &at.to_string(), until).unwrap()));
        let each = u64::try_from(held.bytes_current).unwrap() / u64::try_from(tokens).unwrap();
        assert!((56..=115).contains(&each), "{tokens}: {each}");
        assert!(list.deny("i", "one more", until).is_err());
        assert_eq!(list.len(), tokens);
    }
}

/// Otherwise the revocation of one token would end all tokens of an issuer that leaves `jti` empty.
#[tokio::test]
async fn req_37_an_empty_jti_is_none() {
    let (issuer, verifier, _) = pair(Algorithm::EdDsa);
    let [token, other] = ["a", "b"].map(|client| good(&issuer).claim("jti", "").claim("azp", client).sign());
    verifier.revoke(&credential(&token), &VerifyContext::default()).await.unwrap();
    assert_eq!(verdict(&verifier, &token).await, "revoked");
    assert_eq!(verdict(&verifier, &other).await, "good");
    assert_eq!(ask(&verifier, &other).await.unwrap().credential_id(), None);
}

#[tokio::test(start_paused = true)]
async fn req_37_only_a_token_that_verifies_is_revoked() {
    let (issuer, _, clock) = pair(Algorithm::EdDsa);
    let builder =
        JwtVerifier::builder(ISSUER).audience(API).keys(issuer.keys().unwrap()).clock(clock.clone());
    let verifier = builder.denylist(Denylist::with_capacity(1).unwrap()).build().unwrap();
    let context = VerifyContext::default();
    let token = good(&issuer).sign();
    let (message, _) = token.rsplit_once('.').unwrap();
    let forged = format!("{message}.{}", URL_SAFE_NO_PAD.encode([0; 64]));
    let refused = verifier.revoke(&credential(&forged), &context).await;
    assert!(matches!(refused, Err(VerifyError::Denied(DenialReason::Unknown))), "{refused:?}");
    let opaque = verifier.revoke(&credential("opaque"), &context).await;
    assert!(matches!(opaque, Err(VerifyError::Unsupported)), "{opaque:?}");
    assert!(verifier.denylist().is_empty());
    verifier.revoke(&credential(&token), &context).await.unwrap();
    // A full list forgets no entry before its time.
    let other = good(&issuer).sign();
    let full = verifier.revoke(&credential(&other), &context).await;
    assert!(matches!(full, Err(VerifyError::Unavailable(_))), "{full:?}");
    assert_eq!(verdict(&verifier, &token).await, "revoked");
    // This also holds if a clock that runs ahead shows that the time is over.
    clock.advance(Duration::from_secs(3700));
    let later = good(&issuer).sign();
    let full = verifier.revoke(&credential(&later), &context).await;
    assert!(matches!(full, Err(VerifyError::Unavailable(_))), "{full:?}");
    assert!(verifier.denylist().deny(ISSUER, "another", clock.now()).is_err());
    clock.set_back(Duration::from_secs(3700));
    assert_eq!(verdict(&verifier, &token).await, "revoked");
    // The time is over by both clocks.
    clock.advance(Duration::from_secs(3700));
    tokio::time::advance(Duration::from_secs(3700)).await;
    verifier.revoke(&credential(&later), &context).await.unwrap();
    assert_eq!(verdict(&verifier, &later).await, "revoked");
}

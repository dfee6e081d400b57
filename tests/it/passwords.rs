//! Password hashing: the same time for every refusal (REQ-17), bounded and off the reactor
//! (REQ-58).

use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use tower::ServiceExt as _;
use tower_principal::RejectionKind::Unavailable;
use tower_principal::verify::password::Passwords;
use tower_principal::{
    BasicUser, Credential, Pair, PrincipalKind, Secret, Verifier as _, VerifyContext, VerifyError, dialect,
    verify::MemoryVerifier,
};

use crate::support::*;

/// Returns hashes that are expensive enough to measure.
fn slow_passwords() -> Passwords {
    Passwords::with_params(4 * 1024, 2, 1).unwrap()
}

/// REQ-17: the path for an unknown user, a wrong password and a disabled user includes the same
/// hashing.
#[tokio::test]
async fn req_17_every_refused_login_takes_the_same_time() {
    let verifier = MemoryVerifier::builder()
        .passwords(slow_passwords())
        .user("known", "p", BasicUser::new("known"))
        .user("disabled", "p", BasicUser::new("disabled"))
        .build()
        .unwrap();
    verifier.disable(PrincipalKind::BasicUser, "disabled");
    let logins =
        [("known", "wrong"), ("unknown", "wrong"), ("disabled", "p"), ("disabled", "wrong"), ("", "")];
    let mut times = [const { Vec::new() }; 5];
    for _ in 0..25 {
        for (login, times) in logins.iter().zip(&mut times) {
            let started = Instant::now();
            let pair = Pair::new(Secret::borrowed(login.0), Secret::borrowed(login.1));
            let verdict = verifier.verify(&Credential::Password(pair), &VerifyContext::default()).await;
            assert!(matches!(verdict, Err(VerifyError::Denied(_))), "{verdict:?}");
            times.push(started.elapsed());
        }
    }
    // The minimum of many runs is the time of the work; the rest is other load on the machine.
    let least = times.map(|times| times.into_iter().min().unwrap());
    let (fastest, slowest) = (least.iter().min().unwrap(), least.iter().max().unwrap());
    assert!(*slowest < *fastest * 2, "{logins:?} took {least:?}");
}

/// REQ-58: requests above the limit of waiting ones are refused at once, and all others are
/// answered.
#[tokio::test]
async fn req_58_too_many_logins_at_once_are_shed() {
    let verifier = MemoryVerifier::builder()
        .passwords(Passwords::with_params(19 * 1024, 2, 1).unwrap())
        .user(USER, PASSWORD, BasicUser::new(USER))
        .build()
        .unwrap();
    let app = whoami().layer(layer_of(dialect::GEODATAHUB, verifier).deadline(Duration::from_secs(120)));
    let cores = std::thread::available_parallelism().unwrap().get();
    let mut calls: Vec<_> = (0..cores * 40)
        .map(|_| Box::pin(app.clone().oneshot(authorization(basic(USER, PASSWORD)))))
        .collect();
    let mut shed = 0;
    let mut waiting = Vec::new();
    for mut call in calls.drain(..) {
        match (&mut call).now_or_never() {
            Some(response) => {
                let answer = Answer::of(response.unwrap()).await;
                assert_eq!((answer.outcome(), answer.lines("retry-after")), (Err(Unavailable), vec!["5"]));
                shed += 1;
            }
            None => waiting.push(call),
        }
    }
    // A few may have ended before the last one starts.
    assert!(shed > 0 && waiting.len() <= cores * 20, "{shed} shed, {} waiting", waiting.len());
    for response in join_all(waiting).await {
        assert_eq!(response.unwrap().status(), 200);
    }
    assert_eq!(send(app, authorization(basic(USER, PASSWORD))).await.outcome(), Ok("BasicUser"));
}

/// REQ-58: hashing does not run on the threads that serve requests.
#[tokio::test]
async fn req_58_hashing_does_not_hold_up_the_reactor() {
    let passwords = Passwords::with_params(64 * 1024, 3, 1).unwrap();
    let verifier = MemoryVerifier::builder().passwords(passwords).user("u", "p", BasicUser::new("u"));
    let app =
        whoami().layer(layer_of(dialect::GEODATAHUB, verifier.build().unwrap()).deadline(Duration::MAX));
    let mut login = Box::pin(send(app, authorization(basic("u", "p"))));
    let mut ticks = 0;
    let answer = loop {
        tokio::select! {
            answer = &mut login => break answer,
            () = tokio::time::sleep(Duration::from_millis(2)) => ticks += 1,
        }
    };
    assert_eq!(answer.outcome(), Ok("BasicUser"));
    assert!(ticks >= 5, "{ticks}");
}

/// A place is not free while a check still uses it after its client has left. In the end, every
/// place is free again.
#[tokio::test]
async fn req_58_logins_that_are_given_up_leave_no_place_taken() {
    let verifier = MemoryVerifier::builder()
        .passwords(slow_passwords())
        .user(USER, PASSWORD, BasicUser::new(USER))
        .build()
        .unwrap();
    let app = whoami().layer(layer_of(dialect::GEODATAHUB, verifier));
    for _ in 0..200 {
        let mut call = Box::pin(app.clone().oneshot(authorization(basic(USER, "x"))));
        let _answer = (&mut call).now_or_never();
        drop(call);
        tokio::task::yield_now().await;
    }
    let answer = loop {
        let answer = send(app.clone(), authorization(basic(USER, PASSWORD))).await;
        if answer.status != 503 {
            break answer;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    assert_eq!(answer.outcome(), Ok("BasicUser"));
}

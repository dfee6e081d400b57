//! Stores of sessions that are broken on purpose: the suite finds the broken rule of each.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use tower_principal::clock::Clock as _;
use tower_principal::credential::Digest;
use tower_principal::grant::{MemorySessions, NewSession, Session, Sessions, StoreError};
use tower_principal::test_util::TestClock;
use tower_principal::test_util::conformance::{Report, SessionRule, SessionSuite};

/// The fault of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    LosesTheOrganization,
    EndsLater,
    EndsForEachRacer,
    EndsTheWholeUser,
    EndsOneSessionOfMany,
    OverwritesSessions,
    FailsForOddText,
    EndsOneByOne,
    SaysNoneInAnOutage,
    LastsLonger,
    OrdersByTheClock,
    PurgesAtOnce,
    PurgesNothing,
    FailsToFind,
}

#[derive(Clone)]
struct Broken {
    inner: MemorySessions,
    fault: Fault,
    is_down: Arc<AtomicBool>,
    /// All sessions, each with the time of its creation.
    known: Arc<Mutex<Vec<(NewSession, SystemTime)>>>,
    clock: TestClock,
}

impl Broken {
    fn is(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    fn up(&self) -> Result<(), StoreError> {
        if self.is_down.load(Ordering::SeqCst) { Err(StoreError::unavailable("down")) } else { Ok(()) }
    }

    fn known(&self, is_wanted: impl Fn(&NewSession) -> bool) -> Vec<NewSession> {
        let known = self.known.lock().unwrap();
        known.iter().map(|(session, _)| session).filter(|session| is_wanted(session)).cloned().collect()
    }
}

impl Sessions for Broken {
    async fn create(&self, session: &NewSession) -> Result<(), StoreError> {
        self.up()?;
        if self.is(Fault::FailsForOddText) && session.user.contains('\0') {
            return Err(StoreError::unavailable("NUL"));
        }
        let mut session = session.clone();
        if self.is(Fault::LosesTheOrganization) {
            session.org = None;
        }
        if self.is(Fault::LastsLonger) {
            session.lifetime += Duration::from_secs(1);
        }
        self.known.lock().unwrap().push((session.clone(), self.clock.now()));
        match self.inner.create(&session).await {
            Err(StoreError::Exists) if self.is(Fault::OverwritesSessions) => Ok(()),
            outcome => outcome,
        }
    }

    async fn find(&self, digest: &Digest) -> Result<Option<Session>, StoreError> {
        if self.is(Fault::SaysNoneInAnOutage) && self.up().is_err() {
            return Ok(None);
        }
        self.up()?;
        if self.is(Fault::FailsToFind) {
            return Err(StoreError::unavailable("broken"));
        }
        let found = self.inner.find(digest).await?;
        if found.is_some() || !self.is(Fault::OrdersByTheClock) {
            return Ok(found);
        }
        // By this clock, the log-out is still to come.
        let (now, known) = (self.clock.now(), self.known.lock().unwrap());
        let early = known.iter().find(|(session, created)| session.digest == *digest && now < *created);
        Ok(early.and_then(|(session, _)| Session::from_draft(session, now)))
    }

    async fn end(&self, digest: &Digest) -> Result<bool, StoreError> {
        self.up()?;
        match self.fault {
            Fault::EndsLater => {
                let (inner, digest) = (self.inner.clone(), *digest);
                let is_live = inner.find(&digest).await?.is_some();
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    inner.end(&digest).await
                });
                Ok(is_live)
            }
            Fault::EndsForEachRacer => {
                let is_live = self.inner.find(digest).await?.is_some();
                tokio::time::sleep(Duration::from_millis(5)).await;
                self.inner.end(digest).await?;
                Ok(is_live)
            }
            Fault::EndsTheWholeUser => {
                let found = self.inner.find(digest).await?;
                for other in self.known(|_| found.is_some()) {
                    self.inner.end(&other.digest).await?;
                }
                Ok(found.is_some())
            }
            _ => self.inner.end(digest).await,
        }
    }

    async fn end_all_of(&self, user: &str) -> Result<usize, StoreError> {
        self.up()?;
        let own = self.known(|session| session.user == user);
        match self.fault {
            Fault::EndsOneSessionOfMany => match own.first() {
                Some(first) => self.inner.end(&first.digest).await.map(usize::from),
                None => Ok(0),
            },
            Fault::EndsOneByOne => {
                let mut ended = 0;
                for session in own {
                    ended += usize::from(self.inner.end(&session.digest).await?);
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                Ok(ended)
            }
            _ => self.inner.end_all_of(user).await,
        }
    }

    async fn purge(&self, retention: Duration) -> Result<usize, StoreError> {
        self.up()?;
        match self.fault {
            Fault::PurgesAtOnce => self.inner.purge(Duration::ZERO).await,
            Fault::PurgesNothing => Ok(0),
            _ => self.inner.purge(retention).await,
        }
    }
}

async fn check(fault: Fault) -> Report<SessionRule> {
    let clock = TestClock::default();
    let is_down = Arc::new(AtomicBool::new(false));
    let inner = MemorySessions::new().with_clock(clock.clone());
    let (known, of_store) = (Arc::default(), clock.clone());
    let sessions = Broken { inner, fault, is_down: Arc::clone(&is_down), known, clock: of_store };
    let suite = SessionSuite::new().clock(clock).outage(move |down| {
        is_down.store(down, Ordering::SeqCst);
        std::future::ready(())
    });
    suite.check(&sessions).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_broken_store_of_sessions_is_found() {
    let sound = check(Fault::None).await;
    sound.assert_holds();
    assert!(sound.unchecked().is_empty());
    for (fault, rule) in [
        (Fault::LosesTheOrganization, SessionRule::SessionsAreFound),
        (Fault::EndsLater, SessionRule::EndedStaysEnded),
        (Fault::EndsForEachRacer, SessionRule::EndedStaysEnded),
        (Fault::EndsTheWholeUser, SessionRule::EndingIsExact),
        (Fault::EndsOneSessionOfMany, SessionRule::EndingIsExact),
        (Fault::OverwritesSessions, SessionRule::DigestsAreUnique),
        (Fault::FailsForOddText, SessionRule::OddTextIsUnknown),
        (Fault::EndsOneByOne, SessionRule::CallersMayLeave),
        (Fault::SaysNoneInAnOutage, SessionRule::OutagesAreUnavailable),
        (Fault::LastsLonger, SessionRule::ExpiryIsChecked),
        (Fault::OrdersByTheClock, SessionRule::ClocksReviveNothing),
        (Fault::PurgesAtOnce, SessionRule::PurgesKeepWhatCounts),
        (Fault::PurgesNothing, SessionRule::PurgesKeepWhatCounts),
        (Fault::FailsToFind, SessionRule::EverythingEnds),
    ] {
        let report = check(fault).await;
        let found = report.violations().iter().any(|violation| violation.rule() == rule);
        assert!(found, "{fault:?} does not break {rule:?}: {report}");
    }
}

#[tokio::test]
async fn a_suite_of_sessions_without_a_clock_and_a_switch_names_what_it_did_not_check() {
    let report = SessionSuite::new().check(&MemorySessions::new()).await;
    report.assert_holds();
    assert_eq!(report.unchecked().len(), 2);
}

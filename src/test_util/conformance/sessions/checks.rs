//! The checks in their order, and those of endings.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::{SessionRule, SessionSuite};
use crate::credential::Digest;
use crate::grant::{NewSession, Session, Sessions, StoreError};
use crate::test_util::conformance::calls::{Checked, RACERS, described, ended, together};
use crate::test_util::conformance::{Report, Violation};

/// The checks of one store.
pub(super) struct Checks<'s, S> {
    pub(super) suite: &'s SessionSuite,
    pub(super) sessions: S,
    violations: Vec<Violation<SessionRule>>,
}

/// Lifetime of a session in the checks.
pub(super) const LIFETIME: Duration = Duration::from_secs(3_600);
/// The number of look-ups of each task in a race.
const LOOK_UPS: usize = 5;

impl<'s, S: Sessions + Clone> Checks<'s, S> {
    pub(super) const fn new(suite: &'s SessionSuite, sessions: S) -> Self {
        Self { suite, sessions, violations: Vec::new() }
    }

    pub(super) async fn run(mut self) -> Report<SessionRule> {
        let done = [
            self.outages().await,
            self.finding().await,
            self.ending().await,
            self.ending_against_finding().await,
            self.endings_of_a_user().await,
            self.taken_digests().await,
            self.odd_text().await,
            self.callers_that_leave().await,
            self.time().await,
        ];
        for error in done.into_iter().filter_map(Result::err) {
            self.hold(SessionRule::EverythingEnds, false, &error);
        }
        Report { subject: "store", violations: self.violations, unchecked: self.suite.unchecked() }
    }

    pub(super) fn hold(&mut self, rule: SessionRule, holds: bool, seen: &str) {
        if !holds && !self.violations.iter().any(|violation| violation.rule == rule && violation.seen == seen)
        {
            self.violations.push(Violation { rule, seen: seen.to_owned() });
        }
    }

    /// Creates a session of this user.
    pub(super) async fn created_for(&self, user: &str) -> Result<NewSession, String> {
        let draft = draft(user)?;
        ended(self.sessions.create(&draft)).await?;
        Ok(draft)
    }

    /// Creates a session of a user of its own.
    pub(super) async fn created(&self) -> Result<NewSession, String> {
        let draft = own_draft()?;
        ended(self.sessions.create(&draft)).await?;
        Ok(draft)
    }

    pub(super) async fn found(&self, session: &NewSession) -> Result<Option<Session>, String> {
        ended(self.sessions.find(&session.digest)).await
    }

    pub(super) async fn is_live(&self, session: &NewSession) -> Result<bool, String> {
        Ok(self.found(session).await?.is_some())
    }

    async fn finding(&mut self) -> Checked {
        let rule = SessionRule::SessionsAreFound;
        let unknown = Digest::random().map_err(described)?;
        let none = ended(self.sessions.find(&unknown)).await?.is_none();
        self.hold(rule, none, "an unknown digest has a session");
        let draft = own_draft()?.uuid("uuid").org("acme").app("weather");
        ended(self.sessions.create(&draft)).await?;
        let found = self.found(&draft).await?;
        let is_whole = found.as_ref().is_some_and(|found| {
            let owner = [&found.uuid, &found.org, &found.app] == [&draft.uuid, &draft.org, &draft.app];
            owner && found.id == draft.id && found.user == draft.user
        });
        self.hold(rule, is_whole, "a session lost a part of its draft");
        let timely = found.as_ref().is_some_and(|found| {
            let lasts = found.created_at + draft.lifetime == found.expires_at;
            lasts && found.authenticated_at == found.created_at
        });
        self.hold(rule, timely, "a session has other times than its draft");
        if let Some(first) = found {
            let earlier = own_draft()?.authenticated_at(first.created_at - LIFETIME);
            ended(self.sessions.create(&earlier)).await?;
            let kept = self.found(&earlier).await?;
            let kept = kept.is_some_and(|kept| kept.authenticated_at == first.created_at - LIFETIME);
            self.hold(rule, kept, "a session lost the time of its authentication");
        }
        Ok(())
    }

    async fn ending(&mut self) -> Checked {
        let (session, other) = (self.created().await?, self.created().await?);
        let calls = (0..RACERS).map(|_| {
            let (sessions, digest) = (self.sessions.clone(), session.digest);
            async move { ended(sessions.end(&digest)).await }
        });
        let outcomes = together(calls.collect::<Vec<_>>()).await?;
        let once = outcomes.iter().filter(|outcome| **outcome).count() == 1;
        self.hold(SessionRule::EndedStaysEnded, once, "concurrent calls ended a session not exactly once");
        let live = self.is_live(&session).await?;
        self.hold(SessionRule::EndedStaysEnded, !live, "a session outlived its end");
        let again = ended(self.sessions.end(&session.digest)).await?;
        self.hold(SessionRule::EndedStaysEnded, !again, "a session ended twice");
        let kept = self.is_live(&other).await?;
        self.hold(SessionRule::EndingIsExact, kept, "an ending ended another session");
        let unknown = Digest::random().map_err(described)?;
        let none = ended(self.sessions.end(&unknown)).await?;
        self.hold(SessionRule::EndingIsExact, !none, "an unknown digest ended a session");
        // The next session of this user works.
        let next = self.created_for(&session.user).await?;
        let live = self.is_live(&next).await?;
        self.hold(SessionRule::EndingIsExact, live, "no session can follow one that ended");
        Ok(())
    }

    /// As soon as the ending has returned, no look-up finds the session.
    async fn ending_against_finding(&mut self) -> Checked {
        let session = self.created().await?;
        let is_ended = Arc::new(AtomicBool::new(false));
        let find = |_| {
            let (sessions, digest) = (self.sessions.clone(), session.digest);
            let is_ended = Arc::clone(&is_ended);
            let call = async move {
                let mut late = false;
                for _ in 0..LOOK_UPS {
                    let was_ended = is_ended.load(Ordering::SeqCst);
                    late |= ended(sessions.find(&digest)).await?.is_some() && was_ended;
                }
                Ok(late)
            };
            Box::pin(call) as std::pin::Pin<Box<dyn Future<Output = Result<bool, String>> + Send>>
        };
        let (sessions, digest, flag) = (self.sessions.clone(), session.digest, Arc::clone(&is_ended));
        let end = async move {
            ended(sessions.end(&digest)).await?;
            flag.store(true, Ordering::SeqCst);
            Ok(false)
        };
        let calls = (1..RACERS).map(find).chain([Box::pin(end) as _]).collect::<Vec<_>>();
        let late = together(calls).await?.into_iter().any(|late| late);
        self.hold(SessionRule::EndedStaysEnded, !late, "a look-up found a session after its end");
        Ok(())
    }

    async fn endings_of_a_user(&mut self) -> Checked {
        let rule = SessionRule::EndingIsExact;
        let (first, other) = (self.created().await?, self.created().await?);
        let second = self.created_for(&first.user).await?;
        let gone = self.created_for(&first.user).await?;
        ended(self.sessions.end(&gone.digest)).await.map(drop)?;
        let count = ended(self.sessions.end_all_of(&first.user)).await?;
        self.hold(rule, count == 2, "an ending did not end exactly the sessions of its user");
        let live = self.is_live(&first).await? || self.is_live(&second).await?;
        self.hold(SessionRule::EndedStaysEnded, !live, "a session outlived the end of its user's sessions");
        let kept = self.is_live(&other).await?;
        self.hold(rule, kept, "an ending ended the session of another user");
        let none = ended(self.sessions.end_all_of(&first.user)).await?;
        self.hold(SessionRule::EndedStaysEnded, none == 0, "the sessions of a user ended twice");
        Ok(())
    }

    async fn taken_digests(&mut self) -> Checked {
        let rule = SessionRule::DigestsAreUnique;
        for is_ended in [false, true] {
            let session = self.created().await?;
            if is_ended {
                ended(self.sessions.end(&session.digest)).await.map(drop)?;
            }
            let same_digest = NewSession { digest: session.digest, ..own_draft()? };
            let same_id = NewSession { id: session.id.clone(), ..own_draft()? };
            for draft in [same_digest, same_id] {
                let refused = matches!(self.sessions.create(&draft).await, Err(StoreError::Exists));
                self.hold(rule, refused, "a second session got the digest or the id of the first");
            }
            let found = self.found(&session).await?;
            let kept = found.map(|found| found.user) == (!is_ended).then_some(session.user);
            self.hold(rule, kept, "a refused session changed another one");
        }
        Ok(())
    }

    async fn odd_text(&mut self) -> Checked {
        let long = "x".repeat(70_000);
        for odd in ["", "\0", "a\0b", "é\u{85}", "'; DROP TABLE sessions; --", long.as_str()] {
            let none = matches!(self.sessions.end_all_of(odd).await, Ok(0));
            self.hold(SessionRule::OddTextIsUnknown, none, "an odd name has sessions");
            let created = self.sessions.create(&draft(odd)?).await;
            let holds = matches!(created, Ok(()) | Err(StoreError::Invalid(_)));
            self.hold(SessionRule::OddTextIsUnknown, holds, "an odd name is an outage");
            ended(self.sessions.end_all_of(odd)).await.map(drop)?;
        }
        Ok(())
    }
}

pub(super) fn draft(user: &str) -> Result<NewSession, String> {
    let digest = Digest::random().map_err(described)?;
    NewSession::new(digest, user, LIFETIME).map_err(described)
}

/// A draft of a session of a user of its own.
pub(super) fn own_draft() -> Result<NewSession, String> {
    let mut draft = draft("")?;
    draft.user = format!("user-{}", draft.id);
    Ok(draft)
}

//! Sessions in memory.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use crate::clock::{Clock, SystemClock};
use crate::credential::Digest;
use crate::grant::{NewSession, Session, Sessions, StoreError};

/// Store of sessions in memory, for tests and for servers whose sessions may end with the process.
///
/// It holds up to 100,000 sessions, of which up to 100 are of one user. If the user logs in once
/// more, the oldest session of the user ends. If the store is full of sessions in force,
/// [`create`](Sessions::create) returns [`StoreError::Unavailable`]. The store does not know users:
/// end the sessions of a disabled user with [`end_all_of`](Sessions::end_all_of). Cheap to clone;
/// clones share the sessions.
///
/// # Examples
///
/// ```
/// use tower_principal::grant::{
///     MemoryApplications, MemoryGrants, MemorySessions,
/// };
/// use tower_principal::server::Stores;
///
/// let stores = Stores::from((MemoryGrants::new(), MemoryApplications::new()))
///     .sessions(MemorySessions::new());
/// # let _ = stores;
/// ```
#[derive(Clone)]
pub struct MemorySessions {
    rows: Arc<Mutex<HashMap<Digest, Row>>>,
    clock: Arc<dyn Clock>,
}

#[derive(Debug)]
struct Row {
    session: Session,
    /// Time of a log-out.
    ended_at: Option<SystemTime>,
}

/// Maximum number of sessions.
const CAPACITY: usize = 100_000;

/// Maximum number of sessions of one user that are in force.
const OF_USER: usize = 100;

/// Maximum number of sessions that a purge deletes.
const PURGED: usize = 1_000;

impl MemorySessions {
    /// Returns an empty store.
    pub fn new() -> Self {
        Self { rows: Arc::default(), clock: Arc::new(SystemClock) }
    }

    /// Sets the clock. Defaults to the operating system's clock.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use std::time::Duration;
    /// use tower_principal::credential::Digest;
    /// use tower_principal::grant::{MemorySessions, NewSession, Sessions};
    /// use tower_principal::test_util::TestClock;
    ///
    /// let clock = TestClock::default();
    /// let sessions = MemorySessions::new().with_clock(clock.clone());
    /// let cookie = Digest::random()?;
    /// let hour = Duration::from_secs(3600);
    /// sessions.create(&NewSession::new(cookie, "alice", hour)?).await?;
    /// clock.advance(hour);
    /// assert!(sessions.find(&cookie).await?.is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Returns the rows, which are whole after a panic: every change is one insertion or one field.
    fn rows(&self) -> MutexGuard<'_, HashMap<Digest, Row>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Row {
    fn is_in_force(&self, now: SystemTime) -> bool {
        self.ended_at.is_none() && now < self.session.expires_at
    }

    /// Returns `true` if the session ended at this time or before.
    fn is_over(&self, at: SystemTime) -> bool {
        self.session.expires_at <= at || self.ended_at.is_some_and(|ended| ended <= at)
    }
}

/// Makes place for one more session, which may be of this user. Fails if the store is full.
fn make_place(rows: &mut HashMap<Digest, Row>, user: &str, now: SystemTime) -> Result<(), StoreError> {
    if rows.len() >= CAPACITY {
        rows.retain(|_, row| row.is_in_force(now));
    }
    if rows.len() >= CAPACITY {
        return Err(StoreError::unavailable("the store of sessions is full"));
    }
    let mut own: Vec<&mut Row> =
        rows.values_mut().filter(|row| row.session.user == user && row.is_in_force(now)).collect();
    own.sort_by_key(|row| row.session.created_at);
    let surplus = (own.len() + 1).saturating_sub(OF_USER);
    own.into_iter().take(surplus).for_each(|row| row.ended_at = Some(now));
    Ok(())
}

impl Sessions for MemorySessions {
    async fn create(&self, session: &NewSession) -> Result<(), StoreError> {
        let now = self.clock.now();
        let new = Session::from_draft(session, now).ok_or(StoreError::Invalid("a lifetime"))?;
        let mut rows = self.rows();
        if rows.contains_key(&session.digest) || rows.values().any(|row| row.session.id == new.id) {
            return Err(StoreError::Exists);
        }
        make_place(&mut rows, &new.user, now)?;
        rows.insert(session.digest, Row { session: new, ended_at: None });
        Ok(())
    }

    async fn find(&self, digest: &Digest) -> Result<Option<Session>, StoreError> {
        let now = self.clock.now();
        let rows = self.rows();
        Ok(rows.get(digest).filter(|row| row.is_in_force(now)).map(|row| row.session.clone()))
    }

    async fn end(&self, digest: &Digest) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let mut rows = self.rows();
        let Some(row) = rows.get_mut(digest).filter(|row| row.ended_at.is_none()) else { return Ok(false) };
        let was_in_force = row.is_in_force(now);
        row.ended_at = Some(now);
        Ok(was_in_force)
    }

    async fn end_all_of(&self, user: &str) -> Result<usize, StoreError> {
        let now = self.clock.now();
        let mut rows = self.rows();
        let mut ended = 0;
        for row in rows.values_mut().filter(|row| row.session.user == user && row.ended_at.is_none()) {
            ended += usize::from(row.is_in_force(now));
            row.ended_at = Some(now);
        }
        Ok(ended)
    }

    async fn purge(&self, retention: Duration) -> Result<usize, StoreError> {
        let Some(before) = self.clock.now().checked_sub(retention) else { return Ok(0) };
        let mut rows = self.rows();
        let over = rows.iter().filter(|(_, row)| row.is_over(before)).take(PURGED);
        let over: Vec<Digest> = over.map(|(digest, _)| *digest).collect();
        over.iter().for_each(|digest| drop(rows.remove(digest)));
        Ok(over.len())
    }
}

impl Default for MemorySessions {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemorySessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemorySessions").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn session(user: &str) -> NewSession {
        NewSession::new(Digest::random().unwrap(), user, HOUR).unwrap()
    }

    #[tokio::test]
    async fn of_too_many_sessions_of_a_user_the_oldest_ends() {
        let clock = crate::test_util::TestClock::default();
        let sessions = MemorySessions::new().with_clock(clock.clone());
        let other = session("olga");
        sessions.create(&other).await.unwrap();
        let all: Vec<_> = (0..=OF_USER).map(|_| session("otto")).collect();
        for one in &all {
            clock.advance(Duration::from_millis(1));
            sessions.create(one).await.unwrap();
        }
        let mut live = Vec::new();
        for one in &all {
            live.push(sessions.find(&one.digest).await.unwrap().is_some());
        }
        assert!(!live[0] && live[1..].iter().all(|live| *live), "{live:?}");
        assert!(sessions.find(&other.digest).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn a_full_store_forgets_what_is_over_and_begins_nothing_beyond_its_limit() {
        let sessions = MemorySessions::new();
        let now = SystemTime::now();
        for at in 0..CAPACITY {
            let draft = session(&format!("user-{at}"));
            let session = Session::from_draft(&draft, now).unwrap();
            sessions.rows().insert(draft.digest, Row { session, ended_at: None });
        }
        let refused = sessions.create(&session("otto")).await;
        assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
        assert_eq!(sessions.end_all_of("user-7").await.unwrap(), 1);
        sessions.create(&session("otto")).await.unwrap();
        assert_eq!(sessions.rows().len(), CAPACITY);
    }
}

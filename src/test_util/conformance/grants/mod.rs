//! Checks of a store of grants against the rules for every store.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use crate::grant::Grants;
use crate::test_util::TestClock;

mod checks;
mod codes;
mod ending;
mod faults;
mod fixture;
mod lists;
mod refreshing;
mod rule;
mod time;

pub use self::rule::GrantRule;
use super::Report;

/// Checks of a store of grants: races, callers that leave, outages, and clocks that jump.
///
/// It makes a few hundred grants in the store and leaves them there. It needs a tokio runtime, best
/// one with several threads, because up to 50 tasks call the store at once.
///
/// # Examples
///
/// ```
/// use tower_principal::grant::MemoryGrants;
/// use tower_principal::test_util::TestClock;
/// use tower_principal::test_util::conformance::GrantSuite;
///
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let clock = TestClock::default();
/// let grants = MemoryGrants::new().with_clock(clock.clone());
/// GrantSuite::new().clock(clock).check(&grants).await.assert_holds();
/// # });
/// ```
#[derive(Default)]
#[must_use]
pub struct GrantSuite {
    clock: Option<TestClock>,
    outage: Option<Switch>,
}

type Switch = Box<dyn Fn(bool) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

impl GrantSuite {
    /// Creates a suite without a clock and without outages.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the clock that the store uses. Without it, no rule about time is checked.
    pub fn clock(mut self, clock: TestClock) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Adds a switch that takes down (`true`) and restores (`false`) the store's backend. Its
    /// future completes when that is done.
    pub fn outage<F>(mut self, switch: impl Fn(bool) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.outage = Some(Box::new(move |is_down| Box::pin(switch(is_down))));
        self
    }

    /// Checks a store.
    pub async fn check<G: Grants + Clone>(&self, grants: &G) -> Report<GrantRule> {
        checks::Checks::new(self, grants.clone()).run().await
    }

    /// Returns the checks that these inputs do not allow.
    fn unchecked(&self) -> Vec<&'static str> {
        let missing = [
            (self.clock.is_none(), "time: no clock was given"),
            (self.outage.is_none(), "outages: no switch was given"),
        ];
        missing.into_iter().filter_map(|(is_missing, what)| is_missing.then_some(what)).collect()
    }
}

impl fmt::Debug for GrantSuite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GrantSuite").field("clock", &self.clock).finish_non_exhaustive()
    }
}

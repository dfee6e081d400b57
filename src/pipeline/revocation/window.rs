//! Counts of recent revocations: in total, per owner, and per client.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::credential::Fingerprint;
use crate::pipeline::RevocationLimits;

/// The owner of a credential, and the client that showed it, each if it is known.
pub(super) type Parties = [Option<Fingerprint>; 2];

/// The revocations that the limits are compared with: those of the last minute, and a percentage of
/// the requests since the window began.
#[derive(Debug)]
pub(super) struct Window {
    started: Instant,
    requests: u64,
    revoked: u64,
    /// True for each kind of limit that was logged as exceeded in this window.
    logged: [bool; 2],
    last_minute: VecDeque<(Instant, Parties)>,
}

/// The limit that one more revocation would exceed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exceeded {
    /// The limit of all owners and clients together.
    All,
    /// The limit of one owner or one client.
    Share,
}

const WINDOW: Duration = Duration::from_secs(60);

/// The number of requests from which on a percentage of them is a limit.
const SAMPLE: u64 = 1_000;

impl Window {
    pub(super) const fn starting(now: Instant) -> Self {
        Self { started: now, requests: 0, revoked: 0, logged: [false; 2], last_minute: VecDeque::new() }
    }

    /// Counts another revocation if the limits allow it.
    pub(super) fn take(
        &mut self,
        limits: RevocationLimits,
        requests: u64,
        parties: Parties,
        now: Instant,
    ) -> Result<(), Exceeded> {
        if now.duration_since(self.started) >= WINDOW {
            let last_minute = std::mem::take(&mut self.last_minute);
            *self = Self { requests, last_minute, ..Self::starting(now) };
        }
        while self.last_minute.front().is_some_and(|(at, _)| now.duration_since(*at) >= WINDOW) {
            self.last_minute.pop_front();
        }
        let seen = requests.saturating_sub(self.requests);
        let too_large_a_share = seen >= SAMPLE && (self.revoked + 1) * 100 > seen * u64::from(limits.percent);
        if self.last_minute.len() >= limits.per_minute as usize || too_large_a_share {
            return Err(Exceeded::All);
        }
        if self.of_one_party(parties) >= limits.share as usize {
            return Err(Exceeded::Share);
        }
        self.revoked += 1;
        self.last_minute.push_back((now, parties));
        Ok(())
    }

    /// Uncounts a revocation that failed.
    pub(super) fn give_back(&mut self, parties: Parties) {
        if let Some(at) = self.last_minute.iter().rposition(|(_, counted)| *counted == parties) {
            self.last_minute.remove(at);
            self.revoked = self.revoked.saturating_sub(1);
        }
    }

    /// Returns true if this is the first time in this window that a limit is exceeded.
    pub(super) fn is_first(&mut self, exceeded: Exceeded) -> bool {
        let logged = self.logged.get_mut(exceeded as usize);
        logged.is_some_and(|logged| !std::mem::replace(logged, true))
    }

    /// The number of revocations of the owner, or from the client, whichever has more.
    fn of_one_party(&self, parties: Parties) -> usize {
        let of = |place: usize, party: Fingerprint| {
            let of_this = |(_, counted): &&(Instant, Parties)| counted.get(place) == Some(&Some(party));
            self.last_minute.iter().filter(of_this).count()
        };
        let counts = parties.iter().enumerate().filter_map(|(place, party)| Some(of(place, (*party)?)));
        counts.max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credential::FingerprintKey;

    fn window() -> (Window, Instant) {
        let now = Instant::now();
        (Window::starting(now), now)
    }

    fn after(now: Instant, seconds: u64) -> Instant {
        now + Duration::from_secs(seconds)
    }

    const NOBODY: Parties = [None; 2];

    #[test]
    fn the_fuse_holds_until_its_limit_and_again_a_minute_later() {
        let (mut window, now) = window();
        let limits = RevocationLimits::default().per_minute(3);
        let mut takes = |now| window.take(limits, 0, NOBODY, now).is_ok();
        assert_eq!([now; 5].map(&mut takes), [true, true, true, false, false]);
        assert!(takes(now + WINDOW));
    }

    /// Every minute stays within the limit, not only those that start with the window.
    #[test]
    fn a_minute_that_ends_gives_nothing_for_free() {
        let (mut window, started) = window();
        let limits = RevocationLimits::default().per_minute(3);
        let mut takes = |seconds| window.take(limits, 0, NOBODY, after(started, seconds)).is_ok();
        assert_eq!([59, 59, 59, 59, 61, 118].map(&mut takes), [true, true, true, false, false, false]);
        assert_eq!([119, 119, 119, 120].map(&mut takes), [true, true, true, false]);
    }

    #[test]
    fn a_revocation_that_failed_is_given_back_to_the_party_it_was_of() {
        let (mut window, now) = window();
        let key = FingerprintKey::random().unwrap();
        let (one, other) = ([Some(key.of(&[b"a"])), None], [Some(key.of(&[b"b"])), None]);
        let limits = RevocationLimits::default().per_minute(3).share(1);
        let take = |window: &mut Window, parties| window.take(limits, 0, parties, now);
        assert_eq!([one, other].map(|parties| take(&mut window, parties)), [Ok(()), Ok(())]);
        window.give_back(one);
        assert_eq!(take(&mut window, other), Err(Exceeded::Share));
        assert_eq!(take(&mut window, one), Ok(()));
        window.give_back(NOBODY);
        assert_eq!([NOBODY; 2].map(|parties| take(&mut window, parties)), [Ok(()), Err(Exceeded::All)]);
    }

    #[test]
    fn a_share_of_the_traffic_is_a_limit_too() {
        let (mut window, now) = window();
        let limits = RevocationLimits::default().per_minute(100);
        assert_eq!((0..50).filter(|_| window.take(limits, SAMPLE, NOBODY, now).is_ok()).count(), 10);
    }

    #[test]
    fn one_owner_or_one_client_takes_its_share_and_leaves_the_rest() {
        let key = FingerprintKey::random().unwrap();
        let party = |name: u32| Some(key.of(&[&name.to_be_bytes()]));
        let took = |parties: &mut dyn FnMut(u32) -> Parties| {
            let (mut window, now) = window();
            let limits = RevocationLimits::default();
            (0..100).filter(|n| window.take(limits, 0, parties(*n), now).is_ok()).count()
        };
        assert_eq!(took(&mut |_| [party(0), None]), 5, "one owner");
        assert_eq!(took(&mut |n| [party(n), party(0)]), 5, "one client with accounts of many owners");
        assert_eq!(took(&mut |n| [party(0), party(n)]), 5, "one owner from many addresses");
        assert_eq!(took(&mut |n| [party(n % 3), party(n % 3)]), 15);
        assert_eq!(took(&mut |n| [party(n), party(n)]), 20, "the limit of all");
    }
}

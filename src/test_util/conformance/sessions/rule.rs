//! The rules for every store of sessions.

use std::fmt;

/// A rule for every store of sessions. Its `Display` is a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SessionRule {
    /// A session is found with everything that its draft has.
    SessionsAreFound,
    /// An ended session is never found again, and of concurrent calls exactly one ends it.
    EndedStaysEnded,
    /// An ending ends every session that it names, and no other.
    EndingIsExact,
    /// An id or a digest belongs to one session, also after its end.
    DigestsAreUnique,
    /// Odd text is unknown or invalid, and is not an outage.
    OddTextIsUnknown,
    /// A call that is cancelled at any await is made whole or not at all.
    CallersMayLeave,
    /// A store that is down is unavailable, and has no outcome.
    OutagesAreUnavailable,
    /// A session ends by the store's clock.
    ExpiryIsChecked,
    /// A clock that jumps back an hour revives nothing that was ended.
    ClocksReviveNothing,
    /// A session is deleted only after the retention, and never while it is in force.
    PurgesKeepWhatCounts,
    /// No call fails or panics while the store is up, and every call ends in time.
    EverythingEnds,
}

impl SessionRule {
    /// Returns the rule as a sentence.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SessionsAreFound => "a session is found with everything that its draft has",
            Self::EndedStaysEnded => "an ended session is never found again",
            Self::EndingIsExact => "an ending ends every session that it names, and no other",
            Self::DigestsAreUnique => "an id or a digest belongs to one session",
            Self::OddTextIsUnknown => "odd text is unknown or invalid, and is not an outage",
            Self::CallersMayLeave => "a cancelled call is made whole or not at all",
            Self::OutagesAreUnavailable => "a store that is down is unavailable",
            Self::ExpiryIsChecked => "a session ends by the store's clock",
            Self::ClocksReviveNothing => "a clock that jumps back revives nothing",
            Self::PurgesKeepWhatCounts => "a session is deleted only after the retention",
            Self::EverythingEnds => "no call fails, and every call ends in time",
        }
    }
}

impl fmt::Display for SessionRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

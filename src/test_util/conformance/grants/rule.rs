//! The rules for every store of grants, and the report of a check.

use std::fmt;

/// A rule for every store of grants. Its `Display` is a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GrantRule {
    /// Of concurrent calls with one code exactly one redeems it.
    CodesWorkOnce,
    /// A code that is used again ends its grant before the answer.
    ReplayEndsTheGrant,
    /// A code is redeemed only with its client, redirect URI and challenge. A wrong one changes
    /// nothing.
    ProofsAreCompared,
    /// Of concurrent calls with one refresh token exactly one renews, and the grant stays in force.
    RefreshTokensWorkOnce,
    /// A refresh token that is older than the immediate predecessor ends its grant, also within the
    /// grace window.
    ReuseEndsTheGrant,
    /// A refresh token of an unknown family, or of another client, changes nothing.
    GuessesChangeNothing,
    /// The tokens of an answer are in force afterwards, and the access token before stays in force.
    AnswersAreInForce,
    /// Scopes and audience of a grant survive every renewal. A narrowed access token never gets
    /// more than it was issued with.
    GrantsKeepTheirScopes,
    /// A recovery leaves one live successor.
    RecoveryLeavesOneSuccessor,
    /// An ended grant stays ended, and no renewal that runs at the same time outlives it.
    EndedStaysEnded,
    /// An ending ends every grant that it names, and no other.
    EndingIsExact,
    /// The list of a user has each grant of which a code or a token is in force, newest first, and
    /// no other.
    GrantsAreListed,
    /// An id or a digest belongs to one grant.
    DigestsAreUnique,
    /// Odd text is unknown and is not an outage.
    OddTextIsUnknown,
    /// A call that is cancelled at any await is made whole or not at all.
    CallersMayLeave,
    /// A store that is down is unavailable, and has no outcome.
    OutagesAreUnavailable,
    /// Codes, access tokens, refresh tokens and grants end by the store's clock.
    ExpiryIsChecked,
    /// Windows are counted from the rotation, and no retry extends them.
    WindowsAreCounted,
    /// A clock that jumps back an hour revives nothing.
    ClocksReviveNothing,
    /// A grant is deleted only after the retention, and never while its refresh token is in force.
    PurgesKeepWhatCounts,
    /// No call fails or panics while the store is up, and every call ends in time.
    EverythingEnds,
}

impl GrantRule {
    /// Returns the rule as a sentence.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CodesWorkOnce => "of concurrent calls with one code exactly one redeems it",
            Self::ReplayEndsTheGrant => "a code that is used again ends its grant before the answer",
            Self::ProofsAreCompared => "a wrong client, redirect URI or verifier changes nothing",
            Self::RefreshTokensWorkOnce => "of concurrent calls with one refresh token exactly one renews",
            Self::ReuseEndsTheGrant => "a refresh token that is used again ends its grant",
            Self::GuessesChangeNothing => "a guessed or foreign refresh token changes nothing",
            Self::AnswersAreInForce => "the tokens of an answer are in force afterwards",
            Self::GrantsKeepTheirScopes => "scopes and audience survive every renewal, and never grow",
            Self::RecoveryLeavesOneSuccessor => "a recovery leaves one live successor",
            Self::EndedStaysEnded => "an ended grant stays ended",
            Self::EndingIsExact => "an ending ends every grant that it names, and no other",
            Self::GrantsAreListed => "the list of a user has the grants that are in force",
            Self::DigestsAreUnique => "an id or a digest belongs to one grant",
            Self::OddTextIsUnknown => "odd text is unknown and is not an outage",
            Self::CallersMayLeave => "a cancelled call is made whole or not at all",
            Self::OutagesAreUnavailable => "a store that is down is unavailable",
            Self::ExpiryIsChecked => "codes, tokens and grants end by the store's clock",
            Self::WindowsAreCounted => "windows are counted from the rotation",
            Self::ClocksReviveNothing => "a clock that jumps back revives nothing",
            Self::PurgesKeepWhatCounts => "a grant is deleted only after the retention",
            Self::EverythingEnds => "no call fails, and every call ends in time",
        }
    }
}

impl fmt::Display for GrantRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

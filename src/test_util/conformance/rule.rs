//! What every verifier has to hold.

use std::fmt;

/// What every verifier has to hold. Its `Display` is a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// The suite shows at least one good credential: else a verifier that refuses all would hold the rest.
    GoodIsShown,
    /// A good credential verifies, as the kind of principal it was declared to make.
    GoodIsKnown,
    /// A credential that nobody holds is denied or unsupported, not good and not an outage.
    UnknownIsDenied,
    /// A credential that has expired, or was revoked or disabled, is denied.
    EndedIsDenied,
    /// Nothing that is presented makes a guest.
    NeverAGuest,
    /// An app token makes an `AppToken`, and nothing else does.
    AppTokensMakeAppTokens,
    /// Both halves count, to the last character, in its case and with no space around: not nearly the right
    /// id, not nearly the right secret, not one that is cut at 72 bytes.
    WrongHalvesAreDenied,
    /// A credential shown as one of another kind opens nothing.
    KindsDoNotLeak,
    /// What `verify_now` says, `verify` says too.
    NowAgrees,
    /// A principal that is good has not expired.
    NothingGoodHasExpired,
    /// Odd text (empty, long, with a NUL, with quotes) is denied; it is no outage.
    OddTextIsNoOutage,
    /// No text of an error, and no id of a principal, has a secret in it.
    NothingShowsASecret,
    /// Callers that leave at any await leave a verifier that works.
    CancellationLeavesItWorking,
    /// What is asked at the same time is answered as if it were asked alone.
    TogetherAsAlone,
    /// What one tenant's credential opens, it does not open at another tenant's.
    TenantsAreApart,
    /// What something else has ended is denied within a second, though it was answered before.
    EndsAtOnce,
    /// A verifier that is checked with a tenant declares that it separates tenants, so that a layer with a
    /// tenant takes it.
    TenancyIsDeclared,
    /// Credentials of one identity have one key, each time, and those of two identities have two. No
    /// identity is empty.
    IdentitiesAreApart,
    /// The credential of a client that acts for itself makes a client, and any other makes none.
    ClientsAreNoPeople,
    /// The source of each principal is the verifier's, unless that has several.
    SourceIsDeclared,
    /// While what it asks is down, what it cannot tell is unavailable: not good, and not denied.
    OutagesAreUnavailable,
    /// What was revoked is denied at once, and nothing else is.
    RevokingEndsIt,
    /// Only what verifies is revoked: an id with a wrong secret ends nothing.
    OnlyWhatVerifiesIsRevoked,
    /// A password is not revoked, which would lock its user out.
    PasswordsStay,
    /// Nothing that is presented makes it panic.
    NothingPanics,
    /// Every question is answered in time.
    EverythingEnds,
}

impl Rule {
    /// The rule as a sentence.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::GoodIsShown => "a suite shows at least one good credential",
            Self::GoodIsKnown => "a good credential verifies, as the kind of principal it makes",
            Self::UnknownIsDenied => "a credential that nobody holds is denied or unsupported",
            Self::EndedIsDenied => "a credential that has expired, or was revoked or disabled, is denied",
            Self::NeverAGuest => "nothing that is presented makes a guest",
            Self::AppTokensMakeAppTokens => "an app token makes an AppToken, and nothing else does",
            Self::WrongHalvesAreDenied => "both halves of a credential count, to the last character",
            Self::KindsDoNotLeak => "a credential shown as one of another kind opens nothing",
            Self::NowAgrees => "what verify_now says, verify says too",
            Self::NothingGoodHasExpired => "a principal that is good has not expired",
            Self::OddTextIsNoOutage => "odd text is denied or unsupported, and no outage",
            Self::NothingShowsASecret => "no error and no id has a secret in it",
            Self::CancellationLeavesItWorking => {
                "callers that leave at any await leave a verifier that works"
            }
            Self::TogetherAsAlone => "what is asked at the same time is answered as if it were asked alone",
            Self::TenantsAreApart => "a credential of one tenant opens nothing at another's",
            Self::EndsAtOnce => {
                "what has ended elsewhere is denied within a second, though it was answered before"
            }
            Self::TenancyIsDeclared => "a verifier for tenants declares that it separates them",
            Self::IdentitiesAreApart => "one identity has one key, and two identities have two",
            Self::ClientsAreNoPeople => "a client that acts for itself is a client, and no person is",
            Self::SourceIsDeclared => "the source of each principal is the verifier's",
            Self::RevokingEndsIt => "what was revoked is denied at once, and nothing else is",
            Self::OutagesAreUnavailable => {
                "what cannot be told in an outage is unavailable, not good and not denied"
            }
            Self::OnlyWhatVerifiesIsRevoked => "only what verifies is revoked",
            Self::PasswordsStay => "a password is not revoked",
            Self::NothingPanics => "nothing that is presented makes it panic",
            Self::EverythingEnds => "every question is answered in time",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

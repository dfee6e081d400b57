//! The rules for every verifier.

use std::fmt;

/// A rule for every verifier. Its `Display` is a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// The suite shows at least one good credential. Without one, a verifier that denies all would
    /// pass.
    GoodIsShown,
    /// A good credential verifies, as the kind of principal it was declared to make.
    GoodIsKnown,
    /// An unknown credential is denied or unsupported, neither good nor an outage.
    UnknownIsDenied,
    /// A credential that has expired, or was revoked or disabled, is denied.
    EndedIsDenied,
    /// No credential makes a guest.
    NeverAGuest,
    /// An app token makes an `AppToken`, and nothing else does.
    AppTokensMakeAppTokens,
    /// Both halves count, to the last character, in their case, without spaces around them. A
    /// nearly right id, a nearly right secret, or one truncated at 72 bytes is denied.
    WrongHalvesAreDenied,
    /// A credential shown as one of another kind is not accepted.
    KindsDoNotLeak,
    /// `verify_now` and `verify` return the same answer.
    NowAgrees,
    /// A principal of a good credential has not expired.
    NothingGoodHasExpired,
    /// Odd text (empty, long, with a NUL, with quotes) is denied and is not an outage.
    OddTextIsNoOutage,
    /// No text of an error and no id of a principal contains a secret.
    NothingShowsASecret,
    /// A verification that is cancelled at any await leaves a verifier that works.
    CancellationLeavesItWorking,
    /// Concurrent verifications have the same answers as single ones.
    TogetherAsAlone,
    /// A credential of one tenant is not accepted for another tenant.
    TenantsAreApart,
    /// A credential that something else ended is denied within 1 s, even if it was verified before.
    EndsAtOnce,
    /// A verifier that is checked with a tenant declares that it separates tenants, so that a layer
    /// with a tenant accepts it.
    TenancyIsDeclared,
    /// Credentials of one identity always have one key, and those of two identities have two. No
    /// identity is empty.
    IdentitiesAreApart,
    /// The credential of a client that acts for itself makes a client, and no other credential
    /// does.
    ClientsAreNoPeople,
    /// The source of each principal is the verifier's, unless the verifier has several.
    SourceIsDeclared,
    /// While the backend is down, an undecidable credential is unavailable: neither good nor
    /// denied.
    OutagesAreUnavailable,
    /// A revoked credential is denied at once, and no other credential is.
    RevokingEndsIt,
    /// Only a credential that verifies is revoked: an id with a wrong secret has no effect.
    OnlyWhatVerifiesIsRevoked,
    /// A password is not revoked, because that would lock its user out.
    PasswordsStay,
    /// No credential makes the verifier panic.
    NothingPanics,
    /// Every verification ends in time.
    EverythingEnds,
}

impl Rule {
    /// Returns the rule as a sentence.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::GoodIsShown => "a suite shows at least one good credential",
            Self::GoodIsKnown => "a good credential verifies, as the kind of principal it makes",
            Self::UnknownIsDenied => "an unknown credential is denied or unsupported",
            Self::EndedIsDenied => "a credential that has expired, or was revoked or disabled, is denied",
            Self::NeverAGuest => "no credential makes a guest",
            Self::AppTokensMakeAppTokens => "an app token makes an AppToken, and nothing else does",
            Self::WrongHalvesAreDenied => "both halves of a credential count, to the last character",
            Self::KindsDoNotLeak => "a credential presented as another kind is not accepted",
            Self::NowAgrees => "verify_now and verify return the same answer",
            Self::NothingGoodHasExpired => "the principal of a good credential has not expired",
            Self::OddTextIsNoOutage => "odd text is denied or unsupported, and is not an outage",
            Self::NothingShowsASecret => "no error and no id contains a secret",
            Self::CancellationLeavesItWorking => {
                "a verification that is cancelled at any await leaves a verifier that works"
            }
            Self::TogetherAsAlone => "concurrent verifications have the same answers as single ones",
            Self::TenantsAreApart => "a credential of one tenant is not accepted for another tenant",
            Self::EndsAtOnce => {
                "a credential that something else ended is denied within 1 s, even if it was verified before"
            }
            Self::TenancyIsDeclared => "a verifier for tenants declares that it separates them",
            Self::IdentitiesAreApart => "one identity has one key, and two identities have two",
            Self::ClientsAreNoPeople => {
                "the credential of a client that acts for itself makes a client, and no \
                other one does"
            }
            Self::SourceIsDeclared => "the source of each principal is the verifier's",
            Self::RevokingEndsIt => "a revoked credential is denied at once, and no other credential is",
            Self::OutagesAreUnavailable => {
                "an undecidable credential is unavailable in an outage, neither good nor denied"
            }
            Self::OnlyWhatVerifiesIsRevoked => "only a credential that verifies is revoked",
            Self::PasswordsStay => "a password is not revoked",
            Self::NothingPanics => "no credential makes the verifier panic",
            Self::EverythingEnds => "every verification ends in time",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

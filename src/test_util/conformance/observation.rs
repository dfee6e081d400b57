//! A verifier's answer in comparable form.

use std::error::Error as _;
use std::fmt::Write as _;

use super::{Rule, mutation};
use crate::credential::Credential;
use crate::deadline::Unfinished;
use crate::principal::{Principal, PrincipalKind};
use crate::rejection::DenialReason;
use crate::verify::VerifyError;

/// A verifier's answer without the parts that may differ between verifications.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Observation {
    Good(PrincipalKind, String),
    Denied(&'static str),
    Unsupported,
    Unavailable,
    Panicked,
    Late,
}

impl Observation {
    pub(super) fn of(answer: &Result<Result<Principal, VerifyError>, Unfinished>) -> Self {
        match answer {
            Ok(Ok(principal)) => Self::Good(principal.kind(), principal.id().unwrap_or_default().to_owned()),
            Ok(Err(VerifyError::Denied(reason))) => Self::Denied(reason.as_str()),
            Ok(Err(VerifyError::Unsupported)) => Self::Unsupported,
            Ok(Err(VerifyError::Unavailable(_))) => Self::Unavailable,
            Err(Unfinished::Panicked) => Self::Panicked,
            Err(Unfinished::Late) => Self::Late,
        }
    }

    pub(super) const fn is_good(&self) -> bool {
        matches!(self, Self::Good(..))
    }

    pub(super) const fn is_refused(&self) -> bool {
        matches!(self, Self::Denied(_) | Self::Unsupported)
    }

    pub(super) const fn is_denied(&self) -> bool {
        matches!(self, Self::Denied(_))
    }

    /// Describes the answer without quoting any of it.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Good(kind, _) => format!("makes a principal of kind {kind}"),
            Self::Denied(reason) => format!("is denied ({reason})"),
            Self::Unsupported => "is unsupported".to_owned(),
            Self::Unavailable => "is unavailable".to_owned(),
            Self::Panicked => "panics".to_owned(),
            Self::Late => "times out".to_owned(),
        }
    }
}

/// Returns the rules that one answer breaks, regardless of the credential.
pub(super) fn broken(
    credential: &Credential<'_>,
    answer: &Result<Result<Principal, VerifyError>, Unfinished>,
) -> Vec<Rule> {
    let mut broken = Vec::new();
    let mut rule = |rule, breaks: bool| broken.extend(breaks.then_some(rule));
    match answer {
        Ok(Ok(principal)) => {
            let is_app = matches!(credential, Credential::AppToken(_));
            let makes_app = principal.kind() == PrincipalKind::AppToken;
            let expires_at = principal.expires_at();
            rule(Rule::NeverAGuest, principal.is_guest());
            rule(Rule::AppTokensMakeAppTokens, is_app != makes_app && !principal.is_guest());
            rule(
                Rule::NothingGoodHasExpired,
                expires_at.is_some_and(|at| at <= std::time::SystemTime::now()),
            );
            let ids = [principal.id(), principal.credential_id(), principal.owner()];
            let shown = format!("{principal:?} {}", ids.map(Option::unwrap_or_default).join(" "));
            rule(Rule::NothingShowsASecret, shows(&shown, credential));
        }
        Ok(Err(error)) => rule(Rule::NothingShowsASecret, shows(&describe(error), credential)),
        Err(Unfinished::Panicked) => rule(Rule::NothingPanics, true),
        Err(Unfinished::Late) => rule(Rule::EverythingEnds, true),
    }
    broken
}

/// Returns all parts of an error that a log may print.
fn describe(error: &VerifyError) -> String {
    let mut text = format!("{error} {error:?}");
    let mut source = error.source();
    while let Some(cause) = source {
        _ = write!(text, " {cause} {cause:?}");
        source = cause.source();
    }
    if let VerifyError::Denied(DenialReason::Throttled(after)) = error {
        _ = write!(text, " {after:?}");
    }
    text
}

/// Returns true if a text contains the credential's secret. Short secrets occur in any text.
fn shows(text: &str, credential: &Credential<'_>) -> bool {
    let (_, secret) = mutation::texts(credential);
    let secret = secret.expose_secret();
    secret.len() >= 8 && text.match_indices(secret).next().is_some()
}

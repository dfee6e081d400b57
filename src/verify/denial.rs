//! Answers of verifiers that deny a credential and log the reason.
// Without verifiers of JWTs some answers do not occur.
#![cfg_attr(not(feature = "jwt"), allow(dead_code))]

use super::VerifyError;
use crate::credential::CredentialKind;
use crate::rejection::denial::Denial;
use crate::trace;

impl Denial<'_> {
    /// Writes the log line and returns the error.
    pub(crate) fn logged(self, verifier: &'static str) -> VerifyError {
        self.log(verifier);
        VerifyError::Denied(self.reason)
    }

    /// Writes the log line of a credential that is passed on to the next verifier, and returns the
    /// error.
    pub(crate) fn passed_on(self, verifier: &'static str) -> VerifyError {
        self.write(verifier, "credential not supported by this verifier");
        VerifyError::Unsupported
    }
}

/// Writes the log line if the answer is a denial.
#[inline]
pub(crate) fn note<T>(
    verifier: &'static str,
    kind: CredentialKind,
    answer: Result<T, VerifyError>,
) -> Result<T, VerifyError> {
    if let Err(VerifyError::Denied(reason)) = &answer
        && trace::is_on()
    {
        Denial::of(*reason, kind).log(verifier);
    }
    answer
}

//! Everything that one request presented.

use super::{Credential, CredentialKind, Spelling};
use crate::kind::RejectionKind;

/// What one request presented: at most one subject, and at most one app token beside it.
///
/// Socrata's clients send a user's credential and an app token together. Two values for one role
/// are ambiguous and never chosen between (RFC 6750 section 2).
#[derive(Debug, Default)]
pub struct Credentials<'r> {
    subject: Option<Presented<'r>>,
    app: Option<Presented<'r>>,
}

/// A credential, where it came from and how it was written, and whether its value can be genuine at all.
#[derive(Debug)]
pub(crate) struct Presented<'r> {
    pub(crate) spelling: Spelling,
    pub(crate) kind: CredentialKind,
    /// `None` when the value has a character or a length that no genuine one has: refused as
    /// denied, without asking a verifier.
    pub(crate) credential: Option<Credential<'r>>,
}

impl<'r> Credentials<'r> {
    /// Who the request says it comes from.
    pub fn subject(&self) -> Option<&Credential<'r>> {
        self.subject.as_ref()?.credential.as_ref()
    }

    /// The application the request says it comes from.
    pub fn app(&self) -> Option<&Credential<'r>> {
        self.app.as_ref()?.credential.as_ref()
    }

    /// Whether the request presented nothing at all.
    pub const fn is_empty(&self) -> bool {
        self.subject.is_none() && self.app.is_none()
    }

    pub(crate) const fn presented_subject(&self) -> Option<&Presented<'r>> {
        self.subject.as_ref()
    }

    pub(crate) const fn presented_app(&self) -> Option<&Presented<'r>> {
        self.app.as_ref()
    }

    /// Adds one; a second value for a role is ambiguous.
    pub(crate) fn add(&mut self, presented: Presented<'r>) -> Result<(), RejectionKind> {
        let role = match presented.kind {
            CredentialKind::AppToken => &mut self.app,
            _ => &mut self.subject,
        };
        if role.is_some() {
            return Err(RejectionKind::Ambiguous);
        }
        *role = Some(presented);
        Ok(())
    }
}

impl<'r> Presented<'r> {
    pub(crate) const fn new(spelling: Spelling, credential: Credential<'r>) -> Self {
        Self { spelling, kind: credential.kind(), credential: Some(credential) }
    }

    /// A value that no genuine credential of this kind has.
    pub(crate) const fn impossible(spelling: Spelling, kind: CredentialKind) -> Self {
        Self { spelling, kind, credential: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credential::{Carrier, Syntax};
    use crate::secret::Secret;

    #[test]
    fn one_subject_and_one_app_may_meet() {
        let mut both = Credentials::default();
        let token = |text| Credential::AccessToken(Secret::borrowed(text));
        let app = |text| Credential::AppToken(Secret::borrowed(text));
        assert!(both.is_empty());
        let header = Spelling::new(Carrier::Header, Syntax::Header);
        let query = Spelling::new(Carrier::Query, Syntax::Parameter);
        both.add(Presented::new(Spelling::authorization(Syntax::Bearer), token("t"))).unwrap();
        both.add(Presented::new(header, app("a"))).unwrap();
        assert!(both.subject().is_some() && both.app().is_some());
        for second in [token("t"), app("a")] {
            assert_eq!(both.add(Presented::new(query, second)), Err(RejectionKind::Ambiguous));
        }
    }
}

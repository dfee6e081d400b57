//! The credentials of one request.

use super::{Carrier, Credential, CredentialKind, ReadError, Source};

/// The credentials of one request: at most one subject, and at most one app token beside it.
///
/// Socrata's clients send a user's credential and an app token together. Two values for one role
/// are ambiguous (RFC 6750 section 2), unless the rows of the dialect have different
/// [ranks](crate::CredentialForm::rank).
///
/// # Examples
///
/// ```
/// use tower_principal::dialect;
/// use tower_principal::read::Reader;
/// use tower_principal::request::RequestHead;
///
/// let reader = Reader::new(&dialect::SOCRATA)?;
/// let request =
///     http::Request::get("/").header("x-app-token", "weather-map").body(())?;
/// let credentials = reader.read(RequestHead::from_request(&request))?;
/// assert!(credentials.subject().is_none() && credentials.app().is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
pub struct Credentials<'r> {
    subject: Option<Presented<'r>>,
    app: Option<Presented<'r>>,
}

/// A credential with its source, if its value can be genuine at all.
#[derive(Debug)]
pub(crate) struct Presented<'r> {
    pub(crate) source: Source,
    /// The rank of its row. Of two credentials for one role the one with the higher rank counts.
    rank: u8,
    pub(crate) kind: CredentialKind,
    /// `None` if the value has a character or a length that a genuine one never has. The request is
    /// then denied without a call of the verifier.
    pub(crate) credential: Option<Credential<'r>>,
    /// The credential for the same role whose row has a lower rank.
    pub(crate) outranked: Option<(Carrier, CredentialKind)>,
    /// `true` if another site may have made the browser send it.
    pub(crate) cross_site: bool,
}

impl<'r> Credentials<'r> {
    /// Sets the credential of the subject. Returns `false` if there is a credential already.
    // A credential that is first is made in its place. Adding it would copy it three times.
    #[inline]
    pub(crate) fn set_first(&mut self, credential: Credential<'r>, source: Source, rank: u8) -> bool {
        let is_first = self.is_empty();
        if is_first {
            self.subject = Some(Presented { rank, ..Presented::new(source, credential) });
        }
        is_first
    }

    /// Returns the credential of the subject, unverified.
    pub fn subject(&self) -> Option<&Credential<'r>> {
        self.subject.as_ref()?.credential.as_ref()
    }

    /// Returns the credential of the calling application, unverified.
    pub fn app(&self) -> Option<&Credential<'r>> {
        self.app.as_ref()?.credential.as_ref()
    }

    /// Returns `true` if the request has no credential at all.
    pub const fn is_empty(&self) -> bool {
        self.subject.is_none() && self.app.is_none()
    }

    pub(crate) const fn presented_subject(&self) -> Option<&Presented<'r>> {
        self.subject.as_ref()
    }

    pub(crate) const fn presented_app(&self) -> Option<&Presented<'r>> {
        self.app.as_ref()
    }

    /// Adds a credential. A second one for a role is ambiguous, unless the ranks of their rows
    /// differ. A third one is always ambiguous.
    pub(crate) fn add(&mut self, mut presented: Presented<'r>, rank: u8) -> Result<(), ReadError> {
        presented.rank = rank;
        let role = match presented.kind {
            CredentialKind::AppToken => &mut self.app,
            _ => &mut self.subject,
        };
        let Some(held) = role else {
            *role = Some(presented);
            return Ok(());
        };
        if held.rank == rank || held.outranked.is_some() {
            return Err(ReadError::Ambiguous);
        }
        if held.rank < rank {
            std::mem::swap(held, &mut presented);
        }
        held.outranked = Some((presented.source.carrier(), presented.kind));
        Ok(())
    }

    /// Returns `true` if another site may have made the browser send a credential that counts.
    pub(crate) fn is_cross_site(&self) -> bool {
        [&self.subject, &self.app].into_iter().flatten().any(|presented| presented.cross_site)
    }
}

impl<'r> Presented<'r> {
    pub(crate) const fn new(source: Source, credential: Credential<'r>) -> Self {
        let kind = credential.kind();
        Self { source, rank: 0, kind, credential: Some(credential), outranked: None, cross_site: false }
    }

    /// Returns a value that a genuine credential of this kind never has.
    pub(crate) const fn malformed_value(source: Source, kind: CredentialKind) -> Self {
        Self { source, rank: 0, kind, credential: None, outranked: None, cross_site: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credential::Secret;

    #[test]
    fn one_subject_and_one_app_may_meet() {
        let mut both = Credentials::default();
        let token = |text| Credential::AccessToken(Secret::borrowed(text));
        let app = |text| Credential::AppToken(Secret::borrowed(text));
        assert!(both.is_empty());
        both.add(Presented::new(Source::Bearer, token("t")), 0).unwrap();
        both.add(Presented::new(Source::Header, app("a")), 0).unwrap();
        assert!(both.subject().is_some() && both.app().is_some());
        for second in [token("t"), app("a")] {
            assert_eq!(both.add(Presented::new(Source::Query, second), 0), Err(ReadError::Ambiguous));
        }
    }

    #[test]
    fn a_rank_decides_between_two_and_never_between_three() {
        let token = |text| Credential::AccessToken(Secret::borrowed(text));
        for order in [[0, 1], [1, 0]] {
            let rows = [(Source::Header, 0, "low"), (Source::Query, 1, "high")];
            let mut both = Credentials::default();
            for (source, rank, text) in order.map(|place| rows[place]) {
                both.add(Presented::new(source, token(text)), rank).unwrap();
            }
            assert!(both.subject().unwrap().with_secret(|secret| secret == "high"));
            let outranked = both.presented_subject().unwrap().outranked;
            assert_eq!(outranked, Some((Carrier::Header, CredentialKind::AccessToken)));
            let third = Presented::new(Source::Cookie, token("third"));
            assert_eq!(both.add(third, 2), Err(ReadError::Ambiguous));
        }
    }
}

//! Guest admission for requests without a credential.

use super::redact::QueryCut;
use crate::dialect::guest::Admission;
use crate::dialect::{Dialect, DialectError};
use crate::principal::Guest;
use crate::read::{PresentHeaders, Table};
use crate::rejection::{Rejection, RejectionKind};
use crate::request::RequestHead;
use crate::trace;

/// The prepared guest rules of a dialect.
// Guest rules and path patterns are parsed when the layer is made.
#[derive(Clone, Debug)]
pub(crate) struct Guests(Vec<Admission>);

impl Guests {
    pub(crate) fn of(dialect: &Dialect) -> Result<Self, DialectError> {
        let rules = dialect.guests.iter().map(|rule| rule.compile().map_err(DialectError::from));
        rules.collect::<Result<_, _>>().map(Self)
    }

    /// Returns the guest for a request without credentials, if a rule admits it. A request is not a
    /// guest if it may present a credential in a place that no row reads. `leaves_form` returns
    /// true if the body may be a form that the layer does not read.
    pub(crate) fn admit(
        &self,
        head: RequestHead<'_>,
        leaves_form: impl FnOnce() -> bool,
        table: &Table,
        present: PresentHeaders,
    ) -> Result<Guest, Rejection> {
        if head.extensions().get::<QueryCut>().is_some() {
            trace::error!(
                "an outer layer removed the credentials from the query: call `.keep_query_credentials()` on it"
            );
            return Err(RejectionKind::ServerError.into());
        }
        let guest = self.0.iter().find_map(|rule| rule.admit(head)).ok_or(RejectionKind::Missing)?;
        if table.is_misplaced_in(head, present) {
            return Err(may_present("a header or a query parameter has the name of a credential"));
        }
        // Userinfo in the target is a credential, and an error there (RFC 9110 section 4.2.4).
        if head.uri().authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return Err(may_present("the target has userinfo"));
        }
        if table.reads_body() && leaves_form() {
            return Err(may_present("the dialect has a body row, but the layer does not read this form"));
        }
        Ok(guest.clone())
    }

    /// Refuses a form without a recognized credential if a parameter has the name of a credential.
    pub(crate) fn check_form(form: &[u8], table: &Table) -> Result<(), Rejection> {
        if table.is_misplaced_in_form(form) {
            return Err(may_present("a parameter of the form has the name of a credential"));
        }
        Ok(())
    }
}

fn may_present(_reason: &str) -> Rejection {
    trace::debug!(
        reason = _reason,
        "guest not admitted: the request may contain a credential that no row reads"
    );
    RejectionKind::Missing.into()
}

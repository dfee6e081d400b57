//! Redaction of authenticated requests for inner services.

use http::Request;
use http::header::{AUTHORIZATION, COOKIE, Entry};

use crate::authentication::{Authentication, Origin};
use crate::credential::Carrier;
use crate::read::Table;
use crate::rejection::{Rejection, RejectionKind};
use crate::request::original_target;
use crate::trace;

/// Prepares a request for the inner service.
///
/// Adds its authentication to the extensions. Marks its credential headers as sensitive, so that
/// `Debug` and HTTP/2 header compression skip them. Removes its credential parameters from the
/// target that inner services, logs and spans see.
///
/// # Errors
///
/// Returns [`RejectionKind::ServerError`] if the parameters could not be removed, because a request
/// that shows them must not go on.
pub(crate) fn seal<B>(
    table: &Table,
    cut_query: bool,
    request: &mut Request<B>,
    authentication: Authentication,
) -> Result<(), Rejection> {
    if let Some(origin) = authentication.origin() {
        let has_app = authentication.app().is_some();
        redact(table, cut_query, request, origin, has_app)?;
    }
    request.extensions_mut().insert(authentication);
    Ok(())
}

#[inline]
fn redact<B>(
    table: &Table,
    cut_query: bool,
    request: &mut Request<B>,
    origin: Origin,
    has_app: bool,
) -> Result<(), Rejection> {
    if origin.came_by(Carrier::Authorization) {
        // Comparing names costs less than a look-up.
        let mut lines = request.headers_mut().iter_mut();
        let line = lines.find(|(name, _)| **name == AUTHORIZATION);
        line.into_iter().for_each(|(_, value)| value.set_sensitive(true));
    }
    if has_app || origin.came_by_others(Carrier::Authorization) {
        redact_others(table, cut_query, request, origin, has_app)?;
    }
    Ok(())
}

/// Redacts the carriers other than `Authorization`.
#[inline(never)]
fn redact_others<B>(
    table: &Table,
    cut_query: bool,
    request: &mut Request<B>,
    origin: Origin,
    has_app: bool,
) -> Result<(), Rejection> {
    let headers = request.headers_mut();
    if has_app || origin.came_by(Carrier::Header) {
        for name in table.header_names() {
            headers.get_mut(name).into_iter().for_each(|value| value.set_sensitive(true));
        }
    }
    if origin.came_by(Carrier::Cookie)
        && let Entry::Occupied(mut lines) = headers.entry(COOKIE)
    {
        lines.iter_mut().for_each(|value| value.set_sensitive(true));
    }
    if origin.came_by(Carrier::Subprotocol) {
        table.cut_subprotocols(headers);
        request.extensions_mut().insert(QueryCut);
    }
    if cut_query && origin.came_by(Carrier::Query) {
        cut_query_from(table, request).map_err(|_error| {
            trace::error!(error = %_error, "credentials could not be removed from the query");
            RejectionKind::ServerError
        })?;
    }
    Ok(())
}

fn cut_query_from<B>(table: &Table, request: &mut Request<B>) -> Result<(), http::Error> {
    let Some(former) = table.cut_from(request.uri_mut())? else { return Ok(()) };
    if original_target::is_recorded(request.extensions()) {
        // A recorded target is usually the same, so it can share what is left.
        let uri = request.uri().clone();
        original_target::change(request.extensions_mut(), |recorded| {
            if recorded.path_and_query() == Some(&former) {
                original_target::share_target(recorded, &uri)
            } else {
                table.cut_from(recorded).map(drop)
            }
        })?;
    }
    request.extensions_mut().insert(QueryCut);
    Ok(())
}

/// A marker in a request's extensions: a layer removed credentials from its query. An inner layer
/// therefore cannot determine if the query had credentials for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QueryCut;

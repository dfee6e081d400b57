//! What inner services see of a request that was authenticated.

use http::Request;
use http::header::AUTHORIZATION;

use crate::authentication::Authentication;
use crate::carried::QueryCut;
use crate::credential::Carrier;
use crate::original;
use crate::table::Table;

/// Hands a request on: its authentication into the extensions; its credential headers marked, so that `Debug` and
/// HTTP/2's header compression leave them alone; its credential parameters cut out of the target that
/// inner services, logs and spans see.
pub(crate) fn seal<B>(
    table: &Table,
    cut_query: bool,
    request: &mut Request<B>,
    authentication: Authentication,
) {
    let headers = request.headers_mut();
    if authentication.carrier() == Some(Carrier::Authorization) {
        headers.get_mut(AUTHORIZATION).into_iter().for_each(|value| value.set_sensitive(true));
    }
    if authentication.carrier() == Some(Carrier::Header) || authentication.app().is_some() {
        for name in table.header_names() {
            headers.get_mut(name).into_iter().for_each(|value| value.set_sensitive(true));
        }
    }
    if cut_query && authentication.is_in_query() && table.cut_from(request.uri_mut()) {
        original::change(request.extensions_mut(), |uri| _ = table.cut_from(uri));
        request.extensions_mut().insert(QueryCut);
    }
    request.extensions_mut().insert(authentication);
}

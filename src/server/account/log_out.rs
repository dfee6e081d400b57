//! Log-out.

use http::header::SET_COOKIE;
use http::{HeaderName, HeaderValue, Response, StatusCode};

use crate::grant::Ending;
use crate::observe::issuing::Issuing;
use crate::server::answer_body::AnswerBody;
use crate::server::browser::{Cookie, Purpose, is_same_origin};
use crate::server::pages::{FormStart, LogOutPage};
use crate::server::refusal::{Refusal, RefusalKind};
use crate::server::report;
use crate::server::request::EndpointRequest;
use crate::server::state::State;
use crate::server::visitor::{Visitor, page};

/// Returns the page that asks, or that shows that no user is logged in.
pub(super) fn show(
    state: &State,
    request: &EndpointRequest,
    visitor: Option<&Visitor>,
) -> Result<Response<AnswerBody>, Refusal> {
    let reference = request.reference();
    let token = visitor.map(|visitor| visitor.token(state, Purpose::LogOut, ""));
    let form = token.as_deref().map(|token| FormStart::new(&reference, token));
    let user = visitor.map(|visitor| &*visitor.subject.user);
    Ok(page(state, StatusCode::OK, state.browser.pages.log_out(&LogOutPage { user, form })))
}

/// Ends the session, and all grants that were made in it.
///
/// The grants end first, so that a user can log out again if the store fails here. They end once
/// more after the session, because another tab may have allowed a client in between.
pub(super) async fn submit(
    state: &State,
    request: &EndpointRequest,
    visitor: Option<Visitor>,
) -> Result<Response<AnswerBody>, Refusal> {
    // A browser keeps the cookie of a session back from another site, and would take its removal.
    if !is_same_origin(&request.parts.headers, &state.issuer) {
        return Err(RefusalKind::Forged.into());
    }
    if let Some(visitor) = &visitor {
        visitor.check(state, request, Purpose::LogOut, "")?;
        let (stores, subject) = (&request.stores, &visitor.subject);
        stores.grants.end_dyn(&Ending::Session(&subject.session)).await?;
        stores.sessions.end_dyn(&visitor.holder).await?;
        stores.grants.end_dyn(&Ending::Session(&subject.session)).await?;
        report::visited(Issuing::LoggedOut, request, &subject.user, None);
    }
    let html = state.browser.pages.log_out(&LogOutPage { user: None, form: None });
    let mut response = page(state, StatusCode::OK, html);
    let headers = response.headers_mut();
    headers.append(SET_COOKIE, Cookie::session(&state.issuer, request.stores.tenant()).clear());
    headers.insert(CLEAR_SITE_DATA, HeaderValue::from_static("\"cache\""));
    Ok(response)
}

/// Chromium keeps pages for its back button although they must not be stored, and shows them after
/// the log-out. This header, of the W3C's Clear Site Data, removes them.
const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");

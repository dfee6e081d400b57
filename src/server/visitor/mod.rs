//! The user of a request from a browser, the log-in form, and responses for browsers.

pub(super) mod log_in;
mod response;

pub(super) use self::response::{here, page, policy, refused, see_other};

use crate::credential::Digest;
use crate::request::RequestHead;
use crate::server::browser::{Cookie, Purpose, is_same_origin};
use crate::server::login::Subject;
use crate::server::refusal::{Refusal, RefusalKind};
use crate::server::request::EndpointRequest;
use crate::server::state::State;
use crate::trace;

/// A user who is logged in.
#[derive(Debug)]
pub(in crate::server) struct Visitor {
    pub(in crate::server) subject: Subject,
    /// What form tokens are bound to. For a session of this server it is also the key in the store.
    pub(in crate::server) holder: Digest,
}

impl Visitor {
    /// Returns the user of a request; `None` if no user is logged in.
    pub(in crate::server) async fn of(
        state: &State,
        request: &EndpointRequest,
    ) -> Result<Option<Self>, Refusal> {
        if let Some(login) = &state.browser.login {
            let head = RequestHead::from_parts(&request.parts);
            let subject = login.current_dyn(&head).await;
            let subject = subject.map_err(|error| Refusal::of(&error, RefusalKind::AccessDenied))?;
            return subject.map(Self::of_service).transpose();
        }
        let cookie = Cookie::session(&state.issuer, request.stores.tenant());
        let Some(secret) = cookie.read(&request.parts.headers) else { return Ok(None) };
        let holder = cookie.digest(&secret);
        let session = request.stores.sessions.find_dyn(&holder).await?;
        Ok(session.map(|session| Self { subject: session.into(), holder }))
    }

    /// Returns the token of a form for this user. `shown` is what the page of the form shows.
    pub(in crate::server) fn token(&self, state: &State, purpose: Purpose, shown: &str) -> String {
        state.browser.forms.token(purpose, &self.holder, shown, state.clock.now())
    }

    /// Checks that this very site sends a form, and that the form was shown to this user.
    pub(in crate::server) fn check(
        &self,
        state: &State,
        request: &EndpointRequest,
        purpose: Purpose,
        shown: &str,
    ) -> Result<(), Refusal> {
        let token = request.form.text("form_token").unwrap_or_default();
        let is_ours = is_same_origin(&request.parts.headers, &state.issuer)
            && state.browser.forms.is_valid(purpose, &self.holder, shown, token, state.clock.now());
        if is_ours { Ok(()) } else { Err(RefusalKind::Forged.into()) }
    }

    /// Returns a user that the service logged in. The name is a part of the holder, because a
    /// service may keep the id of a session although another user logs in.
    fn of_service(subject: Subject) -> Result<Self, Refusal> {
        if subject.user.is_empty() || subject.session.is_empty() {
            trace::error!("the log-in of the service names no user or no session");
            return Err(RefusalKind::ServerError.into());
        }
        let parts: [&[u8]; 3] = [b"subject", subject.user.as_bytes(), subject.session.as_bytes()];
        Ok(Self { holder: Digest::from_parts(&parts), subject })
    }
}

//! Users that log in with a password.

use super::refusal::{Refusal, RefusalKind};
use super::request::EndpointRequest;
use super::state::State;
use crate::credential::{Credential, Pair, Secret};
use crate::grant::Application;
use crate::principal::{BasicUser, Principal};
use crate::verify::VerifyError;

/// Returns the user of a name and a password, if the user may act at this place. Failed attempts
/// are throttled. A right password of another place is a failed attempt like a wrong one.
pub(super) async fn log_in(
    state: &State,
    request: &EndpointRequest,
    name: Secret<'_>,
    password: Secret<'_>,
    is_of_place: impl Fn(&BasicUser) -> bool + Send,
) -> Result<BasicUser, Refusal> {
    let users = state.users.as_ref().ok_or(RefusalKind::UnsupportedGrantType)?;
    let credential = Credential::Password(Pair::new(name, password));
    let context = request.context();
    let verification = async {
        match users.verify_dyn(&credential, &context).await? {
            Principal::BasicUser(user) if is_of_place(&user) => Ok(user),
            _ => Err(VerifyError::UNKNOWN),
        }
    };
    let user = state.guesses.around(&credential, &context, verification).await;
    user.map_err(|error| Refusal::of(&error, RefusalKind::InvalidGrant))
}

/// Returns `true` if a user of this organization and this application may act through a client. A
/// user of one application does not belong to the whole organization.
pub(super) fn is_of_place(org: Option<&str>, app: Option<&str>, client: &Application) -> bool {
    let of_org = client.org.is_none() || client.org.as_deref() == org;
    let of_app = match (client.app.as_deref(), app) {
        (_, None) => true,
        (None, Some(_)) => client.org.is_none(),
        (Some(app), Some(own)) => app == own,
    };
    of_org && of_app
}

//! The policy that requires a credential which authenticates the caller.

use super::{Forbidden, Policy};
use crate::principal::Principal;
use crate::request::RequestHead;

/// Allows every authenticated principal; made by [`authenticated`].
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct AuthenticatedPolicy;

/// Allows every principal except a guest and a lone app token, because an app token identifies an
/// application and authenticates no caller. Both are asked for credentials (401). The extractor
/// `Authenticated` decides in the same way.
///
/// To allow requests with only an app token, add
/// [`PrincipalKind::AppToken`](crate::PrincipalKind::AppToken) by [`kind`](super::kind()):
/// `policy::authenticated().or(policy::kind(PrincipalKind::AppToken))`.
pub const fn authenticated() -> AuthenticatedPolicy {
    AuthenticatedPolicy
}

/// Refuses a principal that no credential authenticates.
pub(crate) fn check_authenticated(principal: &Principal) -> Result<(), Forbidden> {
    match principal {
        Principal::Guest(_) | Principal::AppToken(_) => Err(Forbidden::without_credentials()),
        _ => Ok(()),
    }
}

impl Policy for AuthenticatedPolicy {
    fn check(&self, principal: &Principal, _: &RequestHead<'_>) -> Result<(), Forbidden> {
        check_authenticated(principal)
    }
}

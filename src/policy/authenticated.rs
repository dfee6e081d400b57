//! Anybody but a guest.

use super::{Forbidden, Policy};
use crate::head::Head;
use crate::principal::Principal;

/// Allows anybody but a guest; made by [`authenticated`].
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct AuthenticatedPolicy;

/// Allows anybody but a guest. A lone app token counts: where it identifies and does not authenticate, as
/// with Socrata, ask for [`kinds`](super::kinds()).
pub const fn authenticated() -> AuthenticatedPolicy {
    AuthenticatedPolicy
}

impl Policy for AuthenticatedPolicy {
    fn check(&self, principal: &Principal, _: &Head<'_>) -> Result<(), Forbidden> {
        if principal.is_guest() { Err(Forbidden::new()) } else { Ok(()) }
    }
}

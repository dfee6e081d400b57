//! The policy for one issuer of tokens.

use super::{Forbidden, Policy};
use crate::principal::identity::Home;
use crate::principal::{IdentitySource, Principal};
use crate::request::RequestHead;

/// Allows principals of one issuer; made by [`issuer`].
#[derive(Clone, Debug)]
pub struct IssuerPolicy(Home);

/// Allows principals of this issuer, whose name is compared exactly. See
/// [`Principal::issuer`](crate::Principal::issuer).
///
/// # Examples
///
/// ```
/// use tower_principal::{Policy as _, RequireLayer, policy};
///
/// let editors =
///     policy::issuer("https://staff.example").and(policy::scope("edit"));
/// let layer = RequireLayer::new(editors);
/// # let _ = layer;
/// ```
pub fn issuer(issuer: &str) -> IssuerPolicy {
    IssuerPolicy(Home::Issuer(issuer.into()))
}

impl Policy for IssuerPolicy {
    fn check(&self, principal: &Principal, _: &RequestHead<'_>) -> Result<(), Forbidden> {
        let is_known = !principal.is_guest() && principal.source() != IdentitySource::Several;
        if is_known && principal.source() == self.0.source() { Ok(()) } else { Err(Forbidden::new()) }
    }
}

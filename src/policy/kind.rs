//! The policy for certain kinds of principal.

use super::{Forbidden, Policy};
use crate::principal::{Principal, PrincipalKind};
use crate::request::RequestHead;

/// Allows certain kinds of principal; made by [`kind`] and [`kinds`].
#[derive(Clone, Debug)]
pub struct KindPolicy(Vec<PrincipalKind>);

/// Allows one kind of principal.
pub fn kind(kind: PrincipalKind) -> KindPolicy {
    kinds([kind])
}

/// Allows these kinds of principal; an empty list allows no principal.
///
/// # Examples
///
/// ```
/// use tower_principal::{PrincipalKind, RequireLayer, policy};
///
/// let people_and_keys = policy::kinds([
///     PrincipalKind::BasicUser,
///     PrincipalKind::OAuthUser,
///     PrincipalKind::ApiKey,
/// ]);
/// let layer = RequireLayer::new(people_and_keys);
/// # let _ = layer;
/// ```
pub fn kinds(kinds: impl IntoIterator<Item = PrincipalKind>) -> KindPolicy {
    KindPolicy(kinds.into_iter().collect())
}

impl Policy for KindPolicy {
    fn check(&self, principal: &Principal, _: &RequestHead<'_>) -> Result<(), Forbidden> {
        if self.0.contains(&principal.kind()) { Ok(()) } else { Err(Forbidden::new()) }
    }
}

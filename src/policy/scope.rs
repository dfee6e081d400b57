//! The policy for OAuth scopes.

use super::{Forbidden, Policy};
use crate::principal::{Principal, Scopes};
use crate::request::RequestHead;

/// Allows principals that hold every one of some scopes; made by [`scope`].
#[derive(Clone, Debug)]
pub struct ScopePolicy {
    /// Empty if the list was empty or invalid; then no principal is allowed.
    needed: Scopes,
}

/// Allows principals that hold every scope of a space-delimited list (RFC 6749 section 3.3).
///
/// An empty list, or one with an invalid scope, allows no principal.
///
/// # Examples
///
/// ```
/// use tower_principal::policy;
/// use tower_principal::Policy;
///
/// enum Scope {
///     Read,
///     Write,
/// }
///
/// impl AsRef<str> for Scope {
///     fn as_ref(&self) -> &str {
///         match self {
///             Scope::Read => "datasets:read",
///             Scope::Write => "datasets:write",
///         }
///     }
/// }
///
/// let both = policy::scope("datasets:read datasets:write");
/// let either = policy::scope("datasets:read").or(policy::scope("all"));
/// let typed = policy::scope(Scope::Read).and(policy::scope(Scope::Write));
/// # let _ = (both, either, typed);
/// ```
pub fn scope(list: impl AsRef<str>) -> ScopePolicy {
    ScopePolicy { needed: list.as_ref().parse().unwrap_or_default() }
}

impl Policy for ScopePolicy {
    fn check(&self, principal: &Principal, _: &RequestHead<'_>) -> Result<(), Forbidden> {
        if principal.scopes().contains_all(&self.needed) {
            Ok(())
        } else {
            Err(Forbidden::needing(self.needed.clone()))
        }
    }
}

//! The policy for one permission, independent of the request.

use super::{Forbidden, Policy, place, users};
use crate::principal::identity::Home;
use crate::principal::{Operation, Principal};
use crate::request::path::PathPattern;
use crate::request::{InvalidPattern, RequestHead};

/// Allows principals that hold a permission; made by [`permission`].
#[derive(Clone, Debug)]
pub struct PermissionPolicy {
    /// Empty if the text is not a valid permission. Then no principal is allowed.
    operations: Vec<Operation>,
    path: Box<str>,
    within: Option<PathPattern>,
    users: Option<Home>,
}

/// Allows principals whose permissions grant all of some operations on a path, written as
/// `get,put:/reports`. If the text is not of this form, no principal is allowed.
///
/// The path is absolute. Permissions that are relative to a place do not count. These are the
/// permissions of a principal with an organization or application, and of a guest of a path rule.
/// See [`within`](PermissionPolicy::within). For the permission that matches the current request,
/// see [`application`](super::application()).
///
/// # Examples
///
/// ```
/// use tower_principal::{RequireLayer, policy};
///
/// let layer = RequireLayer::new(policy::permission("get:/reports"));
/// # let _ = layer;
/// ```
pub fn permission(required: &str) -> PermissionPolicy {
    let (operations, path) = required.split_once(':').unwrap_or_default();
    let operations = operations.split(',').map(Operation::named).collect::<Option<_>>();
    PermissionPolicy {
        operations: operations.unwrap_or_default(),
        path: path.into(),
        within: None,
        users: None,
    }
}

impl PermissionPolicy {
    /// Makes the path of the permission relative to a place. The place is what this pattern matches
    /// in the request's original path, with `{org}` and `{app}` for the organization and the
    /// application. If the path of a request does not match, the request is forbidden.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidPattern`] if the text is not a path pattern.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::{RequireLayer, policy};
    ///
    /// let export = policy::permission("get:/reports").within("/{org}/{app}/export")?;
    /// let layer = RequireLayer::new(export);
    /// # let _ = layer;
    /// # Ok::<(), tower_principal::request::InvalidPattern>(())
    /// ```
    pub fn within(self, pattern: &str) -> Result<Self, InvalidPattern> {
        Ok(Self { within: Some(PathPattern::parse(pattern)?), ..self })
    }

    /// Resolves `${user}` in permissions to the users of this issuer. For a user of any other
    /// issuer or store, `${user}` has no value.
    ///
    /// Defaults to the users of the layer's verifier if it has one
    /// [source](crate::Verifier::source). With several sources, `${user}` matches no path, because
    /// two sources may have users with the same name.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::{RequireLayer, policy};
    ///
    /// let own =
    ///     policy::permission("get:/users/alice").users_of("https://issuer.example");
    /// let layer = RequireLayer::new(own);
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn users_of(self, issuer: &str) -> Self {
        Self { users: Some(Home::Issuer(issuer.into())), ..self }
    }

    /// Does the same as [`users_of`](Self::users_of) for the users of the store of this name.
    #[must_use]
    pub fn users_of_store(self, name: &str) -> Self {
        Self { users: Some(Home::Store(name.into())), ..self }
    }
}

impl Policy for PermissionPolicy {
    fn check(&self, principal: &Principal, head: &RequestHead<'_>) -> Result<(), Forbidden> {
        let requested = place(self.within.as_ref(), head).ok_or_else(Forbidden::new)?;
        let users = users(self.users.as_ref(), principal, head);
        let held = |operation: &Operation| principal.holds(*operation, &self.path, &requested, users);
        if !self.operations.is_empty() && self.operations.iter().all(held) {
            Ok(())
        } else {
            Err(Forbidden::new())
        }
    }
}

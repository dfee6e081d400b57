//! One permission, whatever the request.

use super::{Forbidden, Policy, users};
use crate::principal::ground::Asked;
use crate::principal::identity::Home;
use crate::principal::{Operation, Principal};
use crate::request::path::PathPattern;
use crate::request::{InvalidPattern, RequestHead, original_target};

/// Allows principals that hold a permission; made by [`permission`].
#[derive(Clone, Debug)]
pub struct PermissionPolicy {
    /// Empty if the text was no permission to ask for. Then no principal is allowed.
    operations: Vec<Operation>,
    path: Box<str>,
    within: Option<PathPattern>,
    users: Option<Home>,
}

/// Allows principals whose permissions grant all of some operations on a path, written
/// `get,put:/reports`. What is not written so allows no principal.
///
/// The path is absolute. A permission that is relative to a place does not count: that of a principal
/// with an organization or an application, and that of a guest of a path rule. See
/// [`within`](PermissionPolicy::within). For "the permission for what this request does", see
/// [`application`](super::application()).
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
    /// The same, asked within a place: the path of the permission is relative to what this pattern
    /// matches in the request's original path, with `{org}` and `{app}` for the organization and the
    /// application. A request whose path does not match is forbidden.
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

    /// The same, with `${user}` in permissions for the users of this issuer. A user of any other issuer
    /// or store has no name there.
    ///
    /// Defaults to the users of the layer's verifier if it has one [source](crate::Verifier::source). With
    /// several sources, `${user}` matches no path, because two sources may have users of one name.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::{RequireLayer, policy};
    ///
    /// let own = policy::permission("get:/users/alice").users_of("https://issuer.example");
    /// let layer = RequireLayer::new(own);
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn users_of(self, issuer: &str) -> Self {
        Self { users: Some(Home::Issuer(issuer.into())), ..self }
    }

    /// The same as [`users_of`](Self::users_of) for the users of the store of this name.
    #[must_use]
    pub fn users_of_store(self, name: &str) -> Self {
        Self { users: Some(Home::Store(name.into())), ..self }
    }
}

impl Policy for PermissionPolicy {
    fn check(&self, principal: &Principal, head: &RequestHead<'_>) -> Result<(), Forbidden> {
        let asked = match &self.within {
            None => Some(Asked::NOWHERE),
            Some(pattern) => original_target::path(*head).and_then(|path| Asked::by(pattern, path)),
        };
        let asked = asked.ok_or_else(Forbidden::new)?;
        let users = users(self.users.as_ref(), principal, head);
        let held = |operation: &Operation| principal.holds(*operation, &self.path, &asked, users);
        if !self.operations.is_empty() && self.operations.iter().all(held) {
            Ok(())
        } else {
            Err(Forbidden::new())
        }
    }
}

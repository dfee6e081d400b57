//! The policy for groups and roles.

use super::authenticated::check_authenticated;
use super::{Forbidden, Policy, place};
use crate::principal::groups::is_group;
use crate::principal::{Groups, Principal};
use crate::request::path::PathPattern;
use crate::request::{InvalidPattern, RequestHead};

/// Allows principals in some groups; made by [`group`], [`any_group`] and [`all_groups`].
#[derive(Clone, Debug)]
pub struct GroupPolicy {
    /// Empty if the list was empty or had an invalid name; then no principal is allowed.
    needed: Groups,
    all: bool,
    within: Option<PathPattern>,
}

/// Allows principals in one group, or with one role. A group comes from any source: a claim of a
/// token, a role of a database, or a record in memory.
///
/// Guests and lone app tokens are in no group, and are asked for credentials (401). Any other
/// principal without the group is refused with 403.
///
/// If a principal has an organization or an application, its groups belong to that place and do not
/// count here. [`within`](GroupPolicy::within) counts them.
///
/// A name that is empty or has a line feed allows no principal.
///
/// # Examples
///
/// ```
/// use tower_principal::{RequireLayer, policy};
///
/// enum Role {
///     Admin,
///     Editor,
/// }
///
/// impl AsRef<str> for Role {
///     fn as_ref(&self) -> &str {
///         match self {
///             Role::Admin => "admin",
///             Role::Editor => "editor",
///         }
///     }
/// }
///
/// let admins = RequireLayer::new(policy::group(Role::Admin));
/// let authors =
///     RequireLayer::new(policy::any_group([Role::Admin, Role::Editor]));
/// # let _ = (admins, authors);
/// ```
pub fn group(name: impl AsRef<str>) -> GroupPolicy {
    all_groups([name])
}

/// Allows principals in at least one of these groups. An empty list allows no principal, and
/// neither does a list with an invalid name. See [`group`].
///
/// # Examples
///
/// ```
/// use tower_principal::{RequireLayer, policy};
///
/// let layer = RequireLayer::new(policy::any_group(["admin", "editor"]));
/// # let _ = layer;
/// ```
pub fn any_group<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> GroupPolicy {
    GroupPolicy { all: false, ..all_groups(names) }
}

/// Allows principals in every one of these groups. An empty list allows no principal, and neither
/// does a list with an invalid name. See [`group`].
///
/// # Examples
///
/// ```
/// use tower_principal::{RequireLayer, policy};
///
/// let layer = RequireLayer::new(policy::all_groups(["staff", "on-call"]));
/// # let _ = layer;
/// ```
pub fn all_groups<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> GroupPolicy {
    let names: Vec<S> = names.into_iter().collect();
    let are_valid = names.iter().all(|name| is_group(name.as_ref()));
    let needed = if are_valid { names.into_iter().collect() } else { Groups::none() };
    GroupPolicy { needed, all: true, within: None }
}

impl GroupPolicy {
    /// Counts the groups that the principal has in a place. The place is what this pattern matches
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
    /// let admins = policy::group("admin").within("/{org}/{app}/**")?;
    /// let layer = RequireLayer::new(admins);
    /// # let _ = layer;
    /// # Ok::<(), tower_principal::request::InvalidPattern>(())
    /// ```
    pub fn within(self, pattern: &str) -> Result<Self, InvalidPattern> {
        Ok(Self { within: Some(PathPattern::parse(pattern)?), ..self })
    }
}

impl Policy for GroupPolicy {
    fn check(&self, principal: &Principal, head: &RequestHead<'_>) -> Result<(), Forbidden> {
        check_authenticated(principal)?;
        let held = place(self.within.as_ref(), head).map(|requested| principal.groups_at(&requested));
        let suffice = |held: &Groups| {
            if self.all { held.contains_all(&self.needed) } else { held.contains_any(&self.needed) }
        };
        if held.is_some_and(suffice) { Ok(()) } else { Err(Forbidden::outside(self.needed.clone())) }
    }
}

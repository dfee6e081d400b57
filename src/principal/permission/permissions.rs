//! Lists of permissions.

use std::sync::Arc;

use super::{Operations, Pattern};
use crate::principal::{InvalidPermission, Operation, Permission};

/// A list of permissions. It allows an operation if one of them does. Cheap to clone. Two lists are
/// equal if they hold equal permissions in the same order.
///
/// # Examples
///
/// ```
/// use tower_principal::principal::{Operation, Permissions};
///
/// let permissions = Permissions::parse(["post:/users", "put:/devices/*"])?;
/// assert!(permissions.allow(Operation::Put, "/devices/1", &[]));
/// assert!(!permissions.allow(Operation::Get, "/users", &[]));
/// # Ok::<(), tower_principal::principal::InvalidPermission>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permissions(Option<Arc<[Permission]>>);

/// A list without permissions, to lend out by reference.
pub(crate) static NOTHING: Permissions = Permissions(None);

impl Permissions {
    /// Returns a list without permissions.
    pub fn none() -> Self {
        Self::default()
    }

    /// Returns a list that allows every operation on every path.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::principal::{Operation, Permissions};
    ///
    /// assert!(Permissions::all().allow(Operation::Other, "/any/path", &[]));
    /// assert!(!Permissions::none().allow(Operation::Get, "/", &[]));
    /// ```
    pub fn all() -> Self {
        Self::from_iter([Permission {
            operations: Operations::All,
            paths: Arc::new([Pattern::everything()]),
        }])
    }

    /// Parses a list of permissions.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidPermission`] if one of the texts is not in the grammar.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::principal::{Operation, Permissions};
    ///
    /// // From a column with one permission in each line:
    /// let column = "get:/reports/**\nput:/reports/drafts/*";
    /// let list = Permissions::parse(column.lines())?;
    /// assert!(list.allow(Operation::Put, "/reports/drafts/1", &[]));
    /// assert!(Permissions::parse(["fetch:/reports"]).is_err());
    /// # Ok::<(), tower_principal::principal::InvalidPermission>(())
    /// ```
    pub fn parse<'t>(texts: impl IntoIterator<Item = &'t str>) -> Result<Self, InvalidPermission> {
        texts.into_iter().map(str::parse::<Permission>).collect()
    }

    /// Joins lists: the result allows an operation if one of the lists does. Without lists it
    /// allows nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::principal::{Operation, Permissions};
    ///
    /// let (reader, editor) = (
    ///     Permissions::parse(["get:/reports"])?,
    ///     Permissions::parse(["put:/reports"])?,
    /// );
    /// let both = Permissions::joined([reader, editor]);
    /// assert!(
    ///     both.allow(Operation::Get, "/reports", &[])
    ///         && both.allow(Operation::Put, "/reports", &[])
    /// );
    /// # Ok::<(), tower_principal::principal::InvalidPermission>(())
    /// ```
    pub fn joined(lists: impl IntoIterator<Item = Self>) -> Self {
        let mut lists: Vec<Self> = lists.into_iter().collect();
        match lists.len() {
            0 | 1 => lists.pop().unwrap_or_default(),
            _ => lists.iter().flat_map(|list| list.0.iter()).flat_map(|list| list.iter()).cloned().collect(),
        }
    }

    /// Returns the number of bytes that the list holds, even if others share it.
    pub(crate) fn bytes(&self) -> usize {
        let held = self.0.iter().flat_map(|held| held.iter());
        let paths = |permission: &Permission| {
            permission.paths.iter().map(|path| size_of::<Pattern>() + path.bytes()).sum::<usize>()
        };
        held.map(|permission| size_of::<Permission>() + paths(permission)).sum()
    }

    /// Returns `true` if one of them allows an operation on a path; see [`Permission::allows`].
    pub fn allow(&self, operation: Operation, path: &str, user: &[&str]) -> bool {
        self.0.iter().flat_map(|held| held.iter()).any(|permission| permission.allows(operation, path, user))
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        let held: Arc<[Permission]> = permissions.into_iter().collect();
        Self(Some(held).filter(|held| !held.is_empty()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_several_is_enough_and_none_is_never() {
        let all = Permissions::all();
        assert!(all.allow(Operation::Other, "/any/where", &[]));
        assert!(!Permissions::none().allow(Operation::Get, "/", &[]));
        let some = Permissions::parse(["get:/a", "post:/b"]).unwrap();
        assert!(some.allow(Operation::Post, "/b", &[]) && !some.allow(Operation::Post, "/a", &[]));
        let joined =
            Permissions::joined([some.clone(), Permissions::none(), Permissions::parse(["put:/c"]).unwrap()]);
        assert!(joined.allow(Operation::Put, "/c", &[]) && joined.allow(Operation::Get, "/a", &[]));
        assert!(!joined.allow(Operation::Put, "/a", &[]));
        let one = Permissions::joined([some]);
        assert!(one.allow(Operation::Get, "/a", &[]) && !one.allow(Operation::Put, "/c", &[]));
        assert!(!Permissions::joined([]).allow(Operation::Get, "/a", &[]));
    }

    #[test]
    fn lists_of_the_same_permissions_are_equal() {
        let list = |texts: &[&str]| Permissions::parse(texts.iter().copied()).unwrap();
        assert_eq!(list(&["get:/a", "post:/b/**"]), list(&["get:/a", "post:/b/**"]));
        assert_eq!(list(&[]), Permissions::none());
        for other in [&["get:/a"][..], &["post:/b/**", "get:/a"], &["put:/a", "post:/b/**"], &[]] {
            assert_ne!(list(&["get:/a", "post:/b/**"]), list(other), "{other:?}");
        }
    }
}

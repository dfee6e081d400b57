//! The groups and roles of a principal.

use std::fmt;

/// A set of groups and roles, in alphabetical order.
///
/// Names are case-sensitive and compared whole. An empty set contains nothing, not even an empty
/// name. Groups of directories, roles of issuers and roles of a database are all groups here.
///
/// # Examples
///
/// ```
/// use tower_principal::principal::Groups;
///
/// let groups: Groups = ["editor", "admin", "editor"].into_iter().collect();
/// assert!(groups.contains("admin") && !groups.contains("Admin"));
/// assert_eq!(groups.iter().collect::<Vec<_>>(), ["admin", "editor"]);
/// ```
// One text with line feeds between the names. A token may name thousands of groups, and a cache
// keeps many tokens; names with an allocation each would take several times their text.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Groups(Option<Box<str>>);

/// An empty set, to lend out by reference.
pub(super) static NONE: Groups = Groups(None);

impl Groups {
    /// Returns an empty set.
    pub const fn none() -> Self {
        Self(None)
    }

    /// Returns `true` if the set is empty.
    pub const fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Returns `true` if exactly this name is in the set.
    pub fn contains(&self, name: &str) -> bool {
        self.iter().any(|held| held == name)
    }

    /// Returns `true` if every name of `needed` is in the set, and `false` if `needed` is empty.
    pub fn contains_all(&self, needed: &Self) -> bool {
        !needed.is_empty() && needed.iter().all(|name| self.contains(name))
    }

    /// Returns `true` if one of the names of `needed` is in the set, and `false` if `needed` is
    /// empty.
    pub fn contains_any(&self, needed: &Self) -> bool {
        needed.iter().any(|name| self.contains(name))
    }

    /// Returns the names in alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().flat_map(|names| names.split('\n'))
    }

    /// Returns how many bytes of memory the names hold.
    pub(super) fn bytes(&self) -> usize {
        self.0.as_ref().map_or(0, |names| names.len())
    }
}

/// Returns `true` if a text can be the name of a group.
pub(crate) fn is_group(name: &str) -> bool {
    !name.is_empty() && !name.contains('\n')
}

impl<S: AsRef<str>> FromIterator<S> for Groups {
    /// Collects names. An empty name and a name with a line feed are left out, because no rule can
    /// require them.
    fn from_iter<I: IntoIterator<Item = S>>(names: I) -> Self {
        let names: Vec<S> = names.into_iter().collect();
        let mut names: Vec<&str> = names.iter().map(AsRef::as_ref).filter(|name| is_group(name)).collect();
        names.sort_unstable();
        names.dedup();
        Self((!names.is_empty()).then(|| names.join("\n").into_boxed_str()))
    }
}

impl fmt::Debug for Groups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(names: &[&str]) -> Groups {
        names.iter().collect()
    }

    #[test]
    fn names_match_whole_and_case_sensitively() {
        let held = groups(&["editor", "/staff/roads", "a b", "editor"]);
        assert!(held.contains("editor") && held.contains("/staff/roads") && held.contains("a b"));
        for other in ["Editor", "edit", "editors", "editor ", "a", "/staff", "", "\n", "a b\neditor"] {
            assert!(!held.contains(other), "{other:?}");
        }
        assert_eq!(format!("{held:?}"), r#"{"/staff/roads", "a b", "editor"}"#);
    }

    #[test]
    fn nothing_is_satisfied_by_or_with_an_empty_set() {
        let (some, none) = (groups(&["a", "b"]), Groups::none());
        assert!(!some.contains_all(&none) && !some.contains_any(&none));
        assert!(!none.contains_all(&some) && !none.contains_any(&some));
        assert!(!none.contains_all(&none) && !none.contains_any(&none));
        assert!(some.contains_all(&groups(&["b", "a"])) && some.contains_any(&groups(&["c", "b"])));
        assert!(!some.contains_all(&groups(&["b", "c"])) && !some.contains_any(&groups(&["c"])));
    }

    #[test]
    fn a_text_that_is_no_name_is_left_out() {
        assert_eq!(groups(&["", "ok", "two\nlines", "\n"]), groups(&["ok"]));
        assert!(groups(&["", "a\nadmin"]).is_empty());
        assert_eq!(groups(&["", "\n"]), Groups::none());
    }
}

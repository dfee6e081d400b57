//! OAuth scopes.

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A set of OAuth scopes (RFC 6749 section 3.3).
///
/// Names are case-sensitive and compared whole. An empty set contains nothing, not even an empty
/// name, so an empty grant never satisfies a requirement. Two sets are equal if they hold the same
/// names, in any order.
///
/// # Examples
///
/// ```
/// use tower_principal::principal::Scopes;
///
/// let scopes: Scopes = "datasets:read datasets:write".parse()?;
/// assert!(scopes.contains("datasets:read"));
/// assert!(!scopes.contains("datasets"));
/// assert!(!scopes.contains("DATASETS:READ"));
/// # Ok::<(), tower_principal::principal::InvalidScope>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Scopes(Box<str>);

/// An error for a scope name with a character outside RFC 6749's `scope-token`.
///
/// # Examples
///
/// ```
/// use tower_principal::principal::{InvalidScope, Scopes};
///
/// let parsed: Result<Scopes, InvalidScope> =
///     "datasets:read \"quoted\"".parse();
/// assert!(parsed.is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a scope name contains a character that RFC 6749 section 3.3 does not allow")]
#[non_exhaustive]
pub struct InvalidScope;

impl Scopes {
    /// Returns a set without scopes.
    pub fn none() -> Self {
        Self::default()
    }

    /// Returns `true` if the set is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns `true` if exactly this name is in the set.
    pub fn contains(&self, name: &str) -> bool {
        !name.is_empty() && self.iter().any(|held| held == name)
    }

    /// Returns `true` if every name of `needed` is in the set, and `false` if `needed` is empty.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::principal::Scopes;
    ///
    /// let granted: Scopes = "datasets:read datasets:write profile".parse()?;
    /// assert!(granted.contains_all(&"datasets:write datasets:read".parse()?));
    /// assert!(!granted.contains_all(&"datasets:delete".parse()?));
    /// // A requirement of nothing is a mistake, and is never met.
    /// assert!(!granted.contains_all(&Scopes::none()));
    /// # Ok::<(), tower_principal::principal::InvalidScope>(())
    /// ```
    pub fn contains_all(&self, needed: &Scopes) -> bool {
        !needed.is_empty() && needed.iter().all(|name| self.contains(name))
    }

    /// Returns the names in the order in which they were given.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::principal::Scopes;
    ///
    /// let scopes: Scopes = "datasets:read datasets:write profile".parse()?;
    /// let of_datasets =
    ///     scopes.iter().filter(|name| name.starts_with("datasets:"));
    /// assert_eq!(of_datasets.count(), 2);
    /// # Ok::<(), tower_principal::principal::InvalidScope>(())
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.split(' ').filter(|name| !name.is_empty())
    }

    /// Returns the names as RFC 6749 writes them: separated by single spaces.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::principal::Scopes;
    ///
    /// let scopes: Scopes = ["read", "write", "not a scope"].into_iter().collect();
    /// assert_eq!(scopes.as_str(), "read write");
    /// ```
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

// The order in which names were given is kept for clients, but it has no meaning (RFC 6749 section
// 3.3). No name occurs twice, so a subset of the same length is the whole set.
impl PartialEq for Scopes {
    fn eq(&self, other: &Self) -> bool {
        self.0.len() == other.0.len() && self.iter().all(|name| other.contains(name))
    }
}

impl Eq for Scopes {}

impl FromStr for Scopes {
    type Err = InvalidScope;

    /// Parses a space-delimited list.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidScope`] if a name has a character that `scope-token` does not allow.
    fn from_str(list: &str) -> Result<Self, InvalidScope> {
        let names = list.split(' ').filter(|name| !name.is_empty());
        if names.clone().all(is_scope_token) { Ok(join(names)) } else { Err(InvalidScope) }
    }
}

impl<S: AsRef<str>> FromIterator<S> for Scopes {
    /// Collects names. A name that is not a valid `scope-token` is left out, because no rule can
    /// require it.
    fn from_iter<I: IntoIterator<Item = S>>(names: I) -> Self {
        let names: Vec<S> = names.into_iter().collect();
        join(names.iter().map(AsRef::as_ref).filter(|name| is_scope_token(name)))
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Joins names, each once. Beyond a few names a set finds the repeated ones, because a request may
/// have thousands.
fn join<'n>(names: impl Iterator<Item = &'n str>) -> Scopes {
    const FEW: usize = 32;
    let mut list = Vec::new();
    let mut seen = HashSet::new();
    for name in names {
        if list.len() == FEW && seen.is_empty() {
            seen.extend(list.iter().copied());
        }
        let is_new = if list.len() < FEW { !list.contains(&name) } else { seen.insert(name) };
        if is_new {
            list.push(name);
        }
    }
    Scopes(list.join(" ").into_boxed_str())
}

/// Checks `scope-token = 1*( %x21 / %x23-5B / %x5D-7E )`.
fn is_scope_token(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5B | 0x5D..=0x7E))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_whole_and_case_sensitively() {
        let scopes: Scopes = "read  write read".parse().unwrap();
        assert_eq!(scopes.as_str(), "read write");
        assert!(scopes.contains("read") && scopes.contains("write"));
        for other in ["Read", "rea", "read write", "", " "] {
            assert!(!scopes.contains(other), "{other:?}");
        }
    }

    #[test]
    fn thousands_of_names_are_kept_in_order_and_each_once() {
        let names: Vec<String> = (0..50_000).map(|n| format!("n{}", n % 25_000)).collect();
        let scopes: Scopes = names.iter().collect();
        assert!(scopes.iter().eq(names.iter().take(25_000)));
        assert_eq!(names.join(" ").parse::<Scopes>().unwrap(), scopes);
    }

    #[test]
    fn nothing_is_satisfied_by_or_with_an_empty_set() {
        let some: Scopes = "a b".parse().unwrap();
        assert!(!some.contains_all(&Scopes::none()));
        assert!(!Scopes::none().contains_all(&some));
        assert!(!Scopes::none().contains_all(&Scopes::none()));
        assert!(some.contains_all(&"b a".parse().unwrap()));
    }

    #[test]
    fn sets_are_equal_whatever_the_order_of_their_names() {
        let set = |list: &str| list.parse::<Scopes>().unwrap();
        assert_eq!(set("a bc d"), set("d  a bc a"));
        assert_eq!(set(""), Scopes::none());
        for other in ["a b cd", "a bc", "a bc d e", "A bc d", "abc d e", ""] {
            assert_ne!(set("a bc d"), set(other), "{other:?}");
            assert_ne!(set(other), set("a bc d"), "{other:?}");
        }
    }

    #[test]
    fn a_name_that_is_no_scope_token_is_refused_or_left_out() {
        for bad in ["a\"b", "a\\b", "a\tb", "é"] {
            assert_eq!(bad.parse::<Scopes>().err(), Some(InvalidScope), "{bad:?}");
        }
        let kept: Scopes = ["ok", "two words", "\"", ""].into_iter().collect();
        assert_eq!(kept.as_str(), "ok");
    }
}

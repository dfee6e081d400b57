//! Permissions in Usergrid's grammar.
//!
//! A permission is written `operations:paths`. The operations are a comma list of `get`, `post`,
//! `put`, `delete` or `*`. The paths are a comma list of Ant patterns (`?` one character, `*`
//! within a segment, `**` any depth). Without a colon every operation is meant.
//!
//! `${user}` stands for the user's name or UUID, and so does a segment `me` that is not the last.
//! Both are compared exactly. Everything else is compared without regard to ASCII case.
//!
//! Usergrid's own matcher is buggy or unsafe in places. This one differs from it as follows:
//! * a user's name stands for itself: a name with `*` or `?` is not a pattern,
//! * a name with upper-case letters matches (in Usergrid only the UUID does),
//! * `:` and `,` in a *requested* path are plain characters: `/a` does not grant `/a:b`,
//! * only `*` grants a method outside the four,
//! * invalid text is an error, not a permission that matches by accident.

use std::str::FromStr;
use std::sync::Arc;

use thiserror::Error;

use self::pattern::Pattern;

mod pattern;
mod permissions;

pub(crate) use self::permissions::NOTHING;
pub use self::permissions::Permissions;

/// One permission, such as `get,put:/users/${user}/**`.
///
/// # Examples
///
/// ```
/// use tower_principal::principal::{Operation, Permission};
///
/// let permission: Permission = "get,post:/cities/*".parse()?;
/// assert!(permission.allows(Operation::Get, "/cities/oslo", &[]));
/// assert!(!permission.allows(Operation::Delete, "/cities/oslo", &[]));
///
/// let own: Permission = "get:/users/${user}".parse()?;
/// assert!(own.allows(Operation::Get, "/users/bob", &["bob"]));
/// assert!(!own.allows(Operation::Get, "/users/eve", &["bob"]));
/// # Ok::<(), tower_principal::principal::InvalidPermission>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permission {
    operations: Operations,
    /// Shared, because several lists of permissions may hold the same paths.
    paths: Arc<[Pattern]>,
}

/// The operation of a request on a path, as Usergrid's permissions name it.
///
/// # Examples
///
/// ```
/// use tower_principal::principal::Operation;
///
/// assert_eq!(Operation::from_method(&http::Method::HEAD), Operation::Get);
/// // Only `*` grants a method outside the four.
/// assert_eq!(Operation::from_method(&http::Method::PATCH), Operation::Other);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// `GET`, and `HEAD` as a `GET` without its body.
    Get,
    /// `POST`.
    Post,
    /// `PUT`.
    Put,
    /// `DELETE`.
    Delete,
    /// Any other method; only `*` grants it.
    Other,
}

/// An error for text that is not in the grammar of permissions.
///
/// # Examples
///
/// ```
/// use tower_principal::principal::{InvalidPermission, Permission};
///
/// let parsed: Result<Permission, InvalidPermission> = "read:/reports".parse();
/// assert!(parsed.is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a permission is written `get,post,put,delete:/path`, with `*` for all")]
#[non_exhaustive]
pub struct InvalidPermission;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operations {
    All,
    /// One bit for each of the four, in the order of [`Operation`].
    Some(u8),
}

impl Permission {
    /// Returns `true` if the permission allows an operation on a path (decoded, starting with `/`).
    /// `user` holds every name of the requester: the user's name and the user's UUID.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::principal::{Operation, Permission};
    ///
    /// let own: Permission = "get,put:/users/${user}/**".parse()?;
    /// let names = ["alice", "f2f82123-a166-11e2-a7f7-02e81adcf3d0"];
    /// assert!(own.allows(Operation::Put, "/users/alice/photo", &names));
    /// // A name is no pattern, and is compared exactly.
    /// assert!(!own.allows(Operation::Put, "/users/Alice/photo", &names));
    /// assert!(!own.allows(Operation::Put, "/users/alice/photo", &["*"]));
    /// # Ok::<(), tower_principal::principal::InvalidPermission>(())
    /// ```
    pub fn allows(&self, operation: Operation, path: &str, user: &[&str]) -> bool {
        self.operations.contain(operation)
            && path.starts_with('/')
            && self.paths.iter().any(|pattern| pattern.matches(path, user))
    }
}

impl FromStr for Permission {
    type Err = InvalidPermission;

    /// Parses `operations:paths`.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidPermission`] if an operation is unknown or a path is empty.
    fn from_str(text: &str) -> Result<Self, InvalidPermission> {
        let (operations, paths) = match text.split_once(':') {
            Some((operations, paths)) => (Operations::parse(operations)?, paths),
            None => (Operations::All, text),
        };
        let paths = paths.split(',').map(Pattern::parse).collect::<Option<_>>();
        Ok(Self { operations, paths: paths.ok_or(InvalidPermission)? })
    }
}

impl Operation {
    /// Returns the operation of a method.
    pub fn from_method(method: &http::Method) -> Self {
        match method.as_str() {
            "GET" | "HEAD" => Self::Get,
            "POST" => Self::Post,
            "PUT" => Self::Put,
            "DELETE" => Self::Delete,
            _ => Self::Other,
        }
    }

    /// Returns the operation of a name, in any letter case.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name.trim().to_ascii_lowercase().as_str() {
            "get" => Self::Get,
            "post" => Self::Post,
            "put" => Self::Put,
            "delete" => Self::Delete,
            _ => return None,
        })
    }
}

impl Operations {
    fn parse(list: &str) -> Result<Self, InvalidPermission> {
        let (mut all, mut bits) = (false, 0);
        for name in list.split(',') {
            match name.trim() {
                "*" => all = true,
                name => bits |= bit(Operation::named(name).ok_or(InvalidPermission)?),
            }
        }
        Ok(if all { Self::All } else { Self::Some(bits) })
    }

    fn contain(self, operation: Operation) -> bool {
        match self {
            Self::All => true,
            Self::Some(bits) => operation != Operation::Other && bits & bit(operation) != 0,
        }
    }
}

const fn bit(operation: Operation) -> u8 {
    1 << operation as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    const UUID: &str = "f2f82123-a166-11e2-a7f7-02e81adcf3d0";

    #[test]
    fn the_matrix_of_the_real_matcher_holds() {
        let bob: &[&str] = &["bob", UUID];
        let own_uuid = format!("/users/{UUID}");
        let table: &[(&str, &[&str], &[&str])] = &[
            ("/foo", &["/foo", "/FOO"], &["/foo/", "/foo/bar"]),
            ("/foo/", &["/foo/"], &["/foo"]),
            ("/foo/*", &["/foo", "/foo/", "/foo/bar"], &["/foo/bar/", "/foo/bar/baz"]),
            ("/foo/**", &["/foo", "/foo/bar/baz", "/foo/"], &["/food"]),
            ("/*", &["/x", "/"], &["/x/y"]),
            ("/**", &["/", "/x/y"], &[""]),
            ("*", &["/", "/x/y"], &[""]),
            ("**/likes", &["/likes", "/users/likes"], &["/likes/x", "/unlikes"]),
            ("/users/?", &["/users/a", "/users/é"], &["/users/ab", "/users/"]),
            ("foo", &["/foo"], &["/x/foo"]),
            (
                "/users/${user}",
                &["/users/bob", "/USERS/bob", &own_uuid],
                &["/users/eve", "/users/BOB", "/users/Bob", &own_uuid.to_uppercase(), "/users/${user}"],
            ),
            ("/users/${user}/**", &["/users/bob", "/users/bob/devices/1"], &["/users/bobby"]),
            ("/users/me/*", &["/users/bob", "/users/bob/x"], &["/users/eve/x", "/users/bob/x/y"]),
            ("/users/me", &["/users/me"], &["/users/bob"]),
            ("/x,/y", &["/x", "/y"], &["/x,/y", "/z"]),
            ("/a/**/z", &["/a/z", "/a/b/z", "/a/b/c/z"], &["/a/b", "/z"]),
            ("/a*c/x", &["/ac/x", "/abbc/x"], &["/ab/x", "/a/c/x"]),
            ("/{x}", &["/{x}"], &["/a"]),
        ];
        for (grant, yes, no) in table {
            let permission: Permission = format!("get:{grant}").parse().unwrap();
            for path in *yes {
                assert!(permission.allows(Operation::Get, path, bob), "{grant} grants {path:?}");
            }
            for path in *no {
                assert!(!permission.allows(Operation::Get, path, bob), "{grant} does not grant {path:?}");
            }
        }
    }

    #[test]
    fn operations_are_a_list_in_any_case_and_all_without_one() {
        let some: Permission = "GET,put:/x".parse().unwrap();
        assert!(some.allows(Operation::Get, "/x", &[]) && some.allows(Operation::Put, "/x", &[]));
        assert!(!some.allows(Operation::Post, "/x", &[]) && !some.allows(Operation::Other, "/x", &[]));
        for all in ["/x", "*:/x"] {
            let all: Permission = all.parse().unwrap();
            assert!(all.allows(Operation::Delete, "/x", &[]) && all.allows(Operation::Other, "/x", &[]));
        }
        assert_eq!(Operation::from_method(&http::Method::HEAD), Operation::Get);
        assert_eq!(Operation::from_method(&http::Method::PATCH), Operation::Other);
    }

    #[test]
    fn differences_from_the_real_matcher_are_the_documented_ones() {
        let own: Permission = "get:/users/${user}/**".parse().unwrap();
        assert!(own.allows(Operation::Get, "/users/Bob/x", &["Bob"]));
        assert!(!own.allows(Operation::Get, "/users/bob/x", &["Bob"]));
        assert!(!own.allows(Operation::Get, "/users/eve", &["*"]));
        assert!(!own.allows(Operation::Get, "/users/eve", &["???"]));
        assert!(!own.allows(Operation::Get, "/users//x", &[""]));
        assert!(!own.allows(Operation::Get, "/users/bob", &[]));
        let a: Permission = "get:/a".parse().unwrap();
        assert!(!a.allows(Operation::Get, "/a:b", &[]) && !a.allows(Operation::Get, "/a,/b", &[]));
    }

    #[test]
    fn what_is_no_permission_is_an_error() {
        for bad in ["", "get:", "fly:/x", "get,:/x", "*,fly:/x", "*,:/x", ":/x", "get:/x,", "/a:b"] {
            assert_eq!(bad.parse::<Permission>().err(), Some(InvalidPermission), "{bad:?}");
        }
    }

    #[test]
    fn a_hostile_pattern_costs_little() {
        let pattern: Permission = format!("/{}b", "*a".repeat(40)).parse().unwrap();
        let deep: Permission = format!("/{}x", "**/a/".repeat(40)).parse().unwrap();
        assert!(!pattern.allows(Operation::Get, &format!("/{}", "a".repeat(5_000)), &[]));
        assert!(!deep.allows(Operation::Get, &"/a".repeat(2_000), &[]));
    }
}

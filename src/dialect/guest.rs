//! The rules that admit requests without credentials.

use std::sync::Arc;

use http::Method;

use crate::principal::{Ground, Guest, InvalidPermission, Permissions};
use crate::request::path::PathPattern;
use crate::request::{InvalidPattern, RequestHead, original_target};

/// A rule that admits requests without any credential.
///
/// A request without credentials is refused unless a rule of its dialect admits it. A *present*
/// credential that is bad in any way never makes a guest.
///
/// # Examples
///
/// Usergrid's sandbox, as [`dialect::USERGRID`](crate::dialect::USERGRID) has it:
///
/// ```
/// use tower_principal::GuestRule;
///
/// const SANDBOX: GuestRule = GuestRule::path("/{org}/sandbox/**")
///     .methods(&["GET", "HEAD", "POST", "PUT", "DELETE"])
///     .permissions(&["get,post,put,delete:/**"])
///     .sandbox();
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct GuestRule {
    path: Option<&'static str>,
    methods: Option<&'static [&'static str]>,
    permissions: &'static [&'static str],
    sandbox: bool,
}

/// A prepared rule: its pattern and permissions are parsed, its guest is built.
#[derive(Clone, Debug)]
pub(crate) struct Admission {
    path: Option<Arc<PathPattern>>,
    methods: Option<Vec<Method>>,
    guest: Guest,
}

/// The error of a rule.
#[derive(Debug)]
pub(crate) enum InvalidRule {
    Path(InvalidPattern),
    Permission(InvalidPermission),
    Method,
}

impl GuestRule {
    /// Admits every request of any method and target: optional authentication.
    pub const fn everywhere() -> Self {
        Self { path: None, methods: None, permissions: &[], sandbox: false }
    }

    /// Admits reading, `GET` and `HEAD` (Socrata's public datasets).
    pub const fn reads() -> Self {
        Self::everywhere().methods(&["GET", "HEAD"])
    }

    /// Admits paths of a pattern: literal segments, `{name}` for any one segment, and at the end
    /// `/**` for the path itself and all below. The methods default to `GET`, `HEAD`, `POST`, `PUT`
    /// and `DELETE`; change them with [`methods`](Self::methods).
    ///
    /// The original path
    /// ([`RequestHead::original_path`](crate::request::RequestHead::original_path)) decides,
    /// segment by segment and byte by byte. If it is not known, the rule admits no request: without
    /// the feature `axum` put an [`OriginalTargetLayer`](crate::layer::OriginalTargetLayer) around
    /// the service.
    ///
    /// A path that two programs could read differently admits no request: encoded or doubled
    /// slashes, dot segments, `;`, `\`, control characters, encoded `?` and `#`.
    pub const fn path(pattern: &'static str) -> Self {
        let rule = Self::everywhere().methods(&["GET", "HEAD", "POST", "PUT", "DELETE"]);
        Self { path: Some(pattern), ..rule }
    }

    /// Admits these methods only. Their names are case-sensitive (RFC 9110 section 9.1).
    pub const fn methods(self, methods: &'static [&'static str]) -> Self {
        Self { methods: Some(methods), ..self }
    }

    /// The guest's permissions, in the grammar of [`Permission`](crate::principal::Permission).
    /// Defaults to no permissions.
    ///
    /// The permissions of a rule with a path are relative to the part that the rule's pattern
    /// matched. At `/acme/sandbox/x` the rule `/{org}/sandbox/**` grants `get:/**` below
    /// `/acme/sandbox`. A policy counts them if it checks a place in there. Each name in braces
    /// also has to be at the same segment in the pattern of the policy. The permissions of any
    /// other rule are absolute.
    pub const fn permissions(self, permissions: &'static [&'static str]) -> Self {
        Self { permissions, ..self }
    }

    /// Marks the guest as a guest of the sandbox ([`Guest::is_sandbox`]).
    pub const fn sandbox(self) -> Self {
        Self { sandbox: true, ..self }
    }

    pub(crate) fn compile(&self) -> Result<Admission, InvalidRule> {
        let path = self.path.map(PathPattern::parse).transpose().map_err(InvalidRule::Path)?;
        let parse = |name: &&str| Method::from_bytes(name.as_bytes());
        let methods = self.methods.map(|names| names.iter().map(parse).collect::<Result<_, _>>()).transpose();
        let permissions =
            Permissions::parse(self.permissions.iter().copied()).map_err(InvalidRule::Permission)?;
        let path = path.map(Arc::new);
        let ground = path.clone().map_or_else(Ground::everywhere, Ground::rule);
        let guest = Guest::new().with_permissions_in(ground, permissions);
        let guest = if self.sandbox { guest.in_sandbox() } else { guest };
        Ok(Admission { path, methods: methods.map_err(|_| InvalidRule::Method)?, guest })
    }
}

impl Admission {
    /// Returns the guest for a request without credentials, if this rule admits it.
    pub(crate) fn admit(&self, head: RequestHead<'_>) -> Option<&Guest> {
        let by_method = self.methods.as_ref().is_none_or(|methods| methods.contains(head.method()));
        let by_path = || match &self.path {
            Some(pattern) => original_target::path(head).is_some_and(|path| pattern.matches(path).is_some()),
            None => true,
        };
        (by_method && by_path()).then_some(&self.guest)
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn admits(rule: GuestRule, method: &str, target: &str) -> bool {
        let mut request = Request::builder().method(method).uri(target).body(()).unwrap();
        let original = original_target::OriginalTarget(request.uri().clone());
        request.extensions_mut().insert(original);
        rule.compile().unwrap().admit(RequestHead::from_request(&request)).is_some()
    }

    #[cfg(not(feature = "axum"))]
    #[test]
    fn a_path_rule_admits_no_request_whose_original_path_is_not_known() {
        let request = Request::get("/o/sandbox/x").body(()).unwrap();
        for pattern in ["/{org}/sandbox/**", "/**", "/o/sandbox/x"] {
            let rule = GuestRule::path(pattern).compile().unwrap();
            assert!(rule.admit(RequestHead::from_request(&request)).is_none(), "{pattern}");
        }
        assert!(GuestRule::reads().compile().unwrap().admit(RequestHead::from_request(&request)).is_some());
    }

    #[test]
    fn a_path_rule_admits_its_paths_and_methods() {
        let sandbox = GuestRule::path("/{org}/sandbox/**");
        for (method, target, admitted) in [
            ("GET", "/o/sandbox/x", true),
            ("DELETE", "/o/sandbox", true),
            ("GET", "http://other/o/sandbox/x?y=/../", true),
            ("GET", "/o/app/x", false),
            ("TRACE", "/o/sandbox/x", false),
            ("PATCH", "/o/sandbox/x", false),
            ("get", "/o/sandbox/x", false),
            ("OPTIONS", "/o/sandbox/x", false),
            ("OPTIONS", "*", false),
            ("CONNECT", "o:443", false),
        ] {
            assert_eq!(admits(sandbox, method, target), admitted, "{method} {target}");
        }
    }

    #[test]
    fn reads_and_everywhere() {
        assert!(admits(GuestRule::reads(), "GET", "/x") && admits(GuestRule::reads(), "HEAD", "/x"));
        assert!(!admits(GuestRule::reads(), "POST", "/x") && !admits(GuestRule::reads(), "OPTIONS", "/x"));
        assert!(admits(GuestRule::everywhere(), "PURGE", "*"));
    }

    #[test]
    fn a_rule_that_cannot_work_is_an_error() {
        assert!(GuestRule::path("sandbox").compile().is_err());
        assert!(GuestRule::reads().permissions(&["fly:/x"]).compile().is_err());
        assert!(GuestRule::reads().methods(&["G ET"]).compile().is_err());
    }
}

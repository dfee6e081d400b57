//! The policy for Usergrid's organizations and applications.

use super::{Forbidden, Policy, users};
use crate::principal::ground::RequestedPlace;
use crate::principal::identity::Home;
use crate::principal::{Operation, Principal};
use crate::request::path::PathPattern;
use crate::request::{InvalidPattern, RequestHead, original_target};

// A path decides only if it has one reading. `request/path.rs` refuses paths that a router, a proxy
// and a handler could take apart differently. These are empty or dot segments, encoded slashes,
// `;`, `\`, `?`, `#` and control characters, raw or encoded once or twice. Raw non-ASCII characters
// are among them. If a path is refused, no path rule makes its request a guest.
// `policy::application` and `policy::permission(..).within(..)` forbid it to every principal.
/// Allows the requests that Usergrid allows in an application; made by [`application`].
#[derive(Clone, Debug)]
pub struct ApplicationPolicy {
    pattern: PathPattern,
    users: Option<Home>,
}

/// Allows the requests that Usergrid's document allows below a path such as `/{org}/{app}/**`:
///
/// * an organization's client: everything in its organization and in every application of it,
/// * an application's client: everything in its application, and nothing elsewhere,
/// * any other principal of that place: the operations that its permissions grant in the
///   application. The request's method and the rest of its path are compared with the permissions.
///
/// A principal without an organization belongs to none. One without an application belongs to every
/// application of its organization. A guest's permissions apply below the path that its rule
/// matched; see [`GuestRule::permissions`](crate::GuestRule::permissions). If the pattern has no
/// `{app}` (`/management/orgs/{org}/**`), the request is for the organization itself, and only its
/// client is allowed.
///
/// The original path is compared (see [`GuestRule::path`](crate::GuestRule::path)). The names of
/// organizations, applications and users are compared exactly. A path that two programs could read
/// differently is forbidden for every principal, including administrators.
///
/// # Panics
///
/// Panics if the pattern is invalid or has no `{org}`; [`try_application`] returns the error
/// instead.
///
/// # Examples
///
/// ```
/// use tower_principal::{RequireLayer, policy};
///
/// let layer = RequireLayer::new(policy::application("/{org}/{app}/**"));
/// # let _ = layer;
/// ```
#[allow(clippy::panic, reason = "a start-up error; `try_application` is there for others")]
pub fn application(pattern: &str) -> ApplicationPolicy {
    try_application(pattern).unwrap_or_else(|error| panic!("{error}"))
}

/// Does the same as [`application`], for patterns from a configuration.
///
/// # Errors
///
/// Returns [`InvalidPattern`] if the pattern is invalid or has no `{org}`.
pub fn try_application(pattern: &str) -> Result<ApplicationPolicy, InvalidPattern> {
    let parsed = PathPattern::parse(pattern)?;
    if parsed.position("org").is_some() {
        Ok(ApplicationPolicy { pattern: parsed, users: None })
    } else {
        Err(InvalidPattern::new(pattern, "has no `{org}`"))
    }
}

impl ApplicationPolicy {
    /// Resolves `${user}` to the users of this issuer. See
    /// [`PermissionPolicy::users_of`](super::PermissionPolicy::users_of).
    #[must_use]
    pub fn users_of(self, issuer: &str) -> Self {
        Self { users: Some(Home::Issuer(issuer.into())), ..self }
    }

    /// Resolves `${user}` to the users of the store of this name. See
    /// [`PermissionPolicy::users_of`](super::PermissionPolicy::users_of).
    #[must_use]
    pub fn users_of_store(self, name: &str) -> Self {
        Self { users: Some(Home::Store(name.into())), ..self }
    }
}

impl Policy for ApplicationPolicy {
    fn check(&self, principal: &Principal, head: &RequestHead<'_>) -> Result<(), Forbidden> {
        let path = original_target::path(*head).ok_or_else(Forbidden::new)?;
        let requested = RequestedPlace::by(&self.pattern, path).ok_or_else(Forbidden::new)?;
        let granted = || {
            let operation = Operation::from_method(head.method());
            let users = users(self.users.as_ref(), principal, head);
            requested.rest().is_some_and(|rest| principal.holds(operation, &rest, &requested, users))
        };
        let allowed = match principal {
            Principal::OrgAdmin(_) => requested.is_in(principal.org(), None),
            _ if requested.app.is_none() => false,
            Principal::AppAdmin(_) => requested.is_in(principal.org(), principal.app()),
            _ => granted(),
        };
        if allowed { Ok(()) } else { Err(Forbidden::new()) }
    }
}

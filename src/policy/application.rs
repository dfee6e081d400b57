//! Usergrid's organizations and applications.

use super::{Forbidden, Policy};
use crate::head::Head;
use crate::original;
use crate::path::{InvalidPattern, PathPattern, PlainPath};
use crate::permission::Operation;
use crate::principal::Principal;

/// Allows what Usergrid allows in an application; made by [`application`].
#[derive(Clone, Debug)]
pub struct ApplicationPolicy(PathPattern);

/// Allows what Usergrid's document allows below a path such as `/{org}/{app}/**`:
///
/// * an organization's client, everything in its organization and every application in it,
/// * an application's client, everything in its application and nothing elsewhere,
/// * anybody else who belongs there, what their permissions grant in the application: the request's
///   method on the rest of the path.
///
/// A principal without an organization belongs nowhere; one without an application belongs to every one
/// of its organization. A guest belongs to what its rule admitted it to, where the rule's path and this
/// pattern have `{org}` and `{app}` at the same places. Where the pattern has no `{app}`
/// (`/management/orgs/{org}/**`), the organization itself is asked for, and only its client is allowed.
///
/// The original path decides (see [`GuestRule::path`](crate::GuestRule::path)); names are compared
/// without regard to ASCII case, as Usergrid does. A path that two programs could read differently
/// is forbidden to all, administrators included.
///
/// # Panics
///
/// When the pattern is none, or has no `{org}`; [`try_application`] returns the error instead.
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

/// The same as [`application`], for patterns read from a configuration.
///
/// # Errors
///
/// [`InvalidPattern`] when the pattern is none, or has no `{org}`.
pub fn try_application(pattern: &str) -> Result<ApplicationPolicy, InvalidPattern> {
    let parsed = PathPattern::parse(pattern)?;
    if parsed.position("org").is_some() {
        Ok(ApplicationPolicy(parsed))
    } else {
        Err(InvalidPattern::new(pattern))
    }
}

impl Policy for ApplicationPolicy {
    fn check(&self, principal: &Principal, head: &Head<'_>) -> Result<(), Forbidden> {
        let matched =
            original::path(*head).and_then(|path| self.0.matches(path)).ok_or_else(Forbidden::new)?;
        let (org, app) = (matched.capture("org"), matched.capture("app"));
        let in_org = || is(principal.org(), org);
        let in_app = || in_org() && is(principal.app(), app);
        let granted = || {
            let rest = if matched.rest().is_empty() { "/" } else { matched.rest() };
            let operation = Operation::of(head.method());
            PlainPath::decoded(rest)
                .is_some_and(|path| principal.permissions().allow(operation, &path, &principal.user_names()))
        };
        let allowed = match principal {
            Principal::OrgAdmin(_) => in_org(),
            _ if app.is_none() => false,
            Principal::AppAdmin(_) => in_app(),
            Principal::Guest(guest) => agree(guest.standing(), self.0.standing()) && granted(),
            _ if principal.app().is_some() => in_app() && granted(),
            _ => in_org() && granted(),
        };
        if allowed { Ok(()) } else { Err(Forbidden::new()) }
    }
}

/// Whether a guest rule takes the same segments for the organization and the application as the policy:
/// below a prefix that one of them does not know, `sandbox` could be anybody's organization.
fn agree(rule: [Option<usize>; 2], policy: [Option<usize>; 2]) -> bool {
    rule.iter().zip(policy).all(|(rule, policy)| rule.is_none() || *rule == policy)
}

fn is(held: Option<&str>, asked: Option<&str>) -> bool {
    matches!((held, asked), (Some(held), Some(asked)) if held.eq_ignore_ascii_case(asked))
}

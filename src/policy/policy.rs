//! The policy port.

use super::{And, Or};
use crate::authentication::AuthenticationExt as _;
use crate::principal::ground::RequestedPlace;
use crate::principal::identity::Home;
use crate::principal::{Groups, IdentitySource, Principal, Scopes};
use crate::request::path::PathPattern;
use crate::request::{RequestHead, original_target};

/// Decides if a verified principal may make a request. A policy is pure: it makes no calls and does
/// not wait.
///
/// Closures are policies too, so a policy can use any state that it captures.
///
/// # Examples
///
/// ```
/// use tower_principal::policy::{self, Forbidden};
/// use tower_principal::Policy;
/// use tower_principal::principal::{IdentityKind, IdentitySource};
/// use tower_principal::request::RequestHead;
/// use tower_principal::{Principal, RequireLayer};
///
/// // `/users/alice` belongs to the user `alice` of one issuer, and to no client
/// // of that name.
/// let owners = |principal: &Principal, head: &RequestHead<'_>| {
///     let is_user = |name: &str| {
///         principal.identity().is_some_and(|who| {
///             let of_issuer = who.source()
///                 == IdentitySource::Issuer("https://issuer.example");
///             of_issuer && who.kind() == IdentityKind::User && who.id() == name
///         })
///     };
///     match head.uri().path().strip_prefix("/users/") {
///         Some(name) if is_user(name) => Ok(()),
///         _ => Err(Forbidden::new()),
///     }
/// };
/// let layer = RequireLayer::new(policy::scope("datasets:read").or(owners));
/// # let _ = layer;
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a policy",
    note = "use a function of the module `policy`, or a closure of `&Principal` and `&RequestHead<'_>`"
)]
pub trait Policy: Send + Sync + 'static {
    /// Decides if a request is allowed.
    ///
    /// # Errors
    ///
    /// Returns [`Forbidden`] if the request is not allowed. The layer then asks a guest for
    /// credentials (401) and refuses any other principal (403).
    fn check(&self, principal: &Principal, head: &RequestHead<'_>) -> Result<(), Forbidden>;

    /// Requires both policies to allow. The challenge asks for the scopes of both together.
    fn and<P: Policy>(self, other: P) -> And<Self, P>
    where
        Self: Sized,
    {
        And::new(self, other)
    }

    /// Requires one of the policies to allow. If neither does, the challenge asks for the first
    /// policy's scopes, or for the second's if the first needs none. A challenge's `scope` lists
    /// scopes that are needed together (RFC 6750 section 3), so it cannot name a choice.
    fn or<P: Policy>(self, other: P) -> Or<Self, P>
    where
        Self: Sized,
    {
        Or::new(self, other)
    }
}

impl<F> Policy for F
where
    F: Fn(&Principal, &RequestHead<'_>) -> Result<(), Forbidden> + Send + Sync + 'static,
{
    fn check(&self, principal: &Principal, head: &RequestHead<'_>) -> Result<(), Forbidden> {
        self(principal, head)
    }
}

/// The refusal of a policy, with the scopes that would have allowed the request, if any would.
///
/// # Examples
///
/// ```
/// use tower_principal::policy::Forbidden;
/// use tower_principal::request::RequestHead;
/// use tower_principal::{Principal, RequireLayer};
///
/// let by_day = |principal: &Principal, _: &RequestHead<'_>| {
///     if principal.org() == Some("acme") {
///         Ok(())
///     } else {
///         Err(Forbidden::new())
///     }
/// };
/// let layer = RequireLayer::new(by_day);
/// # let _ = layer;
/// ```
#[derive(Clone, Debug, Default)]
pub struct Forbidden {
    needed: Scopes,
    /// The groups that would have allowed the request, for the log.
    groups: Groups,
    asks_for_credentials: bool,
}

impl Forbidden {
    /// Refuses the request; no scope would allow it.
    pub fn new() -> Self {
        Self::default()
    }

    /// Refuses the request without these scopes, which the challenge names in `scope`.
    pub const fn needing(scopes: Scopes) -> Self {
        Self { needed: scopes, groups: Groups::none(), asks_for_credentials: false }
    }

    /// Refuses a principal outside of these groups. The challenge names no scope, because no scope
    /// would allow the request.
    pub(super) fn outside(groups: Groups) -> Self {
        Self { groups, ..Self::default() }
    }

    /// Refuses the request as if no credential had been sent (401). Use it for credentials that
    /// identify but do not authenticate, such as a lone app token.
    pub fn without_credentials() -> Self {
        Self { asks_for_credentials: true, ..Self::default() }
    }

    /// Returns the scopes that would have allowed the request; empty if no scope would.
    pub const fn needed(&self) -> &Scopes {
        &self.needed
    }

    /// Returns the groups that would have allowed the request; empty if no group would.
    pub(crate) const fn needed_groups(&self) -> &Groups {
        &self.groups
    }

    /// Asks for credentials if this refusal or the other does, and names the groups of either.
    pub(super) fn beside(self, other: &Self) -> Self {
        let asks_for_credentials = self.asks_for_credentials || other.asks_for_credentials;
        let groups = self.groups.iter().chain(other.groups.iter()).collect();
        Self { needed: self.needed, groups, asks_for_credentials }
    }

    pub(crate) const fn asks_for_credentials(&self) -> bool {
        self.asks_for_credentials
    }
}

/// Returns the place that a policy asks about: what its pattern matches in the request's original
/// path, or no place without a pattern. Returns `None` if the path does not match.
pub(super) fn place<'r>(
    within: Option<&'r PathPattern>,
    head: &RequestHead<'r>,
) -> Option<RequestedPlace<'r>> {
    match within {
        None => Some(RequestedPlace::NOWHERE),
        Some(pattern) => original_target::path(*head).and_then(|path| RequestedPlace::by(pattern, path)),
    }
}

/// Returns the source whose users `${user}` names. It is the policy's own source, or else the
/// principal's if that is the only source of the layer's verifier. Without a layer, it is the store
/// without a name.
pub(super) fn users<'p>(
    own: Option<&'p Home>,
    principal: &'p Principal,
    head: &RequestHead<'_>,
) -> IdentitySource<'p> {
    match (own, head.extensions().authentication()) {
        (Some(own), _) => own.source(),
        (None, Some(who)) if who.is_of_only_source() => principal.source(),
        (None, Some(_)) => IdentitySource::Several,
        (None, None) => IdentitySource::Store(""),
    }
}

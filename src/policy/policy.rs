//! The policy port.

use super::{And, Or};
use crate::authentication::AuthenticationExt as _;
use crate::principal::IdentitySource;
use crate::principal::Principal;
use crate::principal::Scopes;
use crate::principal::identity::Home;
use crate::request::RequestHead;

/// Decides whether a verified principal may make a request. Pure: it asks nobody and waits for nothing.
///
/// Closures are policies too, so one can depend on anything at hand.
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
/// // `/users/alice` belongs to the user `alice` of one issuer, and to no client of that name.
/// let owners = |principal: &Principal, head: &RequestHead<'_>| {
///     let is_user = |name: &str| {
///         principal.identity().is_some_and(|who| {
///             let of_issuer = who.source() == IdentitySource::Issuer("https://issuer.example");
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
pub trait Policy: Send + Sync + 'static {
    /// Decides about one request.
    ///
    /// # Errors
    ///
    /// [`Forbidden`]: it may not. A guest is then asked for credentials (401), anybody else refused (403).
    fn check(&self, principal: &Principal, head: &RequestHead<'_>) -> Result<(), Forbidden>;

    /// Both must allow. The scopes that either needs are asked for together.
    fn and<P: Policy>(self, other: P) -> And<Self, P>
    where
        Self: Sized,
    {
        And::new(self, other)
    }

    /// One of them must allow. Where neither does, the scopes asked for are the first policy's, or
    /// the second's where the first needs none: a challenge's `scope` lists what is needed together
    /// (RFC 6750 section 3), so it can name one way in, not a choice.
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

/// A principal may not do this; says which scopes would have allowed it, where scopes would.
#[derive(Clone, Debug, Default)]
pub struct Forbidden {
    needed: Scopes,
    asks_for_credentials: bool,
}

impl Forbidden {
    /// Not allowed, and no scope would help.
    pub fn new() -> Self {
        Self::default()
    }

    /// Not allowed without these scopes; they go into the challenge's `scope`.
    pub const fn needing(scopes: Scopes) -> Self {
        Self { needed: scopes, asks_for_credentials: false }
    }

    /// Not allowed to anybody who comes like this: answered as if no credential had been sent (401).
    /// For what identifies but does not authenticate, such as a lone app token.
    pub fn without_credentials() -> Self {
        Self { asks_for_credentials: true, ..Self::default() }
    }

    /// The scopes that would have allowed it; empty where none would.
    pub const fn needed(&self) -> &Scopes {
        &self.needed
    }

    /// The same, asking for credentials where this or another does.
    pub(crate) fn or_asking(self, other: &Self) -> Self {
        Self { asks_for_credentials: self.asks_for_credentials || other.asks_for_credentials, ..self }
    }

    pub(crate) const fn asks_for_credentials(&self) -> bool {
        self.asks_for_credentials
    }
}

/// The source whose users `${user}` names: the policy's own, or else the principal's if the layer's
/// verifier has that source alone. Without a layer, principals of the store without a name are users.
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

//! The identity of a principal: its source, its kind and its id.

use std::fmt::{self, Write as _};

/// The source of an identity: the issuer or the store that vouches for it.
///
/// Sources are compared exactly. An issuer never equals a store, even if both have the same name.
///
/// # Examples
///
/// ```
/// use tower_principal::principal::IdentitySource;
///
/// assert_ne!(
///     IdentitySource::Issuer("https://issuer.example"),
///     IdentitySource::Store("https://issuer.example")
/// );
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IdentitySource<'p> {
    /// An issuer of tokens, named by its `iss` or by the endpoint that was asked.
    Issuer(&'p str),
    /// A store of this service, by its name. A store without a name has the empty name.
    Store(&'p str),
    /// Several sources. Only a verifier that joins others has this source, never an identity.
    Several,
}

impl<'p> IdentitySource<'p> {
    /// Returns the source of two verifiers that are asked in turn. It is the common source if both
    /// have the same issuer or the same named store, else [`Several`](Self::Several). Two stores
    /// without a name are two stores.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::principal::IdentitySource;
    ///
    /// let staff = IdentitySource::Store("staff");
    /// assert_eq!(staff.joined(IdentitySource::Store("staff")), staff);
    /// assert_eq!(
    ///     staff.joined(IdentitySource::Store("customers")),
    ///     IdentitySource::Several
    /// );
    /// ```
    #[must_use]
    pub fn joined(self, other: Self) -> Self {
        if self == other && self != IdentitySource::Store("") { self } else { IdentitySource::Several }
    }
}

/// The kind of an identity.
///
/// # Examples
///
/// ```
/// use tower_principal::principal::IdentityKind;
/// use tower_principal::{ApiKey, Principal};
///
/// let key: Principal = ApiKey::new("key-1").with_owner("alice").into();
/// let kind = key.identity().map(|identity| identity.kind());
/// assert_eq!(kind, Some(IdentityKind::ApiKey));
/// assert_eq!(IdentityKind::ApiKey.as_str(), "api_key");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IdentityKind {
    /// A person, whether a password or an access token was presented.
    User,
    /// A client that acts for itself.
    Client,
    /// An API key.
    ApiKey,
    /// An app token.
    AppToken,
}

impl IdentityKind {
    /// Returns the kind in the words of [`Principal::key`](crate::Principal::key): `user`,
    /// `client`, `api_key` or `app_token`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Client => "client",
            Self::ApiKey => "api_key",
            Self::AppToken => "app_token",
        }
    }
}

/// The identity of a principal: its source, the tenant of that source, its kind and its id.
///
/// A token without a `sub` has an id that its source may change. Such an id comes with its claim,
/// which distinguishes it from immutable ids.
///
/// Two identities are equal if all parts are equal, byte by byte. `Display` writes the
/// [key](crate::Principal::key) of the principal.
///
/// # Examples
///
/// ```
/// use tower_principal::{BasicUser, OAuthUser, Principal};
///
/// let token: Principal = OAuthUser::new("alice").into();
/// let password: Principal = BasicUser::new("alice").into();
/// let foreign: Principal =
///     OAuthUser::new("alice").with_issuer("https://b.example").into();
/// assert_eq!(token.identity(), password.identity());
/// assert_ne!(token.identity(), foreign.identity());
/// ```
// An identity is a source, a tenant, a kind and an id. `${user}` in permissions names users only if
// the verifier has one source or if the policy names the source. It never names a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Identity<'p> {
    source: IdentitySource<'p>,
    tenant: Option<&'p str>,
    kind: IdentityKind,
    claim: Option<&'p str>,
    id: &'p str,
}

impl<'p> Identity<'p> {
    pub(crate) const fn new(
        source: IdentitySource<'p>,
        tenant: Option<&'p str>,
        kind: IdentityKind,
        id: &'p str,
    ) -> Self {
        Self { source, tenant, kind, claim: None, id }
    }

    /// Returns the same identity with an id of this claim.
    pub(crate) const fn of_claim(self, claim: Option<&'p str>) -> Self {
        Self { claim, ..self }
    }

    /// Returns the issuer or the store.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::principal::IdentitySource;
    /// use tower_principal::{OAuthUser, Principal};
    ///
    /// let otto: Principal =
    ///     OAuthUser::new("otto").with_issuer("https://a.example").into();
    /// let source = otto.identity().map(|identity| identity.source());
    /// assert_eq!(source, Some(IdentitySource::Issuer("https://a.example")));
    /// ```
    pub const fn source(&self) -> IdentitySource<'p> {
        self.source
    }

    /// Returns the tenant of the store, or `None` if the identity belongs to no tenant.
    pub const fn tenant(&self) -> Option<&'p str> {
        self.tenant
    }

    /// Returns the kind.
    pub const fn kind(&self) -> IdentityKind {
        self.kind
    }

    /// Returns the claim that the id comes from if a token has no `sub`; else `None`.
    pub const fn claim(&self) -> Option<&'p str> {
        self.claim
    }

    /// Returns the id, which is unique for the source, the tenant, the kind and the claim.
    pub const fn id(&self) -> &'p str {
        self.id
    }
}

/// Writes `SOURCE/[TENANT/]KIND[:CLAIM]/ID`. Every byte of a name outside `A-Za-z0-9-._~@` is
/// percent-encoded, so the text is unambiguous.
impl fmt::Display for Identity<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (source, name) = match self.source {
            IdentitySource::Issuer(name) => ("issuer:", name),
            IdentitySource::Store(name) => ("store:", name),
            IdentitySource::Several => ("several:", ""),
        };
        f.write_str(source)?;
        encode(f, name)?;
        if let Some(tenant) = self.tenant {
            f.write_char('/')?;
            encode(f, tenant)?;
        }
        f.write_char('/')?;
        f.write_str(self.kind.as_str())?;
        if let Some(claim) = self.claim {
            f.write_char(':')?;
            encode(f, claim)?;
        }
        f.write_char('/')?;
        encode(f, self.id)
    }
}

fn encode(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let is_coded = |one: char| !one.is_ascii_alphanumeric() && !matches!(one, '-' | '.' | '_' | '~' | '@');
    // A part is a run of characters that stay, and the one behind them, which is encoded.
    text.split_inclusive(is_coded).try_for_each(|part| {
        let run = part.trim_end_matches(is_coded);
        f.write_str(run)?;
        part.bytes().skip(run.len()).try_for_each(|byte| write!(f, "%{byte:02X}"))
    })
}

/// The source whose users `${user}` names, stored in a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Home {
    Issuer(Box<str>),
    Store(Box<str>),
    Several,
}

impl Home {
    pub(crate) fn of(source: IdentitySource<'_>) -> Self {
        match source {
            IdentitySource::Issuer(name) => Self::Issuer(name.into()),
            IdentitySource::Store(name) => Self::Store(name.into()),
            IdentitySource::Several => Self::Several,
        }
    }

    pub(crate) const fn source(&self) -> IdentitySource<'_> {
        match self {
            Self::Issuer(name) => IdentitySource::Issuer(name),
            Self::Store(name) => IdentitySource::Store(name),
            Self::Several => IdentitySource::Several,
        }
    }

    /// Returns true if this source is the other one.
    #[inline]
    pub(crate) fn is(&self, other: IdentitySource<'_>) -> bool {
        match (self, other) {
            // Most stores have no name. An empty name has no address, and to compare bytes there
            // takes a processor with AVX-512 some 300 cycles.
            (Self::Store(name), IdentitySource::Store(other)) if name.is_empty() => other.is_empty(),
            _ => self.source() == other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::IdentitySource::{Issuer, Several, Store};
    use super::*;

    #[test]
    fn a_key_has_one_reading() {
        let names = ["", "a", "a/b", "/", "user", "%2F", "ä", "a:b", "A", "store:"];
        let mut keys = Vec::new();
        for source in names.into_iter().flat_map(|name| [Issuer(name), Store(name)]) {
            for tenant in [None].into_iter().chain(names.map(Some)) {
                for kind in [IdentityKind::User, IdentityKind::Client, IdentityKind::ApiKey] {
                    let of = |id| Identity::new(source, tenant, kind, id);
                    let both = names.iter().flat_map(|id| [of(id), of(id).of_claim(Some("a/b"))]);
                    keys.extend(both.map(|identity| identity.to_string()));
                }
            }
        }
        assert_eq!(keys.iter().collect::<std::collections::HashSet<_>>().len(), keys.len());
        let alice = Identity::new(Issuer("https://a"), None, IdentityKind::User, "alice@b.example");
        assert_eq!(alice.to_string(), "issuer:https%3A%2F%2Fa/user/alice@b.example");
        let tenant = Identity::new(Store("portal"), Some("acme"), IdentityKind::Client, "x y/é-€//z");
        assert_eq!(tenant.to_string(), "store:portal/acme/client/x%20y%2F%C3%A9-%E2%82%AC%2F%2Fz");
    }

    #[test]
    fn a_stored_source_is_exactly_the_source_that_it_was_made_of() {
        let named = ["", "a", "b", "ab"].into_iter().flat_map(|name| [Issuer(name), Store(name)]);
        let all: Vec<_> = named.chain([Several]).collect();
        for one in &all {
            for other in &all {
                assert_eq!(Home::of(*one).is(*other), one == other, "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn two_stores_without_a_name_are_two_sources() {
        for (one, other, joined) in [
            (Issuer("a"), Issuer("a"), Issuer("a")),
            (Issuer("a"), Issuer("b"), Several),
            (Issuer("a"), Store("a"), Several),
            (Store("a"), Store("a"), Store("a")),
            (Store(""), Store(""), Several),
            (Issuer("a"), Several, Several),
            (Several, Several, Several),
        ] {
            assert_eq!((one.joined(other), other.joined(one)), (joined, joined), "{one:?} {other:?}");
        }
    }
}

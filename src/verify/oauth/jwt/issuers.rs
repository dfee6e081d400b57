//! The names of one issuer, and its tenants.

use std::fmt;
use std::sync::Arc;

use super::{Check, Denial, Json, Value};

/// The names of one issuer. Principals have the first one.
// JWTs: a token of another issuer is not ours, and a bad one of ours is unknown. The unverified
// `iss` alone decides whether a `JwtVerifier` judges at all. Several verifiers therefore join with
// `or`, and a key of one issuer signs nothing for another. If a token claims to be ours and is not
// good, it is *unknown*, and `or` continues. The reason is that two verifiers of one issuer may
// take different uses of tokens. *Expired* and *revoked* apply to genuine tokens alone, and end the
// search.
#[derive(Debug)]
pub(super) struct Issuers {
    pub(super) names: Vec<Name>,
    /// Present if the names have a placeholder.
    pub(super) tenants: Option<Tenants>,
}

/// A text that `iss` must be, or such a text around the placeholder `{tenantid}`.
#[derive(Clone, Debug)]
pub(super) enum Name {
    Fixed(Arc<str>),
    Around(Box<str>, Box<str>),
}

/// The tenants of an issuer whose tokens are accepted.
#[derive(Clone)]
pub(super) enum Tenants {
    Listed(Vec<Box<str>>),
    Where(Arc<dyn Fn(&str) -> bool + Send + Sync>),
}

impl Issuers {
    /// Returns the issuer's first name, with the token's tenant in it. Returns `None` if the token
    /// is not of this issuer. Returns a denial if the tenant in `iss` is not the one in `tid`, or
    /// is not accepted.
    pub(super) fn of<'j>(&'j self, claims: &'j Json<'j>) -> Option<Result<Arc<str>, Denial<'j>>> {
        let iss = claims.get("iss")?.text()?;
        let tenant = self.names.iter().find_map(|name| name.tenant(iss))?;
        let named = claims.get("tid");
        Some(match (&self.tenants, tenant, self.names.first()?) {
            (None, None, Name::Fixed(name)) => Ok(Arc::clone(name)),
            (Some(tenants), Some(tenant), Name::Around(before, after)) => {
                if named.and_then(Json::text) != Some(tenant) {
                    let denial = Denial::new(Check::Issuer, "`tid` and `iss` name different tenants");
                    Err(denial.expected(tenant).received(sent(named)))
                } else if tenants.accept(tenant) {
                    Ok(format!("{before}{tenant}{after}").into())
                } else {
                    let denial = Denial::new(Check::Issuer, "a tenant that is not accepted");
                    Err(denial.expected(tenants.shown()).received(tenant).setting("tenants"))
                }
            }
            _ => Err(Denial::new(Check::Issuer, "an issuer without a tenant among issuers with one")),
        })
    }

    /// Returns the first name, for a log line.
    pub(super) fn shown(&self) -> Value<'_> {
        self.names.first().map_or(Value::Absent, |name| Value::Any(name))
    }
}

impl Name {
    /// Reads a name, with or without the placeholder. Returns `None` if it is empty or has two
    /// placeholders.
    pub(super) fn new(name: &str) -> Option<Self> {
        let lower = name.to_ascii_lowercase();
        let mut places = lower.match_indices(PLACEHOLDER).map(|(at, _)| at);
        match (places.next(), places.next()) {
            (None, _) => (!name.is_empty()).then(|| Self::Fixed(name.into())),
            (Some(at), None) => {
                let (before, rest) = name.split_at_checked(at)?;
                Some(Self::Around(before.into(), rest.get(PLACEHOLDER.len()..)?.into()))
            }
            _ => None,
        }
    }

    pub(super) const fn has_tenant(&self) -> bool {
        matches!(self, Self::Around(..))
    }

    /// Returns the tenant in a text that has this form, or `None` if the form differs.
    fn tenant<'i>(&self, iss: &'i str) -> Option<Option<&'i str>> {
        match self {
            Self::Fixed(name) => (**name == *iss).then_some(None),
            Self::Around(before, after) => {
                let tenant = iss.strip_prefix(&**before)?.strip_suffix(&**after)?;
                let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
                (!tenant.is_empty() && tenant.bytes().all(is_plain)).then_some(Some(tenant))
            }
        }
    }
}

impl Tenants {
    fn accept(&self, tenant: &str) -> bool {
        match self {
            Self::Listed(listed) => listed.iter().any(|known| **known == *tenant),
            Self::Where(is_accepted) => is_accepted(tenant),
        }
    }

    fn shown(&self) -> Value<'_> {
        match self {
            Self::Listed(listed) => Value::Names(listed),
            Self::Where(_) => Value::Text("a tenant that the predicate accepts"),
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(name) => f.write_str(name),
            Self::Around(before, after) => write!(f, "{before}{PLACEHOLDER}{after}"),
        }
    }
}

impl fmt::Debug for Tenants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shown().fmt(f)
    }
}

/// A claim of a token whose signature is not verified yet.
fn sent<'j>(claim: Option<&'j Json<'j>>) -> Value<'j> {
    let text = |claim: &'j Json<'j>| claim.text().map_or(Value::Text("not a text"), Value::Sent);
    claim.map_or(Value::Absent, text)
}

/// The placeholder in Microsoft's metadata.
const PLACEHOLDER: &str = "{tenantid}";

/// Returns a claim for a log line. Personal claims must not go there.
pub(crate) fn shown<'j>(claim: Option<&'j Json<'j>>) -> Value<'j> {
    claim.map_or(Value::Absent, |claim| Value::Any(claim))
}

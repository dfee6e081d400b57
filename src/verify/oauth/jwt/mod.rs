//! JSON Web Tokens (RFC 7519) as access tokens.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use self::facts::Facts;
use self::faults::{WasLong, flawed, other_issuer, parts, signed};
use self::issuers::{Issuers, Name, Tenants};
use self::purpose::Purpose;
use self::rules::Rules;
use self::token_use::{Audience, Marks};
use super::claims::{Json, Mapping, Path, Word};
use super::jose::{Header, HeaderFlaw, Jws, Kind};
use super::jwks::SignatureCheck;
use crate::clock::Clock;
use crate::credential::{Credential, Fingerprint};
use crate::principal::{IdentitySource, OAuthUser, Principal};
use crate::rejection::DenialReason;
use crate::rejection::denial::{Check, Denial, Value};
use crate::verify::{Jwks, KeySet, Tenancy, Verifier, VerifyContext, VerifyError};

mod builder;
mod denied;
mod denylist;
mod error;
mod explain;
mod facts;
mod faults;
mod issuers;
mod keys;
pub mod provider;
mod purpose;
mod rules;
mod token_use;

pub use self::builder::JwtVerifierBuilder;
pub use self::denylist::{Denylist, DenylistError};
pub use self::error::JwtVerifierError;
pub use self::explain::Explanation;
pub use self::keys::Keys;
pub use self::token_use::TokenUse;

/// Verifies JWT access tokens of one issuer (RFC 9068) as [`OAuthUser`](crate::OAuthUser)s.
///
/// A client that acts for itself is an [`AppAdmin`](crate::AppAdmin) or an
/// [`OrgAdmin`](crate::OrgAdmin) if the application or the organization is known. Otherwise it is
/// an `OAuthUser` that [is a client](crate::OAuthUser::is_client). So is a token that looks like a
/// client's only by a name that a person can choose, such as Keycloak's `service-account-NAME`.
///
/// A token is accepted if it meets all of these conditions:
///
/// * It is a JWS in the compact form of at most 8 KiB, with a `typ` that the verifier
///   [accepts](TokenUse).
/// * A key that matches its `kid` and `alg` signed it, with an algorithm of the key. It has no
///   header that changes its meaning (`crit`, `b64`, `zip`). A key in the token, or its address
///   (`jku`, `jwk`, `x5u`, `x5c`), is ignored.
/// * `iss` is the issuer, or one of its [tenants](JwtVerifierBuilder::tenants).
/// * `aud` has an audience of the verifier, or the [claim that replaces
///   it](JwtVerifierBuilder::audience_claim) has an accepted value.
/// * `sub`, or the [claim that replaces it](JwtVerifierBuilder::id_claim), is a non-empty text.
/// * `exp` is not over, `nbf` and `iat` are not in the future (10 s of leeway), and `exp` is at
///   most 24 h after `iat`. The builder can set other times.
/// * It has no `cnf`, because proof of possession is not verified here.
/// * No name occurs twice in it, and every claim that is read has its right type.
///
/// A token of another issuer, or a text that is not a JWT, is
/// [`Unsupported`](VerifyError::Unsupported). Join several issuers, and opaque tokens, with
/// [`or`](Verifier::or). A token that names this issuer and is not good is denied. It is *expired*
/// or *revoked* if that is its only fault. The answer is immediate if the key is present.
///
/// Groups and roles of a token are [groups](Principal::groups) of the principal. They also give
/// permissions by [`permissions_of`](JwtVerifierBuilder::permissions_of).
///
/// Revocation puts a token into the [`Denylist`] until it expires, by its `jti` or else by the
/// signed text. Thus another valid signature of that text is the same token. A
/// [full](DenylistError::Full) list revokes nothing, which is
/// [`Unavailable`](VerifyError::Unavailable). Clones share the list.
///
/// # Examples
///
/// ```
/// use tower_principal::verify::{Algorithm, JwtVerifier, KeySet};
/// use tower_principal::{Verifier, verify::MemoryVerifier};
///
/// let secret = b"a secret of 32 random bytes, not this";
/// let keys = KeySet::from_secret(Algorithm::Hs256, secret)?;
/// let verifier = JwtVerifier::builder("https://issuer.example")
///     .audience("https://api.example")
///     .keys(keys)
///     .build()?
///     .or(MemoryVerifier::builder().build()?); // opaque tokens
/// # let _ = verifier;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct JwtVerifier {
    rules: Arc<Rules>,
    keys: Keys,
    mapping: Arc<Mapping>,
    denylist: Denylist,
    clock: Arc<dyn Clock>,
    was_long: Arc<WasLong>,
}

/// A token that names this issuer, with nothing verified.
struct UnverifiedToken<'t, 'p> {
    jws: Jws<'t>,
    header: Header,
    claims: Json<'p>,
    issuer: Arc<str>,
}

/// A good token, without its claims as text.
struct VerifiedClaims {
    user: OAuthUser,
    issuer: Arc<str>,
    expires_at: SystemTime,
    life: Option<Duration>,
}

impl JwtVerifier {
    /// Returns a builder for this issuer, which a token's `iss` must match exactly.
    pub fn builder(issuer: impl Into<String>) -> JwtVerifierBuilder {
        JwtVerifierBuilder::new(issuer.into())
    }

    /// Returns the list of revoked tokens.
    pub const fn denylist(&self) -> &Denylist {
        &self.denylist
    }

    /// Returns the parts of a JWT, and its payload as text.
    fn open<'c>(&self, credential: &'c Credential<'_>) -> Result<(Jws<'c>, String), VerifyError> {
        let Credential::AccessToken(token) = credential else { return Err(VerifyError::Unsupported) };
        let token = token.expose_secret();
        if token.len() > self.rules.length {
            self.was_long.warn(token, &self.rules);
        }
        parts(token, self.rules.length).map_err(|denial| denial.passed_on(NAME))
    }

    /// Checks everything that needs no keys.
    fn read<'t, 'p>(&self, jws: Jws<'t>, payload: &'p str) -> Result<UnverifiedToken<'t, 'p>, VerifyError> {
        let Some(claims) = Json::read(payload) else {
            return Err(
                Denial::new(Check::Format, "claims that are not JSON, or repeat a name").passed_on(NAME)
            );
        };
        let issuer = match self.rules.issuers.of(&claims) {
            Some(issuer) => issuer.map_err(|denial| denial.logged(NAME))?,
            None => return Err(other_issuer(&self.rules.issuers, &claims).passed_on(NAME)),
        };
        let header = Header::read(&jws).map_err(|flaw| flawed(&flaw).logged(NAME))?;
        Ok(UnverifiedToken { jws, header, claims, issuer })
    }

    /// Checks everything else, with the result of the signature's verification.
    fn check_claims(
        &self,
        token: &UnverifiedToken<'_, '_>,
        signature: SignatureCheck,
        tenant: Option<&str>,
    ) -> Result<VerifiedClaims, VerifyError> {
        let UnverifiedToken { jws, header, claims, issuer } = token;
        signed(header, signature).map_err(|denial| denial.logged(NAME))?;
        let claimed = self
            .rules
            .check_claims(header, claims, self.clock.now())
            .map_err(|denial| denial.logged(NAME))?;
        if self.denylist.is_used() && self.denylist.holds(self.token(issuer, claimed.id, jws)) {
            let denial = Denial::new(Check::Revocation, "revoked here").because(DenialReason::Revoked);
            return Err(denial.logged(NAME));
        }
        let claim = |why| Denial::new(Check::Claims, why).logged(NAME);
        if !self.mapping.is_at(tenant, claims).map_err(claim)? {
            return Err(claim("wrong tenant"));
        }
        let mut user = self.mapping.user(claims).map_err(claim)?;
        user = user.with_expires_at(claimed.expires_at).with_leeway(self.rules.leeway);
        if let Some(id) = claimed.id {
            user = user.with_credential_id(id);
        }
        let issuer = Arc::clone(issuer);
        Ok(VerifiedClaims { user, issuer, expires_at: claimed.expires_at, life: claimed.life })
    }

    fn check_now(
        &self,
        jws: Jws<'_>,
        payload: &str,
        tenant: Option<&str>,
    ) -> Option<Result<VerifiedClaims, VerifyError>> {
        let token = match self.read(jws, payload) {
            Ok(token) => token,
            Err(error) => return Some(Err(error)),
        };
        let wanted = token.header.wanted(Some(&token.issuer));
        let signature = match &self.keys {
            Keys::Fixed(keys) => Ok(keys.check_signature(&wanted, &token.jws)),
            Keys::Published(published) => published.verify_now(&wanted, &token.jws)?,
        };
        Some(signature.and_then(|signature| self.check_claims(&token, signature, tenant)))
    }

    async fn check_later(
        &self,
        jws: Jws<'_>,
        payload: &str,
        tenant: Option<&str>,
    ) -> Result<VerifiedClaims, VerifyError> {
        let token = self.read(jws, payload)?;
        let wanted = token.header.wanted(Some(&token.issuer));
        let signature = match &self.keys {
            Keys::Fixed(keys) => keys.check_signature(&wanted, &token.jws),
            Keys::Published(published) => published.verify(&wanted, &token.jws).await?,
        };
        self.check_claims(&token, signature, tenant)
    }

    /// Returns the fingerprint of a token in the denylist.
    fn token(&self, issuer: &str, id: Option<&str>, jws: &Jws<'_>) -> Fingerprint {
        match id {
            Some(id) => self.denylist.by_id(issuer, id),
            None => self.denylist.by_message(issuer, jws.signed()),
        }
    }

    fn principal(&self, good: VerifiedClaims, payload: String) -> Principal {
        let user = good.user.with_issuer(good.issuer).with_claims_bytes(payload.capacity());
        user.with_claims(self.mapping.kept(payload)).into_principal()
    }
}

impl Verifier for JwtVerifier {
    async fn verify(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Result<Principal, VerifyError> {
        let (jws, payload) = self.open(credential)?;
        let good = self.check_later(jws, &payload, context.tenant()).await?;
        Ok(self.principal(good, payload))
    }

    fn verify_now(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Option<Result<Principal, VerifyError>> {
        let (jws, payload) = match self.open(credential) {
            Ok(opened) => opened,
            Err(error) => return Some(Err(error)),
        };
        let checked = self.check_now(jws, &payload, context.tenant())?;
        Some(checked.map(|good| self.principal(good, payload)))
    }

    /// Denies a good token until it expires. Other tokens stay unchanged. Unavailable if the list
    /// is full.
    async fn revoke(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Result<(), VerifyError> {
        let (jws, payload) = self.open(credential)?;
        let good = match self.check_later(jws, &payload, context.tenant()).await {
            Err(VerifyError::Denied(DenialReason::Revoked)) => return Ok(()),
            checked => checked?,
        };
        let VerifiedClaims { user, issuer, expires_at, life } = good;
        let token = self.token(&issuer, user.credential_id(), &jws);
        let denied = self.denylist.put(token, expires_at, life);
        denied.map_err(VerifyError::unavailable)
    }

    fn source(&self) -> IdentitySource<'_> {
        match self.rules.issuers.names.first() {
            Some(Name::Fixed(name)) => IdentitySource::Issuer(name),
            _ => IdentitySource::Several,
        }
    }

    fn tenancy(&self) -> Tenancy {
        if self.mapping.separates_tenants() { Tenancy::Separates } else { Tenancy::Ignores }
    }
}

impl fmt::Debug for JwtVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtVerifier")
            .field("rules", &self.rules)
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}

/// The verifier's name in log lines.
const NAME: &str = "jwt";

//! The tokens of an answer, from their texts to the stored grant.

use std::time::Duration;

use super::{TokenRequest, Verified};
use crate::credential::{Credential, Digest, Pair, Secret};
use crate::grant::{
    Ending, Grant, GrantId, GrantType, IssuedRefresh, Lifetime, NewGrant, NextRefresh, NextTokens,
};
use crate::observe::issuing::Issuing;
use crate::server::answer::Issued;
use crate::server::profile::{Field, RefreshTokens, Ways};
use crate::server::refusal::{Refusal, RefusalKind};
use crate::server::sign::{SignTokens, TokenContext};
use crate::server::{audience, report, scopes};
use crate::verify::VerifyError;

/// Texts of tokens that a store has not recorded yet.
pub(super) struct Tokens {
    /// `None` for a JWT, which is signed when the grant is stored.
    access: Option<Secret<'static>>,
    refresh: Option<Secret<'static>>,
    /// What the store records.
    pub(super) next: NextTokens,
}

impl<'t> TokenRequest<'t> {
    pub(super) const fn ways(&self) -> &'t Ways {
        self.client.ways
    }

    /// Returns the parameter of a code or a token.
    pub(super) fn presented(&self, name: &str, missing: &'static str) -> Result<Secret<'t>, Refusal> {
        self.request.parameters.secret(name).ok_or(RefusalKind::MissingParameter.because(missing))
    }

    /// Issues tokens for a code or a refresh token, and counts an unknown one as a guess of its
    /// client at its address. A refresh token that has expired or ended is not unknown: its family
    /// part proves that the client held it, and a client of many users presents many of them.
    ///
    /// Only a token for which tokens are issued is remembered as genuine. If a request is refused
    /// for another reason, the throttle neither counts nor remembers it, because such a refusal
    /// does not prove that the token exists.
    pub(super) async fn counted(
        &self,
        presented: &Secret<'_>,
        issuing: impl Future<Output = Verified<Issued>>,
    ) -> Result<Issued, Refusal> {
        let id = Secret::borrowed(&self.client.application.id);
        let credential = Credential::KeyPair(Pair::new(id, presented.reborrow()));
        let context = self.request.context();
        let mut refused = None;
        let verification = async {
            issuing.await?.map_err(|refusal| {
                refused = Some(refusal);
                VerifyError::Unsupported
            })
        };
        let issued = self.state.guesses.around(&credential, &context, verification).await;
        issued.map_err(|error| refused.unwrap_or_else(|| Refusal::of(&error, RefusalKind::InvalidGrant)))
    }

    /// Returns the refresh tokens of this client; `None` if it gets none.
    pub(super) fn refresh_tokens(&self) -> Option<&'t RefreshTokens> {
        let may_refresh = self.client.application.allows(GrantType::RefreshToken);
        self.ways().refresh.as_ref().filter(|_| may_refresh)
    }

    /// Returns the signer of this client's access tokens; `None` if they are opaque.
    fn signer(&self) -> Option<&'t dyn SignTokens> {
        self.state.signer.as_deref().filter(|_| self.ways().access.jwt.is_some())
    }

    /// Stores a new grant with its first tokens, and returns the answer.
    pub(super) async fn issue(&self, draft: &NewGrant, tokens: Tokens) -> Result<Issued, Refusal> {
        if self.signer().is_some_and(|signer| !signer.can_sign(draft)) {
            return Err(RefusalKind::InvalidGrant.into());
        }
        let stores = &self.request.stores;
        let grant = stores.grants.issue_dyn(draft, &tokens.next).await?;
        // If the client was deleted after it had authenticated, the store could not link the grant
        // to it. A client that is deleted from now on takes the grant along. If the store cannot
        // answer, the client may have been deleted, so the grant ends then as well.
        let refusal = match stores.applications.find_dyn(&draft.client).await {
            Ok(Some(_)) => return self.issued(Issuing::Issued, grant, tokens).await,
            Ok(None) => RefusalKind::InvalidClient.into(),
            Err(outage) => outage.into(),
        };
        stores.grants.end_dyn(&Ending::Grant(&grant.id)).await?;
        Err(refusal)
    }

    /// Returns a draft of a new grant, with the place of the application.
    pub(super) fn draft(&self, id: GrantId) -> NewGrant {
        let application = &self.client.application;
        let mut draft = NewGrant::new(id, &*application.id);
        draft.org.clone_from(&application.org);
        draft.app.clone_from(&application.app);
        draft
    }

    /// Returns the lifetime of a user's grant.
    pub(super) fn grant_lifetime(&self) -> Lifetime {
        self.client.application.lifetimes.grant.unwrap_or(self.ways().grant_lifetime)
    }

    /// Returns the lifetime of an access token: the maximum, or a shorter one that the client asks
    /// for.
    fn lifetime(&self) -> Result<Lifetime, Refusal> {
        let access = &self.ways().access;
        let maximum = self.client.application.lifetimes.access.unwrap_or(access.lifetime);
        let asked = access.lifetime_parameter.and_then(|name| self.request.text(name));
        let Some(asked) = asked else { return Ok(maximum) };
        if !asked.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(RefusalKind::InvalidLifetime.into());
        }
        // A number with more digits is longer than any maximum.
        let asked = Duration::from_millis(asked.parse().unwrap_or(u64::MAX));
        match maximum {
            _ if asked.is_zero() => Ok(maximum),
            Lifetime::Limited(maximum) if asked > maximum => Err(Refusal::too_long(maximum)),
            _ => Ok(Lifetime::Limited(asked)),
        }
    }

    /// Returns an access token, and the first refresh token of a grant if the client gets one.
    pub(super) fn first(&self, id: &GrantId) -> Result<Tokens, Refusal> {
        let refresh = self.refresh_tokens().map(|of| Ok::<_, Refusal>((of, of.shape.refresh(id)?)));
        self.tokens(id, refresh.transpose()?)
    }

    /// Returns an access token without a refresh token.
    pub(super) fn access_alone(&self, id: &GrantId) -> Result<Tokens, Refusal> {
        self.tokens(id, None)
    }

    /// Returns an access token and, if the client gets one, the successor of a refresh token.
    pub(super) fn following(
        &self,
        id: &GrantId,
        of: &RefreshTokens,
        presented: &Secret<'_>,
    ) -> Result<Tokens, Refusal> {
        let rotates = of.rotates(self.client.application.is_confidential());
        let successor = if rotates { of.shape.successor(presented)? } else { None };
        self.tokens(id, successor.map(|successor| (of, successor)))
    }

    fn tokens(
        &self,
        id: &GrantId,
        refresh: Option<(&RefreshTokens, IssuedRefresh)>,
    ) -> Result<Tokens, Refusal> {
        let lifetimes = self.client.application.lifetimes;
        let access = &self.ways().access;
        let mut lifetime = self.lifetime()?;
        let (text, digest) = if let Some(signer) = self.signer() {
            lifetime = signer.lifetime(lifetime);
            (None, Digest::random()?)
        } else {
            let now = self.state.clock.now();
            let tenant = self.request.stores.tenant();
            let token = access.shape.access_until(id, tenant, now, lifetime.from(now))?;
            (Some(token.secret), token.digest)
        };
        let mut next = NextTokens::new(digest, lifetime);
        let refresh = refresh.map(|(of, token)| {
            let idle = lifetimes.refresh.unwrap_or(of.idle);
            next.refresh = Some(NextRefresh::new(token.digests, idle));
            token.secret
        });
        Ok(Tokens { access: text, refresh, next })
    }

    /// Returns the answer for a stored grant.
    ///
    /// The store computed the grant from what it holds, not from what was found before the change.
    /// If the grant has more than its application may have, or its JWT cannot be signed, the grant
    /// ends and nothing is issued.
    pub(super) async fn issued(
        &self,
        what: Issuing,
        grant: Grant,
        tokens: Tokens,
    ) -> Result<Issued, Refusal> {
        let application = &self.client.application;
        let is_allowed = scopes::are_within(&grant.scopes, &application.scopes)
            && scopes::are_within(&grant.scopes, &grant.granted_scopes)
            && audience::are_within(&grant.audience, &application.audiences)
            && audience::is_granted(&grant.audience, &grant.granted_audience);
        let signed = match (tokens.access, self.signer()) {
            _ if !is_allowed => Err(RefusalKind::InvalidGrant.into()),
            (Some(access), _) => Ok((access, None)),
            (None, Some(signer)) => self.sign(signer, &grant).ok_or(RefusalKind::ServerError.into()),
            (None, None) => Err(RefusalKind::ServerError.into()),
        };
        match signed {
            Ok((access, identity)) => {
                report::changed(what, self.request, &application.id, Some(&grant));
                Ok(Issued { grant, access, refresh: tokens.refresh, identity })
            }
            Err(refusal) => {
                self.request.stores.grants.end_dyn(&Ending::Grant(&grant.id)).await?;
                Err(refusal)
            }
        }
    }

    /// Returns the access token of a grant, and the identity token if the answer has one. Returns
    /// `None` if one of them cannot be signed.
    fn sign(&self, signer: &dyn SignTokens, grant: &Grant) -> Option<Signed> {
        let resources = self.state.resources.iter();
        let audience: Vec<String> = resources.map(|resource| resource.uri.clone()).collect();
        let context = TokenContext {
            issuer: self.state.issuer.as_str(),
            tenant: self.request.stores.tenant(),
            audience: &audience,
            claims: self.ways().access.jwt.unwrap_or_default(),
        };
        let access = signer.sign(grant, context)?;
        let is_described = self.ways().answer.contains(&Field::IdToken) && grant.user.is_some();
        let identity = if is_described { Some(signer.sign_identity(grant, context)?) } else { None };
        Some((access, identity))
    }
}

/// Access token, and the identity token beside it.
type Signed = (Secret<'static>, Option<Secret<'static>>);

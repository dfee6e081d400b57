//! `refresh_token` (RFC 6749 section 6): a client exchanges a refresh token for new tokens.

use super::tokens::Tokens;
use super::{TokenRequest, Verified};
use crate::credential::Secret;
use crate::grant::{Grant, GrantId, Presented, Renewal};
use crate::observe::issuing::Issuing;
use crate::server::answer::Issued;
use crate::server::client::outage;
use crate::server::profile::{RefreshTokens, ScopesAtRefresh};
use crate::server::refusal::{Refusal, RefusalKind};
use crate::server::{audience, report, scopes};
use crate::verify::VerifyError;

/// Renews a grant. A token that was used before ends the grant, before the answer.
pub(super) async fn issue(token: TokenRequest<'_>) -> Result<Issued, Refusal> {
    let presented = token.presented("refresh_token", "The parameter refresh_token is missing.")?;
    let of = token.ways().refresh.as_ref().ok_or(RefusalKind::UnsupportedGrantType)?;
    token.counted(&presented, renew(token, of, &presented)).await
}

async fn renew(token: TokenRequest<'_>, of: &RefreshTokens, presented: &Secret<'_>) -> Verified<Issued> {
    let (application, grants) = (&token.client.application, &token.request.stores.grants);
    let Some(digests) = of.shape.read_refresh(presented) else { return Err(VerifyError::UNKNOWN) };
    let found = grants.find_dyn(&Presented::Refresh(digests)).await.map_err(outage)?;
    let mut found = found.filter(|grant| grant.client == application.id);
    if let (None, false) = (&found, of.rule.recovery_window().is_zero())
        && let Some(id) = of.shape.grant_of(presented)
    {
        // The token before the current one may renew again. Its text names its grant, so what the
        // request may not have is refused here as well.
        let named = grants.find_dyn(&Presented::Grant(id)).await.map_err(outage)?;
        found = named.filter(|grant| grant.client == application.id);
    }
    let tokens = match next(token, of, presented, found.as_ref()) {
        Ok(tokens) => tokens,
        // A refusal of the other parameters must not tell a guess from a token, nor spare it the
        // count.
        Err(refusal) if found.is_none() && !refusal.is_fault() => return Err(VerifyError::UNKNOWN),
        Err(refusal) => return Ok(Err(refusal)),
    };
    match grants.renew_dyn(&digests, &application.id, &of.rule, &tokens.next).await {
        Ok(Renewal::Renewed(grant)) => Ok(token.issued(Issuing::Refreshed, *grant, tokens).await),
        Ok(Renewal::Superseded(_) | Renewal::Ended(_)) => Ok(Err(RefusalKind::InvalidGrant.into())),
        Ok(Renewal::Reused(id)) => {
            report::replayed(Issuing::RefreshReused, token.request, &application.id, &id);
            Ok(Err(RefusalKind::InvalidGrant.into()))
        }
        Ok(Renewal::Unknown) => Err(VerifyError::UNKNOWN),
        Err(error) => Ok(Err(error.into())),
    }
}

/// Returns the next tokens. What a request may not have is refused here, so the refresh token is
/// not used up.
///
/// `found` is the grant if the token is its current one, or names it. It only narrows. If the store
/// renews a grant that was not found, [`TokenRequest::issued`] judges the grant that the store
/// returns.
fn next(
    token: TokenRequest<'_>,
    of: &RefreshTokens,
    presented: &Secret<'_>,
    found: Option<&Grant>,
) -> Result<Tokens, Refusal> {
    let application = &token.client.application;
    let asked = scopes::asked(token.request)?;
    let named = found.map(|grant| grant.id.clone()).or_else(|| of.shape.grant_of(presented));
    let id = named.map_or_else(GrantId::random, Ok)?;
    let mut tokens = token.following(&id, of, presented)?;
    match found {
        Some(grant) => {
            let most = match of.scopes {
                ScopesAtRefresh::Narrow => &grant.granted_scopes,
                ScopesAtRefresh::Match => &grant.scopes,
            };
            tokens.next.scopes = Some(scopes::remaining(asked, most, &application.scopes, of.scopes)?);
            tokens.next.audience = audience::remaining(token.request, &grant.granted_audience, application)?;
        }
        None => {
            tokens.next.scopes = asked;
            tokens.next.audience = Some(audience::asked(token.request));
        }
    }
    Ok(tokens)
}

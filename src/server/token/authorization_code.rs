//! `authorization_code` (RFC 6749 section 4.1.3): a client redeems a code.

use super::{TokenRequest, Verified};
use crate::credential::Secret;
use crate::grant::{CodeProof, GrantId, Presented, Redemption, TokenShape};
use crate::observe::issuing::Issuing;
use crate::principal::Scopes;
use crate::server::answer::Issued;
use crate::server::client::outage;
use crate::server::profile::{ScopesAtRedemption, ScopesAtRefresh};
use crate::server::refusal::{Refusal, RefusalKind};
use crate::server::{audience, report, scopes};
use crate::verify::VerifyError;

/// Redeems a code. A second use ends everything that came of it, before the answer.
pub(super) async fn issue(token: TokenRequest<'_>) -> Result<Issued, Refusal> {
    let code = token.presented("code", "The parameter code is missing.")?;
    token.counted(&code, redeem(token, &code)).await
}

async fn redeem(token: TokenRequest<'_>, code: &Secret<'_>) -> Verified<Issued> {
    let (application, grants) = (&token.client.application, &token.request.stores.grants);
    let mut proof = CodeProof::new(&application.id);
    if let Some(uri) = token.request.text("redirect_uri") {
        proof = proof.redirect_uri(uri);
    }
    if let Some(verifier) = token.request.parameters.secret("code_verifier") {
        match proof.verifier(&verifier) {
            Ok(proved) => proof = proved,
            Err(_) => return Err(VerifyError::UNKNOWN),
        }
    }
    let digest = TokenShape::digest_of_code(code);
    let found = grants.find_dyn(&Presented::Code(digest)).await.map_err(outage)?;
    let found = found.filter(|grant| grant.client == application.id);
    let id = found.as_ref().map_or_else(GrantId::random, |grant| Ok(grant.id.clone()));
    let mut tokens = match id.map_err(Refusal::from).and_then(|id| token.first(&id)) {
        Ok(tokens) => tokens,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if let Some(grant) = &found {
        let (asked, rule) = (asked(token), ScopesAtRefresh::Narrow);
        match asked
            .and_then(|asked| scopes::remaining(asked, &grant.granted_scopes, &application.scopes, rule))
        {
            Ok(scopes) => tokens.next.scopes = Some(scopes),
            Err(refusal) => return Ok(Err(refusal)),
        }
        match audience::remaining(token.request, &grant.granted_audience, application) {
            Ok(audience) => tokens.next.audience = audience,
            Err(refusal) => return Ok(Err(refusal)),
        }
    }
    match grants.redeem_dyn(&digest, &proof, &tokens.next).await {
        Ok(Redemption::Redeemed(grant)) => Ok(token.issued(Issuing::Issued, *grant, tokens).await),
        Ok(Redemption::Replayed(id)) => {
            report::replayed(Issuing::CodeReplayed, token.request, &application.id, &id);
            Ok(Err(RefusalKind::InvalidGrant.into()))
        }
        Ok(Redemption::Unknown) => Err(VerifyError::UNKNOWN),
        Err(error) => Ok(Err(error.into())),
    }
}

/// Returns the scopes that a request asks for, if the profile reads them; `None` for all.
fn asked(token: TokenRequest<'_>) -> Result<Option<Scopes>, Refusal> {
    match token.ways().codes.scopes {
        ScopesAtRedemption::Ignored => Ok(None),
        ScopesAtRedemption::Narrow => scopes::asked(token.request),
    }
}

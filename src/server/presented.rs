//! Tokens that a client presents for revocation or introspection.

use super::refusal::{Refusal, RefusalKind};
use super::request::EndpointRequest;
use super::state::State;
use crate::grant::{Presented, TokenShape};

/// Returns everything that the text of the parameter `token` may be, each to be looked up.
///
/// A text has no kind of its own: a refresh token of one profile may have the shape of another
/// one's access token. The hint of a client decides only what is tried first (RFC 7009 section
/// 2.1), so a wrong hint costs a look-up and changes no outcome.
pub(super) fn candidates(state: &State, request: &EndpointRequest) -> Result<Vec<Presented>, Refusal> {
    let token = request.parameters.secret("token");
    let token = token.ok_or(RefusalKind::InvalidRequest.because("The parameter token is missing."))?;
    let jwt = state.signer.as_deref().and_then(|signer| signer.read(&token, state.issuer.as_str()));
    if let Some(jwt) = jwt {
        return Ok(vec![jwt]);
    }
    let shapes = state.profiles.iter().filter_map(|profile| profile.ways.refresh.as_ref());
    let mut refresh: Vec<Presented> = Vec::new();
    for digests in shapes.filter_map(|of| of.shape.read_refresh(&token)) {
        let candidate = Presented::Refresh(digests);
        if !refresh.contains(&candidate) {
            refresh.push(candidate);
        }
    }
    let access = Presented::Access(TokenShape::digest_of_access(&token, request.stores.tenant()));
    Ok(match request.text("token_type_hint") {
        Some("access_token") => [vec![access], refresh].concat(),
        _ => [refresh, vec![access]].concat(),
    })
}

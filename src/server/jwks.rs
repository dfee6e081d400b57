//! The keys that verify signed access tokens (RFC 7517).

use super::answer::Answer;
use super::refusal::{Refusal, RefusalKind};
use super::state::State;

/// Returns the document of the published keys. Caches keep it for 5 minutes.
pub(super) fn answer(state: &State) -> Result<Answer, Refusal> {
    let signer = state.signer.as_deref().ok_or(RefusalKind::NotFound)?;
    Ok(Answer { caching: "public, max-age=300", ..Answer::json(signer.keys()) })
}

//! Facts about the tokens of one provider, as data.

use super::{Check, Denial, Json, TokenUse};
use crate::verify::GroupForm;

/// Facts about the tokens of one provider.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) name: &'static str,
    pub(super) uses: &'static [TokenUse],
    /// Claims with the principal's id: the first non-empty one counts.
    pub(super) ids: &'static [&'static str],
    pub(super) org: Option<&'static str>,
    pub(super) clients: &'static [&'static str],
    pub(super) scopes: &'static [&'static str],
    pub(super) groups: &'static [(GroupForm, &'static str)],
    /// Sets of claims. A token has one of the sets if nothing else names its kind.
    pub(super) signs: &'static [&'static [&'static str]],
    /// Claims with a value that refuses a token.
    pub(super) refused: &'static [(&'static str, &'static str)],
    /// The end of the `jti` of tokens that are refused.
    pub(super) refused_jti: Option<&'static str>,
    /// Audiences of tokens that only the provider's own services can verify, and why.
    pub(super) foreign: &'static [&'static str],
    pub(super) why_foreign: &'static str,
    /// Settings that the preset does not know.
    pub(super) unknown: &'static [&'static str],
}

impl Facts {
    /// Checks claims that only tokens of this provider have.
    pub(super) fn check_claims<'j>(&self, claims: &'j Json<'j>) -> Result<(), Denial<'j>> {
        let has = |names: &&[&str]| names.iter().all(|name| claims.get(name).is_some());
        if !self.signs.is_empty() && !self.signs.iter().any(has) {
            return Err(Denial::new(Check::Use, "no claim that marks an access token of this provider"));
        }
        let text = |name: &str| claims.get(name).and_then(Json::text);
        if self.refused.iter().any(|(name, value)| text(name) == Some(value)) {
            return Err(Denial::new(Check::Use, "a claim with which this provider marks unfinished tokens"));
        }
        match (self.refused_jti, text("jti")) {
            (Some(end), Some(id)) if id.ends_with(end) => {
                Err(Denial::new(Check::Use, "a `jti` with which this provider marks refresh tokens"))
            }
            _ => Ok(()),
        }
    }
}

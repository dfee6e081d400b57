//! What the pages of a server share.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;

use super::FormTokens;
use crate::server::login::DynLogin;
use crate::server::pages::{Pages, ScopeText};

/// Settings of the pages.
pub(in crate::server) struct BrowserSettings {
    /// The log-in of the service; `None` for that of this server.
    pub(in crate::server) login: Option<Arc<dyn DynLogin>>,
    pub(in crate::server) pages: Arc<dyn Pages>,
    /// Content security policy of the pages' style.
    pub(in crate::server) policy: HeaderValue,
    pub(in crate::server) forms: FormTokens,
    pub(in crate::server) session_lifetime: Duration,
    /// Scopes and what they allow, in words.
    pub(in crate::server) scopes: Vec<(String, String)>,
}

impl BrowserSettings {
    /// Returns a scope with its words, if it has any.
    pub(in crate::server) fn scope<'s>(&'s self, name: &'s str) -> ScopeText<'s> {
        let text = self.scopes.iter().find(|(of, _)| of == name).map(|(_, text)| &**text);
        ScopeText { name, text }
    }
}

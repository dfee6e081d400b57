//! The settings of a server's pages.

use std::sync::Arc;
use std::time::Duration;

use super::builder::AuthorizationServerBuilder;
use super::login::Login;
use super::pages::Pages;

impl AuthorizationServerBuilder {
    /// Sets the log-in of the service, in place of the log-in page of this server. Users then log
    /// in and out at the service. The server has no log-out page and stores no sessions. When a
    /// user logs out, the service ends the grants of the session with
    /// [`Ending::Session`](crate::grant::Ending::Session).
    pub fn login(mut self, login: impl Login) -> Self {
        self.login = Some(Arc::new(login));
        self
    }

    /// Sets the pages that users see. Defaults to
    /// [`StandardPages`](super::pages::StandardPages).
    pub fn pages(mut self, pages: impl Pages) -> Self {
        self.pages = Arc::new(pages);
        self
    }

    /// Sets the words that pages have for a scope, such as "Read your datasets". A scope without
    /// words is shown by its name.
    pub fn scope_text(mut self, scope: impl Into<String>, text: impl Into<String>) -> Self {
        self.scopes.push((scope.into(), text.into()));
        self
    }

    /// Sets the time after which a user has to log in again. Defaults to 12 hours. A browser also
    /// forgets the session when it is closed. With [`login`](Self::login), this has no effect.
    pub const fn session_lifetime(mut self, lifetime: Duration) -> Self {
        self.session_lifetime = lifetime;
        self
    }

    /// Sets the secret key of the anti-forgery tokens in forms. Defaults to a random key for each
    /// process, so a form that was shown before a restart is refused afterwards. If several
    /// processes share an address, give them the same 32 random bytes, because a browser may get a
    /// form from one process and send it to another.
    pub const fn form_key(mut self, key: [u8; 32]) -> Self {
        self.form_key = Some(key);
        self
    }
}

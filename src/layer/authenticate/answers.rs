//! The settings of a layer for its responses.

use std::time::Duration;

use super::AuthenticateLayer;
use crate::principal::Scopes;
use crate::rejection::RenderRejection;

/// Settings for responses.
impl<V, M> AuthenticateLayer<V, M> {
    /// Renders refusals with a custom renderer; see [`RenderRejection`].
    ///
    /// # Examples
    ///
    /// ```
    /// use bytes::Bytes;
    /// use http::{HeaderValue, Response};
    /// # use tower_principal::{AuthenticateLayer, Rejection, dialect, transport, verify::MemoryVerifier};
    /// # let verifier = MemoryVerifier::builder().build()?;
    /// let transport = transport::from_acceptor();
    /// let layer = AuthenticateLayer::new(dialect::RFC6750, verifier, transport)
    ///     .respond(|rejection: &Rejection, standard: Response<Bytes>| {
    ///         let page = format!("<p>{}</p>", rejection.kind());
    ///         let html = HeaderValue::from_static("text/html");
    ///         let mut response = standard.map(|_| Bytes::from(page));
    ///         response.headers_mut().insert("content-type", html);
    ///         response
    ///     });
    /// # let _ = layer;
    /// # Ok::<(), tower_principal::verify::MemoryVerifierError>(())
    /// ```
    pub fn respond(self, respond: impl RenderRejection) -> Self {
        self.change(|pipeline| pipeline.answers.set_respond(respond))
    }

    /// The `Retry-After` value of a 503. Defaults to 5 s.
    pub fn retry_after(self, retry_after: Duration) -> Self {
        self.change(|pipeline| pipeline.answers.set_retry_after(retry_after))
    }

    /// Names the metadata document of the resource in every challenge for access tokens, so that
    /// clients find its authorization server (RFC 9728 section 5.1). With the feature `metadata`,
    /// `ProtectedResource` makes that document and its URL.
    ///
    /// # Panics
    ///
    /// Panics if the URL is not printable ASCII.
    #[allow(clippy::panic, reason = "a start-up error, as those of `new`")]
    pub fn resource_metadata(self, url: &str) -> Self {
        self.change(|pipeline| match pipeline.answers.set_metadata(url) {
            Ok(()) => {}
            Err(error) => panic!("invalid metadata URL: {error}"),
        })
    }

    /// Names the scopes that a client needs in every challenge that asks for an access token
    /// (`scope`, RFC 6750 section 3), also if the client's token was denied. The first token that a
    /// client asks for is then sufficient. `scopes` is a space-delimited list; its order is kept,
    /// and each scope is named once.
    ///
    /// If a policy refuses a request, the challenge names the scopes of that policy instead.
    /// Challenges of schemes without scopes, such as `Basic`, stay as they are. Defaults to no
    /// scopes.
    ///
    /// # Panics
    ///
    /// Panics if `scopes` is empty or not a scope list.
    ///
    /// # Examples
    ///
    /// ```
    /// # use tower_principal::{AuthenticateLayer, dialect, transport, verify::MemoryVerifier};
    /// # let verifier = MemoryVerifier::builder().build()?;
    /// let transport = transport::from_acceptor();
    /// let layer = AuthenticateLayer::new(dialect::RFC6750, verifier, transport)
    ///     .challenge_scope("datasets:read datasets:write");
    /// # let _ = layer;
    /// # Ok::<(), tower_principal::verify::MemoryVerifierError>(())
    /// ```
    #[allow(clippy::panic, reason = "a start-up error, as those of `new`")]
    pub fn challenge_scope(self, scopes: &str) -> Self {
        let Ok(parsed) = scopes.parse::<Scopes>() else { panic!("`{scopes}` is not a scope list") };
        assert!(!parsed.is_empty(), "the scope list is empty");
        self.change(|pipeline| match pipeline.answers.set_scope(&parsed) {
            Ok(()) => {}
            Err(error) => panic!("invalid challenge scopes: {error}"),
        })
    }
}

//! The settings for token introspection at an authorization server.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, Uri};
use thiserror::Error;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use super::Introspection;
use super::answer::Expected;
use crate::clock::{Clock, SystemClock};
use crate::fetch::Fetch;
use crate::principal::InvalidPermission;

mod claims;
mod credentials;
mod expected;

/// Builds [`Introspection`]s.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tower_principal::fetch::SharedFetch;
/// use tower_principal::verify::{Introspection, IntrospectionError};
///
/// fn verifier(
///     client: SharedFetch,
/// ) -> Result<Introspection, IntrospectionError> {
///     Introspection::builder("https://login.example/introspect", client)
///         .client("my-api", "its-secret")
///         .issuer("https://login.example")
///         .audience("https://api.example")
///         .deadline(Duration::from_millis(800))
///         .build()
/// }
/// # use tower_principal::test_util::Issuer;
/// # let issuer = Issuer::new("https://login.example").unwrap();
/// # assert!(verifier(std::sync::Arc::new(issuer)).is_ok());
/// ```
#[must_use]
pub struct IntrospectionBuilder<F> {
    endpoint: String,
    fetch: F,
    own: Option<Own>,
    expected: Expected,
    invalid: Option<InvalidPermission>,
    deadline: Duration,
    concurrency: usize,
    plain: bool,
    clock: Arc<dyn Clock>,
}

/// This service's own credentials at the authorization server.
enum Own {
    /// The value of an `Authorization` header.
    Header(Zeroizing<String>),
    /// Members of the form, from the first `&` on.
    Form(Zeroizing<String>),
}

/// The settings are invalid for an authorization server.
///
/// # Examples
///
/// ```
/// use tower_principal::test_util::Issuer;
/// use tower_principal::verify::{Introspection, IntrospectionError};
///
/// let issuer = Issuer::new("https://login.example")?;
/// let build =
///     |endpoint| Introspection::builder(endpoint, issuer.clone()).build();
/// let plain = build("http://login.example/introspect").err();
/// assert_eq!(plain, Some(IntrospectionError::Insecure));
/// let without = build("https://login.example/introspect").err();
/// assert_eq!(without, Some(IntrospectionError::Credentials));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum IntrospectionError {
    /// The endpoint is not an absolute URL, or it has a user or a password.
    #[error("the introspection endpoint is not an absolute URL, or contains a user name or a password")]
    Endpoint,
    /// The endpoint is not `https`, and `danger_allow_http` was not called.
    #[error("the introspection endpoint is not an https URL")]
    Insecure,
    /// None of [`client`](IntrospectionBuilder::client),
    /// [`client_secret_post`](IntrospectionBuilder::client_secret_post) and
    /// [`bearer`](IntrospectionBuilder::bearer) was called, the client's id is empty, or the token
    /// has a character that is invalid in a header.
    #[error("introspection needs credentials of its own")]
    Credentials,
    /// A permission of a group does not match the grammar of
    /// [`Permission`](crate::principal::Permission).
    #[error("invalid permission of a group: {0}")]
    Permission(#[from] InvalidPermission),
}

impl<F: Fetch> IntrospectionBuilder<F> {
    pub(super) fn new(endpoint: String, fetch: F) -> Self {
        Self {
            endpoint,
            fetch,
            own: None,
            expected: Expected::default(),
            invalid: None,
            deadline: Duration::from_secs(2),
            concurrency: 64,
            plain: false,
            clock: Arc::new(SystemClock),
        }
    }

    /// Sets the time limit for an answer, including the wait for a place. Defaults to 2 s.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use std::time::Duration;
    /// use tower_principal::test_util::{Fault, Issuer};
    /// use tower_principal::{
    ///     Credential, Secret, Verifier, VerifyContext, VerifyError,
    /// };
    ///
    /// let issuer = Issuer::new("https://login.example")?;
    /// let verifier =
    ///     issuer.introspection().deadline(Duration::from_millis(50)).build()?;
    /// issuer.set_fault(Fault::Hang);
    /// let token = Credential::AccessToken(Secret::borrowed("some-token"));
    /// // The token may be good, so this is an outage and no denial.
    /// let answer = verifier.verify(&token, &VerifyContext::default()).await;
    /// assert!(matches!(answer, Err(VerifyError::Unavailable(_))));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub const fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Sets how many requests to the server may run at a time. Defaults to 64; at least one. Others
    /// wait for a place, so that a slow server does not get more and more requests.
    pub const fn concurrency(mut self, questions: usize) -> Self {
        self.concurrency = questions;
        self
    }

    /// Accepts an `http` endpoint. Any machine on the way can read the tokens and write the
    /// answers. For tests, and servers on the same machine.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::test_util::Issuer;
    ///
    /// let local = Issuer::new("http://localhost:8080")?;
    /// assert!(local.introspection().danger_allow_http().build().is_ok());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub const fn danger_allow_http(mut self) -> Self {
        self.plain = true;
        self
    }

    /// Builds the verifier.
    ///
    /// # Errors
    ///
    /// Returns [`IntrospectionError`] if the endpoint is invalid, this service's credentials are
    /// missing, or a permission is invalid.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use tower_principal::test_util::Issuer;
    /// use tower_principal::verify::Cached;
    /// use tower_principal::{Credential, Secret, Verifier, VerifyContext};
    ///
    /// let issuer = Issuer::new("https://login.example")?;
    /// // The server is asked once for each token in 30 s.
    /// let verifier = Cached::new(issuer.introspection().build()?)?;
    /// let text = issuer.token("otto").opaque();
    /// let token = Credential::AccessToken(Secret::borrowed(&text));
    /// for _ in 0..10 {
    ///     verifier.verify(&token, &VerifyContext::default()).await?;
    /// }
    /// assert_eq!(issuer.fetches(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn build(self) -> Result<Introspection<F>, IntrospectionError> {
        let endpoint: Uri = self.endpoint.parse().map_err(|_| IntrospectionError::Endpoint)?;
        let plain = endpoint.authority().is_some_and(|authority| !authority.as_str().contains('@'));
        match endpoint.scheme_str().filter(|_| plain) {
            Some("https") => {}
            Some("http") if self.plain => {}
            Some("http") => return Err(IntrospectionError::Insecure),
            _ => return Err(IntrospectionError::Endpoint),
        }
        if let Some(invalid) = self.invalid {
            return Err(invalid.into());
        }
        let (authorization, own_form) = match self.own.ok_or(IntrospectionError::Credentials)? {
            Own::Form(form) => (None, form),
            Own::Header(header) => {
                let header = HeaderValue::from_str(&header);
                let mut header = header.map_err(|_| IntrospectionError::Credentials)?;
                header.set_sensitive(true);
                (Some(header), Zeroizing::default())
            }
        };
        let mut expected = self.expected;
        // Without its query, which may have a secret.
        let address = self.endpoint.split(['?', '#']).next().unwrap_or_default();
        expected.authority = Arc::from(expected.issuer.as_deref().unwrap_or(address));
        Ok(Introspection {
            endpoint,
            fetch: self.fetch,
            authorization,
            own_form,
            expected,
            deadline: self.deadline,
            places: Semaphore::new(self.concurrency.clamp(1, Semaphore::MAX_PERMITS)),
            clock: self.clock,
        })
    }
}

/// Encodes a text as a form value, wiped on drop.
pub(super) fn form_value(text: &str) -> Zeroizing<String> {
    // The full capacity, because growing would leave copies behind.
    let mut encoded = Zeroizing::new(String::with_capacity(3 * text.len()));
    encoded.extend(form_urlencoded::byte_serialize(text.as_bytes()));
    encoded
}

impl<F> fmt::Debug for IntrospectionBuilder<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntrospectionBuilder").finish_non_exhaustive()
    }
}

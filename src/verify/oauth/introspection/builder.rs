//! How an authorization server is asked.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, Uri};
use thiserror::Error;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use super::Introspection;
use super::answer::Expected;
use crate::clock::{Clock, SystemClock};
use crate::fetch::Fetch;
use crate::principal::InvalidPermission;

/// Builds [`Introspection`]s.
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

/// An authorization server cannot be asked this way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidIntrospection {
    /// The endpoint is no absolute URL without a user and a password.
    #[error("the introspection endpoint is no absolute URL, or it holds a user or a password")]
    Endpoint,
    /// The endpoint is not an `https` one, and `danger_allow_http` was not said.
    #[error("the introspection endpoint is not an https one")]
    Insecure,
    /// None of [`client`](IntrospectionBuilder::client),
    /// [`client_secret_post`](IntrospectionBuilder::client_secret_post) and
    /// [`bearer`](IntrospectionBuilder::bearer) was called, the client's id is empty, or the token has a
    /// character that no header may have.
    #[error("introspection needs credentials of its own")]
    Credentials,
    /// A permission of a group is not in the grammar of [`Permission`](crate::principal::Permission).
    #[error("a permission of a group is none: {0}")]
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

    /// This service's own id and secret at the authorization server, sent in an `Authorization` header as
    /// Basic (`client_secret_basic`).
    ///
    /// Each of the two is encoded as a form's value before it is joined (RFC 6749 section 2.3.1), so that `:`
    /// and `%` arrive as they are. A server that does not decode them takes
    /// [`client_secret_post`](Self::client_secret_post) instead.
    pub fn client(mut self, id: &str, secret: &str) -> Self {
        let pair = Zeroizing::new(format!("{}:{}", &*form_value(id), &*form_value(secret)));
        let encoded = Zeroizing::new(STANDARD.encode(pair.as_bytes()));
        self.own = Some(Own::Header(Zeroizing::new(format!("Basic {}", &*encoded))));
        self
    }

    /// This service's own id and secret, sent in the form beside the token (`client_secret_post`, RFC 6749
    /// section 2.3.1), for a server that does not take Basic. Replaces [`client`](Self::client) and
    /// [`bearer`](Self::bearer).
    pub fn client_secret_post(mut self, id: &str, secret: &str) -> Self {
        let (id, secret) = (form_value(id), form_value(secret));
        let form = ["&client_id=", &id, "&client_secret=", &secret].concat();
        self.own = Some(Own::Form(Zeroizing::new(form))).filter(|_| !id.is_empty());
        self
    }

    /// An access token of this service's own (RFC 7662 section 2.1), in place of id and secret.
    pub fn bearer(mut self, token: &str) -> Self {
        self.own = Some(Own::Header(Zeroizing::new(format!("Bearer {token}"))));
        self
    }

    /// The issuer that every answer has to name as `iss`. Without it the claim is not looked at: the server
    /// that is asked speaks for what it issued, and its endpoint without the query is the principal's
    /// [issuer](crate::Principal::issuer).
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.expected.issuer = Some(issuer.into());
        self
    }

    /// The name of this service that has to stand in every answer's `aud`. Without it a token that was issued
    /// for another service of the same server is taken here, too.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.expected.audience = Some(audience.into());
        self
    }

    /// The claim that makes the principal's id, in place of `sub`, `username` and `client_id`. Here and in the methods
    /// below a claim is named, or pointed to by a JSON Pointer (`/realm_access/roles`) where it is inside another.
    pub fn id_claim(mut self, claim: &str) -> Self {
        self.expected.mapping.set_id(claim);
        self
    }

    /// The claim that makes the principal's organization; none unless said.
    pub fn org_claim(mut self, claim: &str) -> Self {
        self.expected.mapping.set_org(claim);
        self
    }

    /// The claim that makes the principal's application; none unless said.
    pub fn app_claim(mut self, claim: &str) -> Self {
        self.expected.mapping.set_app(claim);
        self
    }

    /// The claim that names the tenant of a token. A token is good if it names the request's tenant, the very
    /// same text; one without the claim is good in a request without a tenant alone. Needed behind a layer with
    /// a [tenant](crate::AuthenticateLayer::tenant), unless the verifier is bound to
    /// [one tenant](crate::Verifier::at_tenant). Defaults to none.
    pub fn tenant_claim(mut self, claim: &str) -> Self {
        self.expected.mapping.set_tenant(claim);
        self
    }

    /// The claims that make the principal's scopes, each a text of names or a list of texts: `scope` and
    /// `scp` unless said. Groups that are listed here become scopes, too.
    pub fn scope_claims<'c>(mut self, claims: impl IntoIterator<Item = &'c str>) -> Self {
        self.expected.mapping.set_scopes(claims);
        self
    }

    /// The claims that [`Claims::groups`](crate::verify::Claims::groups) lists: `groups`, `roles`, `cognito:groups` and
    /// `/realm_access/roles` unless said.
    pub fn group_claims<'c>(mut self, claims: impl IntoIterator<Item = &'c str>) -> Self {
        self.expected.mapping.set_groups(claims);
        self
    }

    /// Further claims that name groups, in this form. Called again it adds; [`group_claims`](Self::group_claims)
    /// replaces them.
    pub fn group_claims_as<'c>(
        mut self,
        form: crate::verify::GroupForm,
        claims: impl IntoIterator<Item = &'c str>,
    ) -> Self {
        self.expected.mapping.add_groups(form, claims);
        self
    }

    /// What whoever is of this group or role may do, in the grammar of [`Permission`](crate::principal::Permission): these become
    /// the principal's [permissions](crate::Principal::permissions), which [`policy::permission`](crate::policy::permission())
    /// and [`policy::application`](crate::policy::application()) ask for. Groups are the ones that
    /// [`Claims::groups`](crate::verify::Claims::groups) lists, compared as they stand. Called again it adds; a group
    /// that is named nowhere gives nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::fetch::SharedFetch;
    /// use tower_principal::verify::{Introspection, InvalidIntrospection};
    ///
    /// fn verifier(client: SharedFetch) -> Result<Introspection, InvalidIntrospection> {
    ///     Introspection::builder("https://login.example.org/introspect", client)
    ///         .client("my-api", "its-secret")
    ///         .permissions_of("editor", ["get,put:/reports/**"])
    ///         .build()
    /// }
    /// # let _ = verifier;
    /// ```
    pub fn permissions_of<'p>(mut self, group: &str, permissions: impl IntoIterator<Item = &'p str>) -> Self {
        self.invalid = self.expected.mapping.permit(group, permissions).err().or(self.invalid);
        self
    }

    /// How far ahead the server's clock may be for `nbf`; 30 s unless said. `exp` has no leeway.
    pub const fn leeway(mut self, leeway: Duration) -> Self {
        self.expected.leeway = leeway;
        self
    }

    /// After what time there is no answer, waiting for a place included; 2 s unless said.
    pub const fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// How many questions are under way at a time; 64 unless said, and at least one. Others wait for a
    /// place, so that a server that is slow is not asked more and more.
    pub const fn concurrency(mut self, questions: usize) -> Self {
        self.concurrency = questions;
        self
    }

    /// The clock that `exp` and `nbf` are judged by; the operating system's unless said.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Takes an `http` endpoint, where everybody on the way reads the tokens and writes the answers. For
    /// tests, and servers on the same machine.
    pub const fn danger_allow_http(mut self) -> Self {
        self.plain = true;
        self
    }

    /// The verifier.
    ///
    /// # Errors
    ///
    /// [`InvalidIntrospection`] for an endpoint that is none, without credentials of its own, or for a permission that is none.
    pub fn build(self) -> Result<Introspection<F>, InvalidIntrospection> {
        let endpoint: Uri = self.endpoint.parse().map_err(|_| InvalidIntrospection::Endpoint)?;
        let plain = endpoint.authority().is_some_and(|authority| !authority.as_str().contains('@'));
        match endpoint.scheme_str().filter(|_| plain) {
            Some("https") => {}
            Some("http") if self.plain => {}
            Some("http") => return Err(InvalidIntrospection::Insecure),
            _ => return Err(InvalidIntrospection::Endpoint),
        }
        if let Some(invalid) = self.invalid {
            return Err(invalid.into());
        }
        let (authorization, own_form) = match self.own.ok_or(InvalidIntrospection::Credentials)? {
            Own::Form(form) => (None, form),
            Own::Header(header) => {
                let header = HeaderValue::from_str(&header);
                let mut header = header.map_err(|_| InvalidIntrospection::Credentials)?;
                header.set_sensitive(true);
                (Some(header), Zeroizing::default())
            }
        };
        let mut expected = self.expected;
        // Without its query, which may hold a secret.
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

/// A text as the value of a form; wiped on drop.
pub(super) fn form_value(text: &str) -> Zeroizing<String> {
    // Room for all of it, or growing would leave copies behind.
    let mut encoded = Zeroizing::new(String::with_capacity(3 * text.len()));
    encoded.extend(form_urlencoded::byte_serialize(text.as_bytes()));
    encoded
}

impl<F> fmt::Debug for IntrospectionBuilder<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntrospectionBuilder").finish_non_exhaustive()
    }
}

//! The context of a verification.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "throttle")]
use tokio::time::Instant;

use crate::request::RequestHead;
use crate::transport::Transport;

/// The facts beside the credential that a verifier may use. They are the tenant, the client's
/// address and, if the verifier asks for it, the request's head.
///
/// The tenant is the result of the layer's [`tenant`](crate::AuthenticateLayer::tenant) function
/// for the request. It is part of every cache's key. An answer that depends on anything else of the
/// request must not be cached.
///
/// # Examples
///
/// ```
/// use tower_principal::VerifyContext;
///
/// let context = VerifyContext::default().with_tenant("acme");
/// assert_eq!(context.tenant(), Some("acme"));
/// ```
#[derive(Clone, Default)]
pub struct VerifyContext<'r> {
    tenant: Option<Cow<'r, str>>,
    client: Option<IpAddr>,
    transport: Option<&'r Transport>,
    head: Option<RequestHead<'r>>,
    /// The time at which the caller stops waiting.
    #[cfg(feature = "throttle")]
    deadline: Option<Instant>,
}

/// A function that returns a request's tenant.
pub(crate) type Tenant = Arc<dyn for<'r> Fn(&RequestHead<'r>) -> Option<Cow<'r, str>> + Send + Sync>;

impl<'r> VerifyContext<'r> {
    /// Returns the context of a request.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::VerifyContext;
    /// use tower_principal::request::RequestHead;
    ///
    /// let request = http::Request::get("/datasets").body(()).unwrap();
    /// let context = VerifyContext::new(RequestHead::from_request(&request));
    /// assert_eq!(context.head().map(|head| head.uri().path()), Some("/datasets"));
    /// ```
    pub fn new(head: RequestHead<'r>) -> Self {
        Self { head: Some(head), ..Self::default() }
    }

    /// Returns the context of a request at a layer, made at once because each request makes one.
    pub(crate) const fn at_layer(head: RequestHead<'r>, transport: &'r Transport) -> Self {
        Self {
            tenant: None,
            client: None,
            transport: Some(transport),
            head: Some(head),
            #[cfg(feature = "throttle")]
            deadline: None,
        }
    }

    /// Returns the same context with a tenant.
    #[must_use]
    pub fn with_tenant(mut self, tenant: impl Into<Cow<'r, str>>) -> Self {
        self.tenant = Some(tenant.into());
        self
    }

    /// Returns the tenant, if the layer has a function for it.
    pub fn tenant(&self) -> Option<&str> {
        self.tenant.as_deref()
    }

    /// Returns the same context with the client's address.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::VerifyContext;
    ///
    /// // In a test of a verifier that looks at addresses:
    /// let context = VerifyContext::default().with_client([192, 0, 2, 7].into());
    /// assert_eq!(context.client_address(), Some([192, 0, 2, 7].into()));
    /// ```
    #[must_use]
    pub const fn with_client(mut self, client: IpAddr) -> Self {
        self.client = Some(client);
        self
    }

    /// Returns the same context of a caller that stops waiting after this time.
    #[cfg_attr(not(feature = "throttle"), allow(unused_mut, unused_variables))]
    pub(crate) fn within(mut self, time: Duration) -> Self {
        #[cfg(feature = "throttle")]
        {
            self.deadline = Instant::now().checked_add(time);
        }
        self
    }

    /// Returns `true` if the caller stopped waiting because the time is over, not because the
    /// client left.
    #[cfg(feature = "throttle")]
    pub(crate) fn is_late(&self) -> bool {
        self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// Returns the client's address. It is the socket's other end, as the acceptor recorded it
    /// ([`transport::Peer`](crate::transport::Peer) or axum's `ConnectInfo<SocketAddr>`). Behind a
    /// trusted proxy it is the forwarded address
    /// ([`transport::behind_proxy`](crate::transport::behind_proxy)). Returns `None` if no address
    /// was recorded, or if the forwarding headers give no certain address.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::VerifyContext;
    /// use tower_principal::request::RequestHead;
    ///
    /// // Without a recorded peer, the address is not known.
    /// let request = http::Request::new(());
    /// let context = VerifyContext::new(RequestHead::from_request(&request));
    /// assert_eq!(context.client_address(), None);
    /// ```
    pub fn client_address(&self) -> Option<IpAddr> {
        self.client.or_else(|| self.transport?.client(self.head?))
    }

    /// Returns the request's head, or `None` in a context that outlives the request.
    pub const fn head(&self) -> Option<RequestHead<'r>> {
        self.head
    }

    /// Returns a copy that outlives the request: tenant, address and deadline, without the head.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::VerifyContext;
    /// use tower_principal::request::RequestHead;
    ///
    /// let request = http::Request::new(());
    /// let context =
    ///     VerifyContext::new(RequestHead::from_request(&request)).with_tenant("acme");
    /// // For a task that goes on after the request:
    /// let detached: VerifyContext<'static> = context.detached();
    /// assert_eq!(detached.tenant(), Some("acme"));
    /// assert!(detached.head().is_none());
    /// ```
    pub fn detached(&self) -> VerifyContext<'static> {
        let tenant = self.tenant.as_ref().map(|tenant| Cow::Owned(tenant.clone().into_owned()));
        VerifyContext {
            tenant,
            client: self.client_address(),
            transport: None,
            head: None,
            #[cfg(feature = "throttle")]
            deadline: self.deadline,
        }
    }
}

impl fmt::Debug for VerifyContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Context");
        shown
            .field("tenant", &self.tenant)
            .field("client_address", &self.client_address())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_detached_context_keeps_tenant_and_address() {
        let request = http::Request::new(());
        let address: IpAddr = "192.0.2.1".parse().unwrap();
        let context =
            VerifyContext::new(RequestHead::from_request(&request)).with_tenant("acme").with_client(address);
        assert!(context.head().is_some());
        let detached = context.detached();
        assert_eq!((detached.tenant(), detached.client_address()), (Some("acme"), Some(address)));
        assert!(detached.head().is_none());
    }
}

//! What a verifier may know beside the credential.

use std::borrow::Cow;
use std::fmt;
use std::net::SocketAddr;

use crate::head::Head;
use crate::transport;

/// What a verifier may know beside the credential: the tenant, the client's address, and, if it asks,
/// the request's head.
///
/// The tenant is what the layer's [`tenant`](crate::AuthenticateLayer::tenant) function made of the
/// request. It is part of every cache's key; an answer that depends on anything else of the request
/// must not be cached.
///
/// # Examples
///
/// ```
/// use tower_principal::Context;
///
/// let context = Context::default().with_tenant("acme");
/// assert_eq!(context.tenant(), Some("acme"));
/// ```
#[derive(Clone, Default)]
pub struct Context<'r> {
    tenant: Option<Cow<'r, str>>,
    peer: Option<SocketAddr>,
    head: Option<Head<'r>>,
}

impl<'r> Context<'r> {
    /// The context of a request.
    pub fn of(head: Head<'r>) -> Self {
        Self { tenant: None, peer: None, head: Some(head) }
    }

    /// The same with a tenant.
    #[must_use]
    pub fn with_tenant(mut self, tenant: impl Into<Cow<'r, str>>) -> Self {
        self.tenant = Some(tenant.into());
        self
    }

    /// The tenant, where the layer was given a function that tells.
    pub fn tenant(&self) -> Option<&str> {
        self.tenant.as_deref()
    }

    /// The client's address: the socket's other end, as the acceptor recorded it
    /// ([`transport::Peer`](crate::transport::Peer) or axum's `ConnectInfo<SocketAddr>`).
    pub fn client_address(&self) -> Option<SocketAddr> {
        self.peer.or_else(|| transport::peer(self.head?))
    }

    /// The request's head; `None` in a context that outlives the request.
    pub const fn head(&self) -> Option<Head<'r>> {
        self.head
    }

    /// A copy that outlives the request: tenant and address, without the head.
    pub fn detached(&self) -> Context<'static> {
        let tenant = self.tenant.as_ref().map(|tenant| Cow::Owned(tenant.clone().into_owned()));
        Context { tenant, peer: self.client_address(), head: None }
    }
}

impl fmt::Debug for Context<'_> {
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
        let mut request = http::Request::new(());
        let address: SocketAddr = "192.0.2.1:4711".parse().unwrap();
        request.extensions_mut().insert(transport::Peer(address));
        let context = Context::of(Head::of(&request)).with_tenant("acme");
        assert!(context.head().is_some());
        let detached = context.detached();
        assert_eq!((detached.tenant(), detached.client_address()), (Some("acme"), Some(address)));
        assert!(detached.head().is_none());
    }
}

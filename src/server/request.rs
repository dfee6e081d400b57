//! A request to an endpoint, read.

use std::net::IpAddr;

use http::HeaderMap;

use super::parameters::Parameters;
use super::routes::{Captures, Entry};
use super::stores::Stores;
use crate::verify::VerifyContext;

/// A request to an endpoint. It outlives the connection that it came over.
#[derive(Debug)]
pub(super) struct EndpointRequest {
    pub(super) route: Entry,
    pub(super) captures: Captures,
    pub(super) headers: HeaderMap,
    pub(super) parameters: Parameters,
    pub(super) stores: Stores,
    pub(super) address: Option<IpAddr>,
}

impl EndpointRequest {
    /// Returns the context in which a credential of this request is verified.
    pub(super) fn context(&self) -> VerifyContext<'_> {
        let context = match self.address {
            Some(address) => VerifyContext::default().with_client(address),
            None => VerifyContext::default(),
        };
        match self.stores.tenant() {
            Some(tenant) => context.with_tenant(tenant),
            None => context,
        }
    }

    /// Returns a parameter that holds no secret. Returns `None` if it is absent or empty.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.parameters.text(name)
    }
}

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
        let context = VerifyContext::default();
        let context = self.address.map_or(context.clone(), |address| context.with_client(address));
        match self.stores.tenant() {
            Some(tenant) => context.with_tenant(tenant),
            None => context,
        }
    }

    /// Returns the path of the endpoint as the client sees it, below the place of the server.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.parameters.text(name)
    }
}

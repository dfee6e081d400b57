//! A request to an endpoint, read.

use std::net::IpAddr;

use http::Method;
use http::request::Parts;

use super::parameters::Parameters;
use super::refusal::{Refusal, RefusalKind};
use super::routes::{Captures, Entry};
use super::stores::Stores;
use crate::verify::VerifyContext;

/// A request to an endpoint. It outlives the connection that it came over.
#[derive(Debug)]
pub(super) struct EndpointRequest {
    pub(super) route: Entry,
    pub(super) captures: Captures,
    pub(super) parts: Parts,
    pub(super) parameters: Parameters,
    /// The fields of a form on a page of this server.
    pub(super) form: Parameters,
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

    /// Returns the path and the query, byte for byte. Form tokens of a page are bound to them.
    pub(super) fn target(&self) -> String {
        format!("{}{}", self.parts.uri.path(), self.reference())
    }

    /// Returns the query as a reference to this very page, wherever the server is mounted.
    pub(super) fn reference(&self) -> String {
        format!("?{}", self.parts.uri.query().unwrap_or_default())
    }

    /// Returns what the form of a page asks for. Returns `None` if the page is only to be shown, as
    /// by every `GET`.
    pub(super) fn action(&self) -> Result<Option<&str>, Refusal> {
        match self.form.text("action") {
            _ if self.parts.method != Method::POST => Ok(None),
            None => Err(RefusalKind::InvalidRequest.because("The form has no action.")),
            action => Ok(action),
        }
    }
}

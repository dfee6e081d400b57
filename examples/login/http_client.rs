//! HTTP requests to the server.

use std::fs;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use oauth2::{HttpRequest, HttpResponse};
use tower_principal::fetch::{Fetch as _, HttpClient};

use crate::error::Error;
use crate::metadata::Address;

/// The maximum size of an answer, in bytes.
const LIMIT: usize = 256 * 1024;

pub(crate) struct Http(HttpClient);

impl Http {
    /// Returns a client for this server: over TLS, or over plain HTTP to this machine.
    pub(crate) fn new(issuer: &Address, authority: Option<&Path>) -> Result<Self, Error> {
        let mut client = HttpClient::builder().timeout(Duration::from_secs(10));
        if let Some(path) = authority {
            let pem = fs::read(path).map_err(|error| Error::File { path: path.to_owned(), error })?;
            client = client.authority(pem);
        }
        if !issuer.is_this_machine() {
            client = client.proxy_from_environment();
        }
        if issuer.is_http() {
            client = client.danger_allow_http();
        }
        Ok(Self(client.build().map_err(|_| Error::Authority)?))
    }

    /// Sends a request. Answers with status 429 or 5xx are errors.
    pub(crate) async fn send(&self, request: HttpRequest) -> Result<HttpResponse, Error> {
        let answer = self.0.fetch(request.map(Bytes::from), LIMIT).await?;
        let status = answer.status();
        if status.is_server_error() || status.as_u16() == 429 {
            return Err(Error::Unavailable(status.as_u16()));
        }
        Ok(answer.map(Vec::from))
    }
}

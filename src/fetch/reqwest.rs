//! The HTTP client of the crate `reqwest`.

use std::io;
use std::time::Duration;

use ::reqwest::{Certificate, Client, redirect};
use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use thiserror::Error;

use super::{Fetch, FetchError};

/// An HTTP client over rustls, for fetching keys and introspecting tokens.
///
/// It follows no redirects, sends to `https` addresses alone, and gives up after 3 s. The system's
/// proxy settings are not asked. A server's certificate is judged by the operating system's verifier. Cheap to clone.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tower_principal::fetch::HttpClient;
///
/// let client = HttpClient::builder().timeout(Duration::from_secs(2)).build()?;
/// # let _ = client;
/// # Ok::<(), tower_principal::fetch::InvalidHttpClient>(())
/// ```
#[derive(Clone, Debug)]
pub struct HttpClient {
    client: Client,
    plain: bool,
}

/// Builds [`HttpClient`]s.
#[derive(Clone, Debug)]
#[must_use]
pub struct HttpClientBuilder {
    timeout: Duration,
    authorities: Vec<Vec<u8>>,
    plain: bool,
}

/// An HTTP client could not be made: a certificate cannot be read, or the system's TLS cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the HTTP client cannot be made: a certificate cannot be read, or the system's TLS cannot be used")]
#[non_exhaustive]
pub struct InvalidHttpClient;

impl HttpClient {
    /// A client with the settings said above.
    ///
    /// # Errors
    ///
    /// [`InvalidHttpClient`] where the system's TLS cannot be used.
    pub fn new() -> Result<Self, InvalidHttpClient> {
        Self::builder().build()
    }

    /// Starts with the settings said above.
    pub const fn builder() -> HttpClientBuilder {
        HttpClientBuilder { timeout: Duration::from_secs(3), authorities: Vec::new(), plain: false }
    }
}

impl HttpClientBuilder {
    /// Gives up after this time, from connecting to the last byte; 3 s unless said.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Trusts this certificate authority too: one PEM certificate.
    pub fn authority(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.authorities.push(pem.into());
        self
    }

    /// Sends to `http` addresses, too, where everybody on the way can read and change everything. For
    /// tests, and servers on the same machine.
    pub const fn danger_allow_http(mut self) -> Self {
        self.plain = true;
        self
    }

    /// The finished client.
    ///
    /// # Errors
    ///
    /// [`InvalidHttpClient`] where a certificate cannot be read or the system's TLS cannot be used.
    pub fn build(self) -> Result<HttpClient, InvalidHttpClient> {
        let start = Client::builder()
            .redirect(redirect::Policy::none())
            .timeout(self.timeout)
            .https_only(!self.plain)
            .no_proxy();
        let client = self.authorities.iter().try_fold(start, |client, pem| {
            Certificate::from_pem(pem).map(|authority| client.add_root_certificate(authority))
        });
        // The cause may quote what it read; it is the operator's own configuration, said in full above.
        let client = client.and_then(::reqwest::ClientBuilder::build).map_err(|_| InvalidHttpClient)?;
        Ok(HttpClient { client, plain: self.plain })
    }
}

impl Fetch for HttpClient {
    async fn fetch(&self, request: Request<Bytes>, limit: usize) -> Result<Response<Bytes>, FetchError> {
        if !self.plain && request.uri().scheme_str() != Some("https") {
            return Err(FetchError::Insecure);
        }
        let request = request.try_into().map_err(failed)?;
        let mut answer = self.client.execute(request).await.map_err(failed)?;
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = answer.status();
        *response.version_mut() = answer.version();
        *response.headers_mut() = std::mem::take(answer.headers_mut());
        let mut body = BytesMut::new();
        while let Some(chunk) = answer.chunk().await.map_err(failed)? {
            if chunk.len() > limit - body.len() {
                return Err(FetchError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        *response.body_mut() = body.freeze();
        Ok(response)
    }
}

fn failed(error: ::reqwest::Error) -> FetchError {
    match FetchError::failed(&error) {
        _ if error.is_timeout() => FetchError::TimedOut,
        _ if error.is_dns() => FetchError::NameNotFound,
        // What rustls refuses is invalid data.
        FetchError::Failed(io::ErrorKind::InvalidData) if error.is_connect() => FetchError::Tls,
        FetchError::Failed(kind) if error.is_connect() => FetchError::NotConnected(kind),
        FetchError::Failed(kind) if error.is_body() || error.is_decode() => FetchError::BrokenOff(kind),
        otherwise => otherwise,
    }
}

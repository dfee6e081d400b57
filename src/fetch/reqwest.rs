//! The HTTP client of the crate `reqwest`.

use std::time::Duration;
use std::{fmt, io};

use bytes::{Bytes, BytesMut};
use http::{Request, Response, Uri};
use reqwest::{Certificate, Client, Proxy, redirect};
use thiserror::Error;
use zeroize::Zeroizing;

use super::{Fetch, FetchError};

/// An HTTP client over rustls, for fetching keys and introspecting tokens.
///
/// It follows no redirects, sends only to `https` addresses, and times out after 3 s. It uses a
/// proxy only if the builder names one. The operating system's verifier checks a server's
/// certificate. Cloning is cheap.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tower_principal::fetch::HttpClient;
///
/// let client =
///     HttpClient::builder().timeout(Duration::from_secs(2)).build()?;
/// # let _ = client;
/// # Ok::<(), tower_principal::fetch::HttpClientError>(())
/// ```
#[derive(Clone)]
pub struct HttpClient {
    client: Client,
    plain: bool,
}

/// Builds [`HttpClient`]s.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tower_principal::fetch::HttpClient;
///
/// let builder = HttpClient::builder().timeout(Duration::from_secs(2));
/// // Two clients that differ in one setting:
/// let direct = builder.clone().build()?;
/// let through = builder.proxy("http://proxy.example:3128").build()?;
/// # let _ = (direct, through);
/// # Ok::<(), tower_principal::fetch::HttpClientError>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct HttpClientBuilder {
    timeout: Duration,
    authorities: Vec<Vec<u8>>,
    proxy: Through,
    credentials: Option<(Zeroizing<String>, Zeroizing<String>)>,
    plain: bool,
}

/// The proxy that requests pass first, if any.
#[derive(Clone)]
enum Through {
    Nothing,
    Proxy(Zeroizing<String>),
    Environment,
}

/// The error for an HTTP client that cannot be made: a certificate or a proxy's address is
/// unreadable, or the system's TLS cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "cannot create the HTTP client: a certificate or a proxy URL is invalid, or the system's TLS is unavailable"
)]
#[non_exhaustive]
pub struct HttpClientError;

impl HttpClient {
    /// Makes a client with the default settings.
    ///
    /// # Errors
    ///
    /// Returns [`HttpClientError`] if the system's TLS cannot be used.
    pub fn new() -> Result<Self, HttpClientError> {
        Self::builder().build()
    }

    /// Returns a builder with the default settings.
    pub const fn builder() -> HttpClientBuilder {
        HttpClientBuilder {
            timeout: Duration::from_secs(3),
            authorities: Vec::new(),
            proxy: Through::Nothing,
            credentials: None,
            plain: false,
        }
    }
}

impl HttpClientBuilder {
    /// Limits the time from connecting to the last byte. Defaults to 3 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Adds trusted certificate authorities: a PEM file with one certificate or several. A file
    /// without a certificate is an error of [`build`](Self::build).
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::fetch::HttpClient;
    ///
    /// let builder = HttpClient::builder().authority("not a certificate");
    /// assert!(builder.build().is_err());
    /// ```
    pub fn authority(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.authorities.push(pem.into());
        self
    }

    /// Sends every request through this proxy, an `http` or `https` URL. For an `https` address the
    /// proxy forwards bytes that TLS encrypts (RFC 9110 section 9.3.6, `CONNECT`), so that it reads
    /// neither tokens nor secrets.
    ///
    /// The URL may hold a user and a password; [`proxy_credentials`](Self::proxy_credentials) takes
    /// them in plain text. The proxy receives them as `Basic` credentials. Log lines, `Debug`
    /// output and errors do not show them.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::fetch::HttpClient;
    ///
    /// let builder = HttpClient::builder()
    ///     .proxy("http://proxy.example:3128")
    ///     .proxy_credentials("me", "s3:cr/et");
    /// assert!(!format!("{builder:?}").contains("s3"));
    /// let client = builder.build()?;
    /// # let _ = client;
    /// # Ok::<(), tower_principal::fetch::HttpClientError>(())
    /// ```
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = Through::Proxy(Zeroizing::new(url.into()));
        self
    }

    /// Sets the user and password for the [proxy](Self::proxy), in place of those in its URL.
    pub fn proxy_credentials(mut self, user: impl Into<String>, password: impl Into<String>) -> Self {
        self.credentials = Some((Zeroizing::new(user.into()), Zeroizing::new(password.into())));
        self
    }

    /// Sends requests through the proxies that the environment names (`HTTPS_PROXY`, `HTTP_PROXY`,
    /// `ALL_PROXY`, and `NO_PROXY` for exceptions). By default the environment is not read, because
    /// its variables decide which server receives the connections.
    pub fn proxy_from_environment(mut self) -> Self {
        self.proxy = Through::Environment;
        self
    }

    /// Also sends to `http` addresses, which expose everything to reading and changes on the way.
    /// For tests, and servers on the same machine.
    pub fn danger_allow_http(mut self) -> Self {
        self.plain = true;
        self
    }

    /// Builds the client.
    ///
    /// # Errors
    ///
    /// Returns [`HttpClientError`] if a certificate or the address of a proxy cannot be read, or
    /// credentials are set without a [proxy](Self::proxy). Also if the system's TLS cannot be used.
    pub fn build(self) -> Result<HttpClient, HttpClientError> {
        let start = Client::builder()
            .redirect(redirect::Policy::none())
            .timeout(self.timeout)
            .https_only(!self.plain);
        let start = match (&self.proxy, &self.credentials) {
            (Through::Nothing, None) => start.no_proxy(),
            (Through::Environment, None) => start,
            (Through::Proxy(url), credentials) => start.proxy(proxy(url, credentials.as_ref())?),
            (Through::Nothing | Through::Environment, Some(_)) => return Err(HttpClientError),
        };
        let mut client = start;
        // A cause may quote its input, which is the operator's own configuration, so it is dropped.
        for pem in &self.authorities {
            let authorities = Certificate::from_pem_bundle(pem).map_err(|_| HttpClientError)?;
            if authorities.is_empty() {
                return Err(HttpClientError);
            }
            client = authorities.into_iter().fold(client, ::reqwest::ClientBuilder::add_root_certificate);
        }
        let client = client.build().map_err(|_| HttpClientError)?;
        Ok(HttpClient { client, plain: self.plain })
    }
}

fn proxy(
    url: &str,
    credentials: Option<&(Zeroizing<String>, Zeroizing<String>)>,
) -> Result<Proxy, HttpClientError> {
    let address: Uri = url.parse().map_err(|_| HttpClientError)?;
    if !matches!(address.scheme_str(), Some("http" | "https")) {
        return Err(HttpClientError);
    }
    let proxy = Proxy::all(url).map_err(|_| HttpClientError)?;
    Ok(match credentials {
        Some((user, password)) => proxy.basic_auth(user, password),
        None => proxy,
    })
}

/// Shows no proxy: its address may hold credentials.
impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient").finish_non_exhaustive()
    }
}

/// Shows no proxy: its address may hold credentials.
impl fmt::Debug for HttpClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClientBuilder").field("timeout", &self.timeout).finish_non_exhaustive()
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
        // rustls reports a refused handshake as invalid data.
        FetchError::Failed(io::ErrorKind::InvalidData) if error.is_connect() => FetchError::Tls,
        FetchError::Failed(kind) if error.is_connect() => FetchError::NotConnected(kind),
        FetchError::Failed(kind) if error.is_body() || error.is_decode() => FetchError::BrokenOff(kind),
        otherwise => otherwise,
    }
}

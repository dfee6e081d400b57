//! HTTP requests to other servers, independent of the client.
//!
//! [`Jwks`](crate::verify::Jwks) fetches keys and
//! [`Introspection`](crate::verify::Introspection) sends tokens through [`Fetch`]. The feature
//! `reqwest` has a client; [`service`] takes any client that is a Tower service.
//!
//! The guide has chapters on [JWTs](crate::guide::jwt) and
//! [introspection](crate::guide::introspection).
//!
//! # Examples
//!
//! ```
//! use axum::{Router, body::Body, routing::get};
//! use tower_principal::fetch;
//! use tower_principal::verify::Jwks;
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! // A server inside the test, as the HTTP client of the keys:
//! let keys = r#"{"keys":[{"kty":"OKP","crv":"Ed25519",
//!     "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
//! let server = Router::new().route("/keys", get(move || async move { keys }));
//! let client = fetch::service::<_, Body>(server);
//! let keys = Jwks::builder("https://login.example/keys", client).build()?;
//! assert_eq!(keys.load().await?, 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::error::Error as StdError;
use std::future::Future;
use std::sync::Arc;
use std::{fmt, io};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use thiserror::Error;

#[cfg(feature = "reqwest")]
mod reqwest;
mod service;

#[cfg(feature = "reqwest")]
pub use self::reqwest::{HttpClient, HttpClientBuilder, HttpClientError};
pub use self::service::{FromService, service};

/// Sends one HTTP request and collects the answer. Keys are fetched and tokens introspected through
/// this trait, with any HTTP client.
///
/// Clients that are Tower services implement it through [`service`]. With the feature `reqwest`
/// there is [`HttpClient`].
///
/// # Examples
///
/// ```
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use tower_principal::fetch::{Fetch, FetchError};
///
/// /// Answers every request with the same document.
/// struct Fixed(&'static str);
///
/// impl Fetch for Fixed {
///     async fn fetch(
///         &self,
///         _: Request<Bytes>,
///         limit: usize,
///     ) -> Result<Response<Bytes>, FetchError> {
///         if self.0.len() > limit {
///             return Err(FetchError::TooLarge);
///         }
///         Ok(Response::new(Bytes::from_static(self.0.as_bytes())))
///     }
/// }
/// # let _ = Fixed("{}");
/// ```
pub trait Fetch: Send + Sync + 'static {
    /// Sends one request, whose target is absolute, and collects an answer with a body of at most
    /// `limit` bytes.
    ///
    /// It must not follow redirects: a response with status 3xx is returned like any other. It
    /// should have its own time limit; the caller sets another. The future may be dropped at any
    /// await.
    ///
    /// # Errors
    ///
    /// Returns [`FetchError`] if there is no answer, or the answer must not be kept. Any HTTP
    /// status is an answer.
    fn fetch(
        &self,
        request: Request<Bytes>,
        limit: usize,
    ) -> impl Future<Output = Result<Response<Bytes>, FetchError>> + Send;
}

/// The reason for a missing answer. It holds no address and no part of the request or the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The answer's body is larger than the limit.
    #[error("response too large")]
    TooLarge,
    /// No answer in time.
    #[error("no response in time")]
    TimedOut,
    /// The address is not an `https` address.
    #[error("the URL is not an https URL")]
    Insecure,
    /// The name of the server was not found (DNS).
    #[error("cannot connect: host name not found")]
    NameNotFound,
    /// No connection; with the kind of the I/O error at its root, if any.
    #[error("cannot connect: {}", Words(*.0))]
    NotConnected(io::ErrorKind),
    /// The TLS handshake failed: the server does not use TLS, or its certificate is not trusted.
    #[error("cannot connect securely: the server's certificate is not trusted, or it does not support TLS")]
    Tls,
    /// The answer began and was cut off; with the kind of the I/O error at its root, if any.
    #[error("response interrupted: {}", Words(*.0))]
    BrokenOff(io::ErrorKind),
    /// No connection, or a broken one, if the client does not distinguish them; with the kind of
    /// the I/O error at its root, if any.
    #[error("connection failed: {}", Words(*.0))]
    Failed(io::ErrorKind),
}

/// The kind of an I/O error, as text for the log.
struct Words(io::ErrorKind);

/// The object-safe twin of [`Fetch`], implemented for every [`Fetch`]. `Arc<dyn DynFetch>`
/// implements [`Fetch`].
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use tower_principal::fetch::DynFetch;
/// use tower_principal::test_util::Issuer;
/// use tower_principal::verify::Jwks;
///
/// // One client for the keys of two issuers:
/// let client: Arc<dyn DynFetch> =
///     Arc::new(Issuer::new("https://a.example").unwrap());
/// let first = Jwks::discovered("https://a.example", Arc::clone(&client));
/// let second = Jwks::discovered("https://b.example", client);
/// # let _ = (first, second);
/// ```
#[async_trait]
pub trait DynFetch: Send + Sync + 'static {
    /// See [`Fetch::fetch`].
    async fn fetch_dyn(&self, request: Request<Bytes>, limit: usize) -> Result<Response<Bytes>, FetchError>;
}

/// A shared [`Fetch`] that is chosen at run time.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use tower_principal::fetch::{self, SharedFetch};
///
/// # #[derive(Clone)]
/// # struct Client;
/// # impl tower::Service<http::Request<axum::body::Body>> for Client {
/// #     type Response = http::Response<axum::body::Body>;
/// #     type Error = std::io::Error;
/// #     type Future = std::future::Ready<Result<Self::Response, Self::Error>>;
/// #     fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Self::Error>> { std::task::Poll::Ready(Ok(())) }
/// #     fn call(&mut self, _: http::Request<axum::body::Body>) -> Self::Future { std::future::ready(Ok(Default::default())) }
/// # }
/// let shared: SharedFetch = Arc::new(fetch::service(Client));
/// # let _ = shared;
/// ```
pub type SharedFetch = Arc<dyn DynFetch>;

impl FetchError {
    /// Makes the error for a missing or broken connection. It keeps only the kind of the
    /// [`io::Error`] at the root, because the error's text may quote the address or the answer.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io;
    /// use tower_principal::fetch::FetchError;
    ///
    /// let cause = io::Error::new(io::ErrorKind::ConnectionReset, "10.1.2.3:443");
    /// let error = FetchError::failed(&cause);
    /// assert_eq!(error, FetchError::Failed(io::ErrorKind::ConnectionReset));
    /// assert!(!error.to_string().contains("10.1.2.3"));
    /// ```
    pub fn failed(error: &(dyn StdError + 'static)) -> Self {
        let mut kind = io::ErrorKind::Other;
        let mut cause = Some(error);
        while let Some(error) = cause {
            let broken = error.downcast_ref::<io::Error>();
            kind = broken.map_or(kind, io::Error::kind);
            // The `source` of an `io::Error` skips the first error that it wraps.
            cause = match broken.and_then(io::Error::get_ref) {
                Some(wrapped) => Some(wrapped),
                None => error.source(),
            };
        }
        if kind == io::ErrorKind::TimedOut { Self::TimedOut } else { Self::Failed(kind) }
    }
}

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = WORDS.iter().find(|(kinds, _)| kinds.contains(&self.0));
        match known {
            Some((_, words)) => f.write_str(words),
            // The standard library calls errors without a kind uncategorized.
            None if self.0.to_string().starts_with("uncategorized") => f.write_str(NO_REASON),
            None => self.0.fmt(f),
        }
    }
}

/// Kinds of I/O errors, in the terms of networks.
const WORDS: &[(&[io::ErrorKind], &str)] = {
    use io::ErrorKind::*;
    &[
        (
            &[ConnectionRefused],
            "connection refused, because no server listens there or a firewall is in the way",
        ),
        (&[HostUnreachable, NetworkUnreachable, NetworkDown], "no route to the server"),
        (&[ConnectionReset, ConnectionAborted, BrokenPipe], "connection reset by the server"),
        (&[UnexpectedEof], "connection closed too early"),
        (&[AddrNotAvailable, AddrInUse], "no local address to connect from"),
        (&[PermissionDenied], "permission denied by the operating system"),
        (&[InvalidData], "invalid data, such as a certificate that is not trusted"),
        (&[Other], NO_REASON),
    ]
};

const NO_REASON: &str = "unknown error; often the host name was not found";

#[async_trait]
impl<F: Fetch> DynFetch for F {
    async fn fetch_dyn(&self, request: Request<Bytes>, limit: usize) -> Result<Response<Bytes>, FetchError> {
        self.fetch(request, limit).await
    }
}

impl Fetch for dyn DynFetch {
    async fn fetch(&self, request: Request<Bytes>, limit: usize) -> Result<Response<Bytes>, FetchError> {
        self.fetch_dyn(request, limit).await
    }
}

impl<F: Fetch + ?Sized> Fetch for Arc<F> {
    async fn fetch(&self, request: Request<Bytes>, limit: usize) -> Result<Response<Bytes>, FetchError> {
        F::fetch(self, request, limit).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Error)]
    #[error("https://user:secret@host/ sent hello")]
    struct Wordy(#[source] io::Error);

    #[test]
    fn of_an_error_only_the_kind_at_its_root_is_kept() {
        let refused = Wordy(io::Error::new(io::ErrorKind::ConnectionRefused, "secret"));
        let error = FetchError::failed(&io::Error::other(refused));
        assert_eq!(error, FetchError::Failed(io::ErrorKind::ConnectionRefused));
        let words = "connection refused, because no server listens there or a firewall is in the way";
        assert_eq!(error.to_string(), format!("connection failed: {words}"));
        let late = FetchError::failed(&Wordy(io::ErrorKind::TimedOut.into()));
        assert_eq!(late, FetchError::TimedOut);
        let twice = io::Error::other(io::Error::new(io::ErrorKind::InvalidData, "secret"));
        assert_eq!(FetchError::failed(&twice), FetchError::Failed(io::ErrorKind::InvalidData));
    }

    #[tokio::test]
    async fn every_error_has_a_category_in_the_log() {
        // This fails without a resolver, because no part of a name may have 64 characters.
        let unknown = tokio::net::lookup_host(("x".repeat(64), 443)).await.err().unwrap();
        let kinds = [unknown.kind(), io::ErrorKind::Other, io::ErrorKind::InvalidData];
        for kind in kinds.into_iter().chain([io::ErrorKind::NetworkUnreachable, io::ErrorKind::UnexpectedEof])
        {
            for error in
                [FetchError::Failed(kind), FetchError::NotConnected(kind), FetchError::BrokenOff(kind)]
            {
                let text = error.to_string();
                assert!(!text.contains("uncategorized") && !text.contains("other error"), "{kind:?}: {text}");
            }
        }
        let text = FetchError::Failed(io::ErrorKind::NotFound).to_string();
        assert_eq!(text, "connection failed: entity not found");
    }
}

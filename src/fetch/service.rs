//! HTTP clients that are Tower services.

use std::error::Error as StdError;
use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::pin;
use std::sync::{Mutex, PoisonError};

use bytes::{Buf as _, Bytes, BytesMut};
use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::{Fetch, FetchError};

/// An HTTP client that is a Tower service; made by [`service`].
///
/// The lock is needed for services that cannot be shared, such as `tower::util::BoxCloneService`.
/// It is held only while the service is cloned.
///
/// # Examples
///
/// ```
/// use axum::{Router, body::Body};
/// use tower_principal::fetch::{FromService, service};
///
/// /// A client of the service's own type, for a field or an argument.
/// type TestServer = FromService<Router, Body>;
/// let client: TestServer = service(Router::new());
/// # let _ = client;
/// ```
pub struct FromService<S, B>(Mutex<S>, PhantomData<fn(B)>);

/// Fetches through a Tower service: `hyper-util`'s client, a client inside Tower layers, or an axum
/// `Router` in a test.
///
/// Any service that is `Clone` and `Send` works. It is cloned for each request, polled until it is
/// ready, and called. The body of requests is any type made from `Bytes`:
/// `http_body_util::Full<Bytes>`, `axum::body::Body`. The service must not follow redirects. It
/// must not send secrets to addresses other than `https`.
///
/// # Examples
///
/// ```
/// use axum::{Router, body::Body, routing::get};
/// use bytes::Bytes;
/// use http::Request;
/// use tower_principal::fetch::{self, Fetch as _};
///
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let server = Router::new().route("/keys", get(|| async { "{}" }));
/// let client = fetch::service::<_, Body>(server);
/// let request =
///     Request::get("https://issuer.example/keys").body(Bytes::new()).unwrap();
/// let answer = client.fetch(request, 1024).await.unwrap();
/// assert_eq!(answer.body(), "{}");
/// # });
/// ```
pub const fn service<S, B>(service: S) -> FromService<S, B> {
    FromService(Mutex::new(service), PhantomData)
}

impl<S: Clone, B> FromService<S, B> {
    fn cloned(&self) -> S {
        // A clone that panicked left the service as it was.
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl<S, B, R> Fetch for FromService<S, B>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Error: Into<Box<dyn StdError + Send + Sync>>,
    S::Future: Send,
    B: From<Bytes> + Send + 'static,
    R: Body + Send,
    R::Data: Send,
    R::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    async fn fetch(&self, request: Request<Bytes>, limit: usize) -> Result<Response<Bytes>, FetchError> {
        let mut service = self.cloned();
        poll_fn(|context| service.poll_ready(context)).await.map_err(failed)?;
        let response = service.call(request.map(B::from)).await.map_err(failed)?;
        let (parts, body) = response.into_parts();
        Ok(Response::from_parts(parts, collect(body, limit).await?))
    }
}

/// Returns the whole body, if it is not larger than the limit.
async fn collect<B>(body: B, limit: usize) -> Result<Bytes, FetchError>
where
    B: Body,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    let announced = body.size_hint().lower();
    if usize::try_from(announced).map_or(true, |announced| announced > limit) {
        return Err(FetchError::TooLarge);
    }
    let mut body = pin!(body);
    let mut collected = BytesMut::new();
    while let Some(frame) = poll_fn(|context| body.as_mut().poll_frame(context)).await {
        let Ok(mut data) = frame.map_err(failed)?.into_data() else { continue };
        if data.remaining() > limit - collected.len() {
            return Err(FetchError::TooLarge);
        }
        while data.has_remaining() {
            let chunk = data.chunk();
            let length = chunk.len();
            collected.extend_from_slice(chunk);
            data.advance(length);
        }
    }
    Ok(collected.freeze())
}

fn failed(error: impl Into<Box<dyn StdError + Send + Sync>>) -> FetchError {
    FetchError::failed(&*error.into())
}

impl<S: Clone, B> Clone for FromService<S, B> {
    fn clone(&self) -> Self {
        service(self.cloned())
    }
}

impl<S, B> fmt::Debug for FromService<S, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FromService(..)")
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::io;
    use std::sync::Arc;

    use http_body_util::Full;
    use tower::service_fn;
    use tower::util::BoxCloneService;

    use super::*;
    use crate::fetch::{DynFetch as _, SharedFetch};

    fn request(body: &'static str) -> Request<Bytes> {
        Request::post("https://issuer.example/").body(Bytes::from(body)).unwrap()
    }

    #[tokio::test]
    async fn the_answer_is_collected_up_to_the_limit_and_any_status_is_one() {
        let echo = service(service_fn(async |request: Request<Full<Bytes>>| {
            Ok::<_, Infallible>(Response::builder().status(302).body(request.into_body()).unwrap())
        }));
        let answer = echo.fetch(request("12345"), 5).await.unwrap();
        assert_eq!((answer.status().as_u16(), &answer.body()[..]), (302, &b"12345"[..]));
        assert_eq!(echo.fetch(request("12345"), 4).await.err(), Some(FetchError::TooLarge));
    }

    #[tokio::test]
    async fn a_body_without_a_length_is_cut_off_at_the_limit() {
        let frames = |count| {
            let frame = || Ok::<_, Infallible>(http_body::Frame::data(Bytes::from_static(b"1234")));
            http_body_util::StreamBody::new(futures_util::stream::iter((0..count).map(move |_| frame())))
        };
        assert_eq!(collect(frames(2), 8).await.unwrap(), "12341234");
        assert_eq!(collect(frames(3), 8).await.err(), Some(FetchError::TooLarge));
        // An endless body, for which collecting would never return.
        assert_eq!(collect(frames(u64::MAX), 8).await.err(), Some(FetchError::TooLarge));
    }

    /// A service that is `Send` and not `Sync`.
    #[tokio::test]
    async fn a_boxed_service_fetches_for_several_tasks_at_a_time() {
        let echo = service_fn(async |request: Request<Full<Bytes>>| {
            Ok::<_, Infallible>(Response::new(request.into_body()))
        });
        let boxed: SharedFetch = Arc::new(service(BoxCloneService::new(echo)));
        let ask = |body| {
            let boxed = Arc::clone(&boxed);
            tokio::spawn(async move { boxed.fetch_dyn(request(body), 9).await })
        };
        let (one, other) = (ask("one"), ask("other"));
        assert_eq!(one.await.unwrap().unwrap().body(), "one");
        assert_eq!(other.await.unwrap().unwrap().body(), "other");
    }

    #[tokio::test]
    async fn a_service_that_fails_is_a_failure() {
        let broken = service(service_fn(async |_: Request<Full<Bytes>>| {
            Err::<Response<Full<Bytes>>, _>(io::Error::from(io::ErrorKind::ConnectionReset))
        }));
        let failure = FetchError::Failed(io::ErrorKind::ConnectionReset);
        assert_eq!(broken.fetch(request(""), 9).await.err(), Some(failure));
    }
}

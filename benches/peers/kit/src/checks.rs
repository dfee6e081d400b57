//! Checks a router before it is measured.

use std::convert::Infallible;
use std::fmt::Debug;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use tower::{Service, ServiceExt as _};

use crate::{HELLO, Made, Sent};

/// Sends one request, and returns the status and the text of the answer.
pub(crate) async fn answer<S, B, R>(router: &S, sent: &Sent) -> (StatusCode, Bytes)
where
    S: Service<Request<B>, Response = Response<R>, Error = Infallible> + Clone,
    B: From<Bytes> + Default,
    R: http_body::Body<Data = Bytes, Error: Debug>,
{
    let Ok(response) = router.clone().oneshot(sent.build()).await;
    let status = response.status();
    (status, response.into_body().collect().await.expect("a body").to_bytes())
}

/// Panics unless the right credential reaches a handler that sees its caller, and a wrong one and
/// none are refused.
pub(crate) async fn check<S, B, R>(name: &str, made: &Made<S>)
where
    S: Service<Request<B>, Response = Response<R>, Error = Infallible> + Clone,
    B: From<Bytes> + Default,
    R: http_body::Body<Data = Bytes, Error: Debug>,
{
    let hello = (StatusCode::OK, Bytes::from_static(HELLO.as_bytes()));
    for _ in 0..2 {
        assert_eq!(answer(&made.router, &made.accepted).await, hello, "{name}: the right credential");
        assert_eq!(answer(&made.plain, &made.accepted).await, hello, "{name}: the plain router");
        if let Some(of_crowd) = made.of_crowd {
            assert_eq!(answer(&made.router, &of_crowd(7)).await, hello, "{name}: another caller");
        }
        let Some(wrong) = &made.wrong else { continue };
        for (refused, what) in [(wrong, "a wrong credential"), (&made.accepted.without_credential(), "none")]
        {
            let (status, body) = answer(&made.router, refused).await;
            assert!(status.is_client_error(), "{name}: {what} was answered with {status}");
            assert_ne!(body, HELLO.as_bytes(), "{name}: {what}");
        }
    }
}

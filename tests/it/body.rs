//! Form bodies (REQ-13): when a body is read, within which limits, and which body the handler gets.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, HeaderValue, Request};
use http_body::{Frame, SizeHint};
use http_body_util::{BodyExt as _, StreamBody};
use tokio::time::{Instant, sleep};
use tower::{Layer as _, ServiceExt as _, service_fn};
use tower_principal::RejectionKind::{
    Ambiguous, BodyTimeout, BodyTooLarge, DeniedAppToken, DeniedToken, Malformed, Missing, ServerError,
};
use tower_principal::dialect::{self, TokenMeaning};
use tower_principal::layer::FormBody;
use tower_principal::{
    AuthenticateLayer, CredentialForm, Dialect, GuestRule, RejectionKind, verify::MemoryVerifier,
};

use crate::support::*;

const LIMIT: usize = 1024;

/// RFC 6750 section 2.2 exactly: a body row that is not lenient.
fn strict() -> Dialect {
    dialect::RFC6750.add_form(CredentialForm::body("access_token", TokenMeaning::ACCESS_TOKEN))
}

fn reading(dialect: Dialect) -> AuthenticateLayer<MemoryVerifier, FormBody> {
    layer(dialect).with_form_body(LIMIT, Duration::from_secs(5))
}

async fn outcome(dialect: Dialect, request: Request<Body>) -> Result<String, RejectionKind> {
    let answer = send(whoami().layer(reading(dialect)), request).await;
    answer.outcome().map(str::to_owned)
}

fn token_form() -> Request<Body> {
    form("/", format!("a=b&access_token={TOKEN}"))
}

fn with(mut request: Request<Body>, name: &'static str, value: &str) -> Request<Body> {
    request.headers_mut().append(name, HeaderValue::from_str(value).unwrap());
    request
}

/// Returns a body in pieces, and the number of pieces that were taken from it.
fn pieces(frames: Vec<Frame<Bytes>>) -> (Body, Arc<AtomicUsize>) {
    let taken = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&taken);
    let frames = stream::iter(frames.into_iter().map(move |frame| {
        count.fetch_add(1, Ordering::SeqCst);
        Ok::<_, std::convert::Infallible>(frame)
    }));
    (Body::new(StreamBody::new(frames)), taken)
}

fn data(bytes: &'static str) -> Frame<Bytes> {
    Frame::data(Bytes::from_static(bytes.as_bytes()))
}

#[tokio::test]
async fn req_13_a_form_is_read_by_its_exact_media_type() {
    let posted = |media_type: &str| {
        let mut request = Request::post("/").body(Body::from(format!("access_token={TOKEN}"))).unwrap();
        if !media_type.is_empty() {
            request.headers_mut().insert("content-type", media_type.parse().unwrap());
        }
        request
    };
    for (media_type, strictly, leniently) in [
        ("application/x-www-form-urlencoded", Ok("OAuthUser"), Ok("OAuthUser")),
        ("APPLICATION/X-www-form-urlencoded", Ok("OAuthUser"), Ok("OAuthUser")),
        ("application/x-www-form-urlencoded; charset=utf-8", Ok("OAuthUser"), Ok("OAuthUser")),
        ("application/x-www-form-urlencoded2", Err(Missing), Err(Missing)),
        ("x-application/x-www-form-urlencoded", Err(Missing), Err(Missing)),
        ("multipart/form-data; boundary=x", Err(Missing), Err(Missing)),
        ("application/json", Err(Missing), Err(Missing)),
        ("text/plain", Err(Missing), Err(Missing)),
        ("", Err(Missing), Ok("OAuthUser")),
    ] {
        let expected = |row: Result<&str, RejectionKind>| row.map(str::to_owned);
        assert_eq!(outcome(strict(), posted(media_type)).await, expected(strictly), "{media_type}");
        assert_eq!(
            outcome(dialect::OPENDATASOFT, posted(media_type)).await,
            expected(leniently),
            "{media_type}"
        );
    }
}

/// A handler might read the form in another charset than UTF-8, which is used here.
#[tokio::test]
async fn req_13_a_form_in_another_charset_than_utf_8_is_malformed() {
    let token = || Ok("OAuthUser".to_owned());
    for (parameters, expected) in [
        ("", token()),
        (";", token()),
        (" ; ; boundary=x ;", token()),
        ("; charset=utf-8", token()),
        (";charset=UTF-8", token()),
        ("; Charset=\"utf-8\"", token()),
        ("; charset=\"u\\t\\f-8\"", token()),
        (";charset=us-ascii", token()),
        ("; charset=\"US-ASCII\" ; x=y", token()),
        ("; x=\"a;charset=utf-16\"", token()),
        ("; charset=utf-16", Err(Malformed)),
        ("; charset=UTF-16LE", Err(Malformed)),
        ("; charset=\"utf-16\"", Err(Malformed)),
        ("; charset=\"ut\\f-16\"", Err(Malformed)),
        ("; charset=utf-7", Err(Malformed)),
        ("; charset=iso-8859-1", Err(Malformed)),
        ("; charset=utf8", Err(Malformed)),
        ("; charset=", Err(Malformed)),
        ("; charset=\"\"", Err(Malformed)),
        ("; charset=\" utf-8\"", Err(Malformed)),
        ("; charset=utf-8; charset=utf-16", Err(Malformed)),
        ("; charset=utf-8; CHARSET=utf-8", Err(Malformed)),
        ("; x; charset=utf-16", Err(Malformed)),
        ("; charset =utf-16", Err(Malformed)),
        ("; charset=\"utf-8", Err(Malformed)),
        ("; charset=utf-8, utf-16", Err(Malformed)),
    ] {
        let posted = |body: String| {
            let mut request = Request::post("/").body(Body::from(body)).unwrap();
            let media_type = format!("application/x-www-form-urlencoded{parameters}");
            request.headers_mut().insert("content-type", media_type.parse().unwrap());
            request
        };
        for dialect in [strict(), dialect::OPENDATASOFT] {
            let outcome = outcome(dialect, posted(format!("access_token={TOKEN}"))).await;
            assert_eq!(outcome, expected, "{parameters}");
        }
        // If the head has the credential, the body belongs to the handler alone.
        let with_head = with(posted("a=b".to_owned()), "authorization", &bearer(TOKEN));
        assert_eq!(outcome(strict(), with_head).await, token(), "{parameters}");
        // The same for a layer that reads no bodies.
        let app = whoami().layer(layer(strict()));
        let with_head = with(posted("a=b".to_owned()), "authorization", &bearer(TOKEN));
        assert_eq!(send(app, with_head).await.status, 200, "{parameters}");
    }
}

#[tokio::test]
async fn req_13_methods_without_a_body_have_no_form() {
    for (method, strictly, leniently) in [
        ("POST", true, true),
        ("PUT", true, true),
        ("PATCH", true, true),
        ("DELETE", true, true),
        ("GET", false, true),
        ("HEAD", false, false),
        ("OPTIONS", false, false),
        ("TRACE", false, false),
    ] {
        for (dialect, read) in [(strict(), strictly), (dialect::OPENDATASOFT, leniently)] {
            let mut request = token_form();
            *request.method_mut() = method.parse().unwrap();
            let answer = send(whoami().layer(reading(dialect)), request).await;
            assert_eq!(answer.status, if read { 200 } else { 401 }, "{method}");
        }
    }
}

#[tokio::test]
async fn req_13_an_encoded_form_is_not_read_and_two_media_types_are_ambiguous() {
    for dialect in [strict(), dialect::OPENDATASOFT] {
        let encoded = with(token_form(), "content-encoding", "gzip");
        assert_eq!(outcome(dialect.clone(), encoded).await, Err(Missing));
        let twice = with(token_form(), "content-type", "application/json");
        assert_eq!(outcome(dialect, twice).await, Err(Ambiguous));
    }
}

#[tokio::test]
async fn req_13_parameters_of_a_form_are_read_as_strictly_as_a_query() {
    for (body, expected) in [
        ("access%5Ftoken=9kxoTUYvSxnAiMpv008NBqRiqk5xWt", Ok("OAuthUser")),
        (
            "access_token=9kxoTUYvSxnAiMpv008NBqRiqk5xWt&access_token=9kxoTUYvSxnAiMpv008NBqRiqk5xWt",
            Err(Ambiguous),
        ),
        ("access_token=", Err(Malformed)),
        ("access_token=%FF%FE", Err(Malformed)),
        ("access_token=%", Err(Malformed)),
        ("access_token=nobody", Err(DeniedToken)),
        ("{\"access_token\":\"x\"}", Err(Missing)),
        ("x=y", Err(Missing)),
        ("", Err(Missing)),
    ] {
        let expected = expected.map(str::to_owned);
        assert_eq!(outcome(strict(), form("/", body)).await, expected, "{body}");
        assert_eq!(outcome(dialect::OPENDATASOFT, form("/", body)).await, expected, "{body}");
    }
}

/// RFC 6750 section 2: the credential in the head decides, and the body is not read.
#[tokio::test]
async fn req_13_what_the_head_presents_is_judged_before_the_body_is_polled() {
    for (name, value, status) in [
        ("authorization", bearer(TOKEN), 200),
        ("authorization", bearer(UNKNOWN_TOKEN), 401),
        ("authorization", "Bearer two words".to_owned(), 400),
        ("authorization", "Digest x".to_owned(), 401),
        ("x-app-token", "nobody".to_owned(), 403),
    ] {
        let (body, taken) = pieces(vec![data("access_token=x")]);
        let request = with(form("/", body), name, &value);
        let answer = send(whoami().layer(reading(dialect::ANY)), request).await;
        assert_eq!((answer.status, taken.load(Ordering::SeqCst)), (status, 0), "{name}: {value}");
    }
}

#[tokio::test]
async fn req_13_a_token_in_the_head_wins_and_the_handler_gets_the_body() {
    let service = reading(dialect::ANY).layer(service_fn(
        async |request: Request<tower_principal::layer::RequestBody<Body>>| {
            let body = request.into_body().collect().await.unwrap().to_bytes();
            Ok::<_, std::convert::Infallible>(http::Response::new(http_body_util::Full::new(body)))
        },
    ));
    let request = with(form("/", "access_token=other"), "authorization", &bearer(TOKEN));
    assert_eq!(send(service, request).await.body, "access_token=other");
}

#[tokio::test]
async fn req_13_an_app_token_in_the_head_may_go_with_a_token_in_the_body() {
    let app = whoami().layer(reading(dialect::ANY));
    let both = with(token_form(), "x-app-token", APP_TOKEN);
    assert_eq!(send(app.clone(), both).await.body, "OAuthUser:otto+weather-map");
    let only_app = with(form("/", "x=y"), "x-app-token", APP_TOKEN);
    assert_eq!(send(app.clone(), only_app).await.body, "AppToken:weather-map");
    let bad_app = with(token_form(), "x-app-token", "nobody");
    assert_eq!(send(app.clone(), bad_app).await.outcome(), Err(DeniedAppToken));
    let bad_token = with(form("/", "access_token=nobody"), "x-app-token", APP_TOKEN);
    assert_eq!(send(app, bad_token).await.outcome(), Err(DeniedToken));
}

/// A form without credentials is a guest's if a rule admits it. A form that presents a credential
/// is not.
#[tokio::test]
async fn req_13_a_bad_form_is_no_guest() {
    let open = || dialect::OPENDATASOFT.guests([GuestRule::everywhere()]);
    for (body, expected) in [
        ("x=y", Ok("Guest".to_owned())),
        ("access_token=", Err(Malformed)),
        ("access_token=nobody", Err(DeniedToken)),
    ] {
        assert_eq!(outcome(open(), form("/", body)).await, expected, "{body}");
    }
    let long = "x".repeat(LIMIT + 1);
    assert_eq!(outcome(open(), form("/", long)).await, Err(BodyTooLarge));
}

#[tokio::test]
async fn req_13_the_handler_gets_the_identical_frames_and_trailers() {
    let trailers =
        HeaderMap::from_iter([(http::HeaderName::from_static("x-sum"), HeaderValue::from_static("1"))]);
    let frames = || {
        vec![
            data("a=%"),
            data("41&access_"),
            data("token=9kxoTUYvSxnAiMpv"),
            data(""),
            data("008NBqRiqk5xWt&b=+"),
            Frame::trailers(trailers.clone()),
        ]
    };
    let service = reading(strict()).layer(service_fn(
        async |request: Request<tower_principal::layer::RequestBody<Body>>| {
            use http_body::Body as _;
            let mut body = request.into_body();
            let announced = body.size_hint().exact();
            let mut seen = String::new();
            while let Some(frame) = body.frame().await {
                match frame.unwrap().into_data() {
                    Ok(data) => seen += &format!("[{}]", String::from_utf8(data.to_vec()).unwrap()),
                    Err(frame) => seen += &format!("{:?}", frame.into_trailers().unwrap()),
                }
            }
            assert!(body.is_end_stream());
            Ok::<_, std::convert::Infallible>(http::Response::new(http_body_util::Full::from(format!(
                "{announced:?} {seen}"
            ))))
        },
    ));
    let (body, _) = pieces(frames());
    let answer = send(service, form("/", body)).await;
    let expected =
        "Some(53) [a=%][41&access_][token=9kxoTUYvSxnAiMpv][][008NBqRiqk5xWt&b=+]{\"x-sum\": \"1\"}";
    assert_eq!(answer.body, expected);
}

/// E11: trailers after the body are not part of it.
#[tokio::test]
async fn req_13_a_token_in_the_trailers_is_not_read() {
    let trailers = HeaderMap::from_iter([(
        http::HeaderName::from_static("access_token"),
        HeaderValue::from_static(TOKEN),
    )]);
    let (body, _) = pieces(vec![data("x=y"), Frame::trailers(trailers)]);
    assert_eq!(outcome(dialect::ANY, form("/", body)).await, Err(Missing));
}

#[tokio::test]
async fn req_13_a_body_over_the_limit_is_too_large_and_one_at_it_is_not() {
    let of_length = |length: usize| {
        let start = format!("access_token={TOKEN}&x=");
        format!("{start}{}", "y".repeat(length - start.len()))
    };
    assert_eq!(outcome(strict(), form("/", of_length(LIMIT))).await, Ok("OAuthUser".to_owned()));
    assert_eq!(outcome(strict(), form("/", of_length(LIMIT + 1))).await, Err(BodyTooLarge));
    let many = || (0..LIMIT + 1).map(|_| data("x")).collect::<Vec<_>>();
    let (body, taken) = pieces(many());
    assert_eq!(outcome(strict(), form("/", body)).await, Err(BodyTooLarge));
    assert_eq!(taken.load(Ordering::SeqCst), LIMIT + 1);
}

/// A poll of the body would ask the client to send the rest (100-continue).
#[tokio::test]
async fn req_13_an_announced_length_over_the_limit_is_refused_unpolled() {
    let (body, taken) = pieces(vec![data("access_token=x")]);
    let request = with(form("/", body), "content-length", "999999999");
    assert_eq!(outcome(strict(), request).await, Err(BodyTooLarge));
    assert_eq!(taken.load(Ordering::SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn req_13_the_whole_body_has_one_deadline() {
    let drops = stream::unfold((), async |()| {
        sleep(Duration::from_secs(1)).await;
        Some((Ok::<_, std::convert::Infallible>(Bytes::from_static(b"x")), ()))
    });
    let started = Instant::now();
    let slow = form("/", Body::from_stream(drops));
    assert_eq!(outcome(strict(), slow).await, Err(BodyTimeout));
    let waited = started.elapsed();
    assert!(waited >= Duration::from_secs(5) && waited < Duration::from_millis(5050), "{waited:?}");
}

/// If a client leaves in the middle, the body ends with an error.
#[tokio::test]
async fn a_body_that_breaks_off_is_malformed_and_no_guest() {
    let broken = stream::iter([Ok(Bytes::from_static(b"access_")), Err(std::io::Error::other("gone"))]);
    let open = strict().guests([GuestRule::everywhere()]);
    assert_eq!(outcome(open, form("/", Body::from_stream(broken))).await, Err(Malformed));
}

/// A body that panics when it is asked for this.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Panics {
    End,
    Size,
    Frame,
}

impl http_body::Body for Panics {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        assert!(*self != Self::Frame, "on purpose");
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        assert!(*self != Self::End, "on purpose");
        false
    }

    fn size_hint(&self) -> SizeHint {
        assert!(*self != Self::Size, "on purpose");
        SizeHint::default()
    }
}

#[tokio::test]
async fn a_body_that_panics_is_answered_and_does_not_close_the_connection() {
    for panics in [Panics::End, Panics::Size, Panics::Frame] {
        let answer = outcome(strict(), form("/", Body::new(panics))).await;
        assert_eq!(answer, Err(ServerError), "{panics:?}");
        let beside = dialect::ANY.guests([GuestRule::everywhere()]);
        let request = with(form("/", Body::new(panics)), "x-app-token", APP_TOKEN);
        assert_eq!(outcome(beside, request).await, Err(ServerError), "{panics:?} beside an app token");
    }
}

/// A body that announces more after each frame, as a decompressor may.
#[tokio::test]
async fn a_length_that_is_announced_late_is_refused_before_the_next_poll() {
    struct Grows(usize);

    impl http_body::Body for Grows {
        type Data = Bytes;
        type Error = std::convert::Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
            self.0 += 1;
            match self.0 {
                1 => Poll::Ready(Some(Ok(data("access_token=x")))),
                2 => {
                    context.waker().wake_by_ref();
                    Poll::Pending
                }
                _ => panic!("polled after its length was known to be over the limit"),
            }
        }

        fn size_hint(&self) -> SizeHint {
            SizeHint::with_exact(if self.0 < 2 { 14 } else { LIMIT as u64 })
        }
    }

    assert_eq!(outcome(strict(), form("/", Body::new(Grows(0)))).await, Err(BodyTooLarge));
}

/// A dialect without a body row reads nothing of the body.
#[tokio::test]
async fn a_body_is_passed_on_unread_where_no_row_asks_for_it() {
    for dialect in [dialect::RFC6750, dialect::SOCRATA, dialect::USERGRID, dialect::GEODATAHUB] {
        let (body, taken) = pieces(vec![data("access_token=x")]);
        let service = reading(dialect.guests([GuestRule::everywhere()])).layer(service_fn(greet));
        service.oneshot(form("/", body)).await.unwrap();
        assert_eq!(taken.load(Ordering::SeqCst), 0);
    }
}

//! Reading a form body for a credential (RFC 6750 section 2.2).

use std::future::{Pending, pending};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use http::{HeaderValue, Method, Request};
use http_body::Body;
use tower_service::Service;

use super::RequestBody;
use super::read_form::ReadForm;
use super::read_frames::BodyLimits;
use crate::pipeline::body::{Form, ReadBody};
use crate::rejection::{Rejection, RejectionKind};
use crate::request::{RequestHead, quoted};

/// The mode in which a layer treats bodies: [`NoBody`] or [`FormBody`].
///
/// # Examples
///
/// ```
/// use tower_principal::layer::{BodyMode, FormBody, NoBody};
///
/// fn reads_bodies<M: BodyMode<axum::body::Body>>() -> &'static str {
///     std::any::type_name::<M>()
/// }
/// assert!(reads_bodies::<NoBody>().ends_with("NoBody"));
/// assert!(reads_bodies::<FormBody>().ends_with("FormBody"));
/// ```
pub trait BodyMode<B>: ReadBody<B> {}

impl<B, M: ReadBody<B>> BodyMode<B> for M {}

/// Leaves bodies untouched. The default of every layer.
///
/// # Examples
///
/// ```
/// use tower_principal::layer::NoBody;
/// use tower_principal::verify::MemoryVerifier;
/// use tower_principal::{AuthenticateLayer, dialect, transport};
///
/// let verifier = MemoryVerifier::builder().build()?;
/// let transport = transport::from_acceptor();
/// let layer: AuthenticateLayer<MemoryVerifier, NoBody> =
///     AuthenticateLayer::new(dialect::RFC6750, verifier, transport);
/// # let _ = layer;
/// # Ok::<(), tower_principal::verify::MemoryVerifierError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct NoBody;

/// Reads a form body if a row of the dialect asks for it; made by
/// [`AuthenticateLayer::with_form_body`](crate::AuthenticateLayer::with_form_body).
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tower_principal::layer::FormBody;
/// use tower_principal::verify::MemoryVerifier;
/// use tower_principal::{AuthenticateLayer, dialect, transport};
///
/// let verifier = MemoryVerifier::builder().build()?;
/// let transport = transport::from_acceptor();
/// let layer: AuthenticateLayer<MemoryVerifier, FormBody> =
///     AuthenticateLayer::new(dialect::RFC6750, verifier, transport)
///         .with_form_body(64 * 1024, Duration::from_secs(5));
/// # let _ = layer;
/// # Ok::<(), tower_principal::verify::MemoryVerifierError>(())
/// ```
// Form bodies change the layer's type. `AuthenticateLayer<V>` passes the request's body on
// unchanged, and places no bound on it. `.with_form_body(..)` makes it an `AuthenticateLayer<V,
// FormBody>`, whose inner service gets a `RequestBody<B>`: the original, or the same frames again.
// Services that do not read bodies therefore pay nothing in types or at run time. If
// `Content-Length` is over the limit, the request is refused before the body is polled, because
// polling asks the client to send it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FormBody(BodyLimits);

impl FormBody {
    pub(super) const fn new(bytes: usize, time: Duration) -> Self {
        Self(BodyLimits { bytes, time })
    }
}

impl<B: Send> ReadBody<B> for NoBody {
    type Body = B;
    type Reading = Pending<Result<Request<B>, Rejection>>;

    fn forward_unread(request: Request<B>) -> Request<B> {
        request
    }

    // The request is passed on where it is. `forward_unread` would copy it.
    fn call_unread<S: Service<Request<B>>>(inner: &mut S, request: Request<B>) -> S::Future {
        inner.call(request)
    }

    fn reads_form(&self, _: RequestHead<'_>, _: &B, _: bool) -> Result<bool, Rejection> {
        Ok(false)
    }

    fn leaves_form(&self, head: RequestHead<'_>, _: &B, lenient: bool) -> bool {
        announces_form(head, lenient)
    }

    // Not called, because no body is a form that this mode reads.
    fn read(&self, _: Request<B>) -> Self::Reading {
        pending()
    }

    fn form(_: &B) -> Form<'_> {
        Form::Frame(&[])
    }
}

impl<B: Body<Data = Bytes> + Send> ReadBody<B> for FormBody {
    type Body = RequestBody<B>;
    type Reading = ReadForm<B>;

    fn forward_unread(request: Request<B>) -> Request<RequestBody<B>> {
        request.map(RequestBody::unread)
    }

    fn reads_form(&self, head: RequestHead<'_>, body: &B, lenient: bool) -> Result<bool, Rejection> {
        if body.is_end_stream() { Ok(false) } else { may_hold_form(head, lenient) }
    }

    fn leaves_form(&self, head: RequestHead<'_>, body: &B, lenient: bool) -> bool {
        !body.is_end_stream() && announces_form(head, lenient)
    }

    #[inline]
    fn read(&self, request: Request<B>) -> ReadForm<B> {
        ReadForm::new(request, self.0)
    }

    fn form(body: &RequestBody<B>) -> Form<'_> {
        body.form()
    }
}

/// The media type of a form.
const FORM: &str = "application/x-www-form-urlencoded";

/// Returns true if a body of this method is never a form.
const fn has_no_form(method: &Method) -> bool {
    matches!(*method, Method::HEAD | Method::TRACE | Method::CONNECT | Method::OPTIONS)
}

/// Returns true if a request's body may hold a form: a form's media type, no content encoding, and
/// a method that has a body. `lenient` also accepts `GET` and a missing `Content-Type`.
fn may_hold_form(head: RequestHead<'_>, lenient: bool) -> Result<bool, Rejection> {
    let by_method = match *head.method() {
        Method::GET => lenient,
        _ => !has_no_form(head.method()),
    };
    if !by_method {
        return Ok(false);
    }
    let (mut media_type, mut is_ambiguous) = (None, false);
    // One pass costs less than two look-ups.
    for (name, value) in head.headers() {
        if *name == CONTENT_ENCODING {
            return Ok(false);
        }
        if *name == CONTENT_TYPE {
            is_ambiguous |= media_type.replace(value).is_some();
        }
    }
    if is_ambiguous {
        return Err(RejectionKind::Ambiguous.into());
    }
    match media_type {
        // Most clients write it exactly so, and reading it costs twenty times as much.
        Some(value) if *value == FORM => Ok(true),
        Some(value) if !is_form(value) => Ok(false),
        Some(value) if is_read_as_utf8(value) => Ok(true),
        Some(_) => Err(RejectionKind::Malformed.into()),
        None => Ok(lenient),
    }
}

/// Returns true if a head announces a form that [`may_hold_form`] does not admit: another method, a
/// content encoding, or a layer that reads no bodies. `lenient` also counts a body without a
/// `Content-Type`.
fn announces_form(head: RequestHead<'_>, lenient: bool) -> bool {
    let headers = head.headers();
    let length = headers.get(CONTENT_LENGTH).map(HeaderValue::as_bytes);
    if length == Some(b"0") || has_no_form(head.method()) {
        return false;
    }
    if headers.contains_key(CONTENT_TYPE) {
        return headers.get_all(CONTENT_TYPE).iter().any(is_form);
    }
    lenient && (length.is_some() || headers.contains_key(TRANSFER_ENCODING))
}

pub(crate) fn is_form(value: &HeaderValue) -> bool {
    let (essence, _) = split(value);
    essence.trim_ascii().eq_ignore_ascii_case(FORM.as_bytes())
}

/// Splits a media type from its parameters.
fn split(value: &HeaderValue) -> (&[u8], &[u8]) {
    let value = value.as_bytes();
    let end = value.iter().position(|byte| *byte == b';').unwrap_or(value.len());
    value.split_at_checked(end).unwrap_or_default()
}

/// Returns true if the parameters of a media type are well-formed, and name UTF-8, its subset
/// US-ASCII, or no charset.
///
/// The body is read as UTF-8 (RFC 6750 section 2.2 requires ASCII): under another charset a handler
/// could read something else. Such a form is malformed. The answer is 400 and not 415 because RFC
/// 6750 section 3.1 defines `invalid_request` for it. A service may also support the charset if the
/// head has the credential.
pub(crate) fn is_read_as_utf8(value: &HeaderValue) -> bool {
    let (_, mut rest) = split(value);
    let mut charset = None;
    loop {
        quoted::skip_blanks(&mut rest);
        match rest {
            [] => break,
            [b';', behind @ ..] => rest = behind,
            _ => return false,
        }
        quoted::skip_blanks(&mut rest);
        if matches!(rest, [] | [b';', ..]) {
            continue;
        }
        let Some((name, value)) = quoted::parameter(&mut rest) else { return false };
        if name.eq_ignore_ascii_case(b"charset") && charset.replace(value).is_some() {
            return false;
        }
    }
    charset.is_none_or(|charset| charset.is("utf-8") || charset.is("us-ascii"))
}

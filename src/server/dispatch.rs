//! The way of a request to its endpoint, and back.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body::Body;
use tokio::runtime::Handle;

use super::answer_body::AnswerBody;
use super::collect::collect;
use super::parameters::Parameters;
use super::profile::{Door, Endpoint, Place, STANDARD};
use super::refusal::{Refusal, RefusalKind};
use super::report;
use super::request::EndpointRequest;
use super::routes::{Captures, Entry};
use super::state::State;
use super::stores::Stores;
use super::{account, authorize, introspect, jwks, metadata, revoke, token, visitor};
use crate::deadline::{Bounded, Unfinished};
use crate::request::RequestHead;
use crate::trace;

/// Answers a request.
pub(super) async fn answer<B>(state: Arc<State>, request: Request<B>) -> Response<AnswerBody>
where
    B: Body<Data = Bytes> + Send,
{
    let Some((route, captures)) = state.routes.find(request.uri().path()) else {
        return Refusal::from(RefusalKind::NotFound).into_response(&STANDARD.door);
    };
    let (route, door) = (route.clone(), route.door);
    let is_page = route.endpoint.is_page() && !account::wants_json(request.headers());
    let is_head = request.method() == Method::HEAD;
    let address = state.transport.client(RequestHead::from_request(&request));
    let read = match admit(&state, &route, RequestHead::from_request(&request)) {
        Ok(stores) => read(&state, route, captures, stores, request, address).await,
        Err(refusal) => Err(refusal),
    };
    let answered = match read {
        Ok(request) => run(&state, request).await,
        Err(refusal) => {
            report::refused_unread(&refusal, address);
            Err(refusal)
        }
    };
    let response = answered.unwrap_or_else(|refusal| match is_page {
        true => visitor::refused(&state, &refusal),
        false => refusal.into_response(&door),
    });
    if is_head { response.map(|_| AnswerBody::default()) } else { response }
}

/// Checks the method, the connection and the tenant.
fn admit(state: &State, route: &Entry, head: RequestHead<'_>) -> Result<Stores, Refusal> {
    if !route.methods.contains(head.method()) {
        return Err(Refusal::not_allowed(route.methods.allow()));
    }
    if !state.is_secure(head) {
        return Err(RefusalKind::InsecureTransport.into());
    }
    // A tenant that is not known has no clients.
    state.stores_of(&head).ok_or(RefusalKind::InvalidClient.into())
}

/// Reads the body and the parameters.
async fn read<B>(
    state: &State,
    route: Entry,
    captures: Captures,
    stores: Stores,
    request: Request<B>,
    address: Option<IpAddr>,
) -> Result<EndpointRequest, Refusal>
where
    B: Body<Data = Bytes> + Send,
{
    let (parts, body) = request.into_parts();
    let door = if route.endpoint.is_page() { &FORM } else { &route.door };
    let body = collect(door, &parts.headers, body, state.body).await?;
    let body = body.as_ref().map(|body| &***body);
    let (parameters, form) = if route.endpoint.is_page() {
        (Parameters::of_authorization(&route.door, parts.uri.query()), Parameters::read(&FORM, None, body)?)
    } else {
        (Parameters::read(&route.door, parts.uri.query(), body)?, Parameters::default())
    };
    Ok(EndpointRequest { route, captures, parts, parameters, form, stores, address })
}

/// Runs the endpoint of a request in a task of its own.
///
/// The task runs to its end even if the client leaves, so no await leaves half an operation behind.
/// If it takes too long, the client is answered 503 and the task goes on.
async fn run(state: &Arc<State>, request: EndpointRequest) -> Result<Response<AnswerBody>, Refusal> {
    let (shared, address) = (Arc::clone(state), request.address);
    let work = async move {
        let answered = endpoint(&shared, &request).await;
        answered.inspect_err(|refusal| report::refused(refusal, &request))
    };
    let Ok(runtime) = Handle::try_current() else {
        trace::error!("the authorization server needs a tokio runtime");
        return Err(RefusalKind::ServerError.into());
    };
    let task = runtime.spawn(trace::in_current_span(work));
    let refusal = match Bounded::new(task, state.deadline).await {
        Ok(Ok(answered)) => return answered,
        Err(Unfinished::Late) => RefusalKind::Unavailable.into(),
        Ok(Err(_)) | Err(Unfinished::Panicked) => RefusalKind::ServerError.into(),
    };
    report::refused_unread(&refusal, address);
    Err(refusal)
}

/// Runs the endpoint of a route. A new endpoint is a row of a door, and a branch here.
async fn endpoint(state: &State, request: &EndpointRequest) -> Result<Response<AnswerBody>, Refusal> {
    let answer = match request.route.endpoint {
        endpoint if endpoint.is_page() && !state.has_pages() => return Err(RefusalKind::NotFound.into()),
        Endpoint::Authorize => return authorize::answer(state, request).await,
        Endpoint::LogIn | Endpoint::LogOut | Endpoint::Applications => {
            return account::answer(state, request).await;
        }
        Endpoint::Token => token::answer(state, request).await?,
        Endpoint::Revoke => revoke::answer(state, request).await?,
        Endpoint::Introspect => introspect::answer(state, request).await?,
        Endpoint::Keys => jwks::answer(state)?,
        Endpoint::Metadata => metadata::answer(state),
    };
    Ok(answer.into_response())
}

/// The door of forms on the server's own pages.
const FORM: Door = Door {
    places: &[Place::Form],
    parameters: &["action", "client", "form_token"],
    any_content_type: false,
    ..STANDARD.door
};

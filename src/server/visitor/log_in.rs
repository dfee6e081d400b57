//! The log-in form, on every page that needs a user.

use http::header::{RETRY_AFTER, SET_COOKIE};
use http::{HeaderValue, Response, StatusCode};

use super::{Visitor, here, page, see_other};
use crate::grant::{Application, Ending, NewSession};
use crate::observe::issuing::Issuing;
use crate::principal::BasicUser;
use crate::rejection::render::whole_seconds;
use crate::server::answer_body::AnswerBody;
use crate::server::browser::{Cookie, Purpose, is_same_origin};
use crate::server::pages::{FormStart, LogInPage, LogInProblem};
use crate::server::refusal::{Refusal, RefusalKind};
use crate::server::request::EndpointRequest;
use crate::server::state::State;
use crate::server::{report, users};

/// Returns the log-in page, or a redirect to that of the service.
///
/// The form has a token that is bound to a cookie of this browser, so another site cannot log a
/// visitor in with an account of its own.
pub(in crate::server) fn show(
    state: &State,
    request: &EndpointRequest,
    application: Option<&Application>,
    problem: Option<LogInProblem>,
) -> Result<Response<AnswerBody>, Refusal> {
    if let Some(login) = &state.browser.login {
        if problem == Some(LogInProblem::Denied) {
            // The service would send its user straight back.
            return Err(RefusalKind::AccessDenied.because("Your account cannot use this application."));
        }
        let back = state.issuer.below(&request.target());
        let page = HeaderValue::try_from(login.page_dyn(&back));
        return page.map(see_other).map_err(|_| RefusalKind::ServerError.into());
    }
    let cookie = Cookie::pre_session(&state.issuer, request.stores.tenant());
    let known = cookie.read(&request.parts.headers);
    let is_new = known.is_none();
    let secret = known.map_or_else(Cookie::random, Ok)?;
    let (holder, target) = (cookie.digest(&secret), request.target());
    let token = state.browser.forms.token(Purpose::LogIn, &holder, &target, state.clock.now());
    let (reference, username) = (request.reference(), request.form.text("username"));
    let html = state.browser.pages.log_in(&LogInPage {
        form: FormStart::new(&reference, &token),
        application: application.map(Application::name),
        username: username.filter(|_| is_same_origin(&request.parts.headers, &state.issuer)),
        problem,
    });
    let status = match problem {
        None => StatusCode::OK,
        Some(LogInProblem::Throttled(_)) => StatusCode::TOO_MANY_REQUESTS,
        Some(LogInProblem::Unavailable) => StatusCode::SERVICE_UNAVAILABLE,
        Some(_) => StatusCode::FORBIDDEN,
    };
    let mut response = page(state, status, html);
    let headers = response.headers_mut();
    match problem {
        Some(LogInProblem::Throttled(after)) => {
            headers.insert(RETRY_AFTER, whole_seconds(after).into());
        }
        Some(LogInProblem::Unavailable) => {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("5"));
        }
        _ => {}
    }
    if is_new {
        headers.append(SET_COOKIE, cookie.set(&secret, None));
    }
    Ok(response)
}

/// Logs a user in with the fields of the form, and returns a redirect to the same page. If that
/// fails, returns the form with the reason.
pub(in crate::server) async fn submit(
    state: &State,
    request: &EndpointRequest,
    application: Option<&Application>,
) -> Result<Response<AnswerBody>, Refusal> {
    if !is_same_origin(&request.parts.headers, &state.issuer) {
        return Err(RefusalKind::Forged.into());
    }
    if !is_from_here(state, request) {
        // Another tab may have logged the user in.
        return match Visitor::of(state, request).await? {
            Some(_) => here(request),
            None => show(state, request, application, Some(LogInProblem::Expired)),
        };
    }
    let (name, password) = (request.form.secret("username"), request.form.secret("password"));
    let Some((name, password)) = name.zip(password) else {
        return show(state, request, application, Some(LogInProblem::Denied));
    };
    let is_of_place = |user: &BasicUser| {
        application.is_none_or(|client| users::is_of_place(user.org(), user.app(), client))
    };
    let refusal = match users::log_in(state, request, name, password, is_of_place).await {
        Ok(user) => match begin(state, request, &user).await {
            // The user was deleted after the password was verified.
            Err(refusal) if refusal.kind == RefusalKind::InvalidGrant => refusal,
            begun => return begun,
        },
        Err(refusal) => refusal,
    };
    let problem = match refusal.kind {
        RefusalKind::InvalidGrant => {
            report::log_in_denied(request);
            return show(state, request, application, Some(LogInProblem::Denied));
        }
        RefusalKind::TooManyAttempts => LogInProblem::Throttled(refusal.retry_after.unwrap_or_default()),
        RefusalKind::Unavailable => LogInProblem::Unavailable,
        _ => return Err(refusal),
    };
    report::refused(&refusal, request);
    show(state, request, application, Some(problem))
}

/// Returns `true` if the form was shown to this browser.
fn is_from_here(state: &State, request: &EndpointRequest) -> bool {
    let cookie = Cookie::pre_session(&state.issuer, request.stores.tenant());
    let secret = cookie.read(&request.parts.headers);
    let token = request.form.text("form_token");
    secret.zip(token).is_some_and(|(secret, token)| {
        let (holder, now) = (cookie.digest(&secret), state.clock.now());
        state.browser.forms.is_valid(Purpose::LogIn, &holder, &request.target(), token, now)
    })
}

/// Begins a session with a new secret, and sends the browser to the page that needs it.
async fn begin(
    state: &State,
    request: &EndpointRequest,
    user: &BasicUser,
) -> Result<Response<AnswerBody>, Refusal> {
    let (mut response, tenant) = (here(request)?, request.stores.tenant());
    let (cookie, secret) = (Cookie::session(&state.issuer, tenant), Cookie::random()?);
    let lifetime = state.browser.session_lifetime;
    let mut session = NewSession::new(cookie.digest(&secret), user.id(), lifetime)?;
    session.uuid = user.uuid().map(str::to_owned);
    session.org = user.org().map(str::to_owned);
    session.app = user.app().map(str::to_owned);
    request.stores.sessions.create_dyn(&session).await?;
    // The cookie of an earlier session of this browser is replaced, so its user could not log out.
    if let Some(earlier) = Visitor::of(state, request).await? {
        request.stores.sessions.end_dyn(&earlier.holder).await?;
        request.stores.grants.end_dyn(&Ending::Session(&earlier.subject.session)).await?;
    }
    report::visited(Issuing::LoggedIn, request, user.id(), None);
    let headers = response.headers_mut();
    headers.append(SET_COOKIE, cookie.set(&secret, None));
    headers.append(SET_COOKIE, Cookie::pre_session(&state.issuer, tenant).clear());
    Ok(response)
}

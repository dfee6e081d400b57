//! Consent: the user allows a client to act, or does not.

use http::{Response, StatusCode};

use super::{AuthorizationRequest, Target};
use crate::grant::Ending;
use crate::observe::issuing::Issuing;
use crate::server::allowed::Allowed;
use crate::server::answer_body::AnswerBody;
use crate::server::browser::Purpose;
use crate::server::offer_error::OfferError;
use crate::server::pages::{CodePage, ConsentPage, FormStart, LogInProblem};
use crate::server::refusal::{Refusal, RefusalKind};
use crate::server::report;
use crate::server::request::EndpointRequest;
use crate::server::state::State;
use crate::server::visitor::{Visitor, log_in, page, see_other};

/// Returns the consent page. Its token is bound to the session, to this request, and to what the
/// page shows.
pub(super) fn show(
    state: &State,
    request: &EndpointRequest,
    asked: &AuthorizationRequest<'_>,
    visitor: &Visitor,
) -> Response<AnswerBody> {
    let reference = request.reference();
    let token = visitor.token(state, Purpose::Consent, &shown(request, asked));
    let destination = match &asked.target {
        Target::Redirect(redirect) => redirect.destination(),
        Target::CodePage => String::new(),
    };
    let html = state.browser.pages.consent(&ConsentPage {
        form: FormStart::new(&reference, &token),
        application: asked.application.name(),
        client_id: &asked.application.id,
        user: &visitor.subject.user,
        scopes: asked.scopes.iter().map(|name| state.browser.scope(name)).collect(),
        destination: &destination,
        is_this_device: matches!(&asked.target, Target::Redirect(redirect) if redirect.is_this_device()),
        is_code_page: matches!(asked.target, Target::CodePage),
    });
    page(state, StatusCode::OK, html)
}

/// Sends the client a code.
///
/// The code belongs to the session. If the session or the client ended while the code was stored,
/// or if that cannot be found out, the code ends as well.
pub(super) async fn allow(
    state: &State,
    request: &EndpointRequest,
    asked: AuthorizationRequest<'_>,
    visitor: Visitor,
) -> Result<Response<AnswerBody>, Refusal> {
    visitor.check(state, request, Purpose::Consent, &shown(request, &asked))?;
    let subject = &visitor.subject;
    let redirect = match &asked.target {
        Target::Redirect(redirect) => Some(redirect),
        Target::CodePage => None,
    };
    let allowed = Allowed {
        application: &asked.application,
        ways: &asked.profile.ways,
        user: subject.user.clone(),
        uuid: subject.uuid.clone(),
        org: subject.org.clone(),
        app: subject.app.clone(),
        session: Some(subject.session.clone()),
        authenticated_at: Some(subject.authenticated_at),
        scopes: asked.scopes.clone(),
        audience: asked.audience.clone(),
        redirect_uri: redirect.and_then(|redirect| redirect.named()).map(str::to_owned),
        challenge: asked.challenge.clone(),
    };
    let code = match allowed.code(state, &request.stores).await {
        Ok(code) => code,
        Err(OfferError::Store(error)) => return Err(error.into()),
        Err(OfferError::Randomness(error)) => return Err(error.into()),
        Err(_) => return deny(state, request, &asked, &visitor),
    };
    let is_current = is_current(state, request, &asked, &visitor).await;
    if !matches!(is_current, Ok(true)) {
        request.stores.grants.end_dyn(&Ending::Grant(&code.grant)).await?;
        is_current?;
        return log_in::show(state, request, Some(&asked.application), Some(LogInProblem::Expired));
    }
    report::visited(
        Issuing::Allowed,
        request,
        &visitor.subject.user,
        Some((&asked.application.id, &code.grant)),
    );
    let text = code.secret.expose_secret();
    let Some(redirect) = redirect else {
        let lifetime = asked.profile.ways.codes.lifetime;
        let html = state.browser.pages.code(&CodePage {
            code: text,
            application: asked.application.name(),
            lifetime,
        });
        return Ok(page(state, StatusCode::OK, html));
    };
    let mut answer = vec![("code", text)];
    answer.extend(asked.state.as_deref().map(|text| ("state", text)));
    answer.push(("iss", state.issuer.as_str()));
    Ok(see_other(redirect.location(&answer)))
}

/// Returns `true` if the session and the client are still there.
async fn is_current(
    state: &State,
    request: &EndpointRequest,
    asked: &AuthorizationRequest<'_>,
    visitor: &Visitor,
) -> Result<bool, Refusal> {
    let now = Visitor::of(state, request).await?;
    let client = request.stores.applications.find_dyn(&asked.application.id).await?;
    Ok(client.is_some() && now.is_some_and(|now| now.holder == visitor.holder))
}

/// Sends the client the refusal of the user (RFC 6749 section 4.1.2.1).
pub(super) fn deny(
    state: &State,
    request: &EndpointRequest,
    asked: &AuthorizationRequest<'_>,
    visitor: &Visitor,
) -> Result<Response<AnswerBody>, Refusal> {
    visitor.check(state, request, Purpose::Consent, &shown(request, asked))?;
    let refusal = RefusalKind::AccessDenied.into();
    report::refused(&refusal, request);
    match &asked.target {
        Target::Redirect(redirect) => {
            Ok(see_other(super::refused(state, redirect, asked.state.as_deref(), &refusal)))
        }
        Target::CodePage => Err(refusal),
    }
}

/// Returns the request and what it comes to, each part on a line of its own.
///
/// The registration decides what a request leaves out: all scopes, all resources, the only redirect
/// URI. If it changes while the user reads the page, the user has not allowed the result.
fn shown(request: &EndpointRequest, asked: &AuthorizationRequest<'_>) -> String {
    let redirect = match &asked.target {
        Target::Redirect(redirect) => redirect.uri(),
        Target::CodePage => "",
    };
    let parts = [
        &*request.target(),
        redirect,
        asked.scopes.as_str(),
        &asked.audience.join(" "),
        // The last one, because it is the only one that may have line breaks.
        asked.application.name(),
    ];
    parts.join("\n")
}

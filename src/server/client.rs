//! Client authentication at an endpoint (RFC 6749 section 2.3).

use http::HeaderMap;
use http::header::AUTHORIZATION;

use super::profile::Ways;
use super::refusal::{Refusal, RefusalKind};
use super::request::EndpointRequest;
use super::state::State;
use crate::credential::{Carrier, ClientKind, Credential, Pair, Secret};
use crate::grant::{Application, StoreError};
use crate::read::{basic, scheme};
use crate::request::percent;
use crate::verify::VerifyError;

/// A client of a request: authenticated if it is confidential, and named if it is public.
#[derive(Debug)]
pub(super) struct Client<'s> {
    pub(super) application: Application,
    pub(super) ways: &'s Ways,
}

/// The credentials of a client, as a request presents them.
enum ClientCredentials<'r> {
    /// Id and secret, and a second reading of both. Basic halves are form-encoded by RFC 6749
    /// section 2.3.1, but many clients send them raw.
    Secret(Pair<'r>, Option<Pair<'r>>),
    /// Id without a secret.
    Named(&'r str),
    /// No client at all; the id that the path implies.
    Implied(String),
}

const TWICE: &str = "The client is authenticated in more than one way.";

impl Client<'_> {
    /// Returns the client of a request.
    ///
    /// Exactly one way of authentication is allowed: `Basic`, an id and a secret among the
    /// parameters, or the id of a public client alone. An unknown client, a wrong secret, and a
    /// confidential client without a secret get the same answer.
    pub(super) async fn of<'s>(state: &'s State, request: &EndpointRequest) -> Result<Client<'s>, Refusal> {
        let carrier = match request.parts.headers.contains_key(AUTHORIZATION) {
            true => Some(Carrier::Authorization),
            false => request.parameters.carrier("client_secret"),
        };
        Self::identified(state, request).await.map_err(|refusal| refusal.carried_by(carrier))
    }

    async fn identified<'s>(state: &'s State, request: &EndpointRequest) -> Result<Client<'s>, Refusal> {
        let application = match presented(request)? {
            ClientCredentials::Secret(pair, second) => with_secret(state, request, pair, second).await?,
            ClientCredentials::Named(id) => public(state, request, id).await?,
            ClientCredentials::Implied(id) => {
                let application = public(state, request, &id).await?;
                // Two paths may imply one id, such as `a.b` and `c`, or `a` and `b.c`.
                let is_named = |name: &str| request.captures.get(name).is_some();
                if is_named("app") && application.app.is_none() {
                    return Err(RefusalKind::InvalidClient.into());
                }
                application
            }
        };
        let profile = state.profile_of(&application).filter(|of| request.route.profiles.contains(&of.name));
        let Some(profile) = profile else { return Err(RefusalKind::UnauthorizedClient.into()) };
        Ok(Client { application, ways: &profile.ways })
    }
}

/// Returns the id that a request names for its client, verified or not, for the log.
pub(super) fn claimed(request: &EndpointRequest) -> Option<String> {
    match presented(request).ok()? {
        ClientCredentials::Secret(pair, _) => Some(pair.id().to_owned()),
        ClientCredentials::Named(id) => Some(id.to_owned()),
        ClientCredentials::Implied(id) => Some(id),
    }
}

fn presented(request: &EndpointRequest) -> Result<ClientCredentials<'_>, Refusal> {
    let parameters = &request.parameters;
    let (id, secret) = (parameters.text("client_id"), parameters.secret("client_secret"));
    if parameters.text("client_assertion").or(parameters.text("client_assertion_type")).is_some() {
        return Err(RefusalKind::InvalidClient.because("The client authentication is not supported."));
    }
    let Some(pair) = authorization(&request.parts.headers, secret.is_some())? else {
        return match (id, secret) {
            (Some(id), Some(secret)) => {
                Ok(ClientCredentials::Secret(Pair::new(Secret::borrowed(id), secret), None))
            }
            (Some(id), None) => Ok(ClientCredentials::Named(id)),
            (None, None) => {
                let implied = request.route.client.and_then(|template| request.captures.fill(template));
                implied.map(ClientCredentials::Implied).ok_or(RefusalKind::InvalidClient.into())
            }
            (None, Some(_)) => {
                Err(RefusalKind::InvalidRequest.because("The parameter client_id is missing."))
            }
        };
    };
    let (first, second) = match form_decoded(&pair) {
        Some(decoded) if decoded.id() != pair.id() || !decoded.secret().ct_eq(&pair.secret()) => {
            (decoded, Some(pair))
        }
        _ => (pair, None),
    };
    let is_other = |id: &str| id != first.id() && second.as_ref().is_none_or(|second| second.id() != id);
    if id.is_some_and(is_other) {
        return Err(RefusalKind::InvalidRequest.because("The request names two clients."));
    }
    Ok(ClientCredentials::Secret(first, second))
}

/// Returns the halves of `Basic` as they were sent. Another scheme is no client authentication, and
/// beside a secret in the body it could be another client's.
fn authorization(headers: &HeaderMap, has_secret: bool) -> Result<Option<Pair<'static>>, Refusal> {
    let twice = || RefusalKind::InvalidRequest.because(TWICE);
    let Some(line) = scheme::only(headers.get_all(AUTHORIZATION)).map_err(|_| twice())? else {
        return Ok(None);
    };
    if has_secret {
        return Err(twice());
    }
    let line = scheme::Line::split(line).ok().filter(|line| line.word.eq_ignore_ascii_case(b"basic"));
    let pair = line.and_then(|line| basic::decode(line.value).ok().flatten());
    pair.map(Some).ok_or(RefusalKind::InvalidClient.into())
}

/// Returns both halves form-decoded. Returns `None` if they are not form-encoded text.
fn form_decoded(pair: &Pair<'_>) -> Option<Pair<'static>> {
    let decoded = |text: &str| Secret::from_utf8(percent::decode(text.as_bytes(), b' ')?);
    let (id, secret) = (decoded(pair.id())?, decoded(pair.secret().expose_secret())?);
    (!id.holds_control() && !secret.holds_control()).then(|| Pair::new(id, secret))
}

async fn with_secret(
    state: &State,
    request: &EndpointRequest,
    pair: Pair<'_>,
    second: Option<Pair<'_>>,
) -> Result<Application, Refusal> {
    // Some clients send `Basic` with an empty secret if they have none (RFC 6749 section 2.3.1).
    if pair.secret().is_empty() {
        return public(state, request, pair.id()).await;
    }
    let applications = &request.stores.applications;
    let credential = Credential::Client(ClientKind::from_id(pair.id()), pair.reborrow());
    let verification = async {
        for pair in [Some(&pair), second.as_ref()].into_iter().flatten() {
            match applications.authenticate_dyn(pair.id(), &pair.secret()).await {
                Ok(Some(application)) if is_of_path(&application, request) => return Ok(application),
                Ok(_) => {}
                Err(error) => return Err(outage(error)),
            }
        }
        Err(VerifyError::UNKNOWN)
    };
    let verified = state.guesses.around(&credential, &request.context(), verification).await;
    verified.map_err(|error| Refusal::of(&error, RefusalKind::InvalidClient))
}

/// Returns the public application of this id. A confidential one has to authenticate.
async fn public(state: &State, request: &EndpointRequest, id: &str) -> Result<Application, Refusal> {
    let credential =
        Credential::Client(ClientKind::from_id(id), Pair::new(Secret::borrowed(id), Secret::borrowed("")));
    let verification = async {
        let found = request.stores.applications.find_dyn(id).await.map_err(outage)?;
        let is_public = |application: &Application| !application.is_confidential();
        let found = found.filter(|application| is_public(application) && is_of_path(application, request));
        found.ok_or(VerifyError::UNKNOWN)
    };
    let verified = state.guesses.around(&credential, &request.context(), verification).await;
    verified.map_err(|error| Refusal::of(&error, RefusalKind::InvalidClient))
}

/// Returns `true` if an application is of the organization and of the application that the path
/// names. The client of an organization is of every application of it.
pub(super) fn is_of_path(application: &Application, request: &EndpointRequest) -> bool {
    let is = |name: &str, own: Option<&str>| request.captures.get(name).is_none_or(|of| own == Some(of));
    is("org", application.org.as_deref())
        && (application.app.is_none() || is("app", application.app.as_deref()))
}

pub(super) fn outage(error: StoreError) -> VerifyError {
    VerifyError::unavailable(error)
}

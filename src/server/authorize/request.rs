//! An authorization request (RFC 6749 section 4.1.1), judged.

use super::redirect::Redirect;
use crate::grant::{Application, GrantType};
use crate::principal::Scopes;
use crate::server::parameters::Parameters;
use crate::server::profile::{Profile, Ways};
use crate::server::refusal::{Refusal, RefusalKind};
use crate::server::request::EndpointRequest;
use crate::server::state::State;
use crate::server::{audience, challenge, client, scopes};

/// What a client asks the user for. The client may have it.
#[derive(Debug)]
pub(in crate::server) struct AuthorizationRequest<'s> {
    pub(in crate::server) application: Application,
    pub(in crate::server) profile: &'s Profile,
    pub(in crate::server) target: Target,
    pub(in crate::server) scopes: Scopes,
    pub(in crate::server) audience: Vec<String>,
    pub(in crate::server) challenge: Option<String>,
    pub(in crate::server) state: Option<String>,
}

/// Where the user goes with the code.
#[derive(Debug)]
pub(in crate::server) enum Target {
    Redirect(Redirect),
    /// A page shows the code, because the application has no redirect URI and the profile has such
    /// a page.
    CodePage,
}

/// Refusal of an authorization request, and where it is answered.
#[derive(Debug)]
pub(in crate::server) enum AuthorizationRefusal {
    /// An error page. The browser is not sent anywhere, because the client or its redirect URI is
    /// not known.
    Page(Refusal),
    /// An answer to the client.
    Redirect { redirect: Redirect, state: Option<String>, refusal: Refusal },
}

/// Parameters that are refused because ignoring them would drop what the client asked for in them.
const UNSUPPORTED: &[(&str, RefusalKind)] =
    &[("request", RefusalKind::UnsupportedRequest), ("request_uri", RefusalKind::UnsupportedRequestUri)];

/// The maximum length of `state`, in bytes.
const LONGEST_STATE: usize = 8 * 1024;

impl AuthorizationRequest<'_> {
    /// Returns a request that the server can put before the user.
    ///
    /// A fault in the client or in the redirect URI is a page, whatever else is wrong. Every other
    /// fault is an answer to the client (RFC 6749 section 4.1.2.1), or a page if it has no redirect
    /// URI.
    pub(in crate::server) async fn judge<'s>(
        state: &'s State,
        request: &EndpointRequest,
    ) -> Result<AuthorizationRequest<'s>, AuthorizationRefusal> {
        let (application, profile) = client(state, request).await.map_err(AuthorizationRefusal::Page)?;
        let parameters = &request.parameters;
        let target = target(parameters, &application, profile).map_err(AuthorizationRefusal::Page)?;
        let text = parameters.text("state").filter(|state| state.len() <= LONGEST_STATE).map(str::to_owned);
        match rest(state, request, &application, profile) {
            Ok((scopes, audience, challenge)) => Ok(AuthorizationRequest {
                application,
                profile,
                target,
                scopes,
                audience,
                challenge,
                state: text,
            }),
            Err(refusal) => Err(match target {
                Target::Redirect(redirect) => {
                    AuthorizationRefusal::Redirect { redirect, state: text, refusal }
                }
                Target::CodePage => AuthorizationRefusal::Page(refusal),
            }),
        }
    }
}

/// Returns the client that a request names, and its profile.
async fn client<'s>(
    state: &'s State,
    request: &EndpointRequest,
) -> Result<(Application, &'s Profile), Refusal> {
    let parameters = &request.parameters;
    parameters.fault_of("client_id")?;
    let id = parameters.needed("client_id", "The parameter client_id is missing.")?;
    let found = request.stores.applications.find_dyn(id).await?;
    let found = found.filter(|application| client::is_of_path(application, request));
    let application = found.ok_or(RefusalKind::InvalidRequest.because("The client is not registered."))?;
    let profile = state.profile_of(&application).filter(|of| request.route.profiles.contains(&of.name));
    Ok((application, profile.ok_or(RefusalKind::UnauthorizedClient)?))
}

fn target(parameters: &Parameters, application: &Application, profile: &Profile) -> Result<Target, Refusal> {
    parameters.fault_of("redirect_uri")?;
    match parameters.text("redirect_uri") {
        None if profile.ways.codes.page && application.redirects.is_empty() => Ok(Target::CodePage),
        asked => Redirect::find(application, asked).map(Target::Redirect),
    }
}

/// Judges everything except the client, the redirect URI and the user.
fn rest(
    state: &State,
    request: &EndpointRequest,
    application: &Application,
    profile: &Profile,
) -> Result<(Scopes, Vec<String>, Option<String>), Refusal> {
    let (parameters, ways) = (&request.parameters, &profile.ways);
    shape(parameters)?;
    let code = GrantType::AuthorizationCode;
    if !ways.grants.contains(&code) || !application.allows(code) {
        return Err(RefusalKind::UnauthorizedClient.into());
    }
    let challenge = challenge(parameters, ways, application)?;
    let scopes = scopes::new(scopes::asked(request)?, &application.scopes)?;
    Ok((scopes, audience::new(state, request, application)?, challenge))
}

/// Checks the parameters that are the same for every client.
fn shape(parameters: &Parameters) -> Result<(), Refusal> {
    parameters.first_fault()?;
    if parameters.text("state").is_some_and(|state| state.len() > LONGEST_STATE) {
        return Err(RefusalKind::InvalidRequest.because("The parameter state is too long."));
    }
    let unsupported = UNSUPPORTED.iter().find(|(name, _)| parameters.text(name).is_some());
    if let Some((_, refusal)) = unsupported {
        return Err((*refusal).into());
    }
    if parameters.needed("response_type", "The parameter response_type is missing.")? != "code" {
        return Err(RefusalKind::UnsupportedResponseType.into());
    }
    match parameters.text("response_mode") {
        None | Some("query") => Ok(()),
        Some(_) => Err(RefusalKind::InvalidRequest.because("The response mode is not supported.")),
    }
}

/// Returns the S256 challenge. A missing method means `plain` (RFC 7636 section 4.3), which is
/// refused. A method without a challenge is refused as well, because the challenge was lost.
fn challenge(
    parameters: &Parameters,
    ways: &Ways,
    application: &Application,
) -> Result<Option<String>, Refusal> {
    let invalid = |detail| Err(RefusalKind::InvalidRequest.because(detail));
    let challenge = parameters.text("code_challenge");
    match (challenge, parameters.text("code_challenge_method")) {
        (Some(_), Some("S256")) | (None, None) => {}
        (Some(_), _) => return invalid("The parameter code_challenge_method is not S256."),
        (None, Some(_)) => return invalid("The parameter code_challenge is missing."),
    }
    match challenge::is_accepted(challenge, ways, application) {
        true => Ok(challenge.map(str::to_owned)),
        false => invalid("The parameter code_challenge is missing or is not a SHA-256 in base64url."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::profile::{Codes, Pkce, STANDARD};

    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    const ACCEPTED: Ways =
        Ways { codes: Codes { pkce: Pkce::Accepted, ..STANDARD.ways.codes }, ..STANDARD.ways };

    fn read(query: &str) -> Parameters {
        Parameters::of_authorization(&STANDARD.door, Some(query))
    }

    fn judged(query: &str, ways: &Ways, application: &Application) -> Result<Option<String>, RefusalKind> {
        challenge(&read(query), ways, application).map_err(|refusal| refusal.kind)
    }

    #[test]
    fn req_76_a_challenge_is_s256_and_only_a_confidential_client_may_leave_it_out() {
        let (public, confidential) = (Application::public("viewer"), Application::confidential("weather"));
        // Neither a challenge nor a method.
        for absent in ["", "code_challenge=", "code_challenge=&code_challenge_method="] {
            for (ways, application, expected) in [
                (&STANDARD.ways, &public, Err(RefusalKind::InvalidRequest)),
                (&STANDARD.ways, &confidential, Err(RefusalKind::InvalidRequest)),
                (&ACCEPTED, &public, Err(RefusalKind::InvalidRequest)),
                (&ACCEPTED, &confidential, Ok(None)),
            ] {
                assert_eq!(judged(absent, ways, application), expected, "{absent}");
            }
        }
        let (short, long) = (&CHALLENGE[1..], &format!("{CHALLENGE}A")[..]);
        let padded = &format!("{}%3D", &CHALLENGE[1..])[..];
        let standard = &format!("{}%2B", &CHALLENGE[1..])[..];
        for (challenge, method) in [
            (CHALLENGE, "plain"),
            (CHALLENGE, ""),
            (CHALLENGE, "s256"),
            (CHALLENGE, "S512"),
            (CHALLENGE, "S256%20"),
            ("", "S256"),
            (short, "S256"),
            (long, "S256"),
            (padded, "S256"),
            (standard, "S256"),
        ] {
            let query = format!("code_challenge={challenge}&code_challenge_method={method}");
            for (ways, application) in
                [(&STANDARD.ways, &public), (&STANDARD.ways, &confidential), (&ACCEPTED, &confidential)]
            {
                assert_eq!(judged(&query, ways, application), Err(RefusalKind::InvalidRequest), "{query}");
            }
        }
        let good = format!("code_challenge={CHALLENGE}&code_challenge_method=S256");
        for ways in [&STANDARD.ways, &ACCEPTED] {
            assert_eq!(judged(&good, ways, &public), Ok(Some(CHALLENGE.to_owned())));
        }
    }

    #[test]
    fn req_72_the_response_type_is_code_and_the_answer_is_in_the_query() {
        let kind = |query: &str| shape(&read(query)).err().map(|refusal| refusal.kind);
        assert_eq!(kind("response_type=code&response_mode=query&prompt=login&nonce=1"), None);
        assert_eq!(kind("response_type="), Some(RefusalKind::MissingParameter));
        for other in ["token", "id_token", "code+token", "code%20", "CODE", "none"] {
            let query = format!("response_type={other}");
            assert_eq!(kind(&query), Some(RefusalKind::UnsupportedResponseType), "{other}");
        }
        for mode in ["fragment", "form_post", "query.jwt", "web_message"] {
            let query = format!("response_type=code&response_mode={mode}");
            assert_eq!(kind(&query), Some(RefusalKind::InvalidRequest), "{mode}");
        }
        assert_eq!(kind("response_type=code&request=x"), Some(RefusalKind::UnsupportedRequest));
        assert_eq!(kind("response_type=code&request_uri=x"), Some(RefusalKind::UnsupportedRequestUri));
        assert_eq!(kind("response_type=code&response_type=code"), Some(RefusalKind::InvalidRequest));
        let state = |length: usize| format!("response_type=code&state={}", "x".repeat(length));
        assert_eq!(kind(&state(LONGEST_STATE)), None);
        assert_eq!(kind(&state(LONGEST_STATE + 1)), Some(RefusalKind::InvalidRequest));
    }
}

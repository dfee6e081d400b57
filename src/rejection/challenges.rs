//! A dialect's prepared challenges.

use bytes::Bytes;
use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, HeaderValue, StatusCode};

use super::answer::Challenging;
use super::challenge::Challenged;
use super::{Challenge, InvalidChallenge, Rejection};
use crate::principal::Scopes;

/// The challenges of a dialect (RFC 9110 section 11.6.1), those for access tokens first.
// Challenges are prepared for each scheme when the layer is made (`rejection/challenges.rs`). The
// exceptions are challenges that name the scopes that a policy needs.
#[derive(Clone, Debug)]
pub(crate) struct Schemes {
    about: About,
    schemes: Vec<Scheme>,
}

/// The content that all challenges share.
#[derive(Clone, Debug)]
struct About {
    realm: Box<str>,
    /// The URL of the metadata document, which names the authorization server (RFC 9728 section
    /// 5.1).
    metadata: Option<Box<str>>,
    /// The scopes that challenges name if no policy asked for others; empty if the layer has none.
    scope: Scopes,
}

/// The challenges of one scheme.
#[derive(Clone, Debug)]
struct Scheme {
    challenged: Challenged,
    plain: HeaderValue,
    malformed: Option<HeaderValue>,
    denied: Option<HeaderValue>,
}

impl Schemes {
    pub(crate) fn new(realm: &str, challenged: &[Challenged]) -> Result<Self, InvalidChallenge> {
        About { realm: realm.into(), metadata: None, scope: Scopes::none() }
            .schemes(challenged.iter().copied())
    }

    /// Names the metadata document in every challenge for access tokens.
    pub(crate) fn with_metadata(&self, url: &str) -> Result<Self, InvalidChallenge> {
        let about = About { metadata: Some(url.into()), ..self.about.clone() };
        about.schemes(self.schemes.iter().map(|scheme| scheme.challenged))
    }

    /// Names these scopes in every challenge that asks for an access token (RFC 6750 section 3).
    pub(crate) fn with_scope(&self, scope: &Scopes) -> Result<Self, InvalidChallenge> {
        let about = About { scope: scope.clone(), ..self.about.clone() };
        about.schemes(self.schemes.iter().map(|scheme| scheme.challenged))
    }

    /// Adds the challenges for a refusal to the headers of its response.
    pub(crate) fn challenge(&self, rejection: &Rejection, status: StatusCode, headers: &mut HeaderMap) {
        if never_challenges(status) {
            return;
        }
        let token_scheme =
            self.schemes.iter().find(|scheme| matches!(scheme.challenged, Challenged::Token(_)));
        let mut send = |line: &HeaderValue| _ = headers.append(WWW_AUTHENTICATE, line.clone());
        match rejection.kind().answer().challenging {
            Challenging::Nothing => {}
            Challenging::Plainly => {
                for scheme in &self.schemes {
                    send(
                        self.about
                            .asking(scheme, rejection.needed_scopes())
                            .as_ref()
                            .unwrap_or(&scheme.plain),
                    );
                }
            }
            // If the client made an error, it is the charset, which the `Basic` challenge names.
            Challenging::TokenMalformed if rejection.is_of_broken_basic() => {
                let basic = self.schemes.iter().find(|scheme| scheme.challenged == Challenged::Basic);
                basic.into_iter().for_each(|scheme| send(&scheme.plain));
            }
            Challenging::TokenMalformed => {
                token_scheme.and_then(|scheme| scheme.malformed.as_ref()).into_iter().for_each(send);
            }
            // If the dialect has an access-token scheme, it is the first.
            Challenging::TokenDenied => {
                let denied = token_scheme.and_then(|scheme| scheme.denied.as_ref());
                let others = self.schemes.iter().skip(usize::from(denied.is_some()));
                denied.into_iter().chain(others.map(|scheme| &scheme.plain)).for_each(send);
            }
            Challenging::ScopeNeeded => {
                let line = token_scheme
                    .and_then(|scheme| self.about.scope_needed(scheme, rejection.needed_scopes()));
                line.iter().for_each(send);
            }
        }
        // A 401 needs a challenge even if the platform sends it in place of another standard
        // status.
        if status == StatusCode::UNAUTHORIZED && !headers.contains_key(WWW_AUTHENTICATE) {
            self.schemes.iter().for_each(|scheme| _ = headers.append(WWW_AUTHENTICATE, scheme.plain.clone()));
        }
    }
}

/// Leaks a line, so that sending it updates no reference count. Otherwise, refusals on all cores
/// would contend for the same one.
fn kept(challenge: &Challenge) -> Result<HeaderValue, InvalidChallenge> {
    let line = challenge.header_value()?;
    let bytes = Bytes::from_static(line.as_bytes().to_vec().leak());
    Ok(HeaderValue::from_maybe_shared(bytes).unwrap_or(line))
}

/// Returns true for a status that other credentials would not change.
fn never_challenges(status: StatusCode) -> bool {
    matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::PAYLOAD_TOO_LARGE) || status.is_server_error()
}

impl About {
    fn schemes(self, challenged: impl Iterator<Item = Challenged>) -> Result<Schemes, InvalidChallenge> {
        let schemes = challenged.map(|challenged| self.scheme(challenged)).collect::<Result<_, _>>()?;
        Ok(Schemes { about: self, schemes })
    }

    fn scheme(&self, challenged: Challenged) -> Result<Scheme, InvalidChallenge> {
        let plain = match challenged {
            Challenged::Basic => Challenge::basic(&self.realm),
            Challenged::Other(word) => Challenge::new(word).param("realm", &*self.realm),
            Challenged::Token(word) => self.plain(word, &self.scope),
        };
        Ok(Scheme {
            challenged,
            plain: kept(&plain)?,
            // A 400 does not ask for a token, so it names no scopes.
            malformed: self.token_error(challenged, "invalid_request").map(|line| kept(&line)).transpose()?,
            denied: self
                .token_error(challenged, "invalid_token")
                .map(|line| kept(&with_scope(line, &self.scope)))
                .transpose()?,
        })
    }

    /// Returns a challenge with an error of RFC 6750 section 3.1; only access-token schemes have
    /// one.
    fn token_error(&self, challenged: Challenged, error: &str) -> Option<Challenge> {
        let Challenged::Token(word) = challenged else { return None };
        Some(self.named(Challenge::new(word).param("realm", &*self.realm).param("error", error)))
    }

    /// Returns a challenge without an error, with the needed scopes.
    fn plain(&self, word: &str, needed: &Scopes) -> Challenge {
        with_scope(self.named(Challenge::new(word).param("realm", &*self.realm)), needed)
    }

    /// Returns the plain challenge of an access-token scheme with the scopes that a policy asked
    /// for. Returns `None` for other schemes, which have no scopes, or if the policy asked for
    /// none.
    fn asking(&self, scheme: &Scheme, needed: &Scopes) -> Option<HeaderValue> {
        let Challenged::Token(word) = scheme.challenged else { return None };
        if needed.is_empty() {
            return None;
        }
        self.plain(word, needed).header_value().ok()
    }

    fn scope_needed(&self, scheme: &Scheme, needed: &Scopes) -> Option<HeaderValue> {
        let challenge = self.token_error(scheme.challenged, "insufficient_scope")?;
        with_scope(challenge, needed).header_value().ok()
    }

    fn named(&self, challenge: Challenge) -> Challenge {
        match &self.metadata {
            Some(url) => challenge.param("resource_metadata", &**url),
            None => challenge,
        }
    }
}

fn with_scope(challenge: Challenge, needed: &Scopes) -> Challenge {
    if needed.is_empty() { challenge } else { challenge.param("scope", needed.as_str()) }
}

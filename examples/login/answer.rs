//! The answer that the browser brings to the redirect URI.

use oauth2::url::form_urlencoded;
use oauth2::{AuthorizationCode, CsrfToken};

use crate::error::Error;

/// What a genuine answer has to contain.
pub(crate) struct Expected {
    pub(crate) state: CsrfToken,
    pub(crate) issuer: String,
    /// True if an answer without `iss` is refused.
    pub(crate) names_issuer: bool,
}

impl Expected {
    /// Reads the query of a request to the redirect URI: a code, or the reason for its absence.
    /// Returns `None` if the query is no answer of an authorization server.
    pub(crate) fn read(&self, query: &str) -> Option<Result<AuthorizationCode, Error>> {
        let has = |name: &str| form_urlencoded::parse(query.as_bytes()).any(|(key, _)| key == name);
        (has("code") || has("error")).then(|| self.judge(query))
    }

    fn judge(&self, query: &str) -> Result<AuthorizationCode, Error> {
        let [code, error, state, issuer] = ["code", "error", "state", "iss"].map(|name| only(query, name));
        // The state comes first: no other parameter counts in an answer to another request.
        if state?.as_deref() != Some(self.state.secret()) {
            return Err(Error::State);
        }
        // RFC 9207 section 2.4: another server's code must not go to this one.
        let is_of_issuer = issuer?.map_or(!self.names_issuer, |issuer| issuer == self.issuer);
        if !is_of_issuer {
            return Err(Error::AnswerOfOtherIssuer);
        }
        match (code?, error?) {
            (Some(code), None) if !code.is_empty() => Ok(AuthorizationCode::new(code)),
            (None, Some(error)) => Err(refused(&error)),
            _ => Err(Error::Invalid("the answer in the browser has no code")),
        }
    }
}

/// Returns the value of a parameter that must not be repeated (RFC 6749 section 3.1).
fn only(query: &str, name: &str) -> Result<Option<String>, Error> {
    let mut values = form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key == name);
    let value = values.next().map(|(_, value)| value.into_owned());
    match values.next() {
        Some(_) => Err(Error::Invalid("the answer in the browser repeats a parameter")),
        None => Ok(value),
    }
}

/// The error codes of RFC 6749 section 4.1.2.1, and of RFC 8707.
const KNOWN: &[&str] = &[
    "invalid_request",
    "unauthorized_client",
    "unsupported_response_type",
    "invalid_scope",
    "invalid_target",
];

fn refused(error: &str) -> Error {
    match error {
        "access_denied" => Error::Denied,
        "server_error" | "temporarily_unavailable" => Error::Unavailable(503),
        error => {
            let known = KNOWN.iter().find(|known| **known == error);
            Error::Refused(known.copied().unwrap_or("unknown error code").to_owned())
        }
    }
}

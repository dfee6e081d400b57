//! Answers of the endpoints.

use std::fmt::Write as _;

use http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, ALLOW, CACHE_CONTROL, CONTENT_TYPE, PRAGMA, RETRY_AFTER, WWW_AUTHENTICATE,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderValue, Response, StatusCode};

use super::answer_body::AnswerBody;
use super::owner;
use super::profile::{Door, Field, RefusalBody, Ways};
use super::refusal::{Refusal, RefusalKind, RefusalRow};
use super::request::EndpointRequest;
use crate::credential::Secret;
use crate::grant::Grant;
use crate::rejection::render::whole_seconds;

/// An answer of an endpoint.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    /// JSON, or nothing.
    pub(super) body: String,
    /// Value of `Cache-Control`.
    pub(super) caching: &'static str,
}

/// Tokens that were issued, with everything that an answer names.
#[derive(Debug)]
pub(super) struct Issued {
    pub(super) grant: Grant,
    pub(super) access: Secret<'static>,
    pub(super) refresh: Option<Secret<'static>>,
    pub(super) identity: Option<Secret<'static>>,
}

/// Keeps an answer out of every cache (RFC 6749 section 5.1).
const NO_STORE: &str = "no-store";

impl Answer {
    /// Returns a JSON answer with status 200 that no cache keeps.
    pub(super) const fn json(body: String) -> Self {
        Self { status: StatusCode::OK, body, caching: NO_STORE }
    }

    /// Returns an answer without a body, with status 200.
    pub(super) const fn empty() -> Self {
        Self::json(String::new())
    }

    /// Returns the answer with tokens to a request, by the fields of a profile.
    pub(super) fn issued(issued: &Issued, ways: &Ways, request: &EndpointRequest) -> Self {
        let mut body = String::from("{");
        for field in ways.answer {
            if let Some((name, value)) = field.of(issued, request) {
                let comma = if body.len() == 1 { "" } else { "," };
                // Writing to a string does not fail.
                let _ = write!(body, "{comma}\"{name}\":{value}");
            }
        }
        body.push('}');
        Self::json(body)
    }

    pub(super) fn into_response(self) -> Response<AnswerBody> {
        let is_empty = self.body.is_empty();
        let mut response = Response::new(AnswerBody::from(self.body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(self.caching));
        if self.caching == NO_STORE {
            headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
        } else {
            // What caches may keep is public, so pages of any origin may read it.
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        }
        if !is_empty {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        response
    }
}

impl Refusal {
    /// Returns the answer, by the rows of a door. Its texts are fixed.
    pub(super) fn into_response(self, door: &Door) -> Response<AnswerBody> {
        let own = door.row(&self).copied();
        let row = own.unwrap_or_else(|| self.kind.row());
        let description = self.detail.filter(|_| own.is_none()).unwrap_or(row.description);
        let maximum = self.maximum.unwrap_or_default().as_millis().to_string();
        let body = door.body.json(&row, &description.replace("{maximum}", &maximum));
        let mut response = Answer { status: row.status, ..Answer::json(body) }.into_response();
        let headers = response.headers_mut();
        if row.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(CHALLENGE));
        }
        if let Some(allow) = self.allow {
            headers.insert(ALLOW, HeaderValue::from_static(allow));
        }
        let seconds = match self.kind {
            RefusalKind::Unavailable => Some(5),
            _ => self.retry_after.map(whole_seconds),
        };
        if let Some(seconds) = seconds {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}

/// The challenge of every 401 (RFC 6749 section 5.2, RFC 7617 section 2).
const CHALLENGE: &str = "Basic realm=\"oauth\", charset=\"UTF-8\"";

impl RefusalBody {
    /// Returns the body of a refusal with this description.
    fn json(self, row: &RefusalRow, description: &str) -> String {
        let (error, description) = (quoted(row.error), quoted(description));
        match self {
            Self::OAuth => {
                let exception = row.exception.map(|name| format!("\"exception\":{},", quoted(name)));
                let exception = exception.unwrap_or_default();
                format!("{{\"error\":{error},{exception}\"error_description\":{description}}}")
            }
            Self::Soda => format!("{{\"code\":{error},\"error\":true,\"message\":{description}}}"),
        }
    }
}

impl Field {
    /// Returns the name and the JSON value of a field; `None` if the answer does not have it.
    fn of(self, issued: &Issued, request: &EndpointRequest) -> Option<(&'static str, String)> {
        let grant = &issued.grant;
        let text = |secret: &Secret<'_>| quoted(secret.expose_secret());
        match self {
            Self::AccessToken => Some(("access_token", text(&issued.access))),
            Self::TokenType => Some(("token_type", quoted("Bearer"))),
            Self::ExpiresIn => Some(("expires_in", grant.expires_in()?.to_string())),
            Self::RefreshToken => Some(("refresh_token", issued.refresh.as_ref().map(text)?)),
            Self::Scope => {
                Some(("scope", quoted(grant.scopes.as_str()))).filter(|_| !grant.scopes.is_empty())
            }
            Self::User => Some(("user", owner::user(grant)?)),
            Self::Application => Some(("application", owner::application(grant)?)),
            Self::Organization => Some(("organization", owner::organization(grant)?)),
            Self::State => Some(("state", quoted(request.text("state")?))),
            Self::IdToken => Some(("id_token", issued.identity.as_ref().map(text)?)),
        }
    }
}

/// Returns a text as JSON.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

//! What an authorization server says about a token, and whether that will do.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value};

use super::object::{self, Object};
use crate::principal::{OAuthUser, Principal};
use crate::verify::{Reason, VerifyError};

/// What is expected of an answer.
#[derive(Clone, Debug, Default)]
pub(super) struct Expected {
    pub(super) issuer: Option<String>,
    pub(super) audience: Option<String>,
    /// Whose word it is: the issuer, or where none is expected the endpoint. What the answer says is not looked at.
    pub(super) authority: Arc<str>,
    /// How far ahead the server's clock may be.
    pub(super) leeway: Duration,
}

/// Claims that tell an access token from other tokens, with what they say of one. A server without the
/// claim leaves it out.
const TYPES: &[(&str, &[&str])] = &[
    // RFC 7662 section 2.2; a token of another type is bound to a key that nobody proved to hold.
    ("token_type", &["bearer", "access_token"]),
    // Ory Hydra, Amazon Cognito.
    ("token_use", &["access_token", "access"]),
    // Keycloak; RFC 9068 section 2.1 where a server repeats the header.
    ("typ", &["bearer", "at+jwt"]),
];

/// Reads the body of an answer, whose status and type are right.
///
/// An object that does not clearly say that the token is good denies it. Anything else is the server's
/// failing, and says nothing about the token.
pub(super) fn judge(body: &[u8], expected: &Expected, now: SystemTime) -> Result<Principal, VerifyError> {
    let object = serde_json::from_slice::<Object>(body)
        // The cause would quote the answer.
        .map_err(|_| VerifyError::unavailable("the authorization server's answer is no JSON object"))?;
    let claims = Some(object).filter(|object| !object.repeats).map(|object| object.members);
    let claims = claims.filter(|claims| claims.get("active") == Some(&Value::Bool(true)));
    let claims = claims.ok_or(VerifyError::UNKNOWN)?;
    accept(claims, expected, now).unwrap_or(Err(VerifyError::UNKNOWN))
}

/// `None` where something is not in order.
fn accept(
    claims: Map<String, Value>,
    expected: &Expected,
    now: SystemTime,
) -> Option<Result<Principal, VerifyError>> {
    // Bound to a key (RFC 7800) that nobody proved to hold.
    if claims.contains_key("cnf") || !is_access_token(&claims)? {
        return None;
    }
    let issuer = text(&claims, "iss")?;
    let issued_here = expected.issuer.is_none() || issuer == expected.issuer.as_deref();
    let meant_here = expected.audience.as_deref().is_none_or(|audience| is_for(&claims, audience));
    let ahead = |begins: SystemTime| begins.duration_since(now).unwrap_or_default();
    let begun = time(&claims, "nbf")?.is_none_or(|begins| ahead(begins) <= expected.leeway);
    if !(issued_here && meant_here && begun) {
        return None;
    }
    let expires_at = time(&claims, "exp")?;
    if expires_at.is_some_and(|expires_at| expires_at <= now) {
        return Some(Err(VerifyError::Denied(Reason::Expired)));
    }
    principal(claims, expected, expires_at).map(Ok)
}

fn principal(
    claims: Map<String, Value>,
    expected: &Expected,
    expires_at: Option<SystemTime>,
) -> Option<Principal> {
    let client = text(&claims, "client_id")?;
    let subject = text(&claims, "sub")?.or(text(&claims, "username")?).or(client)?;
    let scopes = text(&claims, "scope")?.unwrap_or_default();
    let mut user =
        OAuthUser::builder(subject).issuer(Arc::clone(&expected.authority)).scopes(scopes.split(' '));
    if let Some(client) = client {
        user = user.client(client);
    }
    if let Some(expires_at) = expires_at {
        user = user.expires_at(expires_at);
    }
    if let Some(id) = text(&claims, "jti")? {
        user = user.credential_id(id);
    }
    Some(user.claims_bytes(object::bytes(&claims)).claims(claims).build().into())
}

fn is_access_token(claims: &Map<String, Value>) -> Option<bool> {
    for (name, wanted) in TYPES {
        let said = text(claims, name)?;
        if said.is_some_and(|said| !wanted.iter().any(|wanted| said.eq_ignore_ascii_case(wanted))) {
            return Some(false);
        }
    }
    Some(true)
}

/// Whether the audience (a text or a list of texts) has this name.
fn is_for(claims: &Map<String, Value>, audience: &str) -> bool {
    match claims.get("aud") {
        Some(Value::String(one)) => one == audience,
        Some(Value::Array(several)) => {
            several.iter().all(Value::is_string) && several.iter().any(|one| one == audience)
        }
        _ => false,
    }
}

/// A text, where it is one; `None` inside where there is none, or an empty one.
#[allow(clippy::option_option, reason = "wrong and absent are two things")]
fn text<'c>(claims: &'c Map<String, Value>, name: &str) -> Option<Option<&'c str>> {
    match claims.get(name) {
        None | Some(Value::Null) => Some(None),
        Some(Value::String(text)) => Some(Some(text.as_str()).filter(|text| !text.is_empty())),
        Some(_) => None,
    }
}

/// A `NumericDate` (RFC 7519 section 2), where it is one that can be told.
#[allow(clippy::option_option, reason = "wrong and absent are two things")]
fn time(claims: &Map<String, Value>, name: &str) -> Option<Option<SystemTime>> {
    let seconds = match claims.get(name) {
        None => return Some(None),
        Some(Value::Number(seconds)) => seconds,
        Some(_) => return None,
    };
    let since = match seconds.as_u64() {
        Some(seconds) => Duration::from_secs(seconds),
        None => Duration::try_from_secs_f64(seconds.as_f64()?).ok()?,
    };
    UNIX_EPOCH.checked_add(since).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_700_000_000;

    fn judged(body: &str, expected: &Expected) -> Result<Principal, VerifyError> {
        judge(body.as_bytes(), expected, UNIX_EPOCH + Duration::from_secs(NOW))
    }

    fn expected() -> Expected {
        Expected {
            issuer: Some("https://as".to_owned()),
            audience: Some("api".to_owned()),
            leeway: Duration::from_secs(30),
            ..Expected::default()
        }
    }

    /// What stands in an answer beside `active`, `sub`, `iss` and `aud` that are right.
    fn with(member: &str) -> String {
        format!(r#"{{"active":true,"sub":"otto","iss":"https://as","aud":"api"{member}}}"#)
    }

    #[test]
    fn req_49_what_is_not_clearly_active_is_denied() {
        for body in [
            r#"{"active":"true","sub":"otto"}"#,
            r#"{"active":1,"sub":"otto"}"#,
            r#"{"active":false,"sub":"otto"}"#,
            r#"{"active":null,"sub":"otto"}"#,
            r#"{"active":[true],"sub":"otto"}"#,
            r#"{"ACTIVE":true,"sub":"otto"}"#,
            r#"{"active":true,"active":true,"sub":"otto"}"#,
            r#"{"active":false,"active":true,"sub":"otto"}"#,
            r#"{"active":true,"sub":"otto","sub":"olga"}"#,
            r#"{"active":true}"#,
            r#"{"active":true,"sub":""}"#,
            r#"{"active":true,"sub":7}"#,
            r#"{"error":"invalid_request"}"#,
            "{}",
        ] {
            let refused = judged(body, &Expected::default()).unwrap_err();
            assert!(matches!(refused, VerifyError::Denied(Reason::Unknown)), "{body}: {refused:?}");
        }
    }

    #[test]
    fn req_49_what_is_no_object_says_nothing_about_the_token() {
        for body in ["", "null", "true", "[]", "\"active\"", "<html>", r#"{"active":true"#, "{\"a\":\u{1}}"] {
            let refused = judged(body, &Expected::default()).unwrap_err();
            assert!(matches!(refused, VerifyError::Unavailable(_)), "{body}: {refused:?}");
        }
    }

    #[test]
    fn req_49_times_issuer_and_audience_have_to_be_in_order() {
        let (past, soon, later) = (NOW - 1, NOW + 30, NOW + 31);
        for (member, good) in [
            (String::new(), true),
            (format!(r#","exp":{soon}"#), true),
            (format!(r#","exp":{soon}.5"#), true),
            (format!(r#","exp":{past}"#), false),
            (format!(r#","exp":{NOW}"#), false),
            (r#","exp":-1"#.to_owned(), false),
            (r#","exp":"9999999999""#.to_owned(), false),
            (r#","exp":null"#.to_owned(), false),
            (r#","exp":18446744073709551615"#.to_owned(), false),
            (r#","exp":1e300"#.to_owned(), false),
            (format!(r#","nbf":{past}"#), true),
            (format!(r#","nbf":{soon}"#), true),
            (format!(r#","nbf":{later}"#), false),
            (r#","nbf":"0""#.to_owned(), false),
            (r#","cnf":{"x5t#S256":"bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"}"#.to_owned(), false),
            (r#","cnf":null"#.to_owned(), false),
            (r#","token_type":"Bearer""#.to_owned(), true),
            (r#","token_type":"DPoP""#.to_owned(), false),
            (r#","token_type":["Bearer"]"#.to_owned(), false),
            (r#","token_use":"access_token""#.to_owned(), true),
            (r#","token_use":"refresh_token""#.to_owned(), false),
            (r#","typ":"Bearer""#.to_owned(), true),
            (r#","typ":"Refresh""#.to_owned(), false),
            (r#","typ":"ID""#.to_owned(), false),
            (r#","scope":["a"]"#.to_owned(), false),
        ] {
            let body = with(&member);
            assert_eq!(judged(&body, &expected()).is_ok(), good, "{body}");
        }
        let expired = judged(&with(&format!(r#","exp":{past}"#)), &expected()).unwrap_err();
        assert!(matches!(expired, VerifyError::Denied(Reason::Expired)));
    }

    #[test]
    fn req_49_an_issuer_or_audience_that_is_expected_has_to_be_there() {
        for (members, good) in [
            (r#""iss":"https://as","aud":"api""#, true),
            (r#""iss":"https://as","aud":["web","api"]"#, true),
            (r#""iss":"https://as","aud":["api",5]"#, false),
            (r#""iss":"https://as","aud":"API""#, false),
            (r#""iss":"https://as","aud":[]"#, false),
            (r#""iss":"https://as","aud":5"#, false),
            (r#""iss":"https://as""#, false),
            (r#""iss":"https://as/","aud":"api""#, false),
            (r#""iss":["https://as"],"aud":"api""#, false),
            (r#""aud":"api""#, false),
        ] {
            let body = format!(r#"{{"active":true,"sub":"otto",{members}}}"#);
            assert_eq!(judged(&body, &expected()).is_ok(), good, "{body}");
        }
        assert!(judged(r#"{"active":true,"sub":"otto"}"#, &Expected::default()).is_ok());
    }

    #[test]
    fn the_principal_is_who_the_server_says() {
        let body = r#"{"active":true,"sub":"u-1","username":"otto","client_id":"map","scope":"read write",
            "exp":1700000100,"jti":"j-1","department":{"name":"maps"}}"#;
        let Ok(Principal::OAuthUser(user)) = judged(body, &Expected::default()) else { panic!("a user") };
        assert_eq!((user.id(), user.client(), user.credential_id()), ("u-1", Some("map"), Some("j-1")));
        assert_eq!(user.scopes().as_str(), "read write");
        assert_eq!(user.expires_at(), Some(UNIX_EPOCH + Duration::from_secs(1_700_000_100)));
        let claims = user.claims::<Map<String, Value>>().unwrap();
        assert_eq!(claims["department"]["name"], "maps");
        for (body, id) in [
            (r#"{"active":true,"username":"otto","client_id":"map"}"#, "otto"),
            (r#"{"active":true,"sub":"","client_id":"map"}"#, "map"),
        ] {
            assert_eq!(judged(body, &Expected::default()).unwrap().id(), Some(id));
        }
    }
}

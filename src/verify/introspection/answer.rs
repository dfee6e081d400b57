//! What an authorization server says about a token, and whether that will do.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::de::IgnoredAny;

use super::{Json, Mapping};
use crate::principal::Principal;
use crate::verify::{Reason, VerifyError};

/// What is expected of an answer, and what is made of it.
#[derive(Clone, Debug)]
pub(super) struct Expected {
    pub(super) issuer: Option<String>,
    pub(super) audience: Option<String>,
    /// Whose word it is: the issuer, or where none is expected the endpoint. What the answer says is not looked at.
    pub(super) authority: Arc<str>,
    /// How far ahead the server's clock may be.
    pub(super) leeway: Duration,
    pub(super) mapping: Mapping,
}

impl Default for Expected {
    fn default() -> Self {
        Self {
            issuer: None,
            audience: None,
            authority: Arc::from(""),
            leeway: Duration::from_secs(30),
            mapping: Mapping::new(&["sub", "username", "client_id"], true),
        }
    }
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
    let text = str::from_utf8(body).unwrap_or_default();
    match Json::read(text) {
        Some(claims @ Json::Object(_)) => {
            accept(&claims, text, expected, now).unwrap_or(Err(VerifyError::UNKNOWN))
        }
        // A name stands twice in it: two programs may read it differently.
        None if serde_json::from_str::<HashMap<String, IgnoredAny>>(text).is_ok() => {
            Err(VerifyError::UNKNOWN)
        }
        // The cause would quote the answer.
        _ => Err(VerifyError::unavailable("the authorization server's answer is no JSON object")),
    }
}

/// `None` where something is not in order.
fn accept(
    claims: &Json<'_>,
    text: &str,
    expected: &Expected,
    now: SystemTime,
) -> Option<Result<Principal, VerifyError>> {
    // Bound to a key (RFC 7800) that nobody proved to hold.
    let is_good = matches!(claims.get("active"), Some(Json::True)) && claims.get("cnf").is_none();
    if !is_good || !is_access_token(claims)? {
        return None;
    }
    let issuer = text_of(claims, "iss")?;
    let issued_here = expected.issuer.is_none() || issuer == expected.issuer.as_deref();
    let meant_here = expected.audience.as_deref().is_none_or(|audience| is_for(claims, audience));
    let ahead = |begins: SystemTime| begins.duration_since(now).unwrap_or_default();
    let begun = time_of(claims, "nbf")?.is_none_or(|begins| ahead(begins) <= expected.leeway);
    if !(issued_here && meant_here && begun) {
        return None;
    }
    let expires_at = time_of(claims, "exp")?;
    if expires_at.is_some_and(|expires_at| expires_at <= now) {
        return Some(Err(VerifyError::Denied(Reason::Expired)));
    }
    let mut user = expected.mapping.user(claims).ok()?.issuer(Arc::clone(&expected.authority));
    if let Some(expires_at) = expires_at {
        user = user.expires_at(expires_at);
    }
    if let Some(id) = text_of(claims, "jti")? {
        user = user.credential_id(id);
    }
    let user = user.claims_bytes(text.len()).claims(expected.mapping.kept(text.to_owned()));
    Some(Ok(user.build().into()))
}

fn is_access_token(claims: &Json<'_>) -> Option<bool> {
    for (name, wanted) in TYPES {
        let said = text_of(claims, name)?;
        if said.is_some_and(|said| !wanted.iter().any(|wanted| said.eq_ignore_ascii_case(wanted))) {
            return Some(false);
        }
    }
    Some(true)
}

/// Whether the audience (a text or a list of texts) has this name.
fn is_for(claims: &Json<'_>, audience: &str) -> bool {
    match claims.get("aud") {
        Some(Json::Text(one)) => one == audience,
        Some(several) => several.texts().is_some_and(|several| several.contains(&audience)),
        None => false,
    }
}

/// A text, where it is one; `None` inside where there is none, or an empty one.
#[allow(clippy::option_option, reason = "wrong and absent are two things")]
fn text_of<'c>(claims: &'c Json<'_>, name: &str) -> Option<Option<&'c str>> {
    match claims.get(name) {
        None | Some(Json::Null) => Some(None),
        Some(value) => value.text().map(|text| Some(text).filter(|text| !text.is_empty())),
    }
}

/// A `NumericDate` (RFC 7519 section 2), where it is one that can be told.
#[allow(clippy::option_option, reason = "wrong and absent are two things")]
fn time_of(claims: &Json<'_>, name: &str) -> Option<Option<SystemTime>> {
    let Some(value) = claims.get(name) else { return Some(None) };
    let since = Duration::try_from_secs_f64(value.number()?).ok()?;
    UNIX_EPOCH.checked_add(since).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::Claims;

    const NOW: u64 = 1_700_000_000;

    fn judged(body: &str, expected: &Expected) -> Result<Principal, VerifyError> {
        judge(body.as_bytes(), expected, UNIX_EPOCH + Duration::from_secs(NOW))
    }

    fn expected() -> Expected {
        Expected {
            issuer: Some("https://as".to_owned()),
            audience: Some("api".to_owned()),
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
            r#"{"active":false,"\u0061ctive":true,"sub":"otto"}"#,
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
        for body in [
            "",
            "null",
            "true",
            "[]",
            "\"active\"",
            "<html>",
            r#"{"active":true"#,
            r#"{"a":1,"a":1"#,
            r#"{"a":1,"a":1} x"#,
            r#"[{"a":1,"a":1}]"#,
            "{\"a\":\u{1}}",
        ] {
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
            (r#","scope":["a"]"#.to_owned(), true),
            (r#","scope":["a",5]"#.to_owned(), false),
            (r#","scope":5"#.to_owned(), false),
            (r#","scope":null,"client_id":null,"jti":null,"token_type":null"#.to_owned(), true),
            (r#","jti":5"#.to_owned(), false),
            (r#","client_id":[]"#.to_owned(), false),
            (r#","nested":{"a":1,"b":[{"a":1}]}"#.to_owned(), true),
            (r#","nested":{"a":1,"b":[{"a":1,"a":1}]}"#.to_owned(), false),
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
        let claims = user.claims::<Claims>().unwrap();
        assert_eq!(
            (claims.get("department").unwrap()["name"].as_str(), claims.as_json()),
            (Some("maps"), body)
        );
        for (body, id) in [
            (r#"{"active":true,"username":"otto","client_id":"map"}"#, "otto"),
            (r#"{"active":true,"sub":"","client_id":"map"}"#, "map"),
        ] {
            assert_eq!(judged(body, &Expected::default()).unwrap().id(), Some(id));
        }
    }
}

//! The evaluation of an authorization server's answer about a token.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::de::IgnoredAny;

use super::kind::is_access_token;
use super::{Check, Denial, DenialReason, Json, Mapping, NAME, Value, VerifyError, is_for, text_of, time_of};
use crate::principal::Principal;

/// The expected content of an answer, and its evaluation.
#[derive(Clone, Debug)]
pub(super) struct Expected {
    pub(super) issuer: Option<String>,
    pub(super) audience: Option<String>,
    /// The issuer, or the endpoint if no issuer is expected. Never read from the answer.
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

/// Reads the body of an answer with the right status and type.
///
/// An object denies the token unless it clearly states that the token is good. Anything else is a
/// failure of the server and means nothing for the token.
// An answer of introspection that is an object denies, anything else is an outage. The service is
// responsible for reaching the authorization server and for its own access there. HTML, a redirect
// or a 401 therefore contain nothing about the token. If an object does not clearly state that the
// token is good, it is an answer about the token, and it denies. Examples are an `active` that is
// not a boolean, a name twice at any depth, and a `cnf`.
pub(super) fn evaluate_response(
    body: &[u8],
    expected: &Expected,
    tenant: Option<&str>,
    now: SystemTime,
) -> Result<Principal, VerifyError> {
    let text = str::from_utf8(body).unwrap_or_default();
    match Json::read(text) {
        Some(claims @ Json::Object(_)) => {
            accept(&claims, text, expected, tenant, now).map_err(|denial| denial.logged(NAME))
        }
        // A name occurs twice: two programs may read the object differently.
        None if serde_json::from_str::<HashMap<String, IgnoredAny>>(text).is_ok() => {
            Err(Denial::new(Check::Format, "the response repeats a name").logged(NAME))
        }
        // The cause would quote the answer.
        _ => Err(VerifyError::unavailable("the authorization server's response is not a JSON object")),
    }
}

/// Returns true if an error means that the token is invalid (RFC 6750 section 3.1), not the
/// request.
pub(super) fn denies(body: &[u8]) -> bool {
    let answer = Json::read(str::from_utf8(body).unwrap_or_default());
    answer.is_some_and(|answer| answer.get("error").and_then(Json::text) == Some("invalid_token"))
}

fn accept<'c>(
    claims: &'c Json<'_>,
    text: &str,
    expected: &'c Expected,
    tenant: Option<&str>,
    now: SystemTime,
) -> Result<Principal, Denial<'c>> {
    if !matches!(claims.get("active"), Some(Json::True)) {
        let denial = Denial::new(Check::Record, "`active` is not `true`").expected("true");
        return Err(denial.received(claims.get("active").map_or(Value::Absent, |value| Value::Any(value))));
    }
    // Bound to a key (RFC 7800), and no proof of possession was verified.
    if claims.get("cnf").is_some() {
        return Err(Denial::new(Check::Claims, "bound to a key whose proof is not verified"));
    }
    is_access_token(claims)?;
    let issuer = text_of(claims, "iss")?;
    if let Some(wanted) = expected.issuer.as_deref().filter(|wanted| issuer != Some(wanted)) {
        return Err(Denial::new(Check::Issuer, "wrong issuer").expected(wanted).received(issuer));
    }
    if let Some(wanted) = expected.audience.as_deref().filter(|wanted| !is_for(claims, wanted)) {
        let received = claims.get("aud").map_or(Value::Absent, |value| Value::Any(value));
        return Err(Denial::new(Check::Audience, "wrong audience").expected(wanted).received(received));
    }
    let ahead = |begins: SystemTime| begins.duration_since(now).unwrap_or_default();
    let claim = |why| Denial::new(Check::Claims, why);
    if !expected.mapping.is_at(tenant, claims).map_err(claim)? {
        return Err(claim("wrong tenant"));
    }
    let too_early = |begins: &SystemTime| ahead(*begins) > expected.leeway;
    if let Some(begins) = time_of(claims, "nbf")?.filter(too_early) {
        let denial = Denial::new(Check::Time, "`nbf` is in the future by more than the leeway");
        let seconds = |time: Duration| Value::Seconds(time.as_secs_f64());
        return Err(denial.expected(seconds(expected.leeway)).received(seconds(ahead(begins))));
    }
    let expires_at = time_of(claims, "exp")?;
    if let Some(over) = expires_at.and_then(|expires_at| now.duration_since(expires_at).ok()) {
        let denial = Denial::new(Check::Time, "`exp` is past").because(DenialReason::Expired);
        return Err(denial.received(Value::Seconds(over.as_secs_f64())));
    }
    let user = expected.mapping.user(claims).map_err(|why| Denial::new(Check::Claims, why))?;
    let mut user = user.with_issuer(Arc::clone(&expected.authority));
    if let Some(expires_at) = expires_at {
        user = user.with_expires_at(expires_at);
    }
    if let Some(id) = text_of(claims, "jti")? {
        user = user.with_credential_id(id);
    }
    let user = user.with_claims_bytes(text.len()).with_claims(expected.mapping.kept(text.to_owned()));
    Ok(user.into_principal())
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;
    use crate::verify::Claims;

    const NOW: u64 = 1_700_000_000;

    fn evaluate(body: &str, expected: &Expected) -> Result<Principal, VerifyError> {
        evaluate_response(body.as_bytes(), expected, None, UNIX_EPOCH + Duration::from_secs(NOW))
    }

    fn expected() -> Expected {
        Expected {
            issuer: Some("https://as".to_owned()),
            audience: Some("api".to_owned()),
            ..Expected::default()
        }
    }

    /// An answer with this member, and with valid `active`, `sub`, `iss` and `aud`.
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
            let refused = evaluate(body, &Expected::default()).unwrap_err();
            assert!(matches!(refused, VerifyError::Denied(DenialReason::Unknown)), "{body}: {refused:?}");
        }
    }

    #[test]
    fn req_49_an_answer_that_is_no_object_decides_nothing_about_the_token() {
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
            let refused = evaluate(body, &Expected::default()).unwrap_err();
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
            assert_eq!(evaluate(&body, &expected()).is_ok(), good, "{body}");
        }
        let expired = evaluate(&with(&format!(r#","exp":{past}"#)), &expected()).unwrap_err();
        assert!(matches!(expired, VerifyError::Denied(DenialReason::Expired)));
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
            assert_eq!(evaluate(&body, &expected()).is_ok(), good, "{body}");
        }
        assert!(evaluate(r#"{"active":true,"sub":"otto"}"#, &Expected::default()).is_ok());
    }

    #[test]
    fn the_principal_is_the_one_that_the_server_names() {
        let body = r#"{"active":true,"sub":"u-1","username":"otto","client_id":"map","scope":"read write",
            "exp":1700000100,"jti":"j-1","department":{"name":"maps"}}"#;
        let Ok(Principal::OAuthUser(user)) = evaluate(body, &Expected::default()) else { panic!("a user") };
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
            assert_eq!(evaluate(body, &Expected::default()).unwrap().id(), Some(id));
        }
    }
}

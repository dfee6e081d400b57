//! The answers of the pages that the portal's authorization servers show to browsers.

use serde_json::{Value, json};

use super::answers::{equal, no_challenge};
use super::wire::Answer;

/// Checks a page with this status: HTML that no cache keeps, no other site frames and no script is
/// in.
pub(super) fn page(status: u16, answer: &Answer) -> Result<(), String> {
    equal("status", &answer.status, &status)?;
    equal("location", &answer.texts("location"), &Vec::new())?;
    equal("content-type", &answer.texts("content-type"), &vec!["text/html; charset=utf-8".to_owned()])?;
    let policy = answer.texts("content-security-policy").join(" ");
    for rule in ["default-src 'none'", "frame-ancestors 'none'"] {
        equal(rule, &policy.contains(rule), &true)?;
    }
    no_challenge(answer).and_then(|()| hidden(answer))
}

/// Returns what a browser carries from a page or a redirect to the next request: cookies, the token
/// of a form, and the code for the client.
pub(super) fn carried(answer: &Answer) -> Value {
    let cookies = answer.texts("set-cookie");
    let cookies = cookies.iter().filter_map(|line| line.split(';').next());
    let cookies: Vec<&str> = cookies.filter(|pair| !pair.ends_with('=')).collect();
    let html = String::from_utf8_lossy(&answer.body);
    let token = html.split("name=\"form_token\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let location = answer.texts("location").concat();
    let code = location.split(['?', '&']).find_map(|pair| pair.strip_prefix("code="));
    json!({ "cookie": cookies.join("; "), "form_token": token, "code": code })
}

/// Checks an answer that a browser takes to a client: this error, the issuer, and no code. Without
/// an error it leads to the next page, or to the client with a code.
pub(super) fn redirect(error: &str, answer: &Answer) -> Result<(), String> {
    equal("status", &answer.status, &303)?;
    equal("body", &answer.body.len(), &0)?;
    let location = answer.texts("location").concat();
    let (_, query) = location.split_once('?').unwrap_or_default();
    let values = |name: &str| -> Vec<String> {
        let pairs = form_urlencoded::parse(query.as_bytes()).filter(|(of, _)| of == name);
        pairs.map(|(_, value)| value.into_owned()).collect()
    };
    if error.is_empty() {
        equal("errors", &values("error").len(), &0)?;
        return no_challenge(answer).and_then(|()| hidden(answer));
    }
    equal("error", &values("error"), &vec![error.to_owned()])?;
    equal("issuers", &values("iss").len(), &1)?;
    equal("codes", &values("code").len(), &0)?;
    no_challenge(answer).and_then(|()| hidden(answer))
}

fn hidden(answer: &Answer) -> Result<(), String> {
    equal("cache-control", &answer.texts("cache-control"), &vec!["no-store".to_owned()])?;
    equal("referrer-policy", &answer.texts("referrer-policy"), &vec!["no-referrer".to_owned()])
}

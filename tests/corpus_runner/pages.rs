//! The answers of the pages that the portal's authorization servers show to browsers.

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

/// Checks an answer that a browser takes to a client: this error, the issuer, and no code.
pub(super) fn redirect(error: &str, answer: &Answer) -> Result<(), String> {
    equal("status", &answer.status, &303)?;
    equal("body", &answer.body.len(), &0)?;
    let location = answer.texts("location").concat();
    let (_, query) = location.split_once('?').unwrap_or_default();
    let values = |name: &str| -> Vec<String> {
        let pairs = form_urlencoded::parse(query.as_bytes()).filter(|(of, _)| of == name);
        pairs.map(|(_, value)| value.into_owned()).collect()
    };
    equal("error", &values("error"), &vec![error.to_owned()])?;
    equal("issuers", &values("iss").len(), &1)?;
    equal("codes", &values("code").len(), &0)?;
    no_challenge(answer).and_then(|()| hidden(answer))
}

fn hidden(answer: &Answer) -> Result<(), String> {
    equal("cache-control", &answer.texts("cache-control"), &vec!["no-store".to_owned()])?;
    equal("referrer-policy", &answer.texts("referrer-policy"), &vec!["no-referrer".to_owned()])
}

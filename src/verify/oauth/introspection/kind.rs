//! The check that an answer is about an access token.

use super::{Check, Denial, Json, Value, Word, text_of};

/// Claims that distinguish an access token from other tokens, with their values for an access
/// token. A server without the claim leaves it out.
pub(crate) const TYPES: &[(&str, &[&str])] = &[
    // RFC 7662 section 2.2; a token of another type is bound to a key, and no possession was
    // proved.
    ("token_type", &["bearer", "access_token"]),
    // Ory Hydra, Amazon Cognito.
    ("token_use", &["access_token", "access"]),
    // Keycloak; RFC 9068 section 2.1 if a server repeats the header.
    ("typ", &["bearer", "at+jwt"]),
];

pub(crate) fn is_access_token<'c>(claims: &'c Json<'_>) -> Result<(), Denial<'c>> {
    for (name, wanted) in TYPES {
        let said = text_of(claims, name)?;
        if said.is_some_and(|said| !wanted.iter().any(|wanted| said.eq_ignore_ascii_case(wanted))) {
            return Err(Denial::new(Check::Use, "a token for a different use")
                .expected(*name)
                .received(said));
        }
    }
    // Words in other claims are another issuer's convention; two of them have one meaning
    // everywhere.
    let Json::Object(members) = claims else { return Ok(()) };
    for (_, value) in members.iter().filter(|(name, _)| Word::is_named_by(name)) {
        if let Some(Word::Refresh | Word::Identity) = value.text().and_then(Word::of) {
            return Err(Denial::new(Check::Use, "a refresh or identity token").received(Value::Any(value)));
        }
    }
    Ok(())
}

//! Clients that act for themselves.

use super::Json;

/// Whether a token is a client's own and speaks for no person, by its claims and the id they make.
///
/// * Its subject, or the id, is its client's id (RFC 9068 section 2.2; RFC 7662 without `sub`; Okta's `cid`,
///   Google's `azp`).
/// * It says so: Auth0's `gty` and `@clients`, Microsoft Entra's `idtyp`, `grant_type`.
/// * Its user is the service account of its client (Keycloak).
///
/// A person whose token looks so loses what `${user}` grants; no client becomes a person.
pub(super) fn acts_for_itself(claims: &Json<'_>, id: &str) -> bool {
    let text = |name: &str| claims.get(name).and_then(Json::text).filter(|text| !text.is_empty());
    let subjects = || text("sub").into_iter().chain([id]);
    let clients = || CLIENT.iter().filter_map(|name| text(name));
    let is_client =
        |subject: &str| subject.ends_with("@clients") || clients().any(|client| client == subject);
    let says = |(name, value): &(&str, &str)| match claims.get(name) {
        Some(Json::Text(one)) => one.eq_ignore_ascii_case(value),
        Some(several) => several.texts().is_some_and(|texts| texts.contains(value)),
        None => false,
    };
    let service = text("preferred_username").or(text("username"));
    let service = service.and_then(|name| name.strip_prefix("service-account-"));
    subjects().any(is_client)
        || SAID.iter().any(says)
        || service.is_some_and(|service| clients().any(|client| client.eq_ignore_ascii_case(service)))
}

/// The claims that name the client.
const CLIENT: &[&str] = &["client_id", "azp", "cid", "appid", "clientId"];

/// The claims that tell a client's own token, with what they say of one.
const SAID: &[(&str, &str)] = &[
    ("gty", "client-credentials"),
    ("gty", "client_credentials"),
    ("grant_type", "client_credentials"),
    ("idtyp", "app"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_of_a_client_itself_is_told_by_its_claims() {
        for (claims, id, own) in [
            (r#"{"sub":"alice","client_id":"map"}"#, "alice", false),
            (r#"{"sub":"alice","client_id":"Alice"}"#, "alice", false),
            (r#"{"sub":"map","client_id":"map"}"#, "map", true),
            (r#"{"sub":"map","client_id":"map"}"#, "map@example.org", true),
            (r#"{"client_id":"map"}"#, "map", true),
            (r#"{"sub":"map","azp":"map"}"#, "map", true),
            (r#"{"sub":"map","client_id":"other","azp":"map"}"#, "map", true),
            (r#"{"sub":"map","cid":"map"}"#, "map", true),
            (r#"{"sub":"map","appid":"map"}"#, "map", true),
            (r#"{"sub":"map@clients"}"#, "map@clients", true),
            (r#"{"sub":"alice","gty":"client-credentials"}"#, "alice", true),
            (r#"{"sub":"alice","gty":["client-credentials"]}"#, "alice", true),
            (r#"{"sub":"alice","gty":"password"}"#, "alice", false),
            (r#"{"sub":"alice","idtyp":"app"}"#, "alice", true),
            (r#"{"sub":"alice","idtyp":"user"}"#, "alice", false),
            (r#"{"sub":"7","azp":"map","preferred_username":"service-account-map"}"#, "7", true),
            (r#"{"sub":"7","azp":"map","preferred_username":"service-account-x"}"#, "7", false),
            (r#"{"sub":"","client_id":""}"#, "alice", false),
        ] {
            let json = Json::read(claims).unwrap();
            assert_eq!(acts_for_itself(&json, id), own, "{claims}");
        }
    }
}

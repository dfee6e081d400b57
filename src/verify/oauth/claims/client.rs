//! Clients that act for themselves.

use super::Json;

/// The certainty that a token is a client's own and represents no person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Own {
    /// The token represents a person.
    No,
    /// The token looks like a client's by a name that a person may choose. It loses the rights of a
    /// person, and gets none of a client.
    Perhaps,
    /// The issuer marks the token as a client's own.
    Yes,
}

impl Own {
    /// Classifies a token by its claims, its id, and the client that it names. `is_clients_id` is
    /// true if the claim with the id names a client.
    ///
    /// * Yes: its subject is its client's id (RFC 9068 section 2.2; Okta's `cid`, Google's `azp`),
    ///   or it has no subject and its id is its client's (RFC 7662).
    /// * Yes: a claim marks it, such as Auth0's `gty`, Microsoft Entra's `idtyp`, `grant_type`.
    /// * Perhaps: only its id is its client's, its subject ends with Auth0's `@clients`, or its
    ///   user is the service account of its client (Keycloak). A person may have such a name.
    pub(super) fn of(claims: &Json<'_>, id: &str, client: Option<&str>, is_clients_id: bool) -> Self {
        let text = |name: &str| claims.get(name).and_then(Json::text).filter(|text| !text.is_empty());
        let subject = text("sub");
        let mut clients = CLIENT.iter().filter_map(|name| text(name)).chain(client);
        let is_marked = |(name, value): &(&str, &str)| match claims.get(name) {
            Some(Json::Text(one)) => one.eq_ignore_ascii_case(value),
            Some(several) => several.texts().is_some_and(|texts| texts.contains(value)),
            None => false,
        };
        let bare = subject.map(|subject| subject.strip_suffix(AUTH0).unwrap_or(subject));
        let is_subject = |client: &str| subject == Some(client) || bare == Some(client);
        if MARKS.iter().any(is_marked)
            || clients.clone().any(is_subject)
            || (subject.is_none() && is_clients_id && clients.clone().any(|client| client == id))
        {
            return Self::Yes;
        }
        let service = text("preferred_username").or(text("username"));
        let service = service.and_then(|name| name.strip_prefix("service-account-"));
        let looks_so = [subject, Some(id)].into_iter().flatten().any(|name| name.ends_with(AUTH0))
            || clients.any(|client| {
                client == id || service.is_some_and(|service| client.eq_ignore_ascii_case(service))
            });
        if looks_so { Self::Perhaps } else { Self::No }
    }
}

/// The suffix that Auth0 appends to the id of a client that is a subject.
const AUTH0: &str = "@clients";

/// The claims that name the client.
const CLIENT: &[&str] = &["client_id", "azp", "cid", "appid", "clientId"];

/// The claims that mark a client's own token, with their values.
const MARKS: &[(&str, &str)] = &[
    ("gty", "client-credentials"),
    ("gty", "client_credentials"),
    ("grant_type", "client_credentials"),
    ("idtyp", "app"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_of_a_client_itself_is_recognized_by_its_claims() {
        use Own::{No, Perhaps, Yes};
        for (claims, id, own) in [
            (r#"{"sub":"alice","client_id":"map"}"#, "alice", No),
            (r#"{"sub":"alice","client_id":"Alice"}"#, "alice", No),
            (r#"{"sub":"map","client_id":"map"}"#, "map", Yes),
            (r#"{"sub":"map","client_id":"map"}"#, "map@example.org", Yes),
            (r#"{"client_id":"map"}"#, "map", Yes),
            (r#"{"sub":"map","azp":"map"}"#, "map", Yes),
            (r#"{"sub":"map","client_id":"other","azp":"map"}"#, "map", Yes),
            (r#"{"sub":"map","cid":"map"}"#, "map", Yes),
            (r#"{"sub":"map","appid":"map"}"#, "map", Yes),
            (r#"{"sub":"map@clients"}"#, "map@clients", Perhaps),
            (r#"{"sub":"alice","gty":"client-credentials"}"#, "alice", Yes),
            (r#"{"sub":"alice","gty":["client-credentials"]}"#, "alice", Yes),
            (r#"{"sub":"alice","gty":"password"}"#, "alice", No),
            (r#"{"sub":"alice","idtyp":"app"}"#, "alice", Yes),
            (r#"{"sub":"alice","idtyp":"user"}"#, "alice", No),
            (r#"{"sub":"7","azp":"map","preferred_username":"service-account-map"}"#, "7", Perhaps),
            (r#"{"sub":"7","azp":"map","preferred_username":"service-account-x"}"#, "7", No),
            (r#"{"sub":"","client_id":""}"#, "alice", No),
            (r#"{"sub":"map@clients","azp":"map"}"#, "map@clients", Yes),
            (r#"{"sub":"map@clients","azp":"other"}"#, "map@clients", Perhaps),
            (r#"{"sub":"u-1","azp":"map"}"#, "map", Perhaps),
            (r#"{"sub":"u-1","email":"x@clients"}"#, "x@clients", Perhaps),
            (r#"{"username":"map","client_id":"map"}"#, "map", Perhaps),
        ] {
            let json = Json::read(claims).unwrap();
            let is_clients_id = json.get("sub").is_none() && json.get("username").is_none();
            assert_eq!(Own::of(&json, id, None, is_clients_id), own, "{claims}");
            let named = Own::of(&json, id, Some(id), true);
            assert_ne!(named, No, "{claims}");
        }
    }
}

//! Credentials in a database verify in the same way as credentials in memory.

use tower_principal::RejectionKind::{DeniedCredentials, Unavailable};
use tower_principal::credential::ClientKind;
use tower_principal::principal::Operation;
use tower_principal::verify::sql::{NewCredential, NewUser, SqlError, SqlStore};
use tower_principal::{Credential, Principal, PrincipalKind, Secret, Verifier as _, VerifyContext, dialect};

use super::*;

/// Stores the credentials of [`one_of_each_kind`] in a database.
pub(super) async fn fill(store: &SqlStore) {
    let secret = Secret::borrowed;
    let new = NewCredential::new;
    store.users().create(USER, secret(PASSWORD), NewUser::new()).await.unwrap();
    store.key_pairs().import(secret(KEY_SECRET), new().id(KEY_ID).owner(USER)).await.unwrap();
    store.api_keys().import(secret(API_KEY), new().id("whole")).await.unwrap();
    store.app_tokens().import(secret(APP_TOKEN), new().id("weather-map").owner(USER)).await.unwrap();
    let clients = store.clients();
    clients.import(secret(CLIENT_SECRET), new().id(ORG_CLIENT).org("acme")).await.unwrap();
    clients.import(secret(CLIENT_SECRET), new().id(APP_CLIENT).org("acme").app("weather")).await.unwrap();
    let otto = new().user("otto").client("map").scopes(["read", "write"]);
    store.access_tokens().import(secret(TOKEN), otto).await.unwrap();
}

fn client<'c>(id: &'c str, secret: &'c str) -> Credential<'c> {
    Credential::Client(ClientKind::from_id(id), pair(id, secret))
}

#[tokio::test]
async fn every_kind_of_credential_makes_its_kind_of_principal() {
    for place in Place::all() {
        let verifier = place.connect().await;
        fill(&verifier.store()).await;
        for (credential, made) in [
            (password(USER, PASSWORD), Short::Is(PrincipalKind::BasicUser)),
            (Credential::KeyPair(pair(KEY_ID, KEY_SECRET)), KEY),
            (key(API_KEY), KEY),
            (Credential::AppToken(Secret::borrowed(APP_TOKEN)), Short::Is(PrincipalKind::AppToken)),
            (client(ORG_CLIENT, CLIENT_SECRET), Short::Is(PrincipalKind::OrgAdmin)),
            (client(APP_CLIENT, CLIENT_SECRET), Short::Is(PrincipalKind::AppAdmin)),
            (token(TOKEN), Short::Is(PrincipalKind::OAuthUser)),
            // The same text is unknown as another kind of credential.
            (token(API_KEY), UNKNOWN),
            (token(APP_TOKEN), UNKNOWN),
            (Credential::AppToken(Secret::borrowed(TOKEN)), UNKNOWN),
            (key(TOKEN), UNKNOWN),
            (key(KEY_SECRET), UNKNOWN),
            (Credential::KeyPair(pair(ORG_CLIENT, CLIENT_SECRET)), UNKNOWN),
            (client(KEY_ID, KEY_SECRET), UNKNOWN),
            (password(KEY_ID, KEY_SECRET), UNKNOWN),
        ] {
            assert_eq!(ask(&verifier, &credential).await, made, "{} {credential:?}", place.name);
            assert!(verifier.verify_now(&credential, &VerifyContext::default()).is_none());
        }
    }
}

#[tokio::test]
async fn a_principal_has_what_its_rows_have() {
    for place in Place::all() {
        let verifier = place.connect().await;
        fill(&verifier.store()).await;
        let Principal::OAuthUser(otto) = who(&verifier, &token(TOKEN)).await else { panic!() };
        assert_eq!((otto.id(), otto.client(), otto.scopes().as_str()), ("otto", Some("map"), "read write"));
        assert!(otto.credential_id().is_some() && otto.expires_at().is_none());
        let app = who(&verifier, &Credential::AppToken(Secret::borrowed(APP_TOKEN))).await;
        assert_eq!((app.id(), app.owner()), (Some("weather-map"), Some(USER)));
        let admin = who(&verifier, &client(APP_CLIENT, CLIENT_SECRET)).await;
        assert_eq!((admin.id(), admin.org(), admin.app()), (Some(APP_CLIENT), Some("acme"), Some("weather")));
        assert_eq!(admin.credential_id(), Some(APP_CLIENT));
    }
}

/// REQ-18: a secret must match as a whole, and moving the boundary between two halves gives no
/// match.
#[tokio::test]
async fn req_18_no_part_of_a_stored_secret_is_the_secret() {
    for place in Place::all() {
        let verifier = place.connect().await;
        fill(&verifier.store()).await;
        for near in [
            &TOKEN[1..],
            &TOKEN[..29],
            &format!("{TOKEN} "),
            &format!("{TOKEN}\0"),
            &TOKEN.to_lowercase(),
            "",
        ] {
            assert_eq!(ask(&verifier, &token(near)).await, UNKNOWN, "{near}");
        }
        let halves = format!("{KEY_ID}{KEY_SECRET}");
        for at in [0, 24, 26, 75] {
            let (id, secret) = halves.split_at(at);
            assert_eq!(ask(&verifier, &Credential::KeyPair(pair(id, secret))).await, UNKNOWN, "{at}");
        }
        for near in ["correct horse ", "correct hors", "Correct horse", "", "correct\u{a0}horse"] {
            assert_eq!(ask(&verifier, &password(USER, near)).await, UNKNOWN, "{near}");
        }
    }
}

/// REQ-19: for any bytes, the database returns no row, and never an error.
#[tokio::test]
async fn req_19_hostile_text_is_unknown_and_no_outage() {
    for place in Place::all() {
        let verifier = place.connect().await;
        let long = "x".repeat(100_000);
        for text in
            ["a\0b", "\0", "'; DROP TABLE principal_users; --", "$1", "\\x00", "%", "\u{feff}", "ü", &long]
        {
            for credential in [
                token(text),
                key(text),
                Credential::AppToken(Secret::borrowed(text)),
                Credential::KeyPair(pair(text, text)),
                client(text, text),
                password(text, text),
            ] {
                assert_eq!(ask(&verifier, &credential).await, UNKNOWN, "{} {text:.20}", place.name);
                let tenant = Some(text);
                assert_eq!(
                    ask_as(&verifier, &credential, tenant).await,
                    UNKNOWN,
                    "{} {text:.20}",
                    place.name
                );
            }
            assert!(!verifier.store().api_keys().revoke(text).await.unwrap());
            assert!(!verifier.store().users().disable(text).await.unwrap());
        }
    }
}

#[tokio::test]
async fn a_credential_is_known_to_its_tenant_alone() {
    for place in Place::all() {
        let verifier = place.connect().await;
        let (nobodys, acme) = (verifier.store(), verifier.store().tenant("acme").unwrap());
        fill(&nobodys).await;
        let in_acme = acme.api_keys().create(NewCredential::new().id("k")).await.unwrap();
        acme.users().create(USER, Secret::borrowed("another"), NewUser::new()).await.unwrap();
        let in_acme = key(in_acme.secret.expose_secret());
        for (tenant, own, global, users, nobodys) in [
            (None, UNKNOWN, KEY, UNKNOWN, Short::Is(PrincipalKind::BasicUser)),
            (Some("acme"), KEY, UNKNOWN, Short::Is(PrincipalKind::BasicUser), UNKNOWN),
            (Some("umbrella"), UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN),
            (Some("ACME"), UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN),
            (Some(""), UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN),
        ] {
            assert_eq!(ask_as(&verifier, &in_acme, tenant).await, own, "{tenant:?}");
            assert_eq!(ask_as(&verifier, &key(API_KEY), tenant).await, global, "{tenant:?}");
            assert_eq!(ask_as(&verifier, &password(USER, "another"), tenant).await, users, "{tenant:?}");
            assert_eq!(ask_as(&verifier, &password(USER, PASSWORD), tenant).await, nobodys, "{tenant:?}");
        }
        let both = verifier.clone().or(verifier.without_tenant());
        assert_eq!(ask_as(&both, &key(API_KEY), Some("acme")).await, KEY);
        assert_eq!(ask_as(&both, &in_acme, Some("acme")).await, KEY);
        assert_eq!(ask_as(&both, &in_acme, Some("umbrella")).await, UNKNOWN);
        assert!(nobodys.api_keys().find("k").await.unwrap().is_none());
        assert!(!nobodys.api_keys().revoke("k").await.unwrap());
    }
}

#[tokio::test]
async fn a_credential_that_cannot_be_one_is_refused_when_it_is_made() {
    for place in Place::all() {
        let store = place.connect().await.store();
        let new = NewCredential::new;
        assert!(matches!(store.clients().create(new()).await, Err(SqlError::Incomplete(_))));
        assert!(matches!(store.access_tokens().create(new()).await, Err(SqlError::Incomplete(_))));
        assert!(matches!(
            store.access_tokens().create(new().client("c")).await,
            Err(SqlError::Incomplete(_))
        ));
        for id in ["", "a b", "a\0", "a:b"] {
            assert!(matches!(store.api_keys().create(new().id(id)).await, Err(SqlError::InvalidName)));
        }
        for bad in ["", "a\0", "a\nb"] {
            assert!(matches!(store.api_keys().create(new().owner(bad)).await, Err(SqlError::InvalidName)));
            assert!(matches!(store.clone().tenant(bad), Err(SqlError::InvalidName)));
        }
        let permission = store.api_keys().create(new().permissions(["fly:/x"])).await;
        assert!(matches!(permission, Err(SqlError::InvalidPermission(_))));
        let lines = store.api_keys().create(new().permissions(["get:/x\nget:/**"])).await;
        assert!(matches!(lines, Err(SqlError::InvalidName)), "{lines:?}");
        store.api_keys().create(new().id("taken")).await.unwrap();
        assert!(matches!(store.api_keys().create(new().id("taken")).await, Err(SqlError::Exists)));
        store.api_keys().import(Secret::borrowed(API_KEY), new()).await.unwrap();
        let twice = store.api_keys().import(Secret::borrowed(API_KEY), new()).await;
        assert!(matches!(twice, Err(SqlError::Exists)));
    }
}

/// REQ-103: 128 random bits need at least 16 bytes.
#[tokio::test]
async fn req_103_a_secret_that_is_empty_or_short_is_refused_when_it_is_imported() {
    for place in Place::all() {
        let verifier = place.connect().await;
        let store = verifier.store();
        let new = || NewCredential::new().id("short").user("otto").org("acme");
        for kind in
            [store.access_tokens(), store.api_keys(), store.app_tokens(), store.clients(), store.key_pairs()]
        {
            for short in ["", "a", "0123456789abcde"] {
                let refused = kind.import(Secret::borrowed(short), new()).await.unwrap_err();
                assert!(matches!(refused, SqlError::ShortSecret), "{refused:?}");
                assert!(short.len() < 2 || !format!("{refused} {refused:?}").contains(short));
            }
            kind.import(Secret::borrowed("0123456789abcdef"), new()).await.unwrap();
        }
        assert_eq!(ask(&verifier, &key("")).await, UNKNOWN);
        assert_eq!(ask(&verifier, &Credential::KeyPair(pair("short", ""))).await, UNKNOWN);
    }
}

#[tokio::test]
async fn a_token_of_a_client_is_the_client_and_ends_with_it() {
    for place in Place::all() {
        let verifier = place.connect().await;
        let store = verifier.store();
        fill(&store).await;
        let new = NewCredential::new().client(APP_CLIENT).org("acme").app("weather");
        let issued = store.access_tokens().create(new).await.unwrap();
        let credential = token(issued.secret.expose_secret());
        let client = who(&verifier, &credential).await;
        assert_eq!((client.kind(), client.id()), (PrincipalKind::AppAdmin, Some(APP_CLIENT)));
        assert_eq!(client.credential_id(), Some(&*issued.id));
        store.clients().disable(APP_CLIENT).await.unwrap();
        assert_eq!(ask(&verifier, &credential).await, DISABLED);
        store.clients().enable(APP_CLIENT).await.unwrap();
        assert_eq!(ask(&verifier, &credential).await, Short::Is(PrincipalKind::AppAdmin));
        store.clients().revoke(APP_CLIENT).await.unwrap();
        assert_eq!(ask(&verifier, &credential).await, REVOKED);
    }
}

#[tokio::test]
async fn permissions_of_its_own_are_all_that_a_key_holds() {
    for place in Place::all() {
        let verifier = place.connect().await;
        let store = verifier.store();
        store.users().create("alice", Secret::borrowed("p"), NewUser::new()).await.unwrap();
        store.users().grant("alice", "get:/own/**").await.unwrap();
        store.roles().create("editor", ["put:/reports/*", "get:/reports/*"]).await.unwrap();
        assert!(store.roles().assign("editor", "alice").await.unwrap());
        let keys = store.api_keys();
        let alices = |new: NewCredential| keys.create(new.owner("alice"));
        let inherits = alices(NewCredential::new()).await.unwrap();
        let narrow = alices(NewCredential::new().permissions(["get:/reports/*"])).await.unwrap();
        let none = alices(NewCredential::new().permissions([""; 0])).await.unwrap();
        let own = |secret: &Secret<'_>| {
            let (verifier, secret) = (verifier.clone(), secret.expose_secret().to_owned());
            async move {
                let principal = who(&verifier, &key(&secret)).await;
                let may = |operation, path| principal.permissions().allow(operation, path, &["alice"]);
                [
                    may(Operation::Get, "/own/x"),
                    may(Operation::Put, "/reports/1"),
                    may(Operation::Get, "/reports/1"),
                ]
            }
        };
        assert_eq!(own(&inherits.secret).await, [true, true, true], "{}", place.name);
        assert_eq!(own(&narrow.secret).await, [false, false, true]);
        assert_eq!(own(&none.secret).await, [false, false, false]);
        assert!(store.roles().forbid("editor", "put:/reports/*").await.unwrap());
        assert_eq!(own(&inherits.secret).await, [true, false, true]);
        assert!(store.roles().unassign("editor", "alice").await.unwrap());
        assert!(store.users().withdraw("alice", "get:/own/**").await.unwrap());
        assert_eq!(own(&inherits.secret).await, [false, false, false]);
    }
}

#[tokio::test]
async fn behind_a_layer_an_outage_is_503_and_a_bad_key_401() {
    for place in Place::all() {
        let verifier = place.connect().await;
        fill(&verifier.store()).await;
        let app = whoami().layer(layer_of(dialect::OPENDATASOFT, verifier.clone()));
        let request = |key: &str| authorization(format!("Apikey {key}"));
        assert_eq!(send(app.clone(), request(API_KEY)).await.outcome(), Ok("ApiKey"));
        assert_eq!(send(app.clone(), request("nobodys")).await.outcome(), Err(DeniedCredentials));
        verifier.close().await;
        for presented in [API_KEY, "nobodys"] {
            let answer = send(app.clone(), request(presented)).await;
            assert_eq!(answer.outcome(), Err(Unavailable), "{}", place.name);
            assert!(!answer.lines("retry-after").is_empty());
        }
    }
}

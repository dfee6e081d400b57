//! Registered applications in a database.

use std::time::Duration;

use tower_principal::grant::{
    Application, Applications as _, GrantType, Lifetimes, Presented, RefreshRule, Renewal,
};
use tower_principal::verify::sql::{NewCredential, SqlError, State};
use tower_principal::{PrincipalKind, Secret};

use super::*;
use crate::sql::{DISABLED, Hand, Place, Short, UNKNOWN, ask, pair, token};

const DAY: Duration = Duration::from_secs(24 * 3_600);

fn client<'c>(id: &'c str, secret: &'c Secret<'_>) -> Credential<'c> {
    Credential::Client(ClientKind::from_id(id), pair(id, secret.expose_secret()))
}

#[tokio::test]
async fn an_application_is_registered_changed_listed_and_deleted() {
    for place in Place::all() {
        let applications = place.connect().await.store().applications();
        let viewer = Application::public("viewer")
            .label("Map viewer")
            .redirect("http://127.0.0.1/callback")
            .grants([GrantType::AuthorizationCode, GrantType::RefreshToken])
            .scopes(["read", "write"])
            .audiences(["https://api.example"])
            .lifetimes(Lifetimes { access: Some(hour()), ..Lifetimes::default() });
        assert!(applications.register(&viewer).await.unwrap().is_none());
        let weather = Application::confidential("weather").org("acme").app("weather").profile("usergrid");
        assert!(applications.register(&weather).await.unwrap().is_some());
        let taken = applications.register(&viewer).await.unwrap_err();
        assert!(matches!(taken, SqlError::Exists), "{taken:?}");

        for application in [&viewer, &weather] {
            let found = applications.find(&application.id).await.unwrap().unwrap();
            assert_eq!(format!("{found:?}"), format!("{application:?}"), "{}", place.name);
        }
        let list = applications.list(None, 10).await.unwrap();
        assert_eq!(
            list.iter().map(|record| record.application.id.as_str()).collect::<Vec<_>>(),
            ["viewer", "weather"]
        );
        assert_eq!(applications.list(Some("viewer"), 10).await.unwrap().len(), 1);

        let narrowed = viewer.clone().scopes(["read"]).label("Viewer");
        assert!(applications.change(&narrowed).await.unwrap());
        let found = applications.find("viewer").await.unwrap().unwrap();
        assert_eq!(format!("{found:?}"), format!("{narrowed:?}"));
        assert!(!applications.change(&Application::public("nobody")).await.unwrap());

        assert!(applications.delete("viewer").await.unwrap());
        assert!(!applications.delete("viewer").await.unwrap());
        assert!(applications.find("viewer").await.unwrap().is_none());
    }
}

/// An imported secret works like a generated one, until the first rotation ends it.
#[tokio::test]
async fn an_application_keeps_the_secret_that_another_server_made() {
    for place in Place::all() {
        let verifier = place.connect().await;
        let applications = verifier.store().applications();
        let secret = Secret::borrowed("YXA65gYlqja8aYYSAy8Ox3Vg5aRZp48");
        let weather = Application::confidential("YXA68vghI6FmEeKn9wLoGtzz0A").org("acme").app("weather");
        applications.import(&weather, &secret).await.unwrap();
        let found = applications.authenticate(&weather.id, &secret).await.unwrap().unwrap();
        assert_eq!(format!("{found:?}"), format!("{weather:?}"), "{}", place.name);
        assert_eq!(ask(&verifier, &client(&weather.id, &secret)).await, Short::Is(PrincipalKind::AppAdmin));
        let again = applications.import(&weather, &secret).await.unwrap_err();
        assert!(matches!(again, SqlError::Exists), "{again:?}");
        applications.rotate(&weather.id, Duration::ZERO).await.unwrap();
        assert!(applications.authenticate(&weather.id, &secret).await.unwrap().is_none());
        let other = Application::confidential("other");
        applications.import(&other, &secret).await.unwrap();
        assert!(applications.authenticate("other", &secret).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn no_short_secret_and_no_secret_of_a_public_application_is_imported() {
    for place in Place::all() {
        let applications = place.connect().await.store().applications();
        let import = async |application: Application, secret: &'static str| {
            applications.import(&application, &Secret::borrowed(secret)).await
        };
        let short = import(Application::confidential("a"), "123456789012345").await;
        assert!(matches!(short, Err(SqlError::ShortSecret)));
        let public = import(Application::public("a"), "1234567890123456").await;
        assert!(matches!(public, Err(SqlError::Incomplete(_))));
        assert!(applications.find("a").await.unwrap().is_none());
    }
}

/// REQ-87: secrets are stored as digests, two are valid during a rotation, and no other text
/// authenticates.
#[tokio::test]
async fn req_87_an_application_authenticates_with_either_secret_of_a_rotation() {
    for place in Place::all() {
        let clock = Hand::at(1_700_000_000_000);
        let verifier = place.builder().clock(clock.clone()).connect().await.unwrap();
        let applications = verifier.store().applications();
        let old = applications.register(&Application::confidential("weather")).await.unwrap().unwrap();
        applications.register(&Application::public("viewer")).await.unwrap();
        let knows = async |id: &str, secret: &Secret<'_>| {
            applications.authenticate(id, secret).await.unwrap().map(|application| application.id)
        };
        assert_eq!(knows("weather", &old).await.as_deref(), Some("weather"));
        let new = applications.rotate("weather", DAY).await.unwrap();
        assert!(knows("weather", &old).await.is_some() && knows("weather", &new).await.is_some());
        clock.pass(DAY);
        assert!(knows("weather", &old).await.is_none() && knows("weather", &new).await.is_some());
        for (id, secret) in [
            ("viewer", new.expose_secret()),
            ("Weather", new.expose_secret()),
            ("weather", ""),
            ("weather", "x"),
            ("", new.expose_secret()),
            ("\0", "\0"),
            ("weather\0", new.expose_secret()),
        ] {
            assert!(knows(id, &Secret::borrowed(secret)).await.is_none(), "{id:?}");
            assert!(applications.find("\0").await.unwrap().is_none());
        }
        let last = applications.rotate("weather", DAY).await.unwrap();
        assert!(applications.end_overlap("weather").await.unwrap());
        assert!(knows("weather", &new).await.is_none() && knows("weather", &last).await.is_some());
        for none in ["viewer", "nobody"] {
            assert!(matches!(applications.rotate(none, DAY).await, Err(SqlError::NotFound)), "{none}");
        }
        // Another tenant does not have these applications.
        let other = verifier.store().tenant("acme").unwrap().applications();
        assert!(other.find("weather").await.unwrap().is_none());
        assert!(other.authenticate("weather", &last).await.unwrap().is_none());
        assert!(!other.delete("weather").await.unwrap());
    }
}

#[tokio::test]
async fn the_tokens_of_an_application_end_with_it() {
    for place in Place::all() {
        let verifier = place.connect().await;
        let (store, applications) = (verifier.store(), verifier.store().applications());
        let secret = applications.register(&Application::confidential("map")).await.unwrap().unwrap();
        let (grant, access, refresh) = issue(&store, new("map").user("alice")).await;
        let shown = token(access.secret.expose_secret());
        assert!(applications.disable("map").await.unwrap());
        assert_eq!(ask(&verifier, &shown).await, DISABLED);
        assert!(applications.find("map").await.unwrap().is_none());
        assert!(applications.authenticate("map", &secret).await.unwrap().is_none());
        assert_eq!(applications.record("map").await.unwrap().unwrap().state, State::Disabled);
        let (next, ..) = following(&grant.id, &refresh);
        let outcome = store.renew(&refresh.digests, "map", &RefreshRule::new(), &next).await.unwrap();
        assert!(matches!(outcome, Renewal::Ended(_)), "{outcome:?}");
        assert!(applications.enable("map").await.unwrap());
        assert!(matches!(ask(&verifier, &shown).await, Short::Is(_)));
        assert!(applications.delete("map").await.unwrap());
        assert_eq!(ask(&verifier, &shown).await, UNKNOWN);
        assert!(store.find(&Presented::Refresh(refresh.digests)).await.unwrap().is_none());
    }
}

/// The secret of an application without an organization is valid only at the authorization server.
/// An unregistered client is no application.
#[tokio::test]
async fn an_application_without_an_organization_is_no_client_of_a_service() {
    for place in Place::all() {
        let verifier = place.connect().await;
        let (store, applications) = (verifier.store(), verifier.store().applications());
        let bare = applications.register(&Application::confidential("bare")).await.unwrap().unwrap();
        assert_eq!(ask(&verifier, &client("bare", &bare)).await, UNKNOWN);
        let acme = Application::confidential("acme").org("acme");
        let secret = applications.register(&acme).await.unwrap().unwrap();
        assert!(matches!(ask(&verifier, &client("acme", &secret)).await, Short::Is(_)));
        let plain = store.clients().create(NewCredential::new().id("plain").org("acme")).await.unwrap();
        assert!(applications.find("plain").await.unwrap().is_none());
        assert!(applications.authenticate("plain", &plain.secret).await.unwrap().is_none());
        for changed in [
            applications.disable("plain").await,
            applications.enable("plain").await,
            applications.end_overlap("plain").await,
            applications.delete("plain").await,
            applications.change(&Application::public("plain")).await,
        ] {
            assert!(!changed.unwrap());
        }
        let taken = applications.register(&Application::public("plain")).await.unwrap_err();
        assert!(matches!(taken, SqlError::Exists), "{taken:?}");
        for bad in [
            Application::public("a b"),
            Application::public("a").redirect("callback"),
            Application::public("a").redirect("https://a.example/#fragment"),
            Application::public("a").label("\0"),
            Application::public("a").audiences(["a b"]),
            Application::public("a").app("weather"),
        ] {
            let refused = applications.register(&bad).await.unwrap_err();
            assert!(matches!(refused, SqlError::InvalidName | SqlError::Incomplete(_)), "{refused:?}");
        }
    }
}

#[tokio::test]
async fn an_application_is_a_client_and_a_client_is_no_application() {
    for place in Place::all() {
        let store = place.connect().await.store();
        store.clients().create(NewCredential::new().id("plain").org("acme")).await.unwrap();
        store.applications().register(&Application::public("viewer")).await.unwrap();
        let clients: Vec<String> =
            store.clients().list(None, 10).await.unwrap().into_iter().map(|client| client.id).collect();
        assert_eq!(clients, ["plain", "viewer"], "{}", place.name);
        let applications = store.applications().list(None, 10).await.unwrap();
        assert_eq!(applications.len(), 1);
        assert!(store.applications().find("plain").await.unwrap().is_none());
        // If it is disabled as a client, it is disabled as an application.
        assert!(store.clients().disable("viewer").await.unwrap());
        assert!(store.applications().find("viewer").await.unwrap().is_none());
    }
}

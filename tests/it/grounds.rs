//! A permission counts only in its own place: below a guest rule's path, in an organization, in an
//! application.

use axum::Router;
use tower_principal::Policy;
use tower_principal::policy;
use tower_principal::principal::{Ground, Operation, Permissions};
use tower_principal::request::RequestHead;
use tower_principal::{
    ApiKey, AppAdmin, BasicUser, Guest, GuestRule, OAuthUser, OrgAdmin, Principal, RequireLayer, dialect,
};

use crate::support::*;

fn list(texts: &[&str]) -> Permissions {
    Permissions::parse(texts.iter().copied()).unwrap()
}

/// Returns true if the policy allows a request to this path.
fn allows(policy: &impl Policy, who: &Principal, method: &str, path: &str) -> bool {
    let request = http::Request::builder().method(method).uri(path).body(()).unwrap();
    policy.check(who, &RequestHead::from_request(&request)).is_ok()
}

async fn status(policy: impl Policy, dialect: tower_principal::Dialect, method: &str, path: &str) -> u16 {
    let app: Router = whoami().layer(RequireLayer::new(policy)).layer(layer(dialect));
    send(app, request(method, path, &[])).await.status
}

#[tokio::test]
async fn a_guest_grant_does_not_count_outside_its_rule() {
    let rule = |path, permissions| dialect::USERGRID.guests([GuestRule::path(path).permissions(permissions)]);
    let all: &[&str] = &["get,post,put,delete:/**"];
    for (required, dialect, method, path, expected) in [
        ("delete:/reports", dialect::USERGRID, "DELETE", "/reports/sandbox", 401),
        ("delete:/reports", dialect::USERGRID, "DELETE", "/reports/sandbox/x", 401),
        ("get:/", dialect::USERGRID, "GET", "/acme/sandbox", 401),
        ("get:/users", rule("/public/**", all), "GET", "/public/users", 401),
        ("get:/public/users", rule("/public/**", all), "GET", "/public/users", 401),
        ("get:/users", rule("/{any}", all), "GET", "/users", 401),
        // Rules without a path grant absolute permissions.
        ("get:/a", dialect::USERGRID.guests([GuestRule::everywhere().permissions(all)]), "GET", "/x", 200),
        ("get:/a", dialect::USERGRID.guests([GuestRule::reads().permissions(&["get:/a"])]), "GET", "/x", 200),
        ("get:/b", dialect::USERGRID.guests([GuestRule::reads().permissions(&["get:/a"])]), "GET", "/x", 401),
    ] {
        let found = status(policy::permission(required), dialect, method, path).await;
        assert_eq!(found, expected, "{required} at {path}");
    }
}

#[tokio::test]
async fn a_guest_grant_counts_within_the_place_of_its_rule() {
    let rule = |path, permissions| dialect::USERGRID.guests([GuestRule::path(path).permissions(permissions)]);
    let all: &[&str] = &["get:/**"];
    for (required, within, dialect, path, expected) in [
        ("get:/x", "/{org}/{app}/**", dialect::USERGRID, "/acme/sandbox/y", 200),
        ("get:/x", "/{org}/sandbox/**", dialect::USERGRID, "/acme/sandbox/y", 200),
        // The pattern covers the rule's place, but the permission would count outside that place.
        ("get:/x", "/{org}/**", dialect::USERGRID, "/acme/sandbox/y", 401),
        ("get:/sandbox/x", "/{org}/**", dialect::USERGRID, "/acme/sandbox/y", 200),
        ("get:/sandboxes", "/{org}/**", dialect::USERGRID, "/acme/sandbox/y", 401),
        // The pattern has other names in these positions, so `sandbox` may be an organization.
        ("get:/x", "/api/{org}/{app}/**", dialect::USERGRID, "/api/sandbox/payroll", 401),
        ("get:/x", "/api/{org}/{app}/**", rule("/{any}/sandbox/**", all), "/api/sandbox/payroll", 401),
        ("get:/x", "/{app}/{org}/**", dialect::USERGRID, "/acme/sandbox/y", 401),
        ("get:/x", "/{org}/{app}/**", rule("/{tenant}/sandbox/**", all), "/acme/sandbox/y", 401),
        ("get:/x", "/{org}/{app}/**", rule("/acme/{app}/**", all), "/acme/weather/y", 200),
        ("get:/x", "/{org}/{app}/**", rule("/acme/{app}/**", &["get:/y"]), "/acme/weather/y", 401),
        // The request is outside the place of the policy.
        ("get:/x", "/{org}/{app}/other", dialect::USERGRID, "/acme/sandbox/y", 401),
    ] {
        let policy = policy::permission(required).within(within).unwrap();
        assert_eq!(status(policy, dialect, "GET", path).await, expected, "{required} in {within} at {path}");
    }
}

#[tokio::test]
async fn an_absolute_guest_grant_is_judged_by_the_whole_path() {
    let rule = |permissions| dialect::USERGRID.guests([GuestRule::everywhere().permissions(permissions)]);
    let policy = || policy::application("/{org}/{app}/**");
    for (permissions, expected) in [
        (&["get:/**"][..], 200),
        (&["get:/acme/weather/cities"], 200),
        (&["get:/cities"], 401),
        (&["get:/rival/weather/cities"], 401),
    ] {
        let found = status(policy(), rule(permissions), "GET", "/acme/weather/cities").await;
        assert_eq!(found, expected, "{permissions:?}");
    }
}

#[test]
fn a_principal_of_an_application_holds_nothing_outside_it() {
    let all = Permissions::all;
    let of_app: [Principal; 4] = [
        OAuthUser::new("bob").with_org("acme").with_app("weather").with_permissions(all()).into(),
        BasicUser::new("bob").with_org("acme").with_app("weather").with_permissions(all()).into(),
        ApiKey::new("k")
            .with_owner("bob")
            .with_org("acme")
            .with_app("weather")
            .with_permissions(all())
            .into(),
        AppAdmin::new("c", "acme", "weather").with_permissions(all()).into(),
    ];
    let of_org: [Principal; 3] = [
        OAuthUser::new("bob").with_org("acme").with_permissions(all()).into(),
        ApiKey::new("k").with_org("acme").with_permissions(all()).into(),
        OrgAdmin::new("c", "acme").with_permissions(all()).into(),
    ];
    let bare = policy::permission("delete:/reports");
    let within = policy::permission("delete:/reports").within("/{org}/{app}/**").unwrap();
    for who in of_app.iter().chain(&of_org) {
        assert!(!allows(&bare, who, "DELETE", "/reports"), "{who:?}");
        assert!(!allows(&bare, who, "DELETE", "/acme/weather/reports"), "{who:?}");
        assert!(allows(&within, who, "DELETE", "/acme/weather/x"), "{who:?}");
        assert!(!allows(&within, who, "DELETE", "/rival/weather/x"), "{who:?}");
        assert!(!allows(&within, who, "DELETE", "/Acme/weather/x"), "{who:?}");
        assert!(!allows(&within, who, "DELETE", "/acme"), "{who:?}");
        // Closures read the principal.
        assert!(!who.permissions().allow(Operation::Delete, "/reports", &[]), "{who:?}");
        assert!(!who.may(Operation::Delete, "/reports"), "{who:?}");
        assert!(
            who.may_in(&Ground::application("acme", "weather"), Operation::Delete, "/reports"),
            "{who:?}"
        );
        assert!(!who.may_in(&Ground::application("acme ", "weather"), Operation::Delete, "/"), "{who:?}");
        assert!(!who.may_in(&Ground::everywhere(), Operation::Delete, "/reports"), "{who:?}");
    }
    for who in &of_app {
        assert!(!allows(&within, who, "DELETE", "/acme/other/x"), "{who:?}");
        assert!(!who.may_in(&Ground::organization("acme"), Operation::Delete, "/reports"), "{who:?}");
    }
    for who in &of_org {
        assert!(allows(&within, who, "DELETE", "/acme/other/x"), "{who:?}");
        assert!(who.may_in(&Ground::organization("acme"), Operation::Delete, "/reports"), "{who:?}");
    }
}

#[test]
fn an_application_without_an_organization_is_no_place() {
    let lost: Principal =
        OAuthUser::new("bob").with_app("weather").with_permissions(Permissions::all()).into();
    let within = policy::permission("get:/x").within("/{org}/{app}/**").unwrap();
    assert!(!allows(&policy::permission("get:/x"), &lost, "GET", "/x"));
    assert!(!allows(&within, &lost, "GET", "/acme/weather"));
    assert!(!lost.may(Operation::Get, "/x"));
}

#[test]
fn a_grant_of_a_named_place_counts_there_and_within_the_principal_alone() {
    let granted = |ground| OAuthUser::new("bob").with_permissions_in(ground, list(&["get:/x"]));
    let within = policy::permission("get:/x").within("/{org}/{app}/**").unwrap();
    let weather = || Ground::application("acme", "weather");
    let who = |user: tower_principal::OAuthUser| Principal::from(user);
    assert!(allows(&within, &who(granted(weather())), "GET", "/acme/weather"));
    assert!(!allows(&within, &who(granted(weather())), "GET", "/acme/other"));
    assert!(!allows(&within, &who(granted(weather()).with_org("rival")), "GET", "/acme/weather"));
    assert!(!allows(&within, &who(granted(weather()).with_org("rival")), "GET", "/rival/weather"));
    assert!(allows(&within, &who(granted(Ground::organization("acme"))), "GET", "/acme/other"));
    assert!(!allows(&policy::permission("get:/x"), &who(granted(weather())), "GET", "/x"));
    // Absolute permissions of a principal with an organization must be written as absolute.
    let everywhere = who(granted(Ground::everywhere()).with_org("acme"));
    assert!(allows(&policy::permission("get:/x"), &everywhere, "GET", "/any"));
    assert!(everywhere.permissions().allow(Operation::Get, "/x", &[]));
}

#[test]
fn a_guest_that_no_rule_made_holds_absolute_permissions() {
    let guest: Principal = Guest::new().with_permissions(list(&["get:/x"])).into();
    assert!(allows(&policy::permission("get:/x"), &guest, "GET", "/x"));
    assert!(!allows(&policy::application("/{org}/{app}/**"), &guest, "GET", "/acme/weather/x"));
}

/// The place of a guest's permissions is part of the original path, not of the path that a router
/// leaves.
#[tokio::test]
async fn inside_a_nest_the_original_path_is_the_guests_place() {
    let inner =
        whoami().layer(RequireLayer::new(policy::permission("delete:/x").within("/{org}/{app}/**").unwrap()));
    let app = Router::new().nest("/acme", inner.layer(layer(dialect::USERGRID)));
    assert_eq!(send(app.clone(), request("DELETE", "/acme/sandbox/x", &[])).await.status, 200);
    assert_eq!(send(app, request("DELETE", "/acme/weather/x", &[])).await.status, 401);
}

//! Authorization (REQ-20, REQ-21, REQ-30): each policy's decision about each kind of caller.

use axum::Router;
use axum::body::Body;
use axum::routing::any;
use http::Request;
use tower_principal::Policy;
use tower_principal::RejectionKind::{self, Forbidden as Forbids, InsufficientScope, Missing};
use tower_principal::policy::{self, Forbidden};
use tower_principal::principal::{Permissions, Scopes};
use tower_principal::request::RequestHead;
use tower_principal::{
    ApiKey, AppAdmin, AppToken, BasicUser, Credential, GuestRule, OAuthUser, OrgAdmin, Principal,
    PrincipalKind, RequireLayer, Verifier, VerifyError, dialect,
};

use crate::support::*;

/// The principal that the token describes; the tests write tokens such as `name:scopes`.
fn makes(principal: impl Into<Principal>) -> impl Verifier {
    let principal = principal.into();
    says(move |credential| match credential {
        Credential::AppToken(_) => Err(VerifyError::Unsupported),
        _ => Ok(principal.clone()),
    })
}

fn permitted(list: &[&str]) -> Permissions {
    Permissions::parse(list.iter().copied()).unwrap()
}

/// Returns the decision of a policy about a principal with an access token, with the challenge.
async fn check(policy: impl Policy, principal: impl Into<Principal>) -> Result<(), Option<String>> {
    let app = whoami().layer(RequireLayer::new(policy)).layer(layer_of(dialect::RFC6750, makes(principal)));
    let answer = send(app, authorization("Bearer x")).await;
    match answer.kind() {
        None => Ok(()),
        Some(kind) => {
            assert_eq!((kind, answer.status), (InsufficientScope, 403));
            let [line] = answer.lines("www-authenticate")[..] else { panic!("{answer:?}") };
            Err(line.split_once("scope=\"").map(|(_, scope)| scope.trim_end_matches('"').to_owned()))
        }
    }
}

fn holding(scopes: &[&str]) -> OAuthUser {
    OAuthUser::new("otto").with_scopes(scopes)
}

fn short_of(scope: &str) -> Result<(), Option<String>> {
    Err(Some(scope.to_owned()))
}

#[tokio::test]
async fn req_20_scopes_match_whole_and_exactly() {
    assert_eq!(check(policy::scope("read"), holding(&["read"])).await, Ok(()));
    assert_eq!(check(policy::scope("read write"), holding(&["write", "x", "read"])).await, Ok(()));
    for held in [&["READ"][..], &["rea"], &["readx"], &["read:all"], &["write"], &[""], &[], &["read,write"]]
    {
        assert_eq!(check(policy::scope("read"), holding(held)).await, short_of("read"), "{held:?}");
    }
    assert_eq!(check(policy::scope("read write"), holding(&["read"])).await, short_of("read write"));
}

#[tokio::test]
async fn req_20_an_empty_requirement_or_grant_fails_closed() {
    for list in ["", " ", "a\"b", "é", "a\tb"] {
        assert_eq!(check(policy::scope(list), holding(&["read", "a"])).await, Err(None), "{list:?}");
        assert_eq!(check(policy::scope(list), holding(&[])).await, Err(None), "{list:?}");
    }
    assert!(!holding(&[]).scopes().contains_all(&Scopes::none()));
}

#[tokio::test]
async fn and_asks_for_both_scopes_together_and_or_for_one_of_them() {
    let (read, write) = (|| policy::scope("read"), || policy::scope("write"));
    let none = || policy::kinds([]);
    assert_eq!(check(read().and(write()), holding(&["read", "write"])).await, Ok(()));
    assert_eq!(check(read().and(write()), holding(&[])).await, short_of("read write"));
    assert_eq!(check(read().and(write()), holding(&["read"])).await, short_of("write"));
    assert_eq!(check(read().and(write()), holding(&["write"])).await, short_of("read"));
    assert_eq!(check(read().and(none()), holding(&["read"])).await, Err(None));
    assert_eq!(check(none().and(read()), holding(&[])).await, short_of("read"));
    for held in [&["read"][..], &["write"], &["read", "write"]] {
        assert_eq!(check(read().or(write()), holding(held)).await, Ok(()), "{held:?}");
    }
    assert_eq!(check(read().or(write()), holding(&[])).await, short_of("read"));
    assert_eq!(check(none().or(write()), holding(&[])).await, short_of("write"));
    assert_eq!(check(none().or(none()), holding(&[])).await, Err(None));
    let nested = read().and(write()).or(policy::scope("admin"));
    assert_eq!(check(nested.clone(), holding(&["admin"])).await, Ok(()));
    assert_eq!(check(nested, holding(&["write"])).await, short_of("read"));
    assert_eq!(check(read().and(read()), holding(&[])).await, short_of("read"));
}

/// REQ-21: the kind of refusal depends on the kind of credential.
#[tokio::test]
async fn req_21_a_token_holder_lacks_scope_others_are_forbidden_and_a_guest_is_asked() {
    let open = dialect::ANY.guests([GuestRule::everywhere().permissions(&["get:/**"])]);
    let policies: [fn() -> Router; 3] = [
        || whoami().layer(RequireLayer::new(policy::scope("write"))),
        || whoami().layer(RequireLayer::new(policy::permission("delete:/things"))),
        || whoami().layer(RequireLayer::new(policy::kinds([]))),
    ];
    let query = format!("/?access_token={TOKEN}");
    let comers = || -> [(Request<Body>, RejectionKind); 7] {
        [
            (get("/", &[]), Missing),
            (authorization(bearer(TOKEN)), InsufficientScope),
            (get(&query, &[]), InsufficientScope),
            (authorization(basic(USER, PASSWORD)), Forbids),
            (authorization(basic(KEY_ID, KEY_SECRET)), Forbids),
            (authorization(basic(ORG_CLIENT, CLIENT_SECRET)), Forbids),
            (get("/", &[("x-app-token", APP_TOKEN)]), Forbids),
        ]
    };
    for policy in policies {
        let app = policy().layer(layer(open.clone()));
        for (request, expected) in comers() {
            assert_eq!(send(app.clone(), request).await.outcome(), Err(expected));
        }
    }
}

#[tokio::test]
async fn kinds_are_allowed_by_list() {
    let two = || policy::kinds([PrincipalKind::OAuthUser, PrincipalKind::BasicUser]);
    assert_eq!(check(two(), holding(&[])).await, Ok(()));
    assert_eq!(check(two(), BasicUser::new("a")).await, Ok(()));
    assert_eq!(check(two(), ApiKey::new("a")).await, Err(None));
    assert_eq!(check(policy::kind(PrincipalKind::OAuthUser), BasicUser::new("a")).await, Err(None));
    assert_eq!(check(policy::kinds([]), holding(&["all"])).await, Err(None));
    assert_eq!(check(policy::authenticated(), ApiKey::new("a")).await, Ok(()));
}

#[tokio::test]
async fn a_permission_is_held_whole() {
    let holder = |list: &[&str]| BasicUser::new("bob").with_permissions(permitted(list));
    for (required, held, allowed) in [
        ("get:/reports", &["get:/reports"][..], true),
        ("get:/reports", &["get:/**"], true),
        ("get:/reports", &["*:/reports"], true),
        ("get:/reports", &["/reports"], true),
        ("GET:/reports", &["get:/reports"], true),
        ("get,put:/reports", &["get,put,post:/reports"], true),
        ("get,put:/reports", &["get:/reports", "put:/reports"], true),
        ("get,put:/reports", &["get:/reports"], false),
        ("get:/reports", &["put:/reports"], false),
        ("get:/reports", &["get:/reports/**/x"], false),
        ("get:/reports", &[], false),
        ("get:/users/bob", &["get:/users/${user}"], true),
        ("get:/users/eve", &["get:/users/${user}"], false),
        ("fly:/reports", &["*:/**"], false),
        ("/reports", &["*:/**"], false),
        ("", &["*:/**"], false),
        (":", &["*:/**"], false),
        ("get:", &["*:/**"], false),
        ("get:reports", &["*:/**"], false),
    ] {
        let made = check(policy::permission(required), holder(held)).await;
        assert_eq!(made.is_ok(), allowed, "{required} {held:?}");
    }
}

#[tokio::test]
async fn a_closure_is_a_policy_and_may_ask_for_credentials() {
    let own = |principal: &Principal, head: &RequestHead<'_>| match principal.id() {
        Some(id) if head.uri().path().ends_with(id) => Ok(()),
        _ => Err(Forbidden::needing("own".parse().unwrap())),
    };
    assert_eq!(check(own, OAuthUser::new("things")).await, Ok(()));
    assert_eq!(check(own, OAuthUser::new("other")).await, short_of("own"));
    let no_lone_apps = |principal: &Principal, _: &RequestHead<'_>| match principal {
        Principal::AppToken(_) => Err(Forbidden::without_credentials()),
        _ => Ok(()),
    };
    let app = whoami().layer(RequireLayer::new(no_lone_apps)).layer(layer(dialect::SOCRATA));
    let answer = send(app, get("/", &[("x-app-token", APP_TOKEN)])).await;
    assert_eq!((answer.outcome(), answer.challenges().len()), (Err(Missing), 2));
}

fn users_of(org: &str, app: &str, list: &[&str]) -> OAuthUser {
    let user = OAuthUser::new("bob").with_org(org).with_permissions(permitted(list));
    if app.is_empty() { user } else { user.with_app(app) }
}

/// Usergrid's applications: what each principal may do below `/{org}/{app}/**`.
#[tokio::test]
async fn an_application_is_open_to_its_organization_its_own_client_and_those_it_permits() {
    let org = || Principal::from(OrgAdmin::new("id", "acme"));
    let app = || Principal::from(AppAdmin::new("id", "acme", "weather"));
    let user = |app: &str, list: &[&str]| Principal::from(users_of("acme", app, list));
    let key =
        ApiKey::new("k").with_org("acme").with_app("weather").with_permissions(permitted(&["get:/cities"]));
    for (who, method, target, allowed) in [
        (org(), "DELETE", "/acme/weather/cities", true),
        (org(), "PATCH", "/acme/other", true),
        (org(), "GET", "/ACME/weather", false),
        (org(), "GET", "/rival/weather", false),
        (org(), "GET", "/acme", false),
        (app(), "DELETE", "/acme/weather/cities", true),
        (app(), "GET", "/acme/Weather/", false),
        (app(), "GET", "/acme/other", false),
        (app(), "GET", "/rival/weather", false),
        (user("weather", &["get:/cities"]), "GET", "/acme/weather/cities", true),
        (user("weather", &["get:/cities"]), "HEAD", "/acme/weather/cities", true),
        (user("weather", &["get:/cities"]), "PUT", "/acme/weather/cities", false),
        (user("weather", &["get:/cities"]), "GET", "/acme/weather/towns", false),
        (user("weather", &["get:/cities"]), "GET", "/acme/other/cities", false),
        (user("weather", &["get:/**"]), "GET", "/rival/weather/cities", false),
        (user("", &["get:/**"]), "GET", "/acme/any/cities", true),
        (user("", &["get:/**"]), "GET", "/rival/any/cities", false),
        (user("weather", &["*:/**"]), "PATCH", "/acme/weather/x", true),
        (user("weather", &["get,put,post,delete:/**"]), "PATCH", "/acme/weather/x", false),
        (user("weather", &["*:/**"]), "GET", "/acme/weather", true),
        (user("weather", &[]), "GET", "/acme/weather", false),
        (OAuthUser::new("b").with_permissions(Permissions::all()).into(), "GET", "/acme/weather", false),
        (key.into(), "GET", "/acme/weather/cities", true),
        (AppToken::new("a").with_permissions(Permissions::all()).into(), "GET", "/acme/weather", false),
    ] {
        let shown = format!("{who:?} {method} {target}");
        let layer = layer_of(dialect::RFC6750, makes(who));
        let app = whoami().layer(RequireLayer::new(policy::application("/{org}/{app}/**"))).layer(layer);
        let answer = send(app, request(method, target, &[("authorization", "Bearer x")])).await;
        assert_eq!(answer.status, if allowed { 200 } else { 403 }, "{shown}");
    }
}

/// The rest of the path is decoded before it is judged; the segments that decide are not.
#[tokio::test]
async fn percent_encoded_names_are_judged_by_one_reading_or_not_at_all() {
    let bob = || {
        OAuthUser::new("böb x")
            .with_org("acme")
            .with_permissions(permitted(&["get:/users/${user}", "get:/a/*"]))
    };
    for (target, allowed) in [
        ("/acme/weather/users/b%C3%B6b%20x", true),
        ("/acme/weather/users/b%c3%b6b%20x", true),
        ("/acme/weather/users/eve", false),
        ("/acme/weather/a/%41", true),
        ("/acme/we%61ther/a/b", false),
        ("/%61cme/weather/a/b", false),
        ("/acme/weather/a%2fb", false),
        ("/acme/weather/a/..%2fb", false),
        ("/acme/weather/x/../a/b", false),
        ("/acme/weather//a/b", false),
        ("/acme/weather/a/b;c", false),
        ("/acme//a/b", false),
        ("/acme/weather/a/%ff", false),
        ("/acme/weather/a/%", false),
        ("/acme/weather/a/b%2500", false),
        ("/acme/weather/a/%25%252f..", false),
        ("/acme/weather/a/100%25", true),
    ] {
        let layer = layer_of(dialect::RFC6750, makes(bob()));
        let app = whoami().layer(RequireLayer::new(policy::application("/{org}/{app}/**"))).layer(layer);
        let answer = send(app, get(target, &[("authorization", "Bearer x")])).await;
        assert_eq!(answer.status, if allowed { 200 } else { 403 }, "{target}");
    }
}

/// The original path decides, for every nesting of routers.
#[tokio::test]
async fn a_nested_router_is_judged_by_the_original_path() {
    let inner = || {
        let routes = Router::new().route("/{app}/{*rest}", any(async || "in"));
        routes.layer(RequireLayer::new(policy::application("/{org}/{app}/**")))
    };
    let admin = || layer_of(dialect::RFC6750, makes(AppAdmin::new("id", "acme", "weather")));
    let apps = [
        Router::new().nest("/{org}", inner()).layer(admin()),
        Router::new().nest("/{org}", inner().layer(admin())),
        Router::new().nest_service("/acme", inner().layer(admin())),
        Router::new()
            .nest(
                "/acme",
                Router::new()
                    .nest_service("/weather", any(async || "in"))
                    .layer(RequireLayer::new(policy::application("/{org}/{app}/**"))),
            )
            .layer(admin()),
    ];
    for (at, app) in apps.into_iter().enumerate() {
        for (target, status) in [("/acme/weather/x", 200), ("/acme/weather/acme/weather", 200)] {
            let answer = send(app.clone(), get(target, &[("authorization", "Bearer x")])).await;
            assert_eq!(answer.status, status, "{at} {target}");
        }
        for target in ["/acme/other/weather", "/acme/other/x", "/acme//weather/x", "/acme/acme/weather"] {
            let answer = send(app.clone(), get(target, &[("authorization", "Bearer x")])).await;
            assert!(matches!(answer.status, 403 | 404), "{at} {target} {answer:?}");
        }
    }
}

/// REQ-30: a guest skips authentication, never authorization.
#[tokio::test]
async fn req_30_a_guest_of_the_sandbox_holds_what_its_rule_grants() {
    let narrow = GuestRule::path("/{org}/sandbox/**").permissions(&["get:/cities/**"]).sandbox();
    let app = |dialect| {
        let routes = Router::new().fallback(async |who: Principal| match who {
            Principal::Guest(guest) => format!("guest, sandbox: {}", guest.is_sandbox()),
            other => other.kind().to_string(),
        });
        routes.layer(RequireLayer::new(policy::application("/{org}/{app}/**"))).layer(layer(dialect))
    };
    for (dialect, method, target, status) in [
        (dialect::USERGRID, "GET", "/acme/sandbox/cities", 200),
        (dialect::USERGRID, "DELETE", "/acme/sandbox/cities/1", 200),
        (dialect::USERGRID, "GET", "/acme/sandbox", 200),
        (dialect::USERGRID, "PATCH", "/acme/sandbox/cities", 401),
        (dialect::USERGRID, "GET", "/acme/weather/cities", 401),
        (dialect::USERGRID.guests([narrow]), "GET", "/acme/sandbox/cities/1", 200),
        (dialect::USERGRID.guests([narrow]), "POST", "/acme/sandbox/cities", 401),
        (dialect::USERGRID.guests([narrow]), "GET", "/acme/sandbox/users", 401),
        (dialect::USERGRID.guests([GuestRule::everywhere()]), "GET", "/acme/sandbox/cities", 401),
    ] {
        let answer = send(app(dialect), request(method, target, &[])).await;
        assert_eq!(answer.status, status, "{method} {target}");
        match status {
            200 => assert_eq!(answer.body, "guest, sandbox: true"),
            _ => assert_eq!((answer.kind(), answer.challenges().len()), (Some(Missing), 2)),
        }
    }
    // G45: a guest does not skip a stricter guard either.
    let guarded = whoami().layer(RequireLayer::new(policy::scope("admin"))).layer(layer(dialect::USERGRID));
    assert_eq!(send(guarded, get("/acme/sandbox/x", &[])).await.outcome(), Err(Missing));
}

/// A known user in the sandbox keeps the identity and has the user's own permissions.
#[tokio::test]
async fn a_known_user_at_the_sandbox_is_no_guest() {
    let user = users_of("acme", "weather", &["get:/**"]);
    let layer = layer_of(dialect::USERGRID.answers([]), makes(user));
    let app = whoami().layer(RequireLayer::new(policy::application("/{org}/{app}/**"))).layer(layer);
    let line = [("authorization", "Bearer x")];
    assert_eq!(send(app.clone(), get("/acme/sandbox/x", &line)).await.outcome(), Err(InsufficientScope));
    assert_eq!(send(app, get("/acme/weather/x", &line)).await.outcome(), Ok("OAuthUser"));
}

#[test]
fn a_policy_that_could_never_decide_is_an_error_at_start_up() {
    for pattern in ["", "/", "org/app", "/{app}/**", "/{org}/**/x", "/acme/weather/**"] {
        assert!(policy::try_application(pattern).is_err(), "{pattern}");
    }
    assert!(policy::try_application("/api/{org}/{app}/**").is_ok());
}

/// The guest rule does not cover this prefix, so `sandbox` could be the name of an organization.
#[tokio::test]
async fn req_30_a_guest_of_a_rule_that_stands_elsewhere_holds_nothing() {
    let routes = Router::new()
        .route("/{org}/{app}/{*path}", axum::routing::any(async || "done"))
        .layer(RequireLayer::new(policy::application("/api/{org}/{app}/**")))
        .layer(layer(dialect::USERGRID));
    let app = Router::new().nest("/api", routes);
    for target in ["/api/sandbox/payroll/users", "/api/acme/sandbox/users", "/api/sandbox/sandbox/users"] {
        assert_eq!(send(app.clone(), get(target, &[])).await.status, 401, "{target}");
    }
}

#[test]
fn a_pattern_without_an_organization_is_an_error_that_names_it() {
    let error = policy::try_application("/{app}/**").unwrap_err();
    assert_eq!(error.to_string(), "`/{app}/**` has no `{org}`");
}

//! The role guard: groups of tokens, roles of a database and groups in memory have the same effect,
//! each in its place.

use tower_principal::Policy;
use tower_principal::RejectionKind::{Forbidden, InsufficientScope, Missing};
use tower_principal::principal::Ground;
use tower_principal::request::RequestHead;
use tower_principal::{
    ApiKey, AppAdmin, BasicUser, GuestRule, OAuthUser, OrgAdmin, Principal, RequireLayer, Verifier, dialect,
    policy, verify::MemoryVerifier,
};

use crate::support::*;

/// Roles as a service defines them.
#[derive(Clone, Copy)]
pub(crate) enum Role {
    Admin,
    Editor,
}

impl AsRef<str> for Role {
    fn as_ref(&self) -> &str {
        match self {
            Self::Admin => "admin",
            Self::Editor => "editor",
        }
    }
}

/// Returns true if the policy allows a request to this path.
pub(crate) fn allows(policy: &impl Policy, who: &Principal, path: &str) -> bool {
    let request = http::Request::get(path).body(()).unwrap();
    policy.check(who, &RequestHead::from_request(&request)).is_ok()
}

/// Sends a request to a service that needs this policy on every path.
async fn ask(verifier: impl Verifier, policy: impl Policy, line: &str) -> Answer {
    let open = dialect::ANY.guests([GuestRule::everywhere().permissions(&["get:/**"])]);
    let layer = layer_of(open, verifier).challenge_scope("of-the-layer");
    let app = whoami().layer(RequireLayer::new(policy)).layer(layer);
    let request = if line.is_empty() { get("/things", &[]) } else { authorization(line) };
    send(app, request).await
}

#[test]
fn one_any_and_all_groups_are_required() {
    let olga: Principal = OAuthUser::new("olga").with_groups(["editor", "staff"]).into();
    for (policy, allowed) in [
        (policy::group("editor"), true),
        (policy::group(Role::Editor), true),
        (policy::group(Role::Admin), false),
        (policy::group("Editor"), false),
        (policy::group("edit"), false),
        (policy::any_group(["admin", "staff"]), true),
        (policy::any_group([Role::Admin, Role::Editor]), true),
        (policy::any_group(["admin", "root"]), false),
        (policy::all_groups(["editor", "staff"]), true),
        (policy::all_groups([Role::Admin, Role::Editor]), false),
        (policy::all_groups(["staff", "staff"]), true),
        // An invalid requirement allows no principal, not even beside a valid one.
        (policy::group(""), false),
        (policy::group("editor\nstaff"), false),
        (policy::any_group::<&str>([]), false),
        (policy::all_groups::<&str>([]), false),
        (policy::any_group(["editor", ""]), false),
        (policy::all_groups(["editor", "\n"]), false),
    ] {
        assert_eq!(allows(&policy, &olga, "/x"), allowed, "{policy:?}");
    }
}

#[test]
fn every_kind_that_can_authenticate_may_have_groups() {
    let admin = policy::group(Role::Admin);
    let absolute: [Principal; 3] = [
        BasicUser::new("a").with_groups([Role::Admin]).into(),
        ApiKey::new("k").with_groups([Role::Admin]).into(),
        OAuthUser::new("o").with_groups([Role::Admin]).into(),
    ];
    for who in &absolute {
        assert!(allows(&admin, who, "/acme/weather"), "{who:?}");
        assert!(who.has_group(Role::Admin) && !who.has_group(Role::Editor), "{who:?}");
    }
    let (of_org, everywhere) = (OrgAdmin::new("c", "acme"), Ground::everywhere());
    let app = AppAdmin::new("c", "acme", "weather").with_groups([Role::Admin]);
    assert!(!allows(&admin, &of_org.clone().with_groups([Role::Admin]).into(), "/acme/weather"));
    assert!(allows(&admin, &of_org.with_groups_in(everywhere, [Role::Admin]).into(), "/acme/weather"));
    assert!(!allows(&admin, &app.into(), "/acme/weather"));
}

#[test]
fn a_group_of_an_organization_does_not_count_outside_of_it() {
    let admin = policy::group("admin");
    let within = policy::group("admin").within("/{org}/{app}/**").unwrap();
    let fixed = policy::group("admin").within("/acme/{app}/**").unwrap();
    let of_org = policy::group("admin").within("/management/{org}").unwrap();
    let user = || OAuthUser::new("bob").with_groups(["admin"]);
    let of_acme: Principal = user().with_org("acme").into();
    let of_weather: Principal = user().with_org("acme").with_app("weather").into();
    let lost: Principal = user().with_app("weather").into();
    let of_nothing: Principal = user().into();
    for (policy, path, allowed) in [
        (&admin, "/acme/weather/x", [false, false, false, true]),
        (&within, "/acme/weather/x", [true, true, false, false]),
        (&within, "/acme/maps/x", [true, false, false, false]),
        (&within, "/rival/weather/x", [false; 4]),
        (&within, "/Acme/weather/x", [false; 4]),
        (&within, "/acme", [false; 4]),
        // Two programs could read this path differently.
        (&within, "/acme//weather/x", [false; 4]),
        (&within, "/acme/weather/../../rival", [false; 4]),
        // This pattern names no organization.
        (&fixed, "/acme/weather/x", [false; 4]),
        (&of_org, "/management/acme", [true, false, false, false]),
        (&of_org, "/management/rival", [false; 4]),
    ] {
        let found = [&of_acme, &of_weather, &lost, &of_nothing].map(|who| allows(policy, who, path));
        assert_eq!(found, allowed, "{path} {policy:?}");
    }
    let both = admin.or(within);
    assert!(allows(&both, &of_acme, "/acme/weather/x") && allows(&both, &of_nothing, "/acme/weather/x"));
}

#[tokio::test]
async fn a_guest_and_a_lone_app_token_are_asked_for_credentials() {
    for line in ["", APP_TOKEN] {
        let policy = policy::any_group(["admin", "Guest", "weather-map"]);
        let open = dialect::ANY.guests([GuestRule::everywhere()]);
        let app = whoami().layer(RequireLayer::new(policy)).layer(layer(open));
        let headers = [("x-app-token", line)];
        let answer = send(app, get("/", if line.is_empty() { &[] } else { &headers })).await;
        assert_eq!((answer.kind(), answer.status), (Some(Missing), 401), "{line}");
    }
}

#[tokio::test]
async fn a_missing_group_is_403_and_the_challenge_names_no_scope() {
    let memory = || {
        let token = OAuthUser::new("olga").with_scopes(["read"]).with_groups([Role::Editor]);
        let memory = MemoryVerifier::builder().access_token(TOKEN, token);
        memory.api_key("a-key", ApiKey::new("k").with_groups([Role::Editor])).build().unwrap()
    };
    for line in [bearer(TOKEN), "Apikey a-key".to_owned()] {
        assert_eq!(ask(memory(), policy::group(Role::Editor), &line).await.status, 200);
        let answer = ask(memory(), policy::group(Role::Admin), &line).await;
        let kind = if line.starts_with("Bearer") { InsufficientScope } else { Forbidden };
        assert_eq!((answer.kind(), answer.status), (Some(kind), 403), "{line}");
        assert!(answer.rejection.as_ref().unwrap().needed_scopes().is_empty());
        for challenge in answer.challenges() {
            assert!(!challenge.contains("scope=") && !challenge.contains("admin"), "{challenge}");
        }
        assert!(!answer.body.contains("admin"), "{}", answer.body);
    }
    let scope = |answer: &Answer| answer.rejection.as_ref().unwrap().needed_scopes().as_str().to_owned();
    let (admin, write) = (|| policy::group("admin"), || policy::scope("write"));
    for (answer, scopes) in [
        // More scopes would not help.
        (ask(memory(), policy::scope("read").and(admin()), &bearer(TOKEN)).await, ""),
        (ask(memory(), write().and(admin()), &bearer(TOKEN)).await, "write"),
        (ask(memory(), admin().or(write()), &bearer(TOKEN)).await, "write"),
        (ask(memory(), write().or(admin()), &bearer(TOKEN)).await, "write"),
    ] {
        assert_eq!((answer.status, &*scope(&answer)), (403, scopes));
    }
}

#[tokio::test]
async fn a_missing_group_is_a_denial_in_the_log_with_the_needed_groups() {
    let log = listen();
    let seen = |log: &Log| {
        let lines = log.take().into_iter().filter(|line| line.target == "tower_principal::denial");
        lines.map(|line| format!("{}: {}", line.get("why"), line.get("expected"))).collect::<Vec<_>>()
    };
    let memory = |user: OAuthUser| MemoryVerifier::builder().access_token(TOKEN, user).build().unwrap();
    let user = || OAuthUser::new("olga").with_groups(["personal-group", "editor"]);
    let any = || policy::any_group(["admin", "root"]);
    assert_eq!(ask(memory(user()), any(), &bearer(TOKEN)).await.status, 403);
    assert_eq!(seen(&log), [r#"the principal lacks a needed group: {\"admin\", \"root\"}"#]);
    let editor = policy::group("editor");
    assert_eq!(ask(memory(user().with_org("acme")), editor, &bearer(TOKEN)).await.status, 403);
    let elsewhere = "the principal has a needed group, but only in its organization or application";
    assert_eq!(seen(&log), [format!(r#"{elsewhere}: {{\"editor\"}}"#)]);
}

#[cfg(feature = "jwt")]
mod tokens {
    use bytes::Bytes;
    use http::{Request, Response};
    use serde_json::{Value, json};
    use tower_principal::fetch::{Fetch, FetchError};
    use tower_principal::verify::{Algorithm, GroupForm, JwtVerifier};

    use super::*;
    use crate::jwt::{API, ISSUER, pair};

    /// Sends a JWT with these claims, and returns the status.
    async fn status(claims: Value, policy: impl Policy, path: &str) -> u16 {
        let (issuer, _, clock) = pair(Algorithm::EdDsa);
        let jwts = JwtVerifier::builder(ISSUER).audience(API).keys(issuer.keys().unwrap()).clock(clock);
        let jwts = jwts.org_claim("org").app_claim("app").group_claims_as(GroupForm::Commas, ["teams"]);
        let mut jwt = issuer.token("olga").audience(API);
        for (name, value) in claims.as_object().unwrap() {
            jwt = jwt.claim(name, value.clone());
        }
        let layer = layer_of(dialect::RFC6750, jwts.build().unwrap());
        let app = whoami().layer(RequireLayer::new(policy)).layer(layer);
        send(app, request("GET", path, &[("authorization", &bearer(&jwt.sign()))])).await.status
    }

    #[tokio::test]
    async fn the_groups_and_roles_of_a_signed_token_count() {
        for (claims, expected) in [
            (json!({"groups": ["admin"]}), 200),
            (json!({"roles": ["reader", "admin"]}), 200),
            (json!({"cognito:groups": ["admin"]}), 200),
            (json!({"realm_access": {"roles": ["admin"]}}), 200),
            (json!({"teams": "maps, admin"}), 200),
            (json!({"roles": ["Admin", "admins", "admin ", ""]}), 403),
            (json!({"roles": "admin"}), 403),
            (json!({"roles": [["admin"]]}), 403),
            (json!({"roles": ["reader\nadmin"]}), 403),
            (json!({"role": ["admin"], "scope": "admin"}), 403),
            (json!({}), 403),
        ] {
            assert_eq!(status(claims.clone(), policy::group("admin"), "/x").await, expected, "{claims}");
        }
        let both = json!({"roles": ["a"], "groups": ["b"]});
        assert_eq!(status(both.clone(), policy::all_groups(["a", "b"]), "/x").await, 200);
        assert_eq!(status(both, policy::all_groups(["a", "c"]), "/x").await, 403);
    }

    #[tokio::test]
    async fn a_token_of_an_organization_has_its_groups_there() {
        let within = || policy::group("admin").within("/{org}/{app}/**").unwrap();
        let of_acme = || json!({"org": "acme", "roles": ["admin"]});
        let of_weather = || json!({"org": "acme", "app": "weather", "roles": ["admin"]});
        assert_eq!(status(of_acme(), policy::group("admin"), "/acme/weather").await, 403);
        assert_eq!(status(of_acme(), within(), "/acme/weather").await, 200);
        assert_eq!(status(of_acme(), within(), "/rival/weather").await, 403);
        assert_eq!(status(of_weather(), within(), "/acme/weather").await, 200);
        assert_eq!(status(of_weather(), within(), "/acme/maps").await, 403);
    }

    /// An authorization server with a single answer.
    #[cfg(feature = "introspection")]
    struct Answers(&'static str);

    #[cfg(feature = "introspection")]
    impl Fetch for Answers {
        async fn fetch(&self, _: Request<Bytes>, _: usize) -> Result<Response<Bytes>, FetchError> {
            let response = Response::builder().header("content-type", "application/json");
            Ok(response.body(Bytes::from_static(self.0.as_bytes())).unwrap())
        }
    }

    #[cfg(feature = "introspection")]
    #[tokio::test]
    async fn the_groups_of_an_introspected_token_count() {
        use tower_principal::verify::Introspection;

        for (answer, alone, within) in [
            (r#"{"active":true,"sub":"olga","roles":["admin"]}"#, 200, 403),
            (r#"{"active":true,"sub":"olga","roles":["editor"]}"#, 403, 403),
            (r#"{"active":true,"sub":"olga","org":"acme","groups":["admin"]}"#, 403, 200),
            (r#"{"active":true,"sub":"olga","org":"rival","groups":["admin"]}"#, 403, 403),
        ] {
            let verifier = || {
                let asking = Introspection::builder("https://login.example/introspect", Answers(answer));
                asking.bearer("its-token").org_claim("org").build().unwrap()
            };
            for (policy, expected) in [
                (policy::group(Role::Admin), alone),
                (policy::group(Role::Admin).within("/acme/weather/**").unwrap(), 403),
                (policy::group(Role::Admin).within("/{org}/{app}/**").unwrap(), within),
            ] {
                let layer = layer_of(dialect::RFC6750, verifier());
                let app = whoami().layer(RequireLayer::new(policy)).layer(layer);
                let sent = request("GET", "/acme/weather/x", &[("authorization", "Bearer opaque")]);
                assert_eq!(send(app, sent).await.status, expected, "{answer}");
            }
        }
    }
}

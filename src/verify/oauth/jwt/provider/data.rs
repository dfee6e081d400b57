//! Facts about the tokens of each provider.

use super::super::TokenUse::{
    AccessToken, CognitoAccess, IdentityToken, PlainJwt, ServiceAccountToken, UntypedJwt,
};
use super::GroupForm;
use crate::verify::oauth::jwt::facts::Facts;

/// Facts about most tokens; a preset changes some of them.
const USUAL: Facts = Facts {
    name: "",
    uses: &[AccessToken],
    ids: &["sub"],
    org: None,
    clients: &["client_id", "azp"],
    scopes: &["scope", "scp"],
    groups: &[(GroupForm::List, "groups"), (GroupForm::List, "roles")],
    signs: &[],
    refused: &[],
    refused_jti: None,
    foreign: &[],
    why_foreign: "",
    unknown: &[],
};

pub(in crate::verify::oauth::jwt) const RFC9068: Facts = Facts {
    name: "rfc9068",
    groups: &[(GroupForm::List, "groups"), (GroupForm::List, "roles"), (GroupForm::List, "entitlements")],
    ..USUAL
};

pub(in crate::verify::oauth::jwt) const AUTH0: Facts = Facts {
    name: "auth0",
    uses: &[AccessToken, PlainJwt],
    clients: &["azp", "client_id"],
    groups: &[(GroupForm::List, "permissions")],
    unknown: &[
        "custom claims, which have the name of a URL",
        "the audience, without which tokens are opaque",
    ],
    ..USUAL
};

pub(in crate::verify::oauth::jwt) const KEYCLOAK: Facts = Facts {
    name: "keycloak",
    uses: &[AccessToken, PlainJwt],
    clients: &["azp", "client_id"],
    groups: &[(GroupForm::List, "/realm_access/roles"), (GroupForm::List, "groups")],
    unknown: &[
        "`aud`, which needs an audience mapper",
        "`sub`, which needs the scope `basic` from version 25 on",
        "roles of a client, in `/resource_access/CLIENT/roles`",
        "lightweight access tokens, which need introspection",
    ],
    ..USUAL
};

pub(in crate::verify::oauth::jwt) const ENTRA: Facts = Facts {
    name: "entra",
    uses: &[PlainJwt],
    ids: &["oid"],
    org: Some("tid"),
    clients: &["azp", "appid"],
    scopes: &["scp"],
    groups: &[(GroupForm::List, "roles"), (GroupForm::List, "groups")],
    // An identity token has the same audience if one app is both client and API.
    signs: &[&["scp"], &["roles", "azp"], &["roles", "appid"]],
    foreign: &[
        "00000003-0000-0000-c000-000000000000",
        "https://graph.microsoft.com",
        "https://graph.microsoft.com/",
        "00000002-0000-0000-c000-000000000000",
        "https://graph.windows.net",
        "https://graph.windows.net/",
    ],
    why_foreign: "only Graph can verify tokens for Microsoft Graph: request a scope of your own API",
    unknown: &[
        "whether tokens are of version 1 or 2, which the API's manifest decides: both are accepted",
        "groups beyond 200, which the token leaves out",
        "keys of apps with claims mapping, which are at another address (`?appid=`)",
        "national clouds, which have other issuers",
    ],
    ..USUAL
};

pub(in crate::verify::oauth::jwt) const B2C: Facts = Facts {
    name: "entra_b2c",
    ids: &["oid"],
    signs: &[&["scp"]],
    unknown: &["issuers with the policy in them (`/tfp/`)", "tokens without `oid`: set `id_claim(\"sub\")`"],
    ..ENTRA
};

pub(in crate::verify::oauth::jwt) const OKTA: Facts = Facts {
    name: "okta",
    uses: &[UntypedJwt, AccessToken],
    ids: &["uid", "cid"],
    clients: &["cid"],
    scopes: &["scp", "scope"],
    groups: &[(GroupForm::List, "groups")],
    signs: &[&["cid"]],
    unknown: &["the claim with groups, which the server's settings name"],
    ..USUAL
};

pub(in crate::verify::oauth::jwt) const COGNITO: Facts = Facts {
    name: "cognito",
    uses: &[CognitoAccess],
    clients: &["client_id"],
    scopes: &["scope"],
    groups: &[(GroupForm::List, "cognito:groups")],
    unknown: &["identity tokens: also accept `TokenUse::CognitoIdentity`"],
    ..USUAL
};

pub(in crate::verify::oauth::jwt) const GOOGLE: Facts = Facts {
    name: "google",
    uses: &[IdentityToken],
    org: Some("hd"),
    clients: &["azp"],
    scopes: &[],
    groups: &[],
    unknown: &["access tokens, which are opaque", "Identity-Aware Proxy, which has another issuer"],
    ..USUAL
};

pub(in crate::verify::oauth::jwt) const FIREBASE: Facts = Facts {
    name: "firebase",
    org: Some("/firebase/tenant"),
    clients: &[],
    unknown: &["custom claims", "session cookies, which have another issuer", "revoked users"],
    ..GOOGLE
};

pub(in crate::verify::oauth::jwt) const KUBERNETES: Facts = Facts {
    name: "kubernetes",
    uses: &[ServiceAccountToken],
    org: Some("/kubernetes.io/namespace"),
    clients: &[],
    scopes: &[],
    groups: &[],
    unknown: &[
        "whether the pod still exists, which only TokenReview returns",
        "tokens of a year, which need `max_lifetime`",
        "a discovery document that needs a token, or names a node: give the keys with `verifier_with`",
    ],
    ..USUAL
};

pub(in crate::verify::oauth::jwt) const GITHUB_ACTIONS: Facts = Facts {
    name: "github_actions",
    uses: &[PlainJwt],
    org: Some("repository_owner_id"),
    clients: &[],
    scopes: &[],
    groups: &[],
    unknown: &["which repositories are yours: compare `repository_id`, which stays when a name changes"],
    ..USUAL
};

pub(in crate::verify::oauth::jwt) const GITLAB_CI: Facts = Facts {
    name: "gitlab_ci",
    org: Some("namespace_id"),
    unknown: &["which projects are yours: compare `project_id`"],
    ..GITHUB_ACTIONS
};

pub(in crate::verify::oauth::jwt) const CLOUDFLARE_ACCESS: Facts = Facts {
    name: "cloudflare_access",
    uses: &[PlainJwt, UntypedJwt],
    ids: &["sub", "common_name"],
    clients: &["common_name"],
    scopes: &[],
    groups: &[],
    unknown: &["groups, which are at Cloudflare's identity address"],
    ..USUAL
};

pub(in crate::verify::oauth::jwt) const DUENDE: Facts = Facts {
    name: "duende",
    ids: &["sub", "client_id"],
    clients: &["client_id"],
    groups: &[(GroupForm::List, "role"), (GroupForm::Text, "role")],
    unknown: &["`aud`, which needs an API resource: otherwise use `audience_claim`"],
    ..USUAL
};

pub(in crate::verify::oauth::jwt) const CLERK: Facts = Facts {
    name: "clerk",
    uses: &[PlainJwt],
    org: Some("/o/id"),
    clients: &[],
    groups: &[
        (GroupForm::Text, "/o/rol"),
        (GroupForm::Commas, "/o/per"),
        (GroupForm::Text, "org_role"),
        (GroupForm::List, "org_permissions"),
    ],
    refused: &[("sts", "pending")],
    unknown: &["the origins of your pages, in `azp`", "the organization in tokens of version 1, `org_id`"],
    ..USUAL
};

pub(in crate::verify::oauth::jwt) const SUPABASE: Facts = Facts {
    name: "supabase",
    uses: &[PlainJwt],
    groups: &[(GroupForm::Text, "role")],
    unknown: &["projects with a shared secret: give it with `verifier_with`", "roles in `app_metadata`"],
    ..USUAL
};

pub(in crate::verify::oauth::jwt) const ZITADEL: Facts = Facts {
    name: "zitadel",
    uses: &[PlainJwt, AccessToken],
    groups: &[(GroupForm::Keys, "urn:zitadel:iam:org:project:roles")],
    unknown: &["opaque tokens, the default", "roles of a named project"],
    ..USUAL
};

pub(in crate::verify::oauth::jwt) const HYDRA: Facts = Facts {
    name: "hydra",
    uses: &[PlainJwt, AccessToken],
    groups: &[],
    unknown: &[
        "opaque tokens, the default",
        "custom claims, in `/ext/NAME`",
        "`aud`, which is empty unless requested",
    ],
    ..USUAL
};

pub(in crate::verify::oauth::jwt) const LOGTO: Facts =
    Facts { name: "logto", unknown: &["opaque tokens, without `resource`"], ..USUAL };

pub(in crate::verify::oauth::jwt) const UAA: Facts = Facts {
    name: "uaa",
    uses: &[PlainJwt],
    ids: &["user_id", "client_id"],
    clients: &["client_id", "azp", "cid"],
    scopes: &["scope"],
    groups: &[(GroupForm::List, "authorities")],
    refused_jti: Some("-r"),
    unknown: &["the zone of an identity zone's tenant"],
    ..USUAL
};

//! The presets.

use super::{Provider, data};

/// Any issuer of access tokens by RFC 9068, by its name. PingOne writes such tokens by option.
pub fn rfc9068(issuer: impl Into<String>) -> Provider {
    Provider::new(&data::RFC9068, issuer)
}

/// Auth0, by the tenant's domain or the custom domain.
pub fn auth0(domain: &str) -> Provider {
    Provider::new(&data::AUTH0, format!("{}/", https(domain)))
}

/// Keycloak from version 17 on, by the realm's address (`https://sso.example/realms/city`).
pub fn keycloak(realm: &str) -> Provider {
    Provider::new(&data::KEYCLOAK, https(realm))
}

/// Microsoft Entra ID for one tenant, by the tenant's id. Accepts tokens of version 1 and 2. For
/// either the principal's issuer is that of version 2.
pub fn entra(tenant: &str) -> Provider {
    let is_id = tenant.len() == 36 && tenant.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    Provider {
        also: vec![format!("https://sts.windows.net/{tenant}/")],
        problem: (!is_id).then_some(
            "`entra` needs the id of the tenant (a UUID), which is in `iss`; use `entra_multi_tenant` for several",
        ),
        ..Provider::new(&data::ENTRA, format!("https://login.microsoftonline.com/{tenant}/v2.0"))
    }
}

/// Microsoft Entra ID for several tenants, which the builder's
/// [`tenants`](crate::verify::JwtVerifierBuilder::tenants) or
/// [`tenants_where`](crate::verify::JwtVerifierBuilder::tenants_where) names.
pub fn entra_multi_tenant() -> Provider {
    Provider {
        also: vec!["https://sts.windows.net/{tenantid}/".to_owned()],
        metadata: Some(
            "https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration".to_owned(),
        ),
        ..Provider::new(&data::ENTRA, "https://login.microsoftonline.com/{tenantid}/v2.0")
    }
}

/// Azure AD B2C, by the tenant's name (`contoso`), its id, and the policy (`B2C_1_signin`).
pub fn entra_b2c(name: &str, tenant: &str, policy: &str) -> Provider {
    let host = format!("https://{name}.b2clogin.com");
    Provider {
        metadata: Some(format!(
            "{host}/{name}.onmicrosoft.com/{policy}/v2.0/.well-known/openid-configuration"
        )),
        ..Provider::new(&data::B2C, format!("{host}/{tenant}/v2.0/"))
    }
}

/// Okta's custom authorization servers, by the server's address
/// (`https://acme.okta.com/oauth2/default`).
///
/// Okta publishes no keys for access tokens of its org authorization server
/// (`https://acme.okta.com`).
/// [`JwtVerifierError::Unverifiable`](crate::verify::JwtVerifierError::Unverifiable) names an
/// alternative.
pub fn okta(server: &str) -> Provider {
    let issuer = https(server);
    let is_custom = issuer.split_once("/oauth2/").is_some_and(|(_, id)| !id.is_empty());
    Provider {
        problem: (!is_custom).then_some(
            "Okta's org authorization server publishes no keys for access tokens: use a custom server \
             (`https://HOST/oauth2/default`), or introspection",
        ),
        ..Provider::new(&data::OKTA, issuer)
    }
}

/// Amazon Cognito's access tokens, by region and user pool. The builder's audience is the app
/// client's id.
pub fn cognito(region: &str, pool: &str) -> Provider {
    Provider::new(&data::COGNITO, format!("https://cognito-idp.{region}.amazonaws.com/{pool}"))
}

/// Google's identity tokens. The builder's
/// [`identity_client`](crate::verify::JwtVerifierBuilder::identity_client) is your client id.
pub fn google() -> Provider {
    Provider {
        also: vec!["accounts.google.com".to_owned()],
        ..Provider::new(&data::GOOGLE, "https://accounts.google.com")
    }
}

/// Firebase Authentication and Identity Platform, by the project's id. No audience is needed.
pub fn firebase(project: &str) -> Provider {
    let keys = "https://www.googleapis.com/robot/v1/metadata/x509/securetoken@system.gserviceaccount.com";
    Provider {
        keys: Some(keys.to_owned()),
        client: Some(project.to_owned()),
        ..Provider::new(&data::FIREBASE, format!("https://securetoken.google.com/{project}"))
    }
}

/// Service accounts of a Kubernetes cluster, by its `--service-account-issuer`.
pub fn kubernetes(issuer: impl Into<String>) -> Provider {
    Provider::new(&data::KUBERNETES, issuer)
}

/// GitHub Actions.
pub fn github_actions() -> Provider {
    Provider::new(&data::GITHUB_ACTIONS, "https://token.actions.githubusercontent.com")
}

/// GitLab's CI jobs, by the instance's address.
pub fn gitlab_ci(instance: &str) -> Provider {
    Provider::new(&data::GITLAB_CI, https(instance))
}

/// Cloudflare Access, by the team's name. The builder's audience is the application's tag. Tokens
/// come in the header `Cf-Access-Jwt-Assertion`.
pub fn cloudflare_access(team: &str) -> Provider {
    let issuer = format!("https://{team}.cloudflareaccess.com");
    Provider {
        keys: Some(format!("{issuer}/cdn-cgi/access/certs")),
        ..Provider::new(&data::CLOUDFLARE_ACCESS, issuer)
    }
}

/// Duende IdentityServer and IdentityServer4, by the issuer's name.
pub fn duende(issuer: impl Into<String>) -> Provider {
    Provider::new(&data::DUENDE, issuer)
}

/// Clerk's session tokens, by the instance's Frontend API address. They have no `aud`: name your
/// pages' origins with `audience_claim("azp", ..)`.
pub fn clerk(frontend: &str) -> Provider {
    Provider::new(&data::CLERK, https(frontend))
}

/// Supabase Auth with asymmetric keys, by the project's reference. The audience is `authenticated`.
pub fn supabase(project: &str) -> Provider {
    Provider::new(&data::SUPABASE, format!("https://{project}.supabase.co/auth/v1"))
}

/// Zitadel, by the instance's domain.
pub fn zitadel(domain: &str) -> Provider {
    Provider::new(&data::ZITADEL, https(domain))
}

/// Ory Hydra with JWT access tokens, by the issuer's name.
pub fn hydra(issuer: impl Into<String>) -> Provider {
    Provider::new(&data::HYDRA, issuer)
}

/// Logto, by the tenant's domain.
pub fn logto(domain: &str) -> Provider {
    Provider::new(&data::LOGTO, format!("{}/oidc", https(domain)))
}

/// Cloud Foundry's UAA and SAP's XSUAA, by the server's address.
pub fn uaa(server: &str) -> Provider {
    let server = https(server);
    Provider {
        keys: Some(format!("{server}/token_keys")),
        ..Provider::new(&data::UAA, format!("{server}/oauth/token"))
    }
}

/// Returns an address with its scheme and without a slash at its end.
fn https(text: &str) -> String {
    let text = text.trim_end_matches('/');
    if text.contains("://") { text.to_owned() } else { format!("https://{text}") }
}

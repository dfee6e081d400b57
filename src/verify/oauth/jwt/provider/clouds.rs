//! Presets for identity providers that are services.

use super::{Provider, data, https};

/// Auth0, by the tenant's domain or the custom domain.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "reqwest")] {
/// use tower_principal::{fetch::HttpClient, verify::provider};
///
/// let auth0 = provider::auth0("acme.eu.auth0.com");
/// // Auth0's issuers end with a slash.
/// assert_eq!(auth0.issuer(), "https://acme.eu.auth0.com/");
/// let verifier = auth0
///     .verifier(HttpClient::new()?)?
///     .audience("https://api.example")
///     .build()?;
/// # let _ = verifier;
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn auth0(domain: &str) -> Provider {
    Provider::new(&data::AUTH0, format!("{}/", https(domain)))
}

/// Microsoft Entra ID for one tenant, by the tenant's id. Accepts tokens of version 1 and 2. For
/// either the principal's issuer is that of version 2.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "reqwest")] {
/// use tower_principal::{fetch::HttpClient, verify::provider};
///
/// let entra = provider::entra("72f988bf-86f1-41af-91ab-2d7cd011db47");
/// // The application's id for tokens of version 2, its URI for version 1.
/// let verifier = entra
///     .verifier(HttpClient::new()?)?
///     .audience("6e74172b-be56-4843-9ff4-e66a39bb12e3")
///     .audience("api://6e74172b-be56-4843-9ff4-e66a39bb12e3")
///     .build()?;
/// # let _ = verifier;
/// // `iss` has the id of a tenant, never its name.
/// assert!(provider::entra("contoso").verifier(HttpClient::new()?).is_err());
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "reqwest")] {
/// use tower_principal::verify::JwtVerifierError;
/// use tower_principal::{fetch::HttpClient, verify::provider};
///
/// let builder = provider::entra_multi_tenant()
///     .verifier(HttpClient::new()?)?
///     .audience("6e74172b-be56-4843-9ff4-e66a39bb12e3");
/// let unnamed = builder.clone().build();
/// assert!(matches!(unnamed, Err(JwtVerifierError::NoTenants)));
/// let customers = ["72f988bf-86f1-41af-91ab-2d7cd011db47"];
/// assert!(builder.tenants(customers).build().is_ok());
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "reqwest")] {
/// use tower_principal::{fetch::HttpClient, verify::provider};
///
/// let tenant = "72f988bf-86f1-41af-91ab-2d7cd011db47";
/// let b2c = provider::entra_b2c("contoso", tenant, "B2C_1_signin");
/// assert!(b2c.issuer().starts_with("https://contoso.b2clogin.com/72f988bf"));
/// let verifier = b2c
///     .verifier(HttpClient::new()?)?
///     .audience("6e74172b-be56-4843-9ff4-e66a39bb12e3")
///     .build()?;
/// # let _ = verifier;
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "reqwest")] {
/// use tower_principal::verify::JwtVerifierError;
/// use tower_principal::{fetch::HttpClient, verify::provider};
///
/// let okta = provider::okta("https://acme.okta.com/oauth2/default");
/// let verifier =
///     okta.verifier(HttpClient::new()?)?.audience("api://default").build()?;
/// # let _ = verifier;
/// // The org authorization server:
/// let org =
///     provider::okta("https://acme.okta.com").verifier(HttpClient::new()?);
/// assert!(matches!(org, Err(JwtVerifierError::Unverifiable(_))));
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "reqwest")] {
/// use tower_principal::{fetch::HttpClient, verify::provider};
///
/// let pool = provider::cognito("eu-west-1", "eu-west-1_Example");
/// assert_eq!(
///     pool.issuer(),
///     "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Example"
/// );
/// let verifier = pool
///     .verifier(HttpClient::new()?)?
///     .audience("the-app-clients-id")
///     .build()?;
/// # let _ = verifier;
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn cognito(region: &str, pool: &str) -> Provider {
    Provider::new(&data::COGNITO, format!("https://cognito-idp.{region}.amazonaws.com/{pool}"))
}

/// Google's identity tokens. The builder's
/// [`identity_client`](crate::verify::JwtVerifierBuilder::identity_client) is your client id.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "reqwest")] {
/// use tower_principal::verify::JwtVerifierError;
/// use tower_principal::{fetch::HttpClient, verify::provider};
///
/// let builder = provider::google().verifier(HttpClient::new()?)?;
/// assert!(matches!(builder.clone().build(), Err(JwtVerifierError::NoClient)));
/// let client = "1234-abcd.apps.googleusercontent.com";
/// assert!(builder.identity_client(client).build().is_ok());
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn google() -> Provider {
    Provider {
        also: vec!["accounts.google.com".to_owned()],
        ..Provider::new(&data::GOOGLE, "https://accounts.google.com")
    }
}

/// Firebase Authentication and Identity Platform, by the project's id. No audience is needed.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "reqwest")] {
/// use tower_principal::{fetch::HttpClient, verify::provider};
///
/// let firebase = provider::firebase("my-project");
/// assert_eq!(firebase.issuer(), "https://securetoken.google.com/my-project");
/// assert!(firebase.verifier(HttpClient::new()?)?.build().is_ok());
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn firebase(project: &str) -> Provider {
    let keys = "https://www.googleapis.com/robot/v1/metadata/x509/securetoken@system.gserviceaccount.com";
    Provider {
        keys: Some(keys.to_owned()),
        client: Some(project.to_owned()),
        ..Provider::new(&data::FIREBASE, format!("https://securetoken.google.com/{project}"))
    }
}

/// Clerk's session tokens, by the instance's Frontend API address. They have no `aud`: name your
/// pages' origins with `audience_claim("azp", ..)`.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "reqwest")] {
/// use tower_principal::{fetch::HttpClient, verify::provider};
///
/// let verifier = provider::clerk("https://clerk.example.org")
///     .verifier(HttpClient::new()?)?
///     .audience_claim("azp", ["https://www.example.org"])
///     .build()?;
/// # let _ = verifier;
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn clerk(frontend: &str) -> Provider {
    Provider::new(&data::CLERK, https(frontend))
}

/// Supabase Auth with asymmetric keys, by the project's reference. The audience is `authenticated`.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "reqwest")] {
/// use tower_principal::{fetch::HttpClient, verify::provider};
///
/// let project = provider::supabase("abcdefghijklmnopqrst");
/// assert!(project.issuer().ends_with(".supabase.co/auth/v1"));
/// let verifier = project
///     .verifier(HttpClient::new()?)?
///     .audience("authenticated")
///     .build()?;
/// # let _ = verifier;
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn supabase(project: &str) -> Provider {
    Provider::new(&data::SUPABASE, format!("https://{project}.supabase.co/auth/v1"))
}

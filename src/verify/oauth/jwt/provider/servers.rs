//! Presets for authorization servers that you run, or that have an instance of your own.

use super::{Provider, data, https};

/// Any issuer of access tokens by RFC 9068, by its name. PingOne writes such tokens by option.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "reqwest")] {
/// use tower_principal::{fetch::HttpClient, verify::provider};
///
/// let issuer = provider::rfc9068("https://login.example");
/// assert_eq!(issuer.issuer(), "https://login.example");
/// let verifier = issuer
///     .verifier(HttpClient::new()?)?
///     .audience("https://api.example")
///     .build()?;
/// # let _ = verifier;
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn rfc9068(issuer: impl Into<String>) -> Provider {
    Provider::new(&data::RFC9068, issuer)
}

/// Keycloak from version 17 on, by the realm's address (`https://sso.example/realms/city`).
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "reqwest")] {
/// use tower_principal::{fetch::HttpClient, verify::provider};
///
/// let realm = provider::keycloak("https://sso.example/realms/city");
/// assert_eq!(realm.issuer(), "https://sso.example/realms/city");
/// // Roles of one client, beside those of the realm:
/// let verifier = realm
///     .verifier(HttpClient::new()?)?
///     .audience("my-api")
///     .group_claims(["/realm_access/roles", "/resource_access/my-api/roles"])
///     .build()?;
/// # let _ = verifier;
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn keycloak(realm: &str) -> Provider {
    Provider::new(&data::KEYCLOAK, https(realm))
}

/// Duende IdentityServer and IdentityServer4, by the issuer's name.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "reqwest")] {
/// use tower_principal::{fetch::HttpClient, verify::provider};
///
/// let verifier = provider::duende("https://identity.example")
///     .verifier(HttpClient::new()?)?
///     .audience("my-api")
///     .build()?;
/// # let _ = verifier;
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn duende(issuer: impl Into<String>) -> Provider {
    Provider::new(&data::DUENDE, issuer)
}

/// Zitadel, by the instance's domain.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "reqwest")] {
/// use tower_principal::{fetch::HttpClient, verify::provider};
///
/// // The audience is the id of the project or of the API.
/// let verifier = provider::zitadel("acme.zitadel.cloud")
///     .verifier(HttpClient::new()?)?
///     .audience("269178349827129345")
///     .build()?;
/// # let _ = verifier;
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn zitadel(domain: &str) -> Provider {
    Provider::new(&data::ZITADEL, https(domain))
}

/// Ory Hydra with JWT access tokens, by the issuer's name.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "reqwest")] {
/// use tower_principal::{fetch::HttpClient, verify::provider};
///
/// let verifier = provider::hydra("https://auth.example")
///     .verifier(HttpClient::new()?)?
///     .audience("https://api.example")
///     .build()?;
/// # let _ = verifier;
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn hydra(issuer: impl Into<String>) -> Provider {
    Provider::new(&data::HYDRA, issuer)
}

/// Logto, by the tenant's domain.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "reqwest")] {
/// use tower_principal::{fetch::HttpClient, verify::provider};
///
/// let logto = provider::logto("acme.logto.app");
/// assert_eq!(logto.issuer(), "https://acme.logto.app/oidc");
/// // The resource indicator of the API:
/// let verifier = logto
///     .verifier(HttpClient::new()?)?
///     .audience("https://api.example")
///     .build()?;
/// # let _ = verifier;
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn logto(domain: &str) -> Provider {
    Provider::new(&data::LOGTO, format!("{}/oidc", https(domain)))
}

/// Cloud Foundry's UAA and SAP's XSUAA, by the server's address.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "reqwest")] {
/// use tower_principal::{fetch::HttpClient, verify::provider};
///
/// let uaa = provider::uaa("uaa.example.org");
/// assert_eq!(uaa.issuer(), "https://uaa.example.org/oauth/token");
/// let verifier =
///     uaa.verifier(HttpClient::new()?)?.audience("my-api").build()?;
/// # let _ = verifier;
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn uaa(server: &str) -> Provider {
    let server = https(server);
    Provider {
        keys: Some(format!("{server}/token_keys")),
        ..Provider::new(&data::UAA, format!("{server}/oauth/token"))
    }
}

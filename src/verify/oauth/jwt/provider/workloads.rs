//! Presets for the tokens of workloads: pods, CI jobs, and requests through a gateway.

use super::{Provider, data, https};

/// Service accounts of a Kubernetes cluster, by its `--service-account-issuer`.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "reqwest")] {
/// use tower_principal::{fetch::HttpClient, verify::provider};
///
/// let cluster = "https://kubernetes.default.svc.cluster.local";
/// // A pod gets a token for this audience as a projected volume.
/// let verifier = provider::kubernetes(cluster)
///     .verifier(HttpClient::new()?)?
///     .audience("https://api.example")
///     .build()?;
/// # let _ = verifier;
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn kubernetes(issuer: impl Into<String>) -> Provider {
    Provider::new(&data::KUBERNETES, issuer)
}

/// GitHub Actions.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "reqwest")] {
/// use tower_principal::{fetch::HttpClient, verify::provider};
///
/// let actions = provider::github_actions();
/// assert_eq!(actions.issuer(), "https://token.actions.githubusercontent.com");
/// // The workflow asks for a token with this audience.
/// let verifier = actions
///     .verifier(HttpClient::new()?)?
///     .audience("https://api.example")
///     .build()?;
/// # let _ = verifier;
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn github_actions() -> Provider {
    Provider::new(&data::GITHUB_ACTIONS, "https://token.actions.githubusercontent.com")
}

/// GitLab's CI jobs, by the instance's address.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "reqwest")] {
/// use tower_principal::{fetch::HttpClient, verify::provider};
///
/// let gitlab = provider::gitlab_ci("gitlab.example.org");
/// assert_eq!(gitlab.issuer(), "https://gitlab.example.org");
/// // The job names this audience in `id_tokens`.
/// let verifier = gitlab
///     .verifier(HttpClient::new()?)?
///     .audience("https://api.example")
///     .build()?;
/// # let _ = verifier;
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn gitlab_ci(instance: &str) -> Provider {
    Provider::new(&data::GITLAB_CI, https(instance))
}

/// Cloudflare Access, by the team's name. The builder's audience is the application's tag. Tokens
/// come in the header `Cf-Access-Jwt-Assertion`.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "reqwest")] {
/// use tower_principal::{fetch::HttpClient, verify::provider};
///
/// let team = provider::cloudflare_access("acme");
/// assert_eq!(team.issuer(), "https://acme.cloudflareaccess.com");
/// let tag =
///     "32eafc7626e737136c4ce9ff8ea2f11ab8b2cf2e5c5d9ba6e4dd6ac9d9e5d4e4";
/// let verifier = team.verifier(HttpClient::new()?)?.audience(tag).build()?;
/// # let _ = verifier;
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn cloudflare_access(team: &str) -> Provider {
    let issuer = format!("https://{team}.cloudflareaccess.com");
    Provider {
        keys: Some(format!("{issuer}/cdn-cgi/access/certs")),
        ..Provider::new(&data::CLOUDFLARE_ACCESS, issuer)
    }
}

//! An explanation of a token, for tests and tools.

use crate::verify::{Explanation, JwtVerifier, JwtVerifierError, Keys};

/// Explains step by step how a verifier with this issuer, this audience and default settings
/// handles a JWT. The steps are format, header, issuer, keys, signature, use, audience, claims,
/// times. Works offline with a [`KeySet`](crate::verify::KeySet), and fetches
/// [`Jwks`](crate::verify::Jwks). For a verifier with other settings, use [`JwtVerifier::explain`].
///
/// # Errors
///
/// Returns [`JwtVerifierError`] if issuer, audience or keys are empty.
///
/// # Examples
///
/// ```
/// use tower_principal::test_util::{Issuer, doctor};
///
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let issuer = Issuer::new("https://issuer.example").unwrap();
/// let token = issuer.token("otto").audience("https://other.example").sign();
/// let keys = issuer.keys().unwrap();
/// let explanation =
///     doctor(&token, issuer.name(), "https://api.example", keys).await.unwrap();
/// assert!(!explanation.is_accepted());
/// let text = explanation.to_string();
/// assert!(text.contains(
///     "expected: https://api.example; received: https://other.example"
/// ));
/// # });
/// ```
pub async fn doctor(
    token: &str,
    issuer: &str,
    audience: &str,
    keys: impl Into<Keys>,
) -> Result<Explanation, JwtVerifierError> {
    let verifier = JwtVerifier::builder(issuer).audience(audience).keys(keys).build()?;
    Ok(verifier.explain(token).await)
}

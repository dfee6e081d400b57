//! Proofs that accompany an authorization code.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use thiserror::Error;

use crate::credential::Secret;

/// Proof that a client presents with an authorization code (RFC 6749 section 4.1.3, RFC 7636
/// section 4.5).
///
/// A store redeems a code only if all three parts equal those of the [`NewCode`](super::NewCode).
/// The absence of a redirect URI or a challenge is a value of its own: a verifier for a code
/// without a challenge is refused, and so is a code with a challenge but without a verifier.
///
/// # Examples
///
/// ```
/// use tower_principal::Secret;
/// use tower_principal::grant::CodeProof;
///
/// let verifier =
///     Secret::borrowed("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
/// let proof = CodeProof::new("viewer")
///     .redirect_uri("https://viewer.example/callback")
///     .verifier(&verifier)?;
/// assert_eq!(
///     proof.challenge(),
///     Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
/// );
/// # Ok::<(), tower_principal::grant::InvalidVerifier>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct CodeProof<'r> {
    client: &'r str,
    redirect_uri: Option<&'r str>,
    challenge: Option<Box<str>>,
}

/// Error for a code verifier that is not 43 to 128 of `A-Za-z0-9-._~` (RFC 7636 section 4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a code verifier is 43 to 128 of A-Z, a-z, 0-9, `-`, `.`, `_` and `~`")]
#[non_exhaustive]
pub struct InvalidVerifier;

impl<'r> CodeProof<'r> {
    /// Returns the proof of this client, without a redirect URI and a verifier.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::grant::CodeProof;
    ///
    /// let proof = CodeProof::new("viewer");
    /// assert_eq!((proof.client(), proof.redirect()), ("viewer", None));
    /// ```
    pub const fn new(client: &'r str) -> Self {
        Self { client, redirect_uri: None, challenge: None }
    }

    /// Sets the redirect URI of the token request.
    pub const fn redirect_uri(mut self, uri: &'r str) -> Self {
        self.redirect_uri = Some(uri);
        self
    }

    /// Sets the code verifier of the token request. Only its S256 challenge is kept.
    ///
    /// # Errors
    ///
    /// [`InvalidVerifier`] if the text cannot be a verifier.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::Secret;
    /// use tower_principal::grant::CodeProof;
    ///
    /// let verifier =
    ///     Secret::borrowed("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    /// assert!(
    ///     CodeProof::new("viewer").verifier(&verifier)?.challenge().is_some()
    /// );
    /// let short = Secret::borrowed("dBjftJeZ4CVP");
    /// assert!(CodeProof::new("viewer").verifier(&short).is_err());
    /// # Ok::<(), tower_principal::grant::InvalidVerifier>(())
    /// ```
    pub fn verifier(mut self, verifier: &Secret<'_>) -> Result<Self, InvalidVerifier> {
        self.challenge = Some(code_challenge(verifier)?);
        Ok(self)
    }

    /// Returns the client that presents the code.
    pub const fn client(&self) -> &'r str {
        self.client
    }

    /// Returns the redirect URI of the token request.
    pub const fn redirect(&self) -> Option<&'r str> {
        self.redirect_uri
    }

    /// Returns the challenge of the verifier, without padding.
    pub fn challenge(&self) -> Option<&str> {
        self.challenge.as_deref()
    }
}

/// Returns the S256 code challenge of a verifier: its SHA-256 as base64url without padding (RFC
/// 7636 section 4.2).
///
/// # Errors
///
/// [`InvalidVerifier`] if the text is not 43 to 128 of `A-Za-z0-9-._~`.
///
/// # Examples
///
/// ```
/// use tower_principal::Secret;
/// use tower_principal::grant::code_challenge;
///
/// // The example of RFC 7636 appendix B:
/// let verifier =
///     Secret::borrowed("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
/// assert_eq!(
///     &*code_challenge(&verifier)?,
///     "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
/// );
/// # Ok::<(), tower_principal::grant::InvalidVerifier>(())
/// ```
pub fn code_challenge(verifier: &Secret<'_>) -> Result<Box<str>, InvalidVerifier> {
    let text = verifier.expose_secret();
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    if !(43..=128).contains(&text.len()) || !text.bytes().all(unreserved) {
        return Err(InvalidVerifier);
    }
    Ok(URL_SAFE_NO_PAD.encode(digest(&SHA256, text.as_bytes())).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn req_77_a_verifier_is_43_to_128_unreserved_characters() {
        for good in ["a".repeat(43), "~".repeat(128), format!("-._~{}", "Z".repeat(39))] {
            assert!(code_challenge(&Secret::borrowed(&good)).is_ok(), "{good}");
        }
        for bad in ["a".repeat(42), "a".repeat(129), format!("{}+", "a".repeat(42)), String::new()] {
            assert_eq!(code_challenge(&Secret::borrowed(&bad)), Err(InvalidVerifier), "{bad}");
        }
    }
}

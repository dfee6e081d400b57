//! The key that signs GeoDataHub's tokens, made at start.

use rcgen::{KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use tower_principal::server::Signer;

use crate::BoxError;

/// Returns a signer with an RSA key, as Amazon Cognito has one.
pub(crate) fn signer() -> Result<Signer, BoxError> {
    let pair = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)?;
    Ok(Signer::from_pem(&pair.serialize_pem())?)
}

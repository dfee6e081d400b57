//! A private CA, made on the first start and kept, and a server certificate that it signs at each
//! start.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio_rustls::TlsAcceptor;

use crate::{BoxError, private_file};

const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Returns the acceptor of the HTTPS listener; clients that trust `DIR/ca.pem` accept it.
pub(crate) fn acceptor(dir: &Path) -> Result<TlsAcceptor, BoxError> {
    let authority = authority(dir)?;
    let key = KeyPair::generate()?;
    let certificate = leaf()?.signed_by(&key, &authority)?;
    let key = PrivatePkcs8KeyDer::from(key.serialize_der());

    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.into()], key.into())?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn authority(dir: &Path) -> Result<Issuer<'static, KeyPair>, BoxError> {
    let (certificate, key) = (dir.join("ca.pem"), dir.join("ca-key.pem"));
    if certificate.exists() && key.exists() {
        let key = KeyPair::from_pem(&fs::read_to_string(key)?)?;
        return Ok(Issuer::new(authority_params(), key));
    }
    let pair = KeyPair::generate()?;
    let params = authority_params();
    private_file::write(&key, pair.serialize_pem().as_bytes())?;
    fs::write(&certificate, params.self_signed(&pair)?.pem())?;
    Ok(Issuer::new(params, pair))
}

fn authority_params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "tower-principal portal CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.not_before = (SystemTime::now() - DAY).into();
    params.not_after = (SystemTime::now() + 3650 * DAY).into();
    params
}

fn leaf() -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(NAMES.map(str::to_owned))?;
    params.distinguished_name.push(DnType::CommonName, "localhost");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    params.not_before = (SystemTime::now() - DAY).into();
    params.not_after = (SystemTime::now() + 365 * DAY).into();
    Ok(params)
}

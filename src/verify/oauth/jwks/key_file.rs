//! Public keys in files: PEM, DER or bare base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use spki::SubjectPublicKeyInfoRef;
use spki::der::asn1::{AnyRef, ObjectIdentifier, UintRef};
use spki::der::{Decode as _, Reader as _, SliceReader, Tag, Tagged as _};

use super::Key;
use crate::verify::oauth::jose::Algorithm;

/// Reads one public key: a `SubjectPublicKeyInfo` (RFC 5280 section 4.1), an `RSAPublicKey` (RFC
/// 8017 appendix A.1.1) or an X.509 certificate. The file is PEM, DER or base64 without the lines
/// around it.
///
/// If there are several certificates, the first counts. In a chain it is the holder's own (RFC 8446
/// section 4.4.2).
pub(in crate::verify::oauth) fn read_key_file(
    named: Option<Algorithm>,
    file: &[u8],
) -> Result<Key, &'static str> {
    let file = file.strip_prefix("\u{feff}".as_bytes()).unwrap_or(file);
    let text = std::str::from_utf8(file).unwrap_or_default();
    if text.contains("-----BEGIN") {
        return read_der(named, &read_pem(text)?);
    }
    let bare: Vec<u8> = file.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    match STANDARD.decode(&bare) {
        Ok(der) if !der.is_empty() => read_der(named, &der),
        _ => read_der(named, file),
    }
}

fn read_pem(text: &str) -> Result<Vec<u8>, &'static str> {
    let blocks = pem::parse_many(text).map_err(|_| "invalid PEM")?;
    if blocks.iter().any(|block| block.tag().ends_with("PRIVATE KEY")) {
        return Err("a private key instead of a public one");
    }
    let is_known = |block: &pem::Pem| matches!(block.tag(), "PUBLIC KEY" | "RSA PUBLIC KEY" | CERTIFICATE);
    let is_chain = blocks.iter().all(|block| block.tag() == CERTIFICATE);
    let several = blocks.len() > 1 && !is_chain;
    let mut blocks = blocks.into_iter().filter(is_known);
    match blocks.next() {
        Some(_) if several => Err("several keys in one file"),
        Some(block) => Ok(block.into_contents()),
        None => Err("no PEM block PUBLIC KEY, RSA PUBLIC KEY or CERTIFICATE"),
    }
}

fn read_der(named: Option<Algorithm>, der: &[u8]) -> Result<Key, &'static str> {
    if let Ok(info) = SubjectPublicKeyInfoRef::from_der(der) {
        return read_info(named, &info);
    }
    if let Ok((n, e)) = rsa_numbers(der) {
        return Key::rsa(named, n, e);
    }
    let info = certified(der).map_err(|_| "no public key and no certificate")?;
    read_info(named, &info)
}

fn read_info(named: Option<Algorithm>, info: &SubjectPublicKeyInfoRef<'_>) -> Result<Key, &'static str> {
    let bytes = info.subject_public_key.as_bytes().ok_or(UNREADABLE)?;
    match info.algorithm.oid {
        RSA => {
            let (n, e) = rsa_numbers(bytes).map_err(|_| UNREADABLE)?;
            Key::rsa(named, n, e)
        }
        ELLIPTIC_CURVE => {
            let curve = info.algorithm.parameters_oid().map_err(|_| UNREADABLE)?;
            let (_, algorithm) =
                CURVES.iter().find(|(known, _)| *known == curve).ok_or("an unknown curve")?;
            Key::point(*algorithm, named, bytes)
        }
        ED25519 => Key::point(Algorithm::EdDsa, named, bytes),
        _ => Err("an unknown type of key"),
    }
}

/// Returns modulus and exponent of an `RSAPublicKey`.
pub(in crate::verify::oauth) fn rsa_numbers(der: &[u8]) -> spki::der::Result<(&[u8], &[u8])> {
    let mut reader = SliceReader::new(der)?;
    let numbers = reader.sequence(|numbers| {
        let (n, e): (UintRef<'_>, UintRef<'_>) = (numbers.decode()?, numbers.decode()?);
        Ok::<_, spki::der::Error>((n.as_bytes(), e.as_bytes()))
    })?;
    reader.finish()?;
    Ok(numbers)
}

/// Returns the key of a certificate (RFC 5280 section 4.1). Nothing else of it counts. The key is
/// trusted because of the origin of the certificate, so that dates, names and signature do not
/// matter.
fn certified(der: &[u8]) -> spki::der::Result<SubjectPublicKeyInfoRef<'_>> {
    let certificate = AnyRef::from_der(der)?;
    certificate.tag().assert_eq(Tag::Sequence)?;
    let signed = AnyRef::from_der(SliceReader::new(certificate.value())?.tlv_bytes()?)?;
    signed.tag().assert_eq(Tag::Sequence)?;
    let mut fields = SliceReader::new(signed.value())?;
    let first: AnyRef<'_> = fields.decode()?;
    // Number, algorithm, issuer, validity and subject; the version before them may be absent.
    let before = if first.tag() == Tag::Integer { 4 } else { 5 };
    for _ in 0..before {
        let _: AnyRef<'_> = fields.decode()?;
    }
    SubjectPublicKeyInfoRef::from_der(fields.tlv_bytes()?)
}

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const ELLIPTIC_CURVE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

const CURVES: [(ObjectIdentifier, Algorithm); 3] = [
    (ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7"), Algorithm::Es256),
    (ObjectIdentifier::new_unwrap("1.3.132.0.34"), Algorithm::Es384),
    (ObjectIdentifier::new_unwrap("1.3.132.0.35"), Algorithm::Es512),
];

const CERTIFICATE: &str = "CERTIFICATE";
const UNREADABLE: &str = "a key that cannot be read";

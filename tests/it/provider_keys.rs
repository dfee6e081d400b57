//! Key sets in the formats that providers publish, with keys made for these tests
//! (`tests/providers/key_sets.json`).
#![cfg(feature = "jwt")]

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use tower_principal::test_util::{Fault, Issuer};
use tower_principal::verify::{Algorithm, KeySet};

fn modulus(pair: &rcgen::KeyPair) -> Vec<u8> {
    // Returns the 256 bytes before the exponent, which takes five bytes with its head.
    let der = pair.subject_public_key_info();
    der[der.len() - 5 - 256..der.len() - 5].to_vec()
}

trait Info {
    fn subject_public_key_info(&self) -> Vec<u8>;
}

impl Info for rcgen::KeyPair {
    fn subject_public_key_info(&self) -> Vec<u8> {
        pem::parse(self.public_key_pem()).unwrap().into_contents()
    }
}

#[tokio::test]
async fn key_sets_of_large_providers_load_as_they_stand() {
    let rsa = || rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap();
    let (pair, other) = (rsa(), rsa());
    let curve = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let certificate = rcgen::CertificateParams::new(vec![]).unwrap().self_signed(&pair).unwrap();
    let n = modulus(&pair);
    let point = curve.subject_public_key_info();
    let (x, y) = point[point.len() - 64..].split_at(32);
    let padded = [&[0], &n[..]].concat();
    let members = [
        ("$n_zero_padded", base64::engine::general_purpose::URL_SAFE.encode(padded)),
        ("$n", URL_SAFE_NO_PAD.encode(&n)),
        ("$other_n", URL_SAFE_NO_PAD.encode(modulus(&other))),
        ("$x5c", STANDARD.encode(certificate.der())),
        ("$x", URL_SAFE_NO_PAD.encode(x)),
        ("$y", URL_SAFE_NO_PAD.encode(y)),
        ("$pem", certificate.pem()),
        ("$public_pem", pair.public_key_pem()),
    ];
    let sets: Vec<Value> = serde_json::from_str(include_str!("../providers/key_sets.json")).unwrap();
    assert!(sets.len() >= 18);
    for set in sets {
        let name = set["provider"].as_str().unwrap();
        let mut text = set["set"].to_string();
        for (member, value) in &members {
            text = text.replace(&format!("\"{member}\""), &Value::from(value.as_str()).to_string());
        }
        assert!(!text.contains("\"$"), "{name}: {text}");
        let keys = KeySet::from_jwks(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(keys.len(), set["usable"].as_u64().unwrap() as usize, "{name}");
        let (algorithm, key) = match set["alg"].as_str().unwrap() {
            "ES256" => (jsonwebtoken::Algorithm::ES256, {
                jsonwebtoken::EncodingKey::from_ec_pem(curve.serialize_pem().as_bytes()).unwrap()
            }),
            _ => (jsonwebtoken::Algorithm::RS256, {
                jsonwebtoken::EncodingKey::from_rsa_pem(pair.serialize_pem().as_bytes()).unwrap()
            }),
        };
        let header = jsonwebtoken::Header::new(algorithm);
        let jws = jsonwebtoken::encode(&header, &json!({"a": 1}), &key).unwrap();
        assert!(keys.verify_jws(&jws).is_some(), "{name}");
        let stranger = jsonwebtoken::EncodingKey::from_rsa_pem(rsa().serialize_pem().as_bytes()).unwrap();
        let forged = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::RS256);
        let forged = jsonwebtoken::encode(&forged, &json!({"a": 1}), &stranger).unwrap();
        assert!(keys.verify_jws(&forged).is_none(), "{name}");
        let server = Issuer::with_algorithm(
            "https://issuer.example",
            Algorithm::EdDsa,
            tower_principal::clock::SystemClock,
        )
        .unwrap();
        server.set_fault(Fault::Body(text.into()));
        assert_eq!(server.published().build().unwrap().load().await.unwrap(), keys.len(), "{name}");
    }
}

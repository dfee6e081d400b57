//! tokens FOLDER: writes the JWTs of the requests and the key sets of their issuer.
//!
//! They are made once, because each start of a program must do the same work to be counted.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize, PublicKeyComponents};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde_json::json;

/// The secret of HS256; `kit` has it, too.
const SECRET: &[u8] = b"a secret of thirty-two bytes or more";

/// Returns a JWT with eight claims that is valid for a day.
fn token(algorithm: &str, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a time").as_secs();
    let header = json!({"typ": "at+jwt", "alg": algorithm, "kid": "key-1"});
    let claims = json!({
        "iss": "https://issuer.example",
        "sub": "otto@example.org",
        "aud": "https://api.example",
        "exp": now + 86_400,
        "iat": now,
        "jti": "f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
        "scope": "datasets:read datasets:write",
        "client_id": "map-app",
    });
    let signed = [header, claims].map(|part| BASE64.encode(part.to_string())).join(".");
    format!("{signed}.{}", BASE64.encode(sign(signed.as_bytes())))
}

fn main() {
    let folder = std::env::args().nth(1).expect("a folder");
    let write = |name: &str, text: String| fs::write(Path::new(&folder).join(name), text).expect("a file");
    let set = |key: serde_json::Value| json!({ "keys": [key] }).to_string();
    let random = SystemRandom::new();

    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET);
    write("hs256.jwt", token("HS256", |text| hmac::sign(&key, text).as_ref().to_vec()));

    let key = KeyPair::generate(KeySize::Rsa2048).expect("a key");
    let sign = |text: &[u8]| {
        let mut signature = vec![0; key.public_modulus_len()];
        key.sign(&RSA_PKCS1_SHA256, &random, text, &mut signature).expect("a signature");
        signature
    };
    write("rs256.jwt", token("RS256", sign));
    let parts: PublicKeyComponents<Vec<u8>> = key.public_key().into();
    let (n, e) = (BASE64.encode(parts.n), BASE64.encode(parts.e));
    let common = json!({"use": "sig", "kid": "key-1"});
    let with = |more: serde_json::Value| {
        let mut key = common.clone();
        let more = more.as_object().expect("an object").clone();
        key.as_object_mut().expect("an object").extend(more);
        key
    };
    write("rs256.jwks", set(with(json!({"kty": "RSA", "alg": "RS256", "n": n, "e": e}))));

    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
    write(
        "es256.jwt",
        token("ES256", |text| key.sign(&random, text).expect("a signature").as_ref().to_vec()),
    );
    let point = &key.public_key().as_ref()[1..];
    let (x, y) = (BASE64.encode(&point[..32]), BASE64.encode(&point[32..]));
    write("es256.jwks", set(with(json!({"kty": "EC", "crv": "P-256", "alg": "ES256", "x": x, "y": y}))));
}

//! Project Wycheproof's vectors for JSON Web Signatures and Keys (github.com/C2SP/wycheproof), from
//! the directory in `WYCHEPROOF_DIR`: `json_web_signature_test.json` and `json_web_key_test.json`.
#![cfg(feature = "jwt")]

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;

use serde_json::Value;
use tower_principal::test_util::TestClock;
use tower_principal::verify::JwtVerifier;
use tower_principal::verify::KeySet;
use tower_principal::{Credential, Secret, Verifier as _, VerifyContext};

/// Vectors that are marked valid and that this crate refuses on purpose.
const REFUSED: &[(u64, &str)] = &[
    (346, "the token names PS384 and its key PS256: the key's algorithm decides (RFC 8725 section 3.1)"),
    (350, "the same"),
    (347, "its key names an algorithm that does not exist, ES521; the token names ES512"),
    (351, "the same"),
    (372, "a `?` inside base64url, which RFC 7515 section 2 does not allow"),
    (373, "the same"),
];

/// Vectors that are marked invalid although they equal, byte for byte, the valid vector 357.
const IDENTICAL: &[u64] = &[367, 370];

fn vectors(name: &str) -> Option<Value> {
    let Some(folder) = std::env::var_os("WYCHEPROOF_DIR") else {
        // Not by `eprintln!`, because its output is not shown if a test passes.
        let skipped = format!("\nSKIPPED: {name} was not tested: WYCHEPROOF_DIR names no directory\n");
        std::io::stderr().write_all(skipped.as_bytes()).unwrap();
        return None;
    };
    let path = PathBuf::from(folder).join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Some(serde_json::from_str(&text).unwrap())
}

/// Returns the verification keys: the public keys, or the secret if there are none.
fn keys(group: &Value) -> String {
    group.get("public").unwrap_or(&group["private"]).to_string()
}

#[test]
fn every_signature_vector_is_judged_as_it_should_be() {
    let Some(all) = vectors("json_web_signature_test.json") else { return };
    let refused: BTreeMap<u64, &str> = REFUSED.iter().copied().collect();
    let (mut wrong, mut counts) = (Vec::new(), BTreeMap::<_, usize>::new());
    let mut texts = BTreeMap::new();
    for group in all["testGroups"].as_array().unwrap() {
        let keys = KeySet::from_jwks(&keys(group));
        for test in group["tests"].as_array().unwrap() {
            let (id, is_valid) = (test["tcId"].as_u64().unwrap(), test["result"] == "valid");
            let jws = test["jws"].as_str().map_or_else(|| test["jws"].to_string(), str::to_owned);
            let taken = keys.as_ref().is_ok_and(|keys| keys.verify_jws(&jws).is_some());
            let expected = (is_valid && !refused.contains_key(&id)) || IDENTICAL.contains(&id);
            if taken != expected {
                let why = keys.as_ref().err().map(ToString::to_string).unwrap_or_default();
                wrong.push(format!("{id} {} taken: {taken} {why}", test["comment"]));
            }
            *counts.entry((is_valid, taken)).or_default() += 1;
            texts.insert(id, jws);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for id in IDENTICAL {
        assert_eq!(texts[id], texts[&357]);
    }
    // Of 46 valid vectors the 6 above are refused; of 355 invalid ones the 2 above are accepted.
    let count = |is_valid, taken| counts.get(&(is_valid, taken)).copied().unwrap_or_default();
    eprintln!(
        "valid: {} taken, {} refused; invalid: {} taken, {} refused",
        count(true, true),
        count(true, false),
        count(false, true),
        count(false, false)
    );
    assert_eq!((count(true, false), count(false, true)), (REFUSED.len(), IDENTICAL.len()));
    assert_eq!(counts.values().sum::<usize>(), 401);
}

#[test]
fn every_key_vector_is_judged_as_it_should_be() {
    let Some(all) = vectors("json_web_key_test.json") else { return };
    let mut wrong = Vec::new();
    for group in all["testGroups"].as_array().unwrap() {
        let keys = KeySet::from_jwks(&keys(group));
        for test in group["tests"].as_array().unwrap() {
            let taken =
                keys.as_ref().is_ok_and(|keys| keys.verify_jws(test["jws"].as_str().unwrap()).is_some());
            if taken != (test["result"] == "valid") {
                let why = keys.as_ref().err().map(ToString::to_string).unwrap_or_default();
                wrong.push(format!("{} {} taken: {taken} {why}", test["tcId"], test["comment"]));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// No vector is an access token, regardless of its signature.
#[test]
fn no_signature_vector_is_an_access_token() {
    let Some(all) = vectors("json_web_signature_test.json") else { return };
    for group in all["testGroups"].as_array().unwrap() {
        let Ok(keys) = KeySet::from_jwks(&keys(group)) else { continue };
        let builder = JwtVerifier::builder("https://issuer.example").audience("https://api.example");
        let verifier = builder.keys(keys).clock(TestClock::default()).build().unwrap();
        for test in group["tests"].as_array().unwrap() {
            let token = test["jws"].as_str().map_or_else(|| test["jws"].to_string(), str::to_owned);
            let credential = Credential::AccessToken(Secret::owned(token));
            let answer = verifier.verify_now(&credential, &VerifyContext::default()).unwrap();
            assert!(answer.is_err(), "{}", test["tcId"]);
        }
    }
}

//! Private keys of a signer: which are accepted, and when each of them signs.

use std::time::{Duration, SystemTime};

use serde_json::Value;
use tower_principal::fetch::Fetch as _;
use tower_principal::grant::Grant;
use tower_principal::server::Signer;
use tower_principal::test_util::TestClock;
use tower_principal::verify::KeySet;

use super::signer::{context, grant_until, pem};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

/// Expands to the text of a file in `keys`.
macro_rules! file {
    ($name:literal) => {
        ($name, include_str!(concat!("keys/", $name, ".pem")))
    };
}

fn keys(signer: &Signer) -> KeySet {
    KeySet::from_jwks(std::str::from_utf8(&signer.jwks()).unwrap()).unwrap()
}

fn ids(signer: &Signer) -> Vec<String> {
    let document: Value = serde_json::from_slice(&signer.jwks()).unwrap();
    let keys = document["keys"].as_array().unwrap();
    keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

/// Returns a token with this lifetime.
fn token(signer: &Signer, now: SystemTime, lifetime: Duration) -> String {
    let grant: Grant = grant_until(now, now + lifetime);
    let token = signer.access_token(&grant, &context()).unwrap();
    token.expose_secret().to_owned()
}

#[test]
fn req_102_a_key_is_read_from_every_file_that_openssl_writes() {
    for (name, text) in [file!("rsa_pkcs1"), file!("ec_sec1"), file!("ec_p384"), file!("ed25519")] {
        let signer = Signer::from_pem(text).expect(name);
        let now = SystemTime::now();
        assert!(keys(&signer).verify_jws(&token(&signer, now, HOUR)).is_some(), "{name}");
        // Line endings of Windows, and text around the key.
        let windows = format!("my key\r\n{}\r\n", text.replace('\n', "\r\n"));
        assert_eq!(ids(&Signer::from_pem(&windows).unwrap()), ids(&signer), "{name}");
    }
}

#[test]
fn req_102_a_key_that_verifiers_would_refuse_is_refused() {
    let two = [file!("ed25519").1, file!("ec_p384").1].concat();
    let public = rcgen::KeyPair::generate().unwrap().public_key_pem();
    let cut = &file!("rsa_pkcs1").1.replacen('M', "N", 1);
    for ((name, text), why) in [
        (file!("rsa_1024"), "less than 2048 bits"),
        (file!("rsa_that_can_be_factored"), "can be factored"),
        (file!("ec_two_halves"), "cannot be read"),
        (file!("ec_secp256k1"), "cannot be read"),
        (file!("x25519"), "cannot be read"),
        (file!("encrypted_pkcs8"), "encrypted"),
        (file!("encrypted_sec1"), "encrypted"),
        (("two keys", two.as_str()), "several"),
        (("a public key", public.as_str()), "no PEM block"),
        (("damaged", cut), "cannot be read"),
        (("not PEM", "-----BEGIN PRIVATE KEY-----\n"), "PEM"),
        (("empty", ""), "no PEM block"),
    ] {
        let error = Signer::from_pem(text).expect_err(name).to_string();
        assert!(error.contains(why), "{name}: {error}");
        // It is also refused beside a valid key, which stays in use.
        let signer = Signer::generate().unwrap();
        let before = ids(&signer);
        assert!(signer.rotate(text).is_err() && signer.replace(text).is_err(), "{name}");
        assert_eq!(ids(&signer), before, "{name}");
        assert!(signer.clone().with_next(text, SystemTime::now()).is_err(), "{name}");
        assert!(signer.with_previous(text).is_err(), "{name}");
    }
}

#[test]
fn req_102_a_new_key_is_published_before_it_signs_and_an_old_one_until_its_tokens_have_expired() {
    let clock = TestClock::default();
    let signer = Signer::from_pem(&pem("ES256")).unwrap().clock(clock.clone()).max_lifetime(HOUR);
    let now = || tower_principal::clock::Clock::now(&clock);
    let first = ids(&signer);
    let from = signer.rotate(&pem("EdDSA")).unwrap();
    assert_eq!(from, now() + 10 * MINUTE);
    // A service that fetches the document now can already verify the new key's tokens.
    let fetched = keys(&signer);
    let both = ids(&signer);
    assert_eq!((both.len(), &both[..1]), (2, &first[..]));
    let kid = |token: &str| {
        let header = token.split('.').next().unwrap().to_owned();
        let header = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, header);
        let header: Value = serde_json::from_slice(&header.unwrap()).unwrap();
        header["kid"].as_str().unwrap().to_owned()
    };
    clock.advance(10 * MINUTE - Duration::from_secs(1));
    let last = token(&signer, now(), HOUR);
    assert_eq!(kid(&last), both[0], "the key before signs until then");
    clock.advance(Duration::from_secs(1));
    let new = token(&signer, now(), HOUR);
    assert_eq!(kid(&new), both[1]);
    assert!(fetched.verify_jws(&last).is_some() && fetched.verify_jws(&new).is_some());

    // The last token of the old key can be verified until it expires.
    clock.advance(HOUR - Duration::from_secs(1));
    assert!(keys(&signer).verify_jws(&last).is_some());
    clock.advance(6 * MINUTE);
    assert_eq!(ids(&signer), both[1..]);
    assert!(keys(&signer).verify_jws(&last).is_none());
    // After the clock is set back, a key still signs and is published.
    clock.set_back(2 * HOUR);
    let back = token(&signer, now(), HOUR);
    assert!(keys(&signer).verify_jws(&back).is_some());
}

#[test]
fn processes_that_are_configured_alike_sign_with_one_key_at_one_time() {
    let clock = TestClock::default();
    let now = || tower_principal::clock::Clock::now(&clock);
    let (old, current, next) = (pem("RS256"), pem("ES256"), pem("EdDSA"));
    let from = now() + HOUR;
    let start = || {
        let signer = Signer::from_pem(&current).unwrap().with_previous(&old).unwrap();
        signer.with_next(&next, from).unwrap().clock(clock.clone()).max_lifetime(HOUR)
    };
    let signer = start();
    let [old, current, next] =
        [&old, &current, &next].map(|pem| ids(&Signer::from_pem(pem).unwrap()).remove(0));
    assert_eq!(ids(&signer), [old.clone(), current.clone(), next.clone()]);
    let before = token(&signer, now(), HOUR);
    clock.advance(HOUR);
    // The running process and a restarted one behave alike.
    for signer in [signer, start()] {
        assert!(keys(&signer).verify_jws(&before).is_some());
        let alone = Signer::from_pem(&pem("RS256")).unwrap();
        assert!(keys(&alone).verify_jws(&before).is_none());
        clock.advance(HOUR + 5 * MINUTE);
        assert_eq!(ids(&signer), [old.clone(), next.clone()], "the previous key stays until it is removed");
        clock.set_back(HOUR + 5 * MINUTE);
    }
}

#[test]
fn a_replaced_key_is_published_no_more_and_its_tokens_are_refused() {
    let signer = Signer::from_pem(&pem("ES256")).unwrap();
    let clone = signer.clone();
    let stolen = token(&signer, SystemTime::now(), HOUR);
    signer.rotate(&pem("EdDSA")).unwrap();
    signer.replace(&pem("ES256")).unwrap();
    assert_eq!(ids(&clone).len(), 1, "clones share their keys");
    assert!(keys(&clone).verify_jws(&stolen).is_none());
    let new = token(&clone, SystemTime::now(), HOUR);
    assert!(keys(&signer).verify_jws(&new).is_some());
}

#[test]
fn a_key_that_the_signer_has_is_not_added_again() {
    let (one, two) = (pem("ES256"), pem("EdDSA"));
    let signer = Signer::from_pem(&one).unwrap();
    signer.rotate(&two).unwrap();
    let before = ids(&signer);
    assert!(signer.rotate(&one).is_err() && signer.rotate(&two).is_err());
    assert!(signer.clone().with_previous(&one).is_err());
    assert_eq!(ids(&signer), before);
}

#[tokio::test]
async fn req_102_the_document_and_the_log_show_no_private_part() {
    for algorithm in ["RS256", "ES256", "EdDSA"] {
        let text = pem(algorithm);
        let signer = Signer::from_pem(&text).unwrap();
        let response = signer.response();
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("content-type"), "application/json");
        assert_eq!(header("cache-control"), "public, max-age=300");
        let document: Value = serde_json::from_slice(response.body()).unwrap();
        let members: Vec<&str> =
            document["keys"][0].as_object().unwrap().keys().map(String::as_str).collect();
        let expected: &[&str] = match algorithm {
            "RS256" => &["alg", "e", "kid", "kty", "n", "use"],
            "ES256" => &["alg", "crv", "kid", "kty", "use", "x", "y"],
            _ => &["alg", "crv", "kid", "kty", "use", "x"],
        };
        assert_eq!(members, expected, "{algorithm}");
        assert_eq!(
            (&document["keys"][0]["use"], &document["keys"][0]["alg"]),
            (&"sig".into(), &algorithm.into())
        );

        // The private part, in every encoding in which it could be shown.
        let der = pem::parse(&text).unwrap().into_contents();
        let shown = format!("{signer:?} {signer:#?} {}", String::from_utf8_lossy(response.body()));
        let shown = shown.to_lowercase();
        let secret = &der[der.len() - 40..der.len() - 8];
        let secret = if algorithm == "ES256" { &der[36..68] } else { secret };
        let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
        let list = format!("{:?}", &secret[..8]).trim_matches(['[', ']']).to_owned();
        for form in [hex[..24].to_owned(), list] {
            assert!(!shown.contains(&form), "{algorithm}");
        }
        // A verifier in the same process gets the same document, or an error if it is longer than
        // the limit.
        let request = || http::Request::new(bytes::Bytes::new());
        let fetched = signer.fetch(request(), 64 * 1024).await.unwrap();
        assert_eq!(fetched.body(), response.body());
        assert!(signer.fetch(request(), 10).await.is_err());
    }
}

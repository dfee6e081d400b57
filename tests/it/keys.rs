//! Keys as real issuers publish them: which are read, which are left out, and which of several is
//! used.
#![cfg(feature = "jwt")]

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use tower_principal::test_util::{Fault, Issuer, TestClock};
use tower_principal::verify::JwtVerifier;
use tower_principal::verify::{Algorithm, KeySet, TokenUse};
use tower_principal::{Credential, Secret, Verifier, VerifyContext, VerifyError};

const ISS: &str = "https://issuer.example";
const AUD: &str = "https://api.example";

fn issuer(algorithm: Algorithm) -> Issuer {
    Issuer::with_algorithm(ISS, algorithm, TestClock::default()).unwrap()
}

/// Returns the newest key of an issuer in its published form.
fn jwk(issuer: &Issuer) -> Value {
    let set: Value = serde_json::from_str(&issuer.keys_json()).unwrap();
    set["keys"].as_array().unwrap().last().unwrap().clone()
}

fn with(mut key: Value, members: Value) -> Value {
    for (name, value) in members.as_object().unwrap() {
        match value {
            Value::String(text) if text == "-" => _ = key.as_object_mut().unwrap().remove(name),
            value => key[name] = value.clone(),
        }
    }
    key
}

fn set(keys: &[Value]) -> String {
    json!({ "keys": keys }).to_string()
}

/// Verifies with a fixed set and with the same set from the network. Both must have the same
/// result.
async fn is_good(issuer: &Issuer, keys: &str, token: &str) -> bool {
    let builder = || {
        let builder = JwtVerifier::builder(ISS).audience(AUD).clock(TestClock::default());
        builder.accept([TokenUse::AccessToken, TokenUse::PlainJwt])
    };
    let server = Issuer::with_algorithm(ISS, Algorithm::EdDsa, TestClock::default()).unwrap();
    server.set_fault(Fault::Body(keys.to_owned().into()));
    let published = builder().keys(server.published().clock(TestClock::default()).build().unwrap());
    let over_network = accepts(&published.build().unwrap(), token).await;
    let from_file = match KeySet::from_jwks(keys) {
        Ok(keys) => accepts(&builder().keys(keys).build().unwrap(), token).await,
        Err(_) => false,
    };
    assert_eq!(from_file, over_network, "{} {keys}", issuer.name());
    from_file
}

async fn accepts(verifier: &impl Verifier, token: &str) -> bool {
    let credential = Credential::AccessToken(Secret::borrowed(token));
    verifier.verify(&credential, &VerifyContext::default()).await.is_ok_and(|who| who.id() == Some("u-1"))
}

fn token(issuer: &Issuer, kid: Option<&str>) -> String {
    let token = issuer.token("u-1").audience(AUD);
    match kid {
        Some(kid) => token.header("kid", kid).sign(),
        None => token.without_header("kid").sign(),
    }
}

/// j09, with three neighbours: a key for encryption, another curve, another algorithm of the same
/// family.
#[tokio::test]
async fn every_key_that_fits_a_token_without_a_kid_is_tried() {
    for algorithm in [Algorithm::Es256, Algorithm::Rs256, Algorithm::EdDsa] {
        let (old, new, third) = (issuer(algorithm), issuer(algorithm), issuer(algorithm));
        let keys = set(&[with(jwk(&old), json!({"kid": "old"})), with(jwk(&new), json!({"kid": "new"}))]);
        assert!(is_good(&old, &keys, &token(&old, None)).await, "{algorithm}");
        assert!(is_good(&new, &keys, &token(&new, None)).await, "{algorithm}");
        assert!(!is_good(&third, &keys, &token(&third, None)).await, "{algorithm}");
        let encrypting = with(jwk(&third), json!({"kid": "enc", "use": "enc"}));
        let keys = set(&[encrypting, jwk(&old)]);
        assert!(!is_good(&third, &keys, &token(&third, None)).await, "{algorithm}");
        assert!(!is_good(&third, &keys, &token(&third, Some("enc"))).await, "{algorithm}");
        assert!(is_good(&old, &keys, &token(&old, None)).await, "{algorithm}");
    }
    let (one, other) = (issuer(Algorithm::Rs256), issuer(Algorithm::Rs384));
    let keys = set(&[jwk(&one), jwk(&other)]);
    assert!(is_good(&one, &keys, &token(&one, None)).await);
    assert!(is_good(&other, &keys, &token(&other, None)).await);
    // The algorithm of the key decides, not that of the token.
    let forged = one.token("u-1").audience(AUD).header("alg", "RS384").without_header("kid").sign();
    assert!(!is_good(&one, &keys, &forged).await);
}

#[tokio::test]
async fn two_different_keys_of_one_name_are_both_tried() {
    let (one, other, third) = (issuer(Algorithm::Es256), issuer(Algorithm::Es256), issuer(Algorithm::Es256));
    let keys = set(&[jwk(&one), jwk(&other)]);
    assert!(is_good(&one, &keys, &token(&one, Some("key-1"))).await);
    assert!(is_good(&other, &keys, &token(&other, Some("key-1"))).await);
    assert!(!is_good(&third, &keys, &token(&third, Some("key-1"))).await);
    // If a token's `kid` is known, keys with another one are not tried.
    let keys = set(&[jwk(&one), with(jwk(&other), json!({"kid": "other"}))]);
    assert!(!is_good(&other, &keys, &token(&other, Some("key-1"))).await);
}

/// j11: also if the copy is encoded differently.
#[tokio::test]
async fn the_same_key_twice_is_one() {
    for algorithm in [Algorithm::Es256, Algorithm::Rs256] {
        let issuer = issuer(algorithm);
        let key = jwk(&issuer);
        let again = with(key.clone(), json!({"x5t": "AAAA", "use": null}));
        let keys = set(&[key.clone(), again, key.clone()]);
        assert_eq!(KeySet::from_jwks(&keys).unwrap().len(), 1, "{algorithm}");
        for kid in [Some("key-1"), None] {
            assert!(is_good(&issuer, &keys, &token(&issuer, kid)).await, "{algorithm} {kid:?}");
        }
        let both = KeySet::from_jwks(&set(std::slice::from_ref(&key))).unwrap();
        assert_eq!(both.and(KeySet::from_jwks(&keys).unwrap()).unwrap().len(), 1);
        // With two names, it is found by both.
        let keys = set(&[key.clone(), with(key, json!({"kid": "two"}))]);
        for kid in [Some("key-1"), Some("two"), None] {
            assert!(is_good(&issuer, &keys, &token(&issuer, kid)).await, "{algorithm} {kid:?}");
        }
    }
}

#[tokio::test]
async fn of_many_keys_eight_are_tried_those_that_name_their_algorithm_first() {
    let all: Vec<Issuer> = (0..10).map(|_| issuer(Algorithm::EdDsa)).collect();
    let named = |at: usize, issuer| with(jwk(issuer), json!({"kid": format!("key-{at}")}));
    let keys: Vec<Value> = all.iter().enumerate().map(|(at, issuer)| named(at, issuer)).collect();
    for (at, issuer) in all.iter().enumerate() {
        assert_eq!(is_good(issuer, &set(&keys), &token(issuer, None)).await, at < 8, "{at}");
        let by_name = token(issuer, Some(&format!("key-{at}")));
        assert!(is_good(issuer, &set(&keys), &by_name).await, "{at}");
    }
    // Nine keys without a use come before one that has it.
    let mut vague: Vec<Value> =
        keys[..9].iter().map(|key| with(key.clone(), json!({"alg": "-", "use": "-"}))).collect();
    vague.push(keys[9].clone());
    assert!(is_good(&all[9], &set(&vague), &token(&all[9], None)).await);
    // Copies do not count towards the limit.
    let mut copies: Vec<Value> =
        (0..20).map(|at| with(keys[0].clone(), json!({"kid": format!("copy-{at}")}))).collect();
    copies.push(keys[9].clone());
    assert!(is_good(&all[9], &set(&copies), &token(&all[9], None)).await);
}

/// j15, j17 and their neighbours.
#[tokio::test]
async fn a_key_is_read_where_its_meaning_is_certain() {
    let rsa = issuer(Algorithm::Rs256);
    let key = jwk(&rsa);
    let n = URL_SAFE_NO_PAD.decode(key["n"].as_str().unwrap()).unwrap();
    let zero = URL_SAFE_NO_PAD.encode([&[0], &n[..]].concat());
    for (what, odd) in [
        ("padding", json!({"n": format!("{}==", URL_SAFE_NO_PAD.encode(&n))})),
        ("the standard alphabet", json!({"n": STANDARD.encode(&n)})),
        ("the standard alphabet without padding", json!({"n": STANDARD.encode(&n).trim_end_matches('=')})),
        ("a leading zero", json!({"n": zero})),
        ("a padded exponent", json!({"e": "AAEAAQ=="})),
        ("no use", json!({"use": "-"})),
        ("no algorithm", json!({"alg": "-"})),
        ("nothing but the numbers", json!({"alg": "-", "use": "-", "kid": "-"})),
        ("nulls", json!({"use": null, "key_ops": null, "alg": null, "d": null, "x5c": null, "kid": null})),
        ("unknown members", json!({"x": 5, "ext": true, "nbf": 0, "issuer": 7, "x5t#S256": []})),
        ("both purposes", json!({"use": "sig", "key_ops": ["verify"]})),
    ] {
        let keys = set(&[with(key.clone(), odd)]);
        assert!(is_good(&rsa, &keys, &token(&rsa, Some("key-1"))).await, "{what}");
        assert!(is_good(&rsa, &format!("\u{feff}{keys}"), &token(&rsa, None)).await, "a BOM, {what}");
    }
    assert!(is_good(&rsa, &key.to_string(), &token(&rsa, None)).await, "one key alone");
    for (what, wrong) in [
        ("three paddings", json!({"n": format!("{}===", URL_SAFE_NO_PAD.encode(&n))})),
        ("a space", json!({"n": format!("{} ", URL_SAFE_NO_PAD.encode(&n))})),
        ("a number", json!({"n": 5})),
        ("nothing", json!({"n": null})),
        ("another use", json!({"use": "enc"})),
        ("a use of another case", json!({"use": "SIG"})),
        ("other operations", json!({"key_ops": ["encrypt"]})),
        ("another algorithm", json!({"alg": "RSA-OAEP"})),
        ("a private key", json!({"d": "AAAA"})),
        ("another type", json!({"kty": "EC"})),
    ] {
        let keys = set(&[with(key.clone(), wrong)]);
        assert!(!is_good(&rsa, &keys, &token(&rsa, Some("key-1"))).await, "{what}");
    }
    // Tokens are still parsed strictly.
    let keys = set(std::slice::from_ref(&key));
    for odd in
        [format!("{}=", token(&rsa, None)), token(&rsa, None).replace('_', "/").replace('-', "+") + "="]
    {
        assert!(!is_good(&rsa, &keys, &odd).await);
    }
}

#[tokio::test]
async fn an_rsa_key_without_an_algorithm_is_for_both_families_and_one_with_it_for_that_alone() {
    for (algorithm, other) in [
        (Algorithm::Ps256, "RS256"),
        (Algorithm::Ps384, "PS256"),
        (Algorithm::Ps512, "RS512"),
        (Algorithm::Rs512, "PS512"),
    ] {
        let issuer = issuer(algorithm);
        let token = token(&issuer, Some("key-1"));
        let key = jwk(&issuer);
        let open = set(&[with(key.clone(), json!({"alg": "-"}))]);
        assert!(is_good(&issuer, &open, &token).await, "{algorithm}");
        assert!(!is_good(&issuer, &set(&[with(key, json!({"alg": other}))]), &token).await, "{algorithm}");
    }
    // A public key without an algorithm is no HMAC secret, and does not allow `none`.
    let rsa = issuer(Algorithm::Rs256);
    let open = set(&[with(jwk(&rsa), json!({"alg": "-"}))]);
    for name in ["HS256", "none", "ES256"] {
        let forged = rsa.token("u-1").audience(AUD).header("alg", name).sign();
        assert!(!is_good(&rsa, &open, &forged).await, "{name}");
    }
}

/// A coordinate is a number: leading zeros mean nothing (RFC 7518 section 6.2.1.2 requires all of
/// them).
#[tokio::test]
async fn a_coordinate_is_read_with_and_without_its_zeros() {
    let short = (0..2_000)
        .map(|_| issuer(Algorithm::Es256))
        .find(|issuer| URL_SAFE_NO_PAD.decode(jwk(issuer)["x"].as_str().unwrap()).unwrap()[0] == 0)
        .unwrap();
    let key = jwk(&short);
    let x = URL_SAFE_NO_PAD.decode(key["x"].as_str().unwrap()).unwrap();
    for x in [&x[1..], &[&[0], &x[..]].concat()] {
        let keys = set(&[with(key.clone(), json!({"x": URL_SAFE_NO_PAD.encode(x)}))]);
        assert!(is_good(&short, &keys, &token(&short, None)).await);
    }
    let longer = URL_SAFE_NO_PAD.encode([&[1], &x[..]].concat());
    assert!(KeySet::from_jwks(&set(&[with(key, json!({"x": longer}))])).is_err());
}

/// j40 and its neighbours: the rule is the same for a file and for the network.
#[tokio::test]
async fn what_cannot_verify_is_left_out_and_an_empty_rest_is_an_error() {
    let good = issuer(Algorithm::Es256);
    let key = jwk(&good);
    let rsa = jwk(&issuer(Algorithm::Rs256));
    let others = [
        json!({"kty": "RSA", "use": "enc", "alg": "RSA-OAEP", "n": rsa["n"], "e": "AQAB", "kid": "enc"}),
        json!({"kty": "oct", "k": URL_SAFE_NO_PAD.encode([7; 64]), "kid": "secret"}),
        json!({"kty": "OKP", "crv": "X25519", "x": URL_SAFE_NO_PAD.encode([7; 32])}),
        json!({"kty": "EC", "crv": "secp256k1", "x": key["x"], "y": key["y"]}),
        json!({"kty": "AKP", "alg": "ML-DSA-65", "pub": "AAAA"}),
        with(key.clone(), json!({"d": "AAAA", "kid": "private"})),
        json!("text"),
    ];
    for other in &others {
        let keys = set(&[other.clone(), key.clone()]);
        assert_eq!(KeySet::from_jwks(&keys).unwrap().len(), 1, "{other}");
        assert!(is_good(&good, &keys, &token(&good, Some("key-1"))).await, "{other}");
    }
    let error = KeySet::from_jwks(&set(&others[..1])).unwrap_err().to_string();
    assert!(error.contains("enc: ") && error.contains("algorithm"), "{error}");
    for empty in [set(&others[3..]), set(&[]), "{}".to_owned(), String::new(), r#"{"error":"x"}"#.to_owned()]
    {
        assert!(KeySet::from_jwks(&empty).is_err(), "{empty}");
        good.set_fault(Fault::Body(empty.clone().into()));
        let outage = good.published().build().unwrap().load().await;
        assert!(matches!(outage, Err(VerifyError::Unavailable(_))), "{empty}");
    }
}

/// j45: also if the keys of the set have no names.
#[tokio::test(start_paused = true)]
async fn a_signature_by_no_key_makes_keys_be_fetched_within_the_cooldown() {
    let clock = TestClock::default();
    let server = Issuer::with_algorithm(ISS, Algorithm::Es256, clock.clone()).unwrap();
    let keys = server.published().clock(clock.clone()).build().unwrap();
    let verifier = JwtVerifier::builder(ISS).audience(AUD).keys(keys).clock(clock.clone()).build().unwrap();
    let verifier = Arc::new(verifier);
    let new = Issuer::with_algorithm(ISS, Algorithm::Es256, clock.clone()).unwrap();
    let by = |issuer: &Issuer| issuer.token("u-1").audience(AUD).sign();
    assert!(accepts(&*verifier, &by(&server)).await);
    // The set now has another key with the same name.
    server.set_fault(Fault::Body(set(&[jwk(&new)]).into()));
    for _ in 0..50 {
        assert!(!accepts(&*verifier, &by(&new)).await);
    }
    assert_eq!(server.fetches(), 1, "within the cooldown");
    clock.advance(Duration::from_secs(60));
    assert!(accepts(&*verifier, &by(&new)).await);
    assert_eq!(server.fetches(), 2);
    assert!(!accepts(&*verifier, &by(&server)).await, "the key that was replaced");
    // A flood of invalid signatures causes one fetch in each interval.
    for _ in 0..100 {
        clock.advance(Duration::from_secs(1));
        assert!(!accepts(&*verifier, &by(&server)).await);
        assert!(accepts(&*verifier, &by(&new)).await);
    }
    assert!((4..=6).contains(&server.fetches()), "{}", server.fetches());
}

/// Certificates and keys in PEM under each `kid`, as Firebase and Google publish them.
#[tokio::test]
async fn a_map_from_kid_to_pem_is_a_set() {
    let (pair, pem) = certified();
    let signer = |kid: &str| {
        let key = jsonwebtoken::EncodingKey::from_rsa_pem(pair.serialize_pem().as_bytes()).unwrap();
        let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::RS256);
        header.kid = Some(kid.to_owned());
        let now = tower_principal::clock::Clock::now(&TestClock::default());
        let now = now.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let claims = json!({"iss": ISS, "aud": AUD, "sub": "u-1", "iat": now, "exp": now + 60});
        jsonwebtoken::encode(&header, &claims, &key).unwrap()
    };
    let other = jwk(&issuer(Algorithm::Rs256));
    let map =
        json!({"k1": pem, "k2": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "k3": 5});
    let some = issuer(Algorithm::EdDsa);
    assert!(is_good(&some, &map.to_string(), &signer("k1")).await);
    assert!(!is_good(&some, &map.to_string(), &signer("k2")).await);
    let public = json!({"k1": pair.public_key_pem()});
    assert!(is_good(&some, &public.to_string(), &signer("k1")).await);
    assert!(!is_good(&some, &public.to_string(), &signer("k9")).await);
    assert!(KeySet::from_jwks(&json!({"k1": pair.serialize_pem()}).to_string()).is_err(), "private");
    assert!(KeySet::from_jwks(&json!({"k1": other["n"]}).to_string()).is_err());
    assert!(KeySet::from_jwks(&format!("{{\"k1\":{pem:?},\"k1\":{pem:?}}}")).is_err(), "a repeated name");
}

fn certified() -> (rcgen::KeyPair, String) {
    let pair = rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap();
    let certificate = rcgen::CertificateParams::new(vec![]).unwrap().self_signed(&pair).unwrap();
    let pem = certificate.pem();
    (pair, pem)
}

#[test]
fn a_public_key_file_is_read_in_every_usual_form() {
    let (pair, certificate) = certified();
    let spki = pair.public_key_pem();
    let block = |pem: &str| pem::parse(pem).unwrap().into_contents();
    let key = jsonwebtoken::EncodingKey::from_rsa_pem(pair.serialize_pem().as_bytes()).unwrap();
    let jws = jsonwebtoken::encode(
        &jsonwebtoken::Header::new(jsonwebtoken::Algorithm::RS256),
        &json!({"a": 1}),
        &key,
    )
    .unwrap();
    // The last part of an RSA SubjectPublicKeyInfo (RFC 8017 appendix A.1.1).
    let pkcs1 = block(&spki)[24..].to_vec();
    let lines = |tag: &str, der: &[u8]| pem::encode(&pem::Pem::new(tag, der));
    let forms: Vec<(&str, Vec<u8>)> = vec![
        ("SPKI in PEM", spki.clone().into()),
        ("SPKI in PEM with CRLF", spki.replace('\n', "\r\n").into()),
        ("SPKI in PEM after a BOM", format!("\u{feff}{spki}").into()),
        ("SPKI in PEM after a comment", format!("# the key of the realm\n{spki}").into()),
        ("SPKI in DER", block(&spki)),
        ("SPKI in base64", STANDARD.encode(block(&spki)).into()),
        ("SPKI in base64 with lines", format!("{}\n", STANDARD.encode(block(&spki))).into()),
        ("PKCS#1 in PEM", lines("RSA PUBLIC KEY", &pkcs1).into()),
        ("PKCS#1 in DER", pkcs1.clone()),
        ("PKCS#1 in base64", STANDARD.encode(&pkcs1).into()),
        ("X.509 in PEM", certificate.clone().into()),
        ("X.509 in DER", block(&certificate)),
        ("X.509 in base64", STANDARD.encode(block(&certificate)).into()),
        ("a chain in PEM", format!("{certificate}{}", certified().1).into()),
    ];
    for (what, file) in &forms {
        let keys = KeySet::from_public_key(Algorithm::Rs256, file);
        let keys = keys.unwrap_or_else(|error| panic!("{what}: {error}"));
        assert!(keys.verify_jws(&jws).is_some(), "{what}");
        assert!(
            KeySet::from_public_key(Algorithm::Ps256, file).unwrap().verify_jws(&jws).is_none(),
            "{what}"
        );
        for other in [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Hs256] {
            assert!(KeySet::from_public_key(other, file).is_err(), "{what} {other}");
        }
    }
    let cut = block(&certificate);
    for (what, file) in [
        ("nothing", Vec::new()),
        ("text", b"no key".to_vec()),
        ("a private key", pair.serialize_pem().into()),
        ("a private key in DER", pair.serialize_der()),
        ("a private key beside", format!("{spki}{}", pair.serialize_pem()).into()),
        ("two keys", format!("{spki}{spki}").into()),
        ("a key and a certificate", format!("{spki}{certificate}").into()),
        ("half a certificate", cut[..cut.len() / 2].to_vec()),
        ("more after the key", [block(&spki), vec![0]].concat()),
        ("a request", lines("CERTIFICATE REQUEST", &block(&certificate)).into()),
    ] {
        assert!(KeySet::from_public_key(Algorithm::Rs256, file).is_err(), "{what}");
    }
}

#[test]
fn a_certificate_on_a_curve_gives_its_key() {
    for (kind, algorithm) in [
        (&rcgen::PKCS_ECDSA_P256_SHA256, Algorithm::Es256),
        (&rcgen::PKCS_ECDSA_P384_SHA384, Algorithm::Es384),
        (&rcgen::PKCS_ED25519, Algorithm::EdDsa),
    ] {
        let pair = rcgen::KeyPair::generate_for(kind).unwrap();
        let certificate = rcgen::CertificateParams::new(vec![]).unwrap().self_signed(&pair).unwrap();
        assert_eq!(KeySet::from_public_key(algorithm, certificate.pem()).unwrap().len(), 1, "{algorithm}");
        assert!(KeySet::from_public_key(Algorithm::Es512, certificate.der()).is_err(), "{algorithm}");
    }
}

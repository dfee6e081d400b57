//! Stored password hashes: which formats are read, the maximum cost of each, and bcrypt's limits on
//! passwords.

use std::time::{Duration, Instant};

use tower_principal::verify::MemoryVerifierError;
use tower_principal::verify::password::{Passwords, UnusableHash};
use tower_principal::{
    BasicUser, Credential, Pair, Secret, Verifier as _, VerifyContext, VerifyError, verify::MemoryVerifier,
};

use crate::support::*;

/// From the tests of crypt_blowfish; the password is `U*U`.
pub(crate) const BCRYPT: &str = "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
pub(crate) const BCRYPT_PASSWORD: &str = "U*U";

/// From the tests of argon2; the password is `password`.
const ARGON2I: &str = "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8";
const ARGON2ID: &str = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";

/// Made with the crate `rust-argon2`; the password is `password`.
#[cfg(feature = "legacy-hashes")]
const ARGON2D: [&str; 3] = [
    "$argon2d$v=19$m=256,t=2,p=1$c29tZXNhbHQ$JcTui6RIBUtJ78gE5Hi52CO+H5vS6Z9R1uxAB6OhUB8",
    "$argon2d$v=19$m=256,t=2,p=2$c29tZXNhbHQ$e2nJLXw4iarRKB28i678Esw3yA8cdeM+8sLUDCjrxXM",
    "$argon2d$v=16$m=256,t=2,p=1$c29tZXNhbHQ$vUBIaP8AxS51Q8gzLmp3KlckiS1+Mo1c8lO7yOcms3E",
];

/// Made with 20 lanes, which is above the limit. The password is `password`.
const MANY_LANES: &str =
    "$argon2id$v=19$m=1024,t=1,p=20$c29tZXNhbHQ$7FPXdYhAslQ6kKXZTUlf0kkgsCzAOBQXwnDfRqbpNq4";

/// Made with Python's `hashlib.scrypt`; the password is `password`.
const SCRYPT: &str =
    "$scrypt$ln=4,r=8,p=1$c29tZXNhbHQxNmJ5dGVzIQ$HxmKeimfwmX+FIbNBCBWLpQYy+uRD/98QeIFbZlWaBM";

/// The password is [`LONG`], of which bcrypt reads 72 bytes.
const BCRYPT_LONG: &str = "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui";
const LONG: &str =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789chars after 72 are ignored";

fn built(hash: &str) -> Result<MemoryVerifier, UnusableHash> {
    let bob = BasicUser::new("bob");
    let built = MemoryVerifier::builder().passwords(cheap_passwords()).user_hash("bob", hash, bob).build();
    built.map_err(|error| match error {
        MemoryVerifierError::UnusableHash { name, cause } => {
            assert_eq!(&*name, "bob");
            cause
        }
        other => panic!("{other}"),
    })
}

async fn logs_in(verifier: &MemoryVerifier, name: &str, password: &str) -> bool {
    let pair = Pair::new(Secret::borrowed(name), Secret::borrowed(password));
    match verifier.verify(&Credential::Password(pair), &VerifyContext::default()).await {
        Ok(_) => true,
        Err(VerifyError::Denied(_)) => false,
        Err(error) => panic!("{error:?}"),
    }
}

#[test]
fn a_hash_that_no_password_can_match_is_an_error_of_the_builder() {
    use UnusableHash::{Broken, TooCostly, Unsupported};
    let salt = "c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8";
    for (hash, expected) in [
        (String::new(), Unsupported),
        ("x".to_owned(), Unsupported),
        ("5f4dcc3b5aa765d61d8327deb882cf99".to_owned(), Unsupported),
        ("$1$salt$qJH7.N4xYta3aEG/dfqo/0".to_owned(), Unsupported),
        (
            "$6$salt$IxDD3jeSOb5eB1CX5LBsqZFVkJdido3OUILO5Ifz5iwMuTS4XMS130MTSuDDl3aCI6WouIL9AjRbLCelDCy.g."
                .to_owned(),
            Unsupported,
        ),
        ("$pbkdf2-sha256$i=1000$c2FsdHNhbHQ$aGFzaGhhc2hoYXNo".to_owned(), Unsupported),
        (ARGON2ID.replace("$v=19", "$v=18"), Broken),
        (ARGON2ID.replace("m=256", "m=1"), Broken),
        (ARGON2ID.replace(",p=1", ""), Broken).clone(),
        (ARGON2ID.replace("c29tZXNhbHQ", "c2FsdA"), Broken),
        ("$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ".to_owned(), Broken),
        ("$argon2id$".to_owned(), Broken),
        (format!("$argon2id$v=19$m=4194304,t=1,p=1${salt}"), TooCostly),
        (format!("$argon2id$v=19$m=65536,t=1000,p=1${salt}"), TooCostly),
        (format!("$argon2id$v=19$m=65536,t=1,p=255${salt}"), TooCostly),
    ] {
        // Without a number of lanes, argon2 uses its default, so this hash is valid.
        if hash == ARGON2ID.replace(",p=1", "") {
            assert!(built(&hash).is_ok());
            continue;
        }
        assert_eq!(built(&hash).err(), Some(expected), "{hash}");
    }
}

#[tokio::test]
async fn a_hash_of_argon2id_is_read() {
    let verifier = built(ARGON2ID).unwrap();
    assert!(logs_in(&verifier, "bob", "password").await);
    assert!(!logs_in(&verifier, "bob", "passwore").await);
}

/// A verifier whose own cost is above the limits also reads such hashes, and their passwords match.
#[tokio::test]
async fn the_own_cost_raises_the_bounds() {
    let hash = "$argon2id$v=19$m=524288,t=1,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8";
    assert_eq!(built(hash).err(), Some(UnusableHash::TooCostly));
    assert_eq!(built(MANY_LANES).err(), Some(UnusableHash::TooCostly));
    let with = |lanes: u32| {
        let passwords = Passwords::with_params(1_024, 1, lanes).unwrap();
        let bob = BasicUser::new("bob");
        MemoryVerifier::builder().passwords(passwords).user_hash("bob", MANY_LANES, bob).build()
    };
    let verifier = with(20).unwrap();
    assert!(logs_in(&verifier, "bob", "password").await);
    assert!(!logs_in(&verifier, "bob", "passwore").await);
    // The limit is raised to that cost and no further.
    assert!(with(19).is_err());
    // The own cost raises the limits of memory and of work, but no others.
    let heavy = |memory: u32, passes: u32, hash: &str| {
        let passwords = Passwords::with_params(memory, passes, 1).unwrap();
        let bob = BasicUser::new("bob");
        MemoryVerifier::builder().passwords(passwords).user_hash("bob", hash, bob).build().is_ok()
    };
    let long = hash.replace("m=524288,t=1", "m=65536,t=17");
    assert!(!heavy(65_536, 1, &long) && heavy(65_536, 17, &long) && !heavy(65_536, 17, hash));
    assert!(heavy(524_288, 1, hash));
}

#[test]
fn errors_do_not_show_the_hash() {
    let bob = BasicUser::new("bob");
    let hash = "$unknown$hunter2";
    let built = MemoryVerifier::builder().passwords(cheap_passwords()).user_hash("bob", hash, bob).build();
    let shown = built.err().map(|error| format!("{error} {error:?}")).unwrap();
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[cfg(not(feature = "legacy-hashes"))]
#[test]
fn without_the_feature_hashes_of_other_formats_are_errors() {
    for hash in [BCRYPT, ARGON2I, SCRYPT, BCRYPT_LONG] {
        assert_eq!(built(hash).err(), Some(UnusableHash::Unsupported), "{hash}");
    }
    assert!(!LONG.is_empty() && !BCRYPT_PASSWORD.is_empty());
    let _ = (Duration::ZERO, Instant::now());
}

#[cfg(feature = "legacy-hashes")]
mod legacy {
    use super::*;

    #[tokio::test]
    async fn hashes_of_bcrypt_scrypt_argon2i_and_argon2d_match_their_password() {
        for (hash, password) in [
            (BCRYPT.to_owned(), BCRYPT_PASSWORD),
            (BCRYPT.replace("$2y$", "$2b$"), BCRYPT_PASSWORD),
            (BCRYPT.replace("$2y$", "$2a$"), BCRYPT_PASSWORD),
            (ARGON2I.to_owned(), "password"),
            (ARGON2D[0].to_owned(), "password"),
            (ARGON2D[1].to_owned(), "password"),
            (ARGON2D[2].to_owned(), "password"),
            (SCRYPT.to_owned(), "password"),
        ] {
            let verifier = built(&hash).unwrap();
            assert!(logs_in(&verifier, "bob", password).await, "{hash}");
            for wrong in ["", "x", "U*U*", "U*V", "passwor", "password "] {
                assert!(!logs_in(&verifier, "bob", wrong).await, "{hash} {wrong:?}");
            }
            assert!(!logs_in(&verifier, "eve", password).await, "{hash}");
        }
    }

    #[test]
    fn broken_and_ruinous_hashes_of_other_formats_are_errors_of_the_builder() {
        use UnusableHash::{Broken, TooCostly, Unsupported};
        for (hash, expected) in [
            (BCRYPT.replace("$2y$", "$2x$"), Unsupported),
            (BCRYPT.replace("$2y$", "$2$"), Unsupported),
            (BCRYPT.replace("$05$", "$5$"), Broken),
            (BCRYPT.replace("$05$", "$03$"), Broken),
            (BCRYPT.replace("$05$", "$+5$"), Broken),
            (BCRYPT.replace("$05$", "$15$"), TooCostly),
            (BCRYPT.replace("$05$", "$31$"), TooCostly),
            (BCRYPT.replace("$05$", "$32$"), Broken),
            (BCRYPT[..59].to_owned(), Broken),
            (format!("{BCRYPT}x"), Broken),
            (BCRYPT.replace("CCC.", "CC-."), Broken),
            ("$2b$12$éééééééééééééééééééééééééé.".to_owned(), Broken),
            (format!("$2b$12${}é{}", "a".repeat(21), "a".repeat(30)), Broken),
            (SCRYPT.replace("ln=4", "ln=40"), TooCostly),
            (SCRYPT.replace("ln=4", "ln=64"), TooCostly),
            (SCRYPT.replace("r=8", "r=4294967295"), TooCostly),
            (SCRYPT.replace("p=1", "p=1000000"), TooCostly),
            (SCRYPT.replace("r=8", "r=0"), Broken),
            (SCRYPT.replace("ln=4,", ""), Broken),
            (SCRYPT.replace("ln=4,", "n=16,"), Broken),
            (ARGON2I.replace("m=256", "m=1048576"), TooCostly),
            (ARGON2D[0].replace("m=256", "m=1048576"), TooCostly),
            (ARGON2D[0].replace("v=19", "v=18"), Broken),
            (ARGON2D[0].replace("m=256", "m=1"), Broken),
        ] {
            assert_eq!(built(&hash).err(), Some(expected), "{hash}");
        }
    }

    /// bcrypt alone would accept every password that starts with the same 72 bytes.
    #[tokio::test]
    async fn bcrypt_matches_no_password_that_it_would_cut() {
        let verifier = built(BCRYPT_LONG).unwrap();
        assert!(logs_in(&verifier, "bob", &LONG[..72]).await);
        for cut in [LONG, &LONG[..73], &LONG[..71]] {
            assert!(!logs_in(&verifier, "bob", cut).await, "{cut}");
        }
        let verifier = built(BCRYPT).unwrap();
        for cut in ["U*U\0", "U*U\0U*U", "\0U*U"] {
            assert!(!logs_in(&verifier, "bob", cut).await, "{cut:?}");
        }
    }

    /// REQ-17 with two formats in use: each check takes the time of both.
    #[tokio::test]
    async fn req_17_unknown_users_take_as_long_as_those_of_any_format() {
        let costly = BCRYPT.replace("$05$", "$08$");
        let verifier = MemoryVerifier::builder()
            .passwords(cheap_passwords())
            .user_hash("bob", costly, BasicUser::new("bob"))
            .user("alice", "p", BasicUser::new("alice"))
            .build()
            .unwrap();
        let mut fastest = [Duration::MAX; 4];
        for _ in 0..12 {
            for (name, fastest) in ["bob", "alice", "unknown", ""].iter().zip(&mut fastest) {
                let started = Instant::now();
                assert!(!logs_in(&verifier, name, "wrong").await);
                *fastest = started.elapsed().min(*fastest);
            }
        }
        let (least, most) = (fastest.iter().min().unwrap(), fastest.iter().max().unwrap());
        assert!(*most < *least * 2, "{fastest:?}");
        // The time of bcrypt's share is measurable.
        assert!(*least > Duration::from_millis(3), "{fastest:?}");
    }
}

//! `Basic` as clients write it: ISO-8859-1, tokens in place of a name or a password, invalid
//! values.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Request;
use tower_principal::RejectionKind::{DeniedCredentials, DeniedToken, Malformed};
use tower_principal::dialect::TokenPair;
use tower_principal::dialect::{self, DialectError, PairMeaning, TokenMeaning};
use tower_principal::read::Reader;
use tower_principal::{
    BasicUser, CredentialForm, Dialect, GuestRule, OAuthUser, RejectionKind, verify::MemoryVerifier,
};

use crate::support::*;

const CHALLENGE: &str = r#"Basic realm="api", charset="UTF-8""#;

fn of_bytes(pair: &[u8]) -> Request<axum::body::Body> {
    authorization(format!("Basic {}", STANDARD.encode(pair)))
}

fn passwords() -> Dialect {
    dialect::RFC6750.forms([CredentialForm::basic(PairMeaning::PASSWORD)])
}

async fn outcomes(
    dialect: Dialect,
    verifier: impl Fn() -> MemoryVerifier,
    cases: &[(&[u8], Result<&str, RejectionKind>)],
) {
    let app = whoami().layer(layer_of(dialect, verifier()));
    for (pair, expected) in cases {
        let answer = send(app.clone(), of_bytes(pair)).await;
        assert_eq!(answer.outcome(), *expected, "{}", String::from_utf8_lossy(pair));
    }
}

fn german() -> MemoryVerifier {
    let user = |id: &'static str| BasicUser::new(id);
    MemoryVerifier::builder()
        .passwords(cheap_passwords())
        .user("müller", "größe:1", user("müller"))
        .user("ana", "ñandú\u{a0}", user("ana"))
        .user("é", "ÿ", user("é"))
        .build()
        .unwrap()
}

#[tokio::test]
async fn a_password_in_latin_1_is_the_same_password_as_in_utf_8() {
    let cases: &[(&[u8], _)] = &[
        (b"m\xfcller:gr\xf6\xdfe:1", Ok("BasicUser")),
        ("müller:größe:1".as_bytes(), Ok("BasicUser")),
        (b"ana:\xf1and\xfa\xa0", Ok("BasicUser")),
        (b"\xe9:\xff", Ok("BasicUser")),
        (b"m\xfcller:gr\xf6\xdfe:2", Err(DeniedCredentials)),
        (b"muller:gr\xf6\xdfe:1", Err(DeniedCredentials)),
    ];
    outcomes(passwords(), german, cases).await;
}

#[tokio::test]
async fn control_characters_of_latin_1_and_of_utf_8_are_malformed() {
    for byte in (0x80..=0x9f).chain(0..=0x1f).chain([0x7f]) {
        outcomes(passwords(), german, &[(&[b'u', b':', 0xfc, byte, 0xfc], Err(Malformed))]).await;
    }
    outcomes(passwords(), german, &[("u:\u{85}".as_bytes(), Err(Malformed))]).await;
}

/// RFC 7617 section 2.1 requires NFC from clients. Nothing is normalized, so NFD is another
/// password.
#[tokio::test]
async fn composed_and_decomposed_letters_are_different_passwords() {
    let cases: &[(&[u8], _)] = &[
        ("é:ÿ".as_bytes(), Ok("BasicUser")),
        ("e\u{301}:ÿ".as_bytes(), Err(DeniedCredentials)),
        ("é:y\u{308}".as_bytes(), Err(DeniedCredentials)),
    ];
    outcomes(passwords(), german, cases).await;
}

#[tokio::test]
async fn malformed_basic_is_challenged_as_basic_and_never_a_guest() {
    let both = dialect::RFC6750
        .add_form(CredentialForm::basic(PairMeaning::PASSWORD))
        .guests([GuestRule::everywhere()]);
    let app = app(both);
    for line in ["Basic", "Basic x", "Basic dTpwdw", "basic bm9jb2xvbg==", "Basic OnB3", "Basic dTqAcA=="] {
        let answer = send(app.clone(), authorization(line)).await;
        assert_eq!((answer.outcome(), answer.status), (Err(Malformed), 400), "{line}");
        assert_eq!(answer.challenges(), [CHALLENGE], "{line}");
    }
    for (line, kind) in [("Bearer a b", Malformed), ("Bearer ", Malformed)] {
        let answer = send(app.clone(), authorization(line)).await;
        assert_eq!(answer.outcome(), Err(kind), "{line}");
        assert_eq!(answer.challenges(), [r#"Bearer realm="api", error="invalid_request""#], "{line}");
    }
}

const TOKENS: &[TokenPair] = &[
    TokenPair::id_is("", TokenMeaning::ACCESS_TOKEN),
    TokenPair::id_is("x-access-token", TokenMeaning::ACCESS_TOKEN),
    TokenPair::secret_is("x-oauth-basic", TokenMeaning::ACCESS_TOKEN),
    TokenPair::secret_is("", TokenMeaning::ACCESS_TOKEN),
];

fn otto() -> MemoryVerifier {
    MemoryVerifier::builder()
        .passwords(cheap_passwords())
        .access_token("otto-token-0123456789", OAuthUser::new("otto"))
        .user("alice", "horse", BasicUser::new("alice"))
        .build()
        .unwrap()
}

#[tokio::test]
async fn an_empty_user_is_a_token_by_choice_and_malformed_without_it() {
    let pair = b":otto-token-0123456789";
    outcomes(passwords(), otto, &[(pair, Err(Malformed))]).await;
    let chosen = dialect::RFC6750.forms([CredentialForm::basic(PairMeaning::PASSWORD.or_token(TOKENS))]);
    let cases: &[(&[u8], _)] = &[
        (pair, Ok("OAuthUser")),
        (b"x-access-token:otto-token-0123456789", Ok("OAuthUser")),
        (b"otto-token-0123456789:x-oauth-basic", Ok("OAuthUser")),
        (b"otto-token-0123456789:", Ok("OAuthUser")),
        (b"alice:horse", Ok("BasicUser")),
        (b":nobody-token-0123456789", Err(DeniedToken)),
        (b":no token", Err(DeniedToken)),
        (b"alice:", Err(DeniedToken)),
        (b":", Err(Malformed)),
        (b"x-access-token:", Err(Malformed)),
        (b"alice:otto-token-0123456789", Err(DeniedCredentials)),
        (b"X-Access-Token:otto-token-0123456789", Err(DeniedCredentials)),
    ];
    outcomes(chosen, otto, cases).await;
}

/// Each convention is separate: one does not enable another.
#[tokio::test]
async fn one_convention_of_tokens_in_basic_does_not_bring_the_others() {
    const EMPTY: &[TokenPair] = &[TokenPair::id_is("", TokenMeaning::ACCESS_TOKEN)];
    let chosen = dialect::RFC6750.forms([CredentialForm::basic(PairMeaning::PASSWORD.or_token(EMPTY))]);
    let cases: &[(&[u8], _)] = &[
        (b":otto-token-0123456789", Ok("OAuthUser")),
        (b"otto-token-0123456789:", Err(DeniedCredentials)),
        (b"otto-token-0123456789:x-oauth-basic", Err(DeniedCredentials)),
    ];
    outcomes(chosen, otto, cases).await;
}

#[test]
fn the_characters_of_a_token_in_basic_are_checked_when_the_dialect_is_made() {
    const ODD: &[TokenPair] = &[TokenPair::id_is("", TokenMeaning::ACCESS_TOKEN.danger_also_allow("é"))];
    let dialect = dialect::RFC6750.forms([CredentialForm::basic(PairMeaning::PASSWORD.or_token(ODD))]);
    assert_eq!(Reader::new(&dialect).err(), Some(DialectError::TokenCharacters("é")));
}

//! Reading credentials: which are absent, malformed or ambiguous (REQ-01 to REQ-14).

use axum::body::Body;
use http::{HeaderValue, Request};
use tower_principal::RejectionKind::{
    Ambiguous, DeniedAppToken, DeniedCredentials, DeniedToken, Malformed, Missing, UnknownScheme,
};
use tower_principal::{Credential, DenialReason, Dialect, GuestRule, RejectionKind, VerifyError, dialect};

use crate::support::*;

const ANYBODY: Dialect = dialect::ANY;

/// Checks the outcome of each request. No verifier is asked about a request that is refused during
/// reading.
async fn check(
    dialect: Dialect,
    cases: impl IntoIterator<Item = (Request<Body>, Result<&str, RejectionKind>)>,
) {
    let (verifier, asked) = Counting::new(one_of_each_kind());
    let app = whoami().layer(layer_of(dialect, verifier));
    for (at, (request, expected)) in cases.into_iter().enumerate() {
        let shown = format!("case {at}: {} {:?}", request.uri(), request.headers());
        let before = asked();
        assert_eq!(send(app.clone(), request).await.outcome(), expected, "{shown}");
        if matches!(expected, Err(Malformed | Ambiguous | Missing | UnknownScheme)) {
            assert_eq!(asked(), before, "a verifier was asked: {shown}");
        }
    }
}

async fn check_lines(dialect: Dialect, cases: &[(&[u8], Result<&str, RejectionKind>)]) {
    check(dialect, cases.iter().map(|(line, expected)| (authorization(line), *expected))).await;
}

async fn check_queries(dialect: Dialect, cases: &[(&str, Result<&str, RejectionKind>)]) {
    let request = |query: &str| get(&format!("/things?{query}"), &[]);
    check(dialect, cases.iter().map(|(query, expected)| (request(query), *expected))).await;
}

#[tokio::test]
async fn req_01_no_credential_is_missing_and_no_verifier_is_asked() {
    for dialect in [dialect::RFC6750, dialect::USERGRID, dialect::GEODATAHUB, dialect::OPENDATASOFT, ANYBODY]
    {
        check(dialect, [(get("/things", &[]), Err(Missing)), (form("/things", "a=b"), Err(Missing))]).await;
    }
}

#[tokio::test]
async fn req_02_schemes_are_case_insensitive_and_separated_by_spaces_only() {
    let cases: &[(&[u8], _)] = &[
        (b"Bearer 9kxoTUYvSxnAiMpv008NBqRiqk5xWt", Ok("OAuthUser")),
        (b"bearer 9kxoTUYvSxnAiMpv008NBqRiqk5xWt", Ok("OAuthUser")),
        (b"BEARER   9kxoTUYvSxnAiMpv008NBqRiqk5xWt", Ok("OAuthUser")),
        (b"Bearer\t9kxoTUYvSxnAiMpv008NBqRiqk5xWt", Err(Malformed)),
        (b"Bearer \t9kxoTUYvSxnAiMpv008NBqRiqk5xWt", Err(Malformed)),
        (b"Bearer9kxoTUYvSxnAiMpv008NBqRiqk5xWt", Err(Malformed)),
    ];
    check_lines(dialect::RFC6750, cases).await;
}

/// The first value alone would be valid, but the second is never ignored.
#[tokio::test]
async fn req_03_two_authorization_lines_are_refused() {
    let two = |first: &str, second: &str| {
        let mut request = authorization(first);
        request.headers_mut().append("authorization", HeaderValue::from_str(second).unwrap());
        request
    };
    let good = bearer(TOKEN);
    let comma = |line: &str| authorization(line.replace("TOKEN", TOKEN));
    check(
        dialect::RFC6750,
        [
            (two(&good, &good), Err(Ambiguous)),
            (two(&good, &bearer(UNKNOWN_TOKEN)), Err(Ambiguous)),
            (two(&bearer(UNKNOWN_TOKEN), &good), Err(Ambiguous)),
            (two(&good, "Digest x=\"y\""), Err(Ambiguous)),
            (two("", &good), Err(Ambiguous)),
            (comma("Bearer TOKEN, Bearer TOKEN"), Err(Malformed)),
            (comma("Bearer TOKEN,Bearer"), Err(Malformed)),
            (comma("Bearer TOKEN,"), Err(Malformed)),
            (comma("Bearer ,TOKEN"), Err(Malformed)),
        ],
    )
    .await;
}

#[tokio::test]
async fn req_04_bytes_outside_ascii_are_present_and_broken() {
    let cases: &[(&[u8], _)] = &[
        (b"Bearer tok\xe9", Err(Malformed)),
        (b"\xe9", Err(Malformed)),
        (b"\xff\xfe 9kxoTUYvSxnAiMpv008NBqRiqk5xWt", Err(Malformed)),
        (b"Digest \xe9", Err(Malformed)),
        (b"Basic \xe9", Err(Malformed)),
        ("Bearer 9kxoTUYvSxnAiMpv008NBqRiqk5xW\u{442}".as_bytes(), Err(Malformed)),
    ];
    check_lines(ANYBODY.guests([GuestRule::everywhere()]), cases).await;
    let odd_app = |bytes: &[u8]| {
        let mut request = get("/things", &[]);
        request.headers_mut().insert("x-app-token", HeaderValue::from_bytes(bytes).unwrap());
        request
    };
    check(dialect::SOCRATA, [(odd_app(b"\xe9"), Err(Malformed)), (odd_app(b"a\xffb"), Err(Malformed))]).await;
}

/// Every request may be a guest here if it presents no credential.
#[tokio::test]
async fn req_05_a_present_but_bad_credential_never_becomes_a_guest() {
    let open = ANYBODY.guests([GuestRule::everywhere().permissions(&["*:/**"])]);
    let lines: &[(&[u8], _)] = &[
        (b"", Err(Malformed)),
        (b"Bearer", Err(Malformed)),
        (b"Bearer jFfDUcsK9zzNMs1zwczzJxGrimPtmf", Err(DeniedToken)),
        (b"Bearer \"x\"", Err(DeniedToken)),
        (b"Digest x", Err(UnknownScheme)),
        (b"Basic", Err(Malformed)),
        (b"Basic YWxpY2U6eA==", Err(DeniedCredentials)),
        (b"Apikey nobody", Err(DeniedCredentials)),
        (b"jFfDUcsK9zzNMs1zwczzJxGrimPtmf", Err(DeniedToken)),
        (b"short", Err(Malformed)),
    ];
    check_lines(open.clone(), lines).await;
    let queries = [
        ("access_token", Err(Malformed)),
        ("access_token=", Err(Malformed)),
        ("access_token=nobody", Err(DeniedToken)),
        ("access_token=no%20body", Err(DeniedToken)),
        ("apikey=nobody", Err(DeniedCredentials)),
        ("client_id=x", Err(Malformed)),
        ("client_id=x&client_secret=y", Err(DeniedCredentials)),
        ("$$app_token=nobody", Err(DeniedAppToken)),
        ("$$app_token=", Err(Malformed)),
        ("", Ok("Guest")),
        ("limit=1", Ok("Guest")),
    ];
    check_queries(open.clone(), &queries).await;
    let header = |name: &str, value: &str| get("/things", &[(name, value)]);
    check(
        open,
        [
            (header("x-app-token", ""), Err(Malformed)),
            (header("x-app-token", "nobody"), Err(DeniedAppToken)),
            (header("x-api-key", "two words"), Err(Malformed)),
        ],
    )
    .await;
}

/// If the verifier gives any answer other than a principal, the request is no guest. A valid app
/// token does not replace a refused subject.
#[tokio::test]
async fn req_05_no_answer_of_a_verifier_makes_a_guest() {
    let refusals = [
        VerifyError::UNKNOWN,
        VerifyError::Denied(DenialReason::Expired),
        VerifyError::Denied(DenialReason::Revoked),
        VerifyError::Denied(DenialReason::Disabled),
        VerifyError::Denied(DenialReason::Throttled(std::time::Duration::from_secs(1))),
        VerifyError::Unsupported,
        VerifyError::unavailable("down"),
    ];
    for refusal in refusals {
        for at_once in [true, false] {
            let answer = refusal.clone();
            let subject_refused = move |credential: &Credential<'_>| match credential {
                Credential::AppToken(_) => Ok(tower_principal::AppToken::new("app").into()),
                _ => Err(answer.clone()),
            };
            let verifier = Says { answer: subject_refused, at_once };
            let app = whoami().layer(layer_of(ANYBODY.guests([GuestRule::everywhere()]), verifier));
            for headers in
                [&[("authorization", "Bearer x")][..], &[("authorization", "Bearer x"), ("x-app-token", "y")]]
            {
                let answer = send(app.clone(), get("/things", headers)).await;
                assert!(answer.status >= 400, "{refusal:?} {answer:?}");
            }
        }
    }
}

#[tokio::test]
async fn req_06_a_broken_header_differs_from_a_token_that_cannot_be() {
    let long = format!("Bearer {}", "a".repeat(8 * 1024 + 1));
    let cases: &[(&[u8], _)] = &[
        (b"Bearer", Err(Malformed)),
        (b"Bearer ", Err(Malformed)),
        (b"Bearer two words", Err(Malformed)),
        (b"Bearer tok=mid=x", Err(DeniedToken)),
        (b"Bearer to:k", Err(DeniedToken)),
        (b"Bearer =", Err(DeniedToken)),
        (b"Bearer {}", Err(DeniedToken)),
        (long.as_bytes(), Err(DeniedToken)),
    ];
    check_lines(dialect::RFC6750, cases).await;
}

#[tokio::test]
async fn req_06_a_token_that_cannot_be_asks_no_verifier() {
    let (verifier, asked) = Counting::new(one_of_each_kind());
    let app = whoami().layer(layer_of(ANYBODY, verifier));
    let long = "a".repeat(400_000);
    for request in [
        authorization("Bearer tok=mid=x"),
        authorization(bearer(&long)),
        authorization(format!("OAuth {long}")),
        authorization(long.clone()),
        authorization(format!("Basic {}", "QUFB".repeat(4000))),
        get("/things", &[("x-app-token", &long)]),
        get("/things?access_token=a%20b", &[]),
        get(&format!("/things?access_token={}", "a".repeat(30_000)), &[]),
    ] {
        let started = std::time::Instant::now();
        let answer = send(app.clone(), request).await;
        assert!([401, 403].contains(&answer.status), "{answer:?}");
        // Reading the text more than once for each byte would take minutes.
        assert!(started.elapsed() < std::time::Duration::from_secs(5), "{:?}", started.elapsed());
    }
    assert_eq!(asked(), 0);
}

/// The longest token that reaches a verifier has 8 KiB.
#[tokio::test]
async fn req_06_a_token_of_eight_kibibytes_is_looked_up() {
    let (verifier, asked) = Counting::new(one_of_each_kind());
    let app = whoami().layer(layer_of(dialect::RFC6750, verifier));
    assert_eq!(send(app, authorization(bearer(&"a".repeat(8 * 1024)))).await.outcome(), Err(DeniedToken));
    assert_eq!(asked(), 1);
}

#[tokio::test]
async fn req_08_a_bare_token_is_one_word_of_sixteen_characters_and_no_scheme() {
    let cases: &[(&[u8], _)] = &[
        (b"9kxoTUYvSxnAiMpv008NBqRiqk5xWt", Ok("OAuthUser")),
        (b"  9kxoTUYvSxnAiMpv008NBqRiqk5xWt ", Ok("OAuthUser")),
        (b"eyJhbGciOiJSUzI1NiJ9.e30.c2ln", Err(DeniedToken)),
        (b"fifteen-chars-x", Err(Malformed)),
        (b"9kxoTUYvSxnAiMpv008NBqRiqk5xWt x", Err(Malformed)),
        (b"9kxoTUYvSxnAiMpv\t008NBqRiqk5xWt", Err(Malformed)),
        (b"9kxoTUYvSxn,AiMpv008NBqRiqk5xWt", Err(Malformed)),
        (b"9kxoTUYvSxn:AiMpv008NBqRiqk5xWt", Err(Malformed)),
        (b"Basic", Err(Malformed)),
        (b"bearer", Err(Malformed)),
        (b"DPoP", Err(Malformed)),
        (b"Digest", Err(Malformed)),
        (b"Negotiate", Err(Malformed)),
        (b"OAuth", Err(Malformed)),
        (b"SCRAM-SHA-256", Err(Malformed)),
        (b"AWS4-HMAC-SHA256", Err(Malformed)),
        (b"aws4-hmac-sha256", Err(Malformed)),
    ];
    check_lines(dialect::GEODATAHUB, cases).await;
}

#[tokio::test]
async fn req_09_oauth_one_parameters_are_no_token() {
    let cases: &[(&[u8], _)] = &[
        (b"OAuth oauth_consumer_key=\"k\", oauth_token=\"t\"", Err(Malformed)),
        (b"OAuth oauth_consumer_key=\"k\",oauth_token=\"t\"", Err(Malformed)),
        (b"OAuth oauth_token=\"t\"", Err(Malformed)),
        (b"OAuth realm=\"x\"", Err(Malformed)),
    ];
    check_lines(dialect::SOCRATA, cases).await;
    check_lines(ANYBODY, cases).await;
}

#[tokio::test]
async fn req_10_two_subjects_are_ambiguous_whatever_carries_them() {
    let client = format!("client_id={ORG_CLIENT}&client_secret={CLIENT_SECRET}");
    let token = format!("access_token={TOKEN}");
    let key = format!("apikey={API_KEY}");
    let lines = [bearer(TOKEN), basic(USER, PASSWORD), TOKEN.to_owned(), format!("Apikey {API_KEY}")];
    let queries = [client.clone(), token.clone(), key.clone()];
    let mut cases = Vec::new();
    for line in &lines {
        for query in &queries {
            cases.push((get(&format!("/?{query}"), &[("authorization", line)]), Err(Ambiguous)));
        }
    }
    for (one, other) in [(&client, &token), (&token, &key), (&key, &client)] {
        cases.push((get(&format!("/?{one}&{other}"), &[]), Err(Ambiguous)));
    }
    check(ANYBODY, cases).await;
}

#[tokio::test]
async fn req_10_an_app_token_may_stand_beside_a_subject_once() {
    let token = bearer(TOKEN);
    let beside = |app: &str| get("/", &[("authorization", &token), ("x-app-token", app)]);
    let answer = send(app(ANYBODY), beside(APP_TOKEN)).await;
    assert_eq!(answer.body, "OAuthUser:otto+weather-map");
    let twice = {
        let mut request = beside(APP_TOKEN);
        request.headers_mut().append("x-app-token", HeaderValue::from_static(APP_TOKEN));
        request
    };
    let app_query = format!("/?$$app_token={APP_TOKEN}");
    check(
        ANYBODY,
        [
            (beside("nobody-knows-this"), Err(DeniedAppToken)),
            (beside(""), Err(Malformed)),
            (beside("two words"), Err(Malformed)),
            (twice, Err(Ambiguous)),
            (get(&app_query, &[("x-app-token", APP_TOKEN)]), Err(Ambiguous)),
            (get(&format!("{app_query}&%24%24app_token={APP_TOKEN}"), &[]), Err(Ambiguous)),
            (get("/", &[("x-app-token", APP_TOKEN), ("x-api-key", APP_TOKEN)]), Err(Ambiguous)),
            // An access token is never an app token, and an app token is never an access token.
            (get("/", &[("x-app-token", TOKEN)]), Err(DeniedAppToken)),
            (authorization(bearer(APP_TOKEN)), Err(DeniedToken)),
        ],
    )
    .await;
}

#[tokio::test]
async fn req_11_parameter_names_are_decoded_and_values_strict() {
    let cases = [
        ("access_token=9kxoTUYvSxnAiMpv008NBqRiqk5xWt", Ok("OAuthUser")),
        ("access%5Ftoken=9kxoTUYvSxnAiMpv008NBqRiqk5xWt", Ok("OAuthUser")),
        ("%61%63%63%65%73%73_token=%39kxoTUYvSxnAiMpv008NBqRiqk5xWt", Ok("OAuthUser")),
        ("&&access_token=9kxoTUYvSxnAiMpv008NBqRiqk5xWt&", Ok("OAuthUser")),
        ("access_token=a&access_token=a", Err(Ambiguous)),
        ("access_token=a&access%5ftoken=a", Err(Ambiguous)),
        ("access_token=&access_token=a", Err(Ambiguous)),
        ("access_token", Err(Malformed)),
        ("access_token=", Err(Malformed)),
        ("access%5Ftoken=", Err(Malformed)),
        ("access_token=%FF%FE", Err(Malformed)),
        ("access_token=t%", Err(Malformed)),
        ("access_token=t%2", Err(Malformed)),
        ("access_token=t%zz", Err(Malformed)),
        ("access_token=a%2Bb", Err(DeniedToken)),
        ("Access_Token=a", Err(Missing)),
        ("access_token[]=a", Err(Missing)),
        ("$app_token=a", Err(Missing)),
    ];
    check_queries(ANYBODY, &cases).await;
}

#[tokio::test]
async fn req_12_half_a_client_is_malformed() {
    let cases = [
        ("client_id=x", Err(Malformed)),
        ("client_secret=x", Err(Malformed)),
        ("client_id=x&client_secret=", Err(Malformed)),
        ("client_id=&client_secret=x", Err(Malformed)),
        ("client_id=%20&client_secret=x", Err(Malformed)),
        ("client_id=x&client_secret=+", Err(Malformed)),
        ("client_id=x&client_secret", Err(Malformed)),
        ("client_id=x&client_id=x&client_secret=y", Err(Ambiguous)),
        ("client_id=x&client_secret=y", Err(DeniedCredentials)),
    ];
    check_queries(dialect::USERGRID, &cases).await;
}

#[tokio::test]
async fn req_14_basic_is_canonical_base64_of_a_pair() {
    let cases: &[(&[u8], _)] = &[
        (b"Basic YWxpY2VAZXhhbXBsZS5vcmc6Y29ycmVjdCBob3JzZQ==", Ok("BasicUser")),
        (b"basic   YWxpY2VAZXhhbXBsZS5vcmc6Y29ycmVjdCBob3JzZQ==", Ok("BasicUser")),
        (b"Basic", Err(Malformed)),
        (b"Basic dTpwdw", Err(Malformed)),
        (b"Basic dTpwdw=", Err(Malformed)),
        (b"Basic dTpwdx==", Err(Malformed)),
        (b"Basic dTpw=dTpw", Err(Malformed)),
        (b"Basic dTo_Pj4-", Err(Malformed)),
        (b"Basic dTpwdw== x", Err(Malformed)),
        (b"Basic eyJhbGciOiJSUzI1NiJ9.e30.c2ln", Err(Malformed)),
        (b"Basic OnB3", Err(Malformed)),
        (b"Basic bm9jb2xvbg==", Err(Malformed)),
        (b"Basic dTpwAHE=", Err(Malformed)),
        (b"Basic /zpw", Err(DeniedCredentials)),
        (b"Basic dTqAcA==", Err(Malformed)),
        (b"Basic dTo=", Err(DeniedCredentials)),
    ];
    check_lines(dialect::GEODATAHUB, cases).await;
}

/// The first colon is the separator, so a password may contain colons.
#[tokio::test]
async fn req_14_a_password_may_hold_colons() {
    let says_pair = says(|credential| match credential {
        Credential::Password(pair) => {
            assert_eq!((pair.id(), pair.secret().expose_secret()), ("u", "a:b:c"));
            Ok(tower_principal::BasicUser::new("u").into())
        }
        _ => Err(VerifyError::Unsupported),
    });
    let app = whoami().layer(layer_of(dialect::GEODATAHUB, says_pair));
    assert_eq!(send(app, authorization(basic("u", "a:b:c"))).await.outcome(), Ok("BasicUser"));
}

/// HTTP/2 passes values with their whitespace; `connections` tests it on the wire.
#[tokio::test]
async fn optional_whitespace_around_a_line_does_not_matter() {
    let cases: &[(&[u8], _)] = &[
        (b"  Bearer 9kxoTUYvSxnAiMpv008NBqRiqk5xWt ", Ok("OAuthUser")),
        (b"\tBearer 9kxoTUYvSxnAiMpv008NBqRiqk5xWt\t", Ok("OAuthUser")),
        (b" ", Err(Malformed)),
    ];
    check_lines(dialect::RFC6750, cases).await;
}

/// Peers read only the first of several lines, or only the exact letter case.
#[tokio::test]
async fn defect_11_a_second_authorization_line_is_not_ignored() {
    let mut request = authorization(bearer(TOKEN));
    request.headers_mut().append("authorization", HeaderValue::from_static("Basic eDp5"));
    check(dialect::RFC6750.guests([GuestRule::everywhere()]), [(request, Err(Ambiguous))]).await;
}

#[tokio::test]
async fn defect_17_a_scheme_is_not_known_by_its_spelling() {
    for spelling in ["Bearer", "bearer", "BEARER", "bEaReR"] {
        let request = authorization(format!("{spelling} {TOKEN}"));
        check(dialect::RFC6750, [(request, Ok("OAuthUser"))]).await;
    }
    for spelling in ["Basic", "basic", "BASIC"] {
        let request = authorization(basic(USER, PASSWORD).replace("Basic", spelling));
        check(dialect::GEODATAHUB, [(request, Ok("BasicUser"))]).await;
    }
}

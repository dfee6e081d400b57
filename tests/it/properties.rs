//! Properties of hostile input (REQ-59): no input causes a panic, no present credential becomes a
//! guest, and other parsers read the same credential.

use std::cell::RefCell;

use axum::body::Body;
use axum::extract::Query;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::FutureExt as _;
use headers::authorization::{Basic, Bearer};
use headers::{Authorization, Header as _};
use http::{HeaderValue, Request, Response, Uri};
use proptest::prelude::*;
use tower::{Layer as _, ServiceExt as _, service_fn};
use tower_principal::{
    Credential, Dialect, GuestRule, OAuthUser, Principal, Rejection, Verifier, VerifyError, dialect,
};

use crate::support::*;

thread_local! {
    /// The credentials that the verifier received: a token, or an id and a secret.
    static SHOWN: RefCell<Vec<(String, String)>> = const { RefCell::new(Vec::new()) };
}

/// Records the credentials that it receives, and accepts all of them.
fn witness() -> impl Verifier {
    says(|credential| {
        let (id, secret) = match credential {
            Credential::AccessToken(token) | Credential::AppToken(token) => {
                (String::new(), token.expose_secret().to_owned())
            }
            Credential::Password(pair) | Credential::Client(_, pair) => {
                (pair.id().to_owned(), pair.secret().expose_secret().to_owned())
            }
            _ => Default::default(),
        };
        SHOWN.with_borrow_mut(|shown| shown.push((id, secret)));
        Ok(match credential {
            Credential::AppToken(_) => tower_principal::AppToken::new("app").into(),
            _ => OAuthUser::new("otto").into(),
        })
    })
}

fn empty() -> impl Verifier {
    says(|_| Err::<Principal, _>(VerifyError::UNKNOWN))
}

fn open(dialect: Dialect) -> Dialect {
    dialect.guests([GuestRule::everywhere()])
}

/// Returns the status, and the credentials that the verifier received.
fn ask(dialect: Dialect, verifier: impl Verifier, request: Request<Body>) -> (u16, Vec<(String, String)>) {
    SHOWN.with_borrow_mut(Vec::clear);
    let layer = layer_of(dialect, verifier).with_form_body(64 * 1024, std::time::Duration::from_secs(5));
    let service =
        layer.layer(service_fn(async |_| Ok::<_, std::convert::Infallible>(Response::new(String::new()))));
    let response = service.oneshot(request).now_or_never().unwrap().unwrap();
    let status = response.status().as_u16();
    assert_eq!(status >= 400, response.extensions().get::<Rejection>().is_some());
    (status, SHOWN.take())
}

fn with(name: &'static str, value: &[u8]) -> Option<Request<Body>> {
    let mut request = get("/things", &[]);
    request.headers_mut().insert(name, HeaderValue::from_bytes(value).ok()?);
    Some(request)
}

/// Generates any bytes, and bytes that look like credentials.
fn lines() -> impl Strategy<Value = Vec<u8>> {
    let words = prop::sample::select(vec![
        "Bearer", "bearer", "Bearer:", "OAuth", "OAuth:", "Basic", "bASIC", "Apikey", "Digest", "DPoP",
        "Basic:", "", " ",
    ]);
    let separators = prop::sample::select(vec![" ", "  ", "\t", "", ",", " \t", ", ", ":"]);
    let values = prop_oneof![
        "[A-Za-z0-9._~+/-]{0,40}={0,3}",
        prop::collection::vec(any::<u8>(), 0..30).prop_map(|bytes| basic_value(&bytes)),
        "[a-z]{0,8}:[ -~]{0,12}".prop_map(|pair| basic_value(pair.as_bytes())),
        "\\PC{0,20}",
        "[ -~]{0,20}",
    ];
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..60),
        (words, separators, values, "[ \t]{0,2}").prop_map(|(word, separator, value, end)| {
            format!("{word}{separator}{value}{end}").into_bytes()
        }),
    ]
}

fn basic_value(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn req_59_and_req_05_no_authorization_line_panics_or_makes_a_guest(line in lines()) {
        for dialect in PRESETS {
            let Some(request) = with("authorization", &line) else { return Ok(()) };
            let name = dialect.name;
            let (status, _) = ask(open(dialect), empty(), request);
            prop_assert!([400, 401].contains(&status), "{name} {status}");
        }
    }

    #[test]
    fn req_59_and_req_05_no_app_token_panics_or_makes_a_guest(value in lines()) {
        for (dialect, name) in [(dialect::SOCRATA, "x-app-token"), (dialect::ANY, "x-app-token"), (dialect::GEODATAHUB, "x-api-key")] {
            let Some(request) = with(name, &value) else { return Ok(()) };
            let (status, _) = ask(open(dialect), empty(), request);
            prop_assert!([400, 403].contains(&status), "{status}");
        }
    }

    /// A request presents a parameter if and only if the handler's own parser sees it.
    #[test]
    fn req_59_and_req_11_a_query_presents_what_a_handler_would_see(query in queries()) {
        let Ok(uri) = format!("/things?{query}").parse::<Uri>() else { return Ok(()) };
        let Ok(Query(seen)) = Query::<Vec<(String, String)>>::try_from_uri(&uri) else { return Ok(()) };
        for (dialect, names) in [
            (dialect::OPENDATASOFT, &["access_token", "apikey"][..]),
            (dialect::USERGRID, &["access_token", "client_id", "client_secret"]),
            (dialect::SOCRATA, &["$$app_token"]),
        ] {
            let present = seen.iter().any(|(name, _)| names.contains(&name.as_str()));
            let name = dialect.name;
            let (status, _) = ask(open(dialect), empty(), get(&uri.to_string(), &[]));
            prop_assert_eq!(status != 200, present, "{} {} {:?}", name, status, &seen);
        }
    }

    /// The same for a form, which has the same grammar but may contain any bytes. No row reads an
    /// API key there, and a request that may present one is no guest.
    #[test]
    fn req_59_and_req_13_a_form_presents_what_a_handler_would_see(query in queries(), noise in prop::collection::vec(any::<u8>(), 0..9)) {
        let body = [query.as_bytes(), b"&noise=", &noise].concat();
        let seen = axum_form(&body);
        let (status, _) = ask(open(dialect::OPENDATASOFT), empty(), form("/", body));
        let present = seen.iter().any(|name| ["access_token", "apikey"].contains(&name.as_str()));
        prop_assert_eq!(status != 200, present, "{} {:?}", status, seen);
    }

    /// The `headers` crate reads the same bearer token from every accepted line.
    #[test]
    fn a_bearer_token_is_the_one_that_headers_reads(line in lines()) {
        let Some(request) = with("authorization", &line) else { return Ok(()) };
        let (status, shown) = ask(dialect::RFC6750, witness(), request);
        if status == 200 {
            let value = HeaderValue::from_bytes(line.trim_ascii()).unwrap();
            let theirs = Authorization::<Bearer>::decode(&mut [value].iter()).unwrap();
            prop_assert_eq!(shown, [(String::new(), theirs.token().to_owned())]);
        }
    }

    /// The `headers` crate reads the same Basic credentials from every accepted line. Text that is
    /// not UTF-8, which that crate refuses, is read as ISO-8859-1.
    #[test]
    fn basic_credentials_are_those_that_headers_reads(line in lines()) {
        check_basic(&line)?;
    }
}

#[test]
fn basic_text_that_is_not_utf_8_is_iso_8859_1() {
    for (line, user, password) in
        [("Basic oDo=", "\u{a0}", ""), ("Basic /Dr/", "ü", "ÿ"), ("basic bfxsbGVyOvY=", "müller", "ö")]
    {
        let expected = vec![(user.to_owned(), password.to_owned())];
        assert_eq!(ask_basic(line.as_bytes()), Some((200, expected)), "{line}");
        check_basic(line.as_bytes()).unwrap();
    }
}

fn ask_basic(line: &[u8]) -> Option<(u16, Vec<(String, String)>)> {
    let basic_only = Dialect { name: "basic", ..dialect::RFC6750 }
        .forms([tower_principal::CredentialForm::basic(tower_principal::dialect::PairMeaning::PASSWORD)]);
    Some(ask(basic_only, witness(), with("authorization", line)?))
}

fn check_basic(line: &[u8]) -> Result<(), TestCaseError> {
    let Some((status, shown)) = ask_basic(line) else { return Ok(()) };
    let value = HeaderValue::from_bytes(line.trim_ascii()).unwrap();
    let theirs = Authorization::<Basic>::decode(&mut [value].iter()).ok();
    if status == 200 {
        let expected = match theirs {
            Some(theirs) => (theirs.username().to_owned(), theirs.password().to_owned()),
            None => latin1_pair(line),
        };
        prop_assert_eq!(shown, [expected]);
    } else if let Some(theirs) = theirs {
        // The only two differences: a user name is required, and control characters are refused.
        let (user, password) = (theirs.username(), theirs.password());
        let control = |text: &str| text.bytes().any(|byte| byte.is_ascii_control());
        prop_assert!(user.is_empty() || control(user) || control(password), "{user:?} {password:?}");
    }
    Ok(())
}

/// Returns the pair in a Basic line whose text is not UTF-8, read as ISO-8859-1.
fn latin1_pair(line: &[u8]) -> (String, String) {
    let value = line.trim_ascii().rsplit(|byte| *byte == b' ').next().unwrap();
    let bytes = STANDARD.decode(value).unwrap();
    assert!(std::str::from_utf8(&bytes).is_err(), "UTF-8 that `headers` refuses was accepted: {bytes:?}");
    let text: String = bytes.into_iter().map(char::from).collect();
    let (user, password) = text.split_once(':').unwrap();
    (user.to_owned(), password.to_owned())
}

/// Returns the names that axum's `Form` reads in a body, which has the grammar of a query.
fn axum_form(body: &[u8]) -> Vec<String> {
    let escaped: String = body
        .iter()
        .map(|byte| match byte {
            b'&' | b'=' | b'%' | b'+' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'_' | b'$' => {
                char::from(*byte).to_string()
            }
            other => format!("%{other:02x}"),
        })
        .collect();
    let uri: Uri = format!("/?{escaped}").parse().unwrap();
    let Query(seen) = Query::<Vec<(String, String)>>::try_from_uri(&uri).unwrap();
    seen.into_iter().map(|(name, _)| name).collect()
}

/// Generates queries with names of credentials, some of their characters encoded, and similar
/// names.
fn queries() -> impl Strategy<Value = String> {
    let names = prop::sample::select(vec![
        "access_token",
        "apikey",
        "client_id",
        "client_secret",
        "$$app_token",
        "Access_Token",
        "access_token2",
        "xaccess_token",
        "access token",
        "$app_token",
        "limit",
        "",
        "access_token[]",
    ]);
    let name = (names, prop::collection::vec(0_u8..6, 20)).prop_map(|(name, dice)| {
        name.bytes()
            .zip(dice)
            .map(|(byte, dice)| match dice {
                0 => format!("%{byte:02x}"),
                1 => format!("%{byte:02X}"),
                _ if byte == b' ' => "+".to_owned(),
                _ => char::from(byte).to_string(),
            })
            .collect::<String>()
    });
    let value = prop_oneof![
        Just(String::new()),
        Just("=".to_owned()),
        "=[A-Za-z0-9]{1,9}",
        "=[!-%'-~]{0,9}",
        "=(%[0-9a-fA-F]{2}){1,4}",
        "%=",
        "=%",
    ];
    let between = prop::sample::select(vec!["&", "&&", "&=&", "&%&", "&+&", ";"]);
    prop::collection::vec((name, value, between), 0..4)
        .prop_map(|parts| parts.into_iter().map(|(name, value, between)| name + &value + between).collect())
}

/// Lines that the `headers` crate accepts and that are refused here.
#[test]
fn headers_is_laxer_about_these() {
    let decode =
        |line: &str| Authorization::<Bearer>::decode(&mut [HeaderValue::from_str(line).unwrap()].iter());
    for (line, status) in [
        // Two words, and lists: it is not clear which one is meant (RFC 9110 section 5.3).
        ("Bearer a b", 400),
        ("Bearer a, Bearer b", 400),
        // There is no token.
        ("Bearer ", 400),
        // Characters that are not allowed in a token (RFC 6750 section 2.1).
        ("Bearer a\"b", 401),
        ("Bearer a=b", 401),
        // OAuth 1.0's parameters (RFC 5849).
        ("Bearer a=\"b\"", 400),
    ] {
        let laxer = decode(line);
        assert!(laxer.is_ok() || line == "Bearer ", "{line}");
        let (refused, shown) =
            ask(dialect::RFC6750, witness(), with("authorization", line.as_bytes()).unwrap());
        assert_eq!((refused, shown), (status, vec![]), "{line}");
    }
    let first = HeaderValue::from_static("Bearer first");
    let second = HeaderValue::from_static("Bearer second");
    let theirs = Authorization::<Bearer>::decode(&mut [first.clone(), second.clone()].iter()).unwrap();
    assert_eq!(theirs.token(), "first");
    let mut request = with("authorization", first.as_bytes()).unwrap();
    request.headers_mut().append("authorization", second);
    assert_eq!(ask(dialect::RFC6750, witness(), request).0, 400);
    for pair in [&b":p"[..], b"u:p\0q", b"u\n:p"] {
        let line = format!("Basic {}", basic_value(pair));
        let value = HeaderValue::from_str(&line).unwrap();
        assert!(Authorization::<Basic>::decode(&mut [value].iter()).is_ok());
        assert_eq!(
            ask(dialect::GEODATAHUB, witness(), with("authorization", line.as_bytes()).unwrap()).0,
            400
        );
    }
}

/// Lines that it refuses: HTTP/2 passes values with the whitespace around them.
#[test]
fn headers_is_stricter_about_whitespace_before_the_scheme() {
    let line = "  Bearer token";
    let value = HeaderValue::from_str(line).unwrap();
    assert!(Authorization::<Bearer>::decode(&mut [value].iter()).is_err());
    let (status, shown) = ask(dialect::RFC6750, witness(), with("authorization", line.as_bytes()).unwrap());
    assert_eq!((status, shown), (200, vec![(String::new(), "token".to_owned())]));
}

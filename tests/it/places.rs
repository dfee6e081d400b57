//! Places and values beyond the standard: API keys in a header of their own, unusual tokens, ranks,
//! grammars without a match, tokens among the subprotocols of a WebSocket.

use axum::Router;
use axum::body::Body;
use axum::routing::any;
use http::{HeaderMap, Request, Uri};
use tower_principal::RejectionKind::{
    Ambiguous, DeniedCredentials, DeniedToken, InsecureTransport, Malformed, Missing,
};
use tower_principal::dialect::{self, CustomPlace, DialectError, Subprotocol, TokenMeaning};
use tower_principal::read::Reader;
use tower_principal::{
    ApiKey, AuthenticateLayer, Credential, CredentialForm, Dialect, GuestRule, OAuthUser, RejectionKind,
    Secret, Source, transport, verify::MemoryVerifier,
};

use crate::support::*;

const KEY: &str = "k!#{0123456789}";

fn known() -> MemoryVerifier {
    let otto = |id: &'static str| OAuthUser::new(id);
    MemoryVerifier::builder()
        .passwords(cheap_passwords())
        .api_key(KEY, ApiKey::new("odd"))
        .api_key("\"a,b\";=c|d\\", ApiKey::new("odder"))
        .access_token("17|laravel0123456789", otto("laravel"))
        .access_token("123456:ABC-0123456789", otto("telegram"))
        .access_token(TOKEN, otto("otto"))
        .access_token("other-token-0123456789", otto("olga"))
        .build()
        .unwrap()
}

async fn check(dialect: &Dialect, cases: &[(Request<Body>, Result<&str, RejectionKind>)]) {
    let app = whoami().layer(layer_of(dialect.clone(), known()));
    for (request, expected) in cases {
        let shown = format!("{} {:?}", request.uri(), request.headers());
        let mut copy =
            Request::builder().method(request.method()).uri(request.uri()).body(Body::empty()).unwrap();
        *copy.headers_mut() = request.headers().clone();
        let answer = send(app.clone(), copy).await;
        let outcome = match answer.kind() {
            None => Ok(answer.body.as_str()),
            Some(kind) => Err(kind),
        };
        assert_eq!(outcome, *expected, "{shown}");
    }
}

#[tokio::test]
async fn an_api_key_in_a_header_of_its_own_is_any_visible_ascii() {
    let dialect = dialect::RFC6750.add_form(CredentialForm::header("x-api-key", TokenMeaning::API_KEY));
    let key = |key: &str| get("/", &[("x-api-key", key)]);
    check(
        &dialect,
        &[
            (key(KEY), Ok("ApiKey:odd")),
            (key("\"a,b\";=c|d\\"), Ok("ApiKey:odder")),
            (key("k!#{0123456780}"), Err(DeniedCredentials)),
            (key("k!#{0123 456789}"), Err(Malformed)),
            (key("k!#{0123456789}, k!#{0123456789}"), Err(Malformed)),
            (key("k\u{e9}"), Err(Malformed)),
            (key(""), Err(Malformed)),
        ],
    )
    .await;
}

/// Other rows still allow only the characters of the standard.
#[tokio::test]
async fn an_api_key_elsewhere_and_other_tokens_in_headers_keep_their_alphabet() {
    let dialect = dialect::RFC6750.forms([
        CredentialForm::scheme("ApiKey", TokenMeaning::API_KEY),
        CredentialForm::header("x-token", TokenMeaning::ACCESS_TOKEN),
        CredentialForm::query("key", TokenMeaning::API_KEY),
    ]);
    check(
        &dialect,
        &[
            (authorization(format!("ApiKey {KEY}")), Err(DeniedCredentials)),
            (get("/", &[("x-token", "17|laravel0123456789")]), Err(DeniedToken)),
            (get("/?key=k%21%23%7B0123456789%7D", &[]), Err(DeniedCredentials)),
        ],
    )
    .await;
}

#[tokio::test]
async fn tokens_hold_more_characters_only_where_a_row_names_them() {
    let chosen = dialect::RFC6750.forms([
        CredentialForm::scheme("Bearer", TokenMeaning::ACCESS_TOKEN.danger_also_allow("|")),
        CredentialForm::query("token", TokenMeaning::ACCESS_TOKEN.danger_also_allow(":")),
    ]);
    let line = |token: &str| authorization(bearer(token));
    check(
        &chosen,
        &[
            (line("17|laravel0123456789"), Ok("OAuthUser:laravel")),
            (line(TOKEN), Ok("OAuthUser:otto")),
            (line("123456:ABC-0123456789"), Err(DeniedToken)),
            (line("17|laravel,0123456789"), Err(Malformed)),
            (line("17|laravel=0123456789"), Err(DeniedToken)),
            (get("/?token=123456:ABC-0123456789", &[]), Ok("OAuthUser:telegram")),
            (get("/?token=17%7Claravel0123456789", &[]), Err(DeniedToken)),
        ],
    )
    .await;
    check(&dialect::RFC6750, &[(line("17|laravel0123456789"), Err(DeniedToken))]).await;
    let bare = CredentialForm::bare(TokenMeaning::ACCESS_TOKEN.danger_also_allow("|"));
    check(
        &dialect::RFC6750.forms([bare]),
        &[
            (authorization("17|laravel0123456789"), Ok("OAuthUser:laravel")),
            (authorization("123456:ABC-0123456789"), Err(Malformed)),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_longer_token_is_read_where_a_row_raises_the_bound() {
    let long = "x".repeat(20 * 1024);
    let token = long.clone();
    let verifier =
        move || MemoryVerifier::builder().access_token(&token, OAuthUser::new("long")).build().unwrap();
    for (bound, length, expected) in [
        (None, 8 * 1024 + 1, Err(DeniedToken)),
        (None, 20 * 1024, Err(DeniedToken)),
        (Some(20 * 1024), 20 * 1024, Ok("OAuthUser")),
        (Some(20 * 1024), 20 * 1024 + 1, Err(DeniedToken)),
    ] {
        let token = match bound {
            Some(bound) => TokenMeaning::ACCESS_TOKEN.danger_max_length(bound),
            None => TokenMeaning::ACCESS_TOKEN,
        };
        let forms = [CredentialForm::scheme("Bearer", token), CredentialForm::query("token", token)];
        let app = whoami().layer(layer_of(dialect::RFC6750.forms(forms), verifier()));
        let sent = "x".repeat(length);
        assert_eq!(send(app.clone(), authorization(bearer(&sent))).await.outcome(), expected, "{length}");
        let query = get(&format!("/?token={sent}"), &[]);
        assert_eq!(send(app, query).await.outcome(), expected, "{length}");
    }
}

#[tokio::test]
async fn options_that_give_up_a_default_are_checked_and_logged() {
    let dialect = |token| dialect::RFC6750.forms([CredentialForm::scheme("Bearer", token)]);
    for (token, error) in [
        (TokenMeaning::ACCESS_TOKEN.danger_also_allow("|,"), DialectError::TokenCharacters("|,")),
        (TokenMeaning::ACCESS_TOKEN.danger_also_allow(" "), DialectError::TokenCharacters(" ")),
        (TokenMeaning::ACCESS_TOKEN.danger_also_allow("\""), DialectError::TokenCharacters("\"")),
        (TokenMeaning::ACCESS_TOKEN.danger_max_length(0), DialectError::TokenLength(0)),
        (TokenMeaning::ACCESS_TOKEN.danger_max_length(1 << 20), DialectError::TokenLength(1 << 20)),
    ] {
        assert_eq!(Reader::new(&dialect(token)).err(), Some(error));
    }
    let made = async {
        Reader::new(&dialect(TokenMeaning::ACCESS_TOKEN.danger_also_allow("|"))).unwrap();
        Reader::new(&dialect(TokenMeaning::ACCESS_TOKEN.danger_max_length(9000))).unwrap();
    };
    let (_, log) = logged(made).await;
    assert!(log.contains("danger_also_allow") && log.contains("danger_max_length"), "{log}");
}

fn signed(rank: u8) -> Dialect {
    dialect::RFC6750.add_form(CredentialForm::query("signed", TokenMeaning::ACCESS_TOKEN).rank(rank))
}

#[tokio::test]
async fn the_row_of_a_higher_rank_goes_first_and_equal_ranks_are_ambiguous() {
    let both =
        |query: &str, header: &str| get(&format!("/?signed={query}"), &[("authorization", &bearer(header))]);
    let other = "other-token-0123456789";
    check(&signed(0), &[(both(TOKEN, other), Err(Ambiguous)), (both(TOKEN, TOKEN), Err(Ambiguous))]).await;
    check(
        &signed(1),
        &[
            (both(TOKEN, other), Ok("OAuthUser:otto")),
            (both(other, TOKEN), Ok("OAuthUser:olga")),
            (both(TOKEN, UNKNOWN_TOKEN), Ok("OAuthUser:otto")),
            (both(UNKNOWN_TOKEN, TOKEN), Err(DeniedToken)),
            (both("", TOKEN), Err(Malformed)),
            (both(TOKEN, "a b"), Err(Malformed)),
            (get(&format!("/?signed={TOKEN}&signed={TOKEN}"), &[]), Err(Ambiguous)),
            (get("/", &[("authorization", &bearer(TOKEN))]), Ok("OAuthUser:otto")),
        ],
    )
    .await;
    let body = dialect::RFC6750.add_form(CredentialForm::body("token", TokenMeaning::ACCESS_TOKEN).rank(1));
    assert_eq!(Reader::new(&body).err(), Some(DialectError::Rank("token")));
}

#[tokio::test]
async fn three_credentials_for_one_role_are_ambiguous_whatever_their_ranks() {
    let dialect = signed(2).add_form(CredentialForm::header("x-token", TokenMeaning::ACCESS_TOKEN).rank(1));
    let line = bearer(TOKEN);
    let three = get(&format!("/?signed={TOKEN}"), &[("authorization", &line), ("x-token", TOKEN)]);
    check(&dialect, &[(three, Err(Ambiguous))]).await;
}

/// A credential that a rank leaves out is hidden from later layers and handlers like the chosen
/// one.
#[tokio::test]
async fn a_credential_that_a_rank_left_out_is_cut_and_marked_as_well() {
    let seen = async |uri: Uri, headers: HeaderMap| {
        format!("{uri} {}", headers.get("authorization").is_some_and(http::HeaderValue::is_sensitive))
    };
    for rows in [
        [
            CredentialForm::scheme("Bearer", TokenMeaning::ACCESS_TOKEN).rank(1),
            CredentialForm::query("signed", TokenMeaning::ACCESS_TOKEN),
        ],
        [
            CredentialForm::scheme("Bearer", TokenMeaning::ACCESS_TOKEN),
            CredentialForm::query("signed", TokenMeaning::ACCESS_TOKEN).rank(1),
        ],
    ] {
        let app = Router::new().fallback(seen).layer(layer_of(dialect::RFC6750.forms(rows), known()));
        let request = get(&format!("/x?a=1&signed={TOKEN}"), &[("authorization", &bearer(TOKEN))]);
        let answer = send(app, request).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "/x?a=1 true"));
        assert_eq!(answer.lines("referrer-policy"), ["no-referrer"]);
    }
}

#[tokio::test]
async fn a_credential_that_a_rank_left_out_is_not_shown_over_plain_http() {
    use tower_principal::transport::{OnInsecure, TransportRule};
    let forms = [
        CredentialForm::header("x-app", TokenMeaning::ACCESS_TOKEN),
        CredentialForm::query("key", TokenMeaning::API_KEY).rank(1),
    ];
    let rule = TransportRule { api_key: OnInsecure::Pass, ..TransportRule::REFUSE };
    let dialect = dialect::RFC6750.forms(forms).transport(rule);
    let app = whoami().layer(AuthenticateLayer::new(dialect, one_of_each_kind(), transport::from_acceptor()));
    let alone = send(app.clone(), get(&format!("/?key={API_KEY}"), &[])).await;
    assert_eq!(alone.outcome(), Ok("ApiKey"));
    let both = send(app, get(&format!("/?key={API_KEY}"), &[("x-app", TOKEN)])).await;
    assert_eq!(both.outcome(), Err(InsecureTransport));
}

fn keyed(value: Secret<'_>) -> Result<Option<Credential<'_>>, tower_principal::dialect::Malformed> {
    match value.split_once('=') {
        Some((name, key)) if name.expose_secret() == "key" => {
            if key.expose_secret().is_empty() {
                return Err(tower_principal::dialect::Malformed);
            }
            Ok(Some(Credential::ApiKey(key)))
        }
        _ => Ok(None),
    }
}

#[tokio::test]
async fn a_grammar_that_finds_nothing_leaves_the_request_as_it_is() {
    for place in [
        CustomPlace::Header("x-client"),
        CustomPlace::Query("client"),
        CustomPlace::Scheme("Client"),
        CustomPlace::Cookie("client"),
    ] {
        let dialect = dialect::RFC6750.forms([CredentialForm::custom_optional(place, keyed)]);
        let request = |value: &str| match place {
            CustomPlace::Header(name) => get("/", &[(name, value)]),
            CustomPlace::Query(name) => get(&format!("/?{name}={}", value.replace('=', "%3D")), &[]),
            CustomPlace::Scheme(word) => authorization(format!("{word} {value}")),
            _ => get("/", &[("cookie", &format!("a=b; client={value}"))]),
        };
        let key = format!("key={API_KEY}");
        let app = whoami().layer(layer(dialect.clone()));
        for (value, expected) in [
            (key.as_str(), Ok("ApiKey")),
            ("v=1.2", Err(Missing)),
            ("key=", Err(Malformed)),
            ("key=nobody", Err(DeniedCredentials)),
        ] {
            let answer = send(app.clone(), request(value)).await;
            assert_eq!(answer.outcome(), expected, "{place:?} {value}");
        }
        let guests = whoami().layer(layer(dialect.guests([GuestRule::everywhere()])));
        assert_eq!(send(guests.clone(), request("v=1.2")).await.outcome(), Ok("Guest"), "{place:?}");
        assert_eq!(send(guests, request("key=")).await.outcome(), Err(Malformed), "{place:?}");
    }
}

/// A value without a credential does not conflict with a credential in another place.
#[tokio::test]
async fn a_grammar_that_finds_nothing_makes_no_request_ambiguous() {
    let dialect =
        dialect::RFC6750.add_form(CredentialForm::custom_optional(CustomPlace::Header("x-client"), keyed));
    let with = |value: &str| get("/", &[("authorization", &bearer(TOKEN)), ("x-client", value)]);
    check(&dialect, &[(with("v=1"), Ok("OAuthUser:otto")), (with("key=k"), Err(Ambiguous))]).await;
}

fn sockets() -> Dialect {
    let prefix = Subprotocol::PrefixBase64Url("base64url.bearer.authorization.k8s.io.");
    dialect::RFC6750
        .add_form(CredentialForm::websocket_protocol(prefix, TokenMeaning::ACCESS_TOKEN))
        .add_form(CredentialForm::websocket_protocol(
            Subprotocol::After("bearer"),
            TokenMeaning::ACCESS_TOKEN,
        ))
}

fn k8s(token: &str) -> String {
    use base64::Engine as _;
    let encoded = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(token);
    format!("base64url.bearer.authorization.k8s.io.{encoded}")
}

#[tokio::test]
async fn a_token_among_the_subprotocols_of_a_websocket_is_read_and_cut_out() {
    let offered = async |who: tower_principal::Authentication, headers: HeaderMap| {
        let lines: Vec<_> =
            headers.get_all("sec-websocket-protocol").iter().map(|line| line.to_str().unwrap()).collect();
        assert_eq!(who.credential_source(), Some(Source::Subprotocol));
        format!("{}|{}", name(&who), lines.join("+"))
    };
    let app = Router::new().route("/", any(offered)).layer(layer_of(sockets(), known()));
    let k8s = k8s(TOKEN);
    for (lines, expected) in [
        (vec![format!("{k8s}, v4.channel.k8s.io")], "OAuthUser:otto|v4.channel.k8s.io"),
        (vec!["v4.channel.k8s.io".to_owned(), k8s.clone()], "OAuthUser:otto|v4.channel.k8s.io"),
        (vec![k8s.clone()], "OAuthUser:otto|"),
        (vec![format!("bearer, {TOKEN}")], "OAuthUser:otto|bearer"),
        (vec![format!("chat,bearer,{TOKEN},v2")], "OAuthUser:otto|chat, bearer, v2"),
        (vec!["bearer".to_owned(), TOKEN.to_owned()], "OAuthUser:otto|bearer"),
    ] {
        let mut request = get("/", &[("upgrade", "websocket"), ("connection", "Upgrade")]);
        for line in &lines {
            request.headers_mut().append("sec-websocket-protocol", line.parse().unwrap());
        }
        let answer = send(app.clone(), request).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, expected), "{lines:?}");
        assert!(answer.lines("vary")[0].contains("sec-websocket-protocol"));
    }
}

#[tokio::test]
async fn a_token_among_subprotocols_counts_in_a_websocket_handshake_alone() {
    let with = |line: &str, upgrade: &str| {
        get("/", &[("sec-websocket-protocol", line), ("upgrade", upgrade), ("connection", "upgrade")])
    };
    let pair = format!("bearer, {TOKEN}");
    let twice = format!("{}, bearer, {TOKEN}", k8s(TOKEN));
    let mut header_too = with(&pair, "websocket");
    header_too.headers_mut().insert("authorization", bearer(TOKEN).parse().unwrap());
    check(
        &sockets().guests([GuestRule::everywhere()]),
        &[
            (with(&pair, "WebSocket"), Ok("OAuthUser:otto")),
            (with(&pair, "h2c, websocket"), Ok("OAuthUser:otto")),
            (with(&pair, "h2c"), Err(Malformed)),
            (get("/", &[("sec-websocket-protocol", &pair)]), Err(Malformed)),
            (with("bearer", "websocket"), Err(Malformed)),
            (with("bearer,", "websocket"), Err(Malformed)),
            (with("base64url.bearer.authorization.k8s.io.", "websocket"), Err(Malformed)),
            (with("base64url.bearer.authorization.k8s.io.a=b", "websocket"), Err(Malformed)),
            (with("base64url.bearer.authorization.k8s.io._w", "websocket"), Err(Malformed)),
            (with(&k8s("no token"), "websocket"), Err(DeniedToken)),
            (with(&format!("bearer, {UNKNOWN_TOKEN}"), "websocket"), Err(DeniedToken)),
            (with(&format!("bearer, {TOKEN}, bearer, {TOKEN}"), "websocket"), Err(Ambiguous)),
            (with(&twice, "websocket"), Err(Ambiguous)),
            (header_too, Err(Ambiguous)),
            (with("chat, v2", "websocket"), Ok("Guest:")),
            (with(&format!("Bearer, {TOKEN}"), "websocket"), Ok("Guest:")),
        ],
    )
    .await;
}

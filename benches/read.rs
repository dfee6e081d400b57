//! The cost of reading credentials, without a verifier and a layer.
//!
//!     BENCH=read benches/instructions               # instructions of one head, by callgrind
//!     cargo bench --bench read -- read-basic-46 1000        # one case, 1,000 heads; the script counts these
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

use std::hint::black_box;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderName, HeaderValue, Request};
use tower_principal::dialect::{self, PairMeaning, TokenMeaning};
use tower_principal::read::Reader;
use tower_principal::request::RequestHead;
use tower_principal::{Credential, CredentialForm, Dialect};

const TOKEN: &str = "9kxoTUYvSxnAiMpv008NBqRiqk5xWt0123456789";

struct Case {
    name: &'static str,
    dialect: Dialect,
    header: Option<(&'static str, String)>,
    target: String,
}

fn cases() -> Vec<Case> {
    let target = |query: &str| format!("/datasets{query}");
    let authorization = |line: String| Some(("authorization", line));
    let case = |name, dialect, header, target| Case { name, dialect, header, target };
    let basic = || dialect::RFC6750.forms([CredentialForm::basic(PairMeaning::PASSWORD)]);
    let short = || authorization(format!("Basic {}", STANDARD.encode("alice:a password")));
    let line =
        || authorization(format!("Basic {}", STANDARD.encode("alice@example.org:a password of 28 bytes")));
    let one = || dialect::RFC6750.forms([CredentialForm::query("access_token", TokenMeaning::ACCESS_TOKEN)]);
    let two = || {
        dialect::RFC6750.forms([CredentialForm::query_pair(
            "client_id",
            "client_secret",
            PairMeaning::CLIENT,
        )])
    };
    let long = |query: &str| target(&format!("?{}{query}", "key=value123456&".repeat(125)));
    // Each parameter starts as a name does, and one has an encoded value.
    let like = format!("?{}q=a%20b&access_token={TOKEN}", "accept=value123&".repeat(125));
    let token = format!("access_token={TOKEN}");
    let pair = "client_id=b3U68vghI6FmEeKn9wLoGtzz0A&client_secret=b3U65gYlqja8aYYSAy8Ox3Vg5aRZp48";
    vec![
        case("read-bearer", dialect::ANY, authorization(format!("Bearer {TOKEN}")), target("")),
        case(
            "read-bearer-1k",
            dialect::ANY,
            authorization(format!("Bearer {}", "z".repeat(1024))),
            target(""),
        ),
        case("read-bare", dialect::ANY, authorization(TOKEN.to_owned()), target("")),
        case("read-basic-16", basic(), short(), target("")),
        case("read-basic-16-headers", basic(), short(), target("")),
        case("read-basic-46", basic(), line(), target("")),
        case("read-basic-46-headers", basic(), line(), target("")),
        // Both read a map of this one header, and end with a user id and a password as text.
        case("text-basic-16", basic(), short(), target("")),
        case("text-basic-16-headers", basic(), short(), target("")),
        case("text-basic-46", basic(), line(), target("")),
        case("text-basic-46-headers", basic(), line(), target("")),
        case("read-query", one(), None, target("?access_token=0123456789abcdef")),
        case("read-query-2k-one", one(), None, long(&token)),
        case("read-query-2k-two", two(), None, long(pair)),
        case("read-query-2k-five", dialect::ANY, None, long(&token)),
        case("read-query-2k-like", dialect::ANY, None, target(&like)),
        // The most parameters in 2 KB: each starts as a name does, or as none.
        case("read-query-tiny-like", dialect::ANY, None, target(&format!("?{}{token}", "a=1&".repeat(512)))),
        case("read-query-tiny", dialect::ANY, None, target(&format!("?{}{token}", "z=1&".repeat(512)))),
        case("read-query-2k-none", one(), None, long("")),
    ]
}

fn request(case: &Case) -> Request<()> {
    let mut request = Request::get(&case.target).body(()).unwrap();
    let headers = request.headers_mut();
    if !case.name.starts_with("text-") {
        for name in ["host", "user-agent", "accept", "accept-encoding", "x-request-id"] {
            headers.insert(name, HeaderValue::from_static("0123456789"));
        }
    }
    if let Some((name, value)) = &case.header {
        headers.insert(HeaderName::from_static(name), value.parse().unwrap());
    }
    request
}

fn read(case: &Case, heads: usize) {
    let (reader, request) = (Reader::new(&case.dialect).unwrap(), request(case));
    for _ in 0..heads {
        let credentials = reader.read(RequestHead::from_request(black_box(&request)));
        let credentials = credentials.expect("credentials that can be read");
        match credentials.subject() {
            Some(Credential::Password(pair)) => {
                black_box((pair.id(), pair.secret().expose_secret()));
            }
            other => {
                black_box(other);
            }
        }
    }
}

/// Reads `Basic` with `headers`, to compare.
fn read_by_headers(case: &Case, heads: usize) {
    use headers::HeaderMapExt as _;
    use headers::authorization::{Authorization, Basic};

    let request = request(case);
    for _ in 0..heads {
        let basic = black_box(&request).headers().typed_get::<Authorization<Basic>>();
        let basic = basic.expect("a user and a password");
        black_box((basic.username(), basic.password()));
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let cases = cases();
    let (Some(name), Some(heads)) = (arguments.first(), arguments.get(1)) else {
        cases.iter().for_each(|case| println!("{}", case.name));
        return;
    };
    let heads = heads.parse().expect("a number of heads");
    let case = cases.iter().find(|case| case.name == name).expect("a case");
    match arguments.get(2) {
        Some(without) if without == "without" => read(case, 0),
        _ if name.ends_with("-headers") => read_by_headers(case, heads),
        _ => read(case, heads),
    }
}

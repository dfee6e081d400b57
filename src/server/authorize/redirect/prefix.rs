//! The prefix rule: a redirect URI is a page at or below a registered one (Socrata's Callback
//! Prefix).
//!
//! A comparison of texts alone would accept `https://good.example.evil.example` for the prefix
//! `https://good.example`. So the URI has to be written as browsers write it, and its origin and
//! its path are compared.

use url::Url;

use super::usable::authority;
use crate::request::percent;

/// The maximum length of a redirect URI, in bytes.
const LONGEST: usize = 2_048;

/// Encoded characters that the receiver may decode into another path: `%`, `.`, `/`, `\`. In a
/// query they change no path, and clients encode their values so.
const ENCODED: &[&str] = &["%25", "%2e", "%2f", "%5c"];

/// Returns `true` if a redirect URI is at or below a registered one.
///
/// A prefix without a path has every path of its origin below it. A prefix that ends with `/` is
/// not below itself without it. A prefix with a query or with a scheme other than `https` has
/// nothing below it.
pub(super) fn fits(prefix: &str, asked: &str) -> bool {
    let Some(above) = parsed(prefix).filter(|above| above.query().is_none()) else { return false };
    let is_below = |asked: &Url| asked.origin() == above.origin() && contains(above.path(), asked.path());
    prefix == asked || parsed(asked).is_some_and(|url| url.as_str() == asked && is_below(&url))
}

/// Returns `true` if a path is this one, or continues it at the end of a segment.
fn contains(above: &str, path: &str) -> bool {
    let rest = path.strip_prefix(above);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || above.ends_with('/'))
}

/// Parses an `https` URL that is written as browsers write it. Only the path may be missing.
fn parsed(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok().filter(|_| is_strict(text))?;
    let is_whole = url.as_str() == text || url.as_str().strip_suffix('/') == Some(text);
    (url.scheme() == "https" && is_whole).then_some(url)
}

/// Returns `true` if every reader of this text sees the same host and the same path in it. It is
/// judged before it is parsed, because parsers repair texts.
fn is_strict(text: &str) -> bool {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'#' | b';'));
    let is_decodable = percent::decode(text.as_bytes(), b'+').is_some_and(|bytes| !bytes.contains(&0));
    let page = text.split('?').next().unwrap_or_default().to_ascii_lowercase();
    let is_encoded = ENCODED.iter().any(|encoded| page.contains(encoded));
    let Some(authority) = authority(text) else { return false };
    let path = page.get("https://".len() + authority.len()..).unwrap_or_default();
    let is_clean = !path.contains("//") && !path.split('/').any(|segment| matches!(segment, "." | ".."));
    let has_user = authority.contains('@');
    text.len() <= LONGEST && is_plain && is_decodable && !is_encoded && is_clean && !has_user
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PREFIX: &str = "https://good.example/app";

    /// The corpus' category J. A number that it leaves out is a variant of the one before it.
    #[rustfmt::skip]
    const HOSTILE: &[(&str, &str)] = &[
        ("J01", "https://good.example/app.evil"),
        ("J02", "https://good.example/app-evil/cb"),
        ("J03", "https://good.example@evil.com/app"),
        ("J04", "https://good.example:x@evil.com/app"),
        ("J05", "https://a@b@good.example/app"),
        ("J06", "https://@good.example/app"),
        ("J07", "https://good.example/app/../x"),
        ("J08", "https://good.example/app/./cb"),
        ("J09", "https://good.example/app/..%2fx"),
        ("J10", "https://good.example/app/%2E%2e/x"),
        ("J11", "https://good.example\\@evil.com/app"),
        ("J12", "https://good.example/app\\..\\x"),
        ("J13", "https://good.example/app/\tcb"),
        ("J14", "https://good.example/app/\r\ncb"),
        ("J15", " https://good.example/app"),
        ("J16", "https://good.example/app "),
        ("J17", "https:///good.example/app"),
        ("J18", "https:good.example/app"),
        ("J19", "https://good.example:443/app"),
        ("J20", "https://good.example:8443/app"),
        ("J21", "https://go\u{43e}d.example/app"),
        ("J22", "https://xn--god-5cd.example/app"),
        ("J23", "https://good.example%2eevil/app"),
        ("J24", "https://good.example.evil.com/app"),
        ("J25", "http://good.example/app"),
        ("J26", "HTTPS://good.example/app"),
        ("J27", "data:text/html,https://good.example/app"),
        ("J28", "javascript:alert(1)//https://good.example/app"),
        ("J30", "https://good.example/app#x"),
        ("J31", ""),
        ("J32", "https://good.example"),
        ("J33", "//good.example/app"),
        ("J34", "/app"),
        ("J35", "https://0x7f000001/app"),
    ];

    #[test]
    fn req_74_a_redirect_uri_that_only_looks_like_the_prefix_is_refused() {
        for (id, hostile) in HOSTILE {
            assert!(!fits(PREFIX, hostile), "{id} {hostile}");
        }
        // The same hosts and writings, for a prefix without a path.
        for prefix in ["https://good.example", "https://good.example/"] {
            for (id, hostile) in HOSTILE.iter().filter(|(id, _)| !["J01", "J02", "J32"].contains(id)) {
                assert!(!fits(prefix, hostile), "{id} {hostile}");
            }
        }
    }

    #[test]
    fn req_74_neighbours_of_the_corpus_are_refused() {
        for hostile in [
            "https://good.example/app;x",
            "https://good.example/app/;/cb",
            "https://good.example/app//cb",
            "https://good.example//app",
            "https://good.example/app/..",
            "https://good.example/app/.",
            "https://good.example/app/%5C..%5Cx",
            "https://good.example/app/%00",
            "https://good.example/app/cb?x=%00",
            "https://good.example/app/cb?x=1;code=2",
            "https://good.example/app/cb?x=%zz",
            "https://good.example/app/cb?x=\\",
            "https://good.example/app/%252e%252e/x",
            "https://good.example/app/%",
            "https://good.example/app/%zz",
            "https://good.example/app?x=%",
            "https://good.example/app/%2f?x=1",
            "https://good.example/app/..%2fx?next=%2Fapp",
            "https://good.example/%61pp",
            "https://good.example/APP",
            "https://good.example/app\u{3002}",
            "https://good.example/app/\u{7f}",
            "https://good.example./app",
            "https://GOOD.example/app",
            "https://good.example:/app",
            "https://good.example?/app",
            "https://good.example/appx?/app/",
            "https://good.example/app/\"",
            "https://good.example/app/<x>",
            "https://good.example/app/^`|",
            "https://evil.com/https://good.example/app",
            "https://evil.com?https://good.example/app",
            "https:/good.example/app",
            "https:\\\\good.example\\app",
            "wss://good.example/app",
        ] {
            assert!(!fits(PREFIX, hostile), "{hostile}");
        }
        let longest = format!("{PREFIX}/{}", "x".repeat(LONGEST - PREFIX.len() - 1));
        assert!(fits(PREFIX, &longest) && !fits(PREFIX, &format!("{longest}x")));
    }

    #[test]
    fn j36_j37_pages_at_and_below_the_prefix_are_accepted() {
        for (prefix, good) in [
            (PREFIX, "https://good.example/app"),
            (PREFIX, "https://good.example/app/"),
            (PREFIX, "https://good.example/app/cb?x=1"),
            (PREFIX, "https://good.example/app?x=1&y=a%20b"),
            (PREFIX, "https://good.example/app/cb?next=%2Fmap%2f..%2F&x=100%25&y=%2e%2e%5C"),
            (PREFIX, "https://good.example/app?next=//evil.example/../?x"),
            (PREFIX, "https://good.example/app/a.b/..c/%C3%BC"),
            (PREFIX, "https://good.example/app/cb?next=%2Fmap%2E&x=%25&y=../z"),
            ("https://good.example/app/", "https://good.example/app/"),
            ("https://good.example/app/", "https://good.example/app/cb"),
            ("https://good.example", "https://good.example"),
            ("https://good.example", "https://good.example/"),
            ("https://good.example", "https://good.example/cb"),
            ("https://good.example/", "https://good.example/?x=1"),
            ("https://good.example:8443/app", "https://good.example:8443/app/cb"),
            ("https://127.0.0.1/app", "https://127.0.0.1/app/cb"),
        ] {
            assert!(fits(prefix, good), "{prefix} {good}");
        }
        assert!(!fits("https://good.example/app/", "https://good.example/app"));
        assert!(!fits("https://good.example/", "https://good.example"));
    }

    #[test]
    fn a_prefix_that_is_no_plain_https_url_has_nothing_below_it() {
        for bad in [
            "",
            "https://",
            "https:",
            "http://good.example/app",
            "good.example/app",
            "https://good.example/app?x=1",
            "https://good.example/app?",
            "https://good.example/app#",
            "https://u@good.example/app",
            "https://GOOD.example/app",
            "https://good.example:443/app",
            "https://good.example/app/../app",
            "com.example.app:/app",
        ] {
            let below = format!("{bad}/cb");
            assert!(!fits(bad, &below) && !fits(bad, bad), "{bad}");
        }
        assert!(!fits("https://*.good.example/app", "https://x.good.example/app"));
    }

    /// Generates texts that start as the prefix does, or nearly.
    fn texts() -> impl Strategy<Value = String> {
        let pieces = prop::sample::select(vec![
            "https://good.example/app",
            "https://good.example",
            "https:",
            "//",
            "/",
            "/app",
            "\\",
            "@",
            ":",
            ":443",
            "..",
            ".",
            "%2e",
            "%2F",
            "%",
            "?",
            "#",
            ";",
            "evil.example",
            "good.example",
            "\t",
            " ",
            "x",
            "\u{43e}",
            "[::1]",
            "a=b",
            "&",
        ]);
        let tail = prop::collection::vec(pieces, 0..6).prop_map(|pieces| pieces.concat());
        let noise = prop_oneof![3 => tail, 1 => "\\PC{0,12}", 1 => "[ -~]{0,12}"];
        let head =
            prop::sample::select(vec!["", PREFIX, "https://good.example/app/", "https://good.example"]);
        (head, noise).prop_map(|(head, noise)| format!("{head}{noise}"))
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn req_74_an_accepted_uri_has_the_origin_and_the_path_of_the_prefix(text in texts()) {
            if fits(PREFIX, &text) {
                let (url, http) = (Url::parse(&text).unwrap(), text.parse::<http::Uri>().unwrap());
                prop_assert_eq!(url.origin(), Url::parse(PREFIX).unwrap().origin());
                prop_assert!(url.path() == "/app" || url.path().starts_with("/app/"), "{}", text);
                prop_assert_eq!((http.host(), http.port(), http.path()), (Some("good.example"), None, url.path()));
                prop_assert!(url.username().is_empty() && url.fragment().is_none());
                prop_assert_eq!(url.as_str(), text);
            }
        }

        #[test]
        fn pages_below_a_prefix_are_accepted(path in "(/[a-z0-9_~-]{1,9}){0,4}", query in "(\\?[a-z]{1,4}=[a-z0-9]{0,4})?") {
            let text = format!("{PREFIX}{path}{query}");
            prop_assert!(fits(PREFIX, &text), "{}", text);
        }
    }
}

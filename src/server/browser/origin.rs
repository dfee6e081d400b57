//! The rule that a form is sent from a page of this server.

use http::HeaderMap;
use http::header::{HeaderName, ORIGIN};
use url::Url;

use crate::server::issuer::Issuer;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Returns `true` if a browser sent the request from a page of the issuer's origin.
///
/// `Sec-Fetch-Site` decides if it is present, because a page without a referrer sends
/// `Origin: null` with its own forms; an `Origin` that names another one still refuses. Without the
/// field, `Origin` must be that of the issuer. A request with neither, or with a field twice, is
/// refused.
pub(in crate::server) fn is_same_origin(headers: &HeaderMap, issuer: &Issuer) -> bool {
    let is_own = |origin: &[u8]| own_origin(issuer).is_some_and(|own| own.as_bytes() == origin);
    match (only(headers, &SEC_FETCH_SITE), only(headers, &ORIGIN)) {
        (Field::One(b"same-origin"), Field::Absent | Field::One(b"null")) => true,
        (Field::One(b"same-origin") | Field::Absent, Field::One(origin)) => is_own(origin),
        _ => false,
    }
}

/// A field of a request.
enum Field<'h> {
    Absent,
    One(&'h [u8]),
    Repeated,
}

fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Field<'h> {
    let mut values = headers.get_all(name).into_iter();
    match (values.next(), values.next()) {
        (None, _) => Field::Absent,
        (Some(value), None) => Field::One(value.as_bytes()),
        (Some(_), Some(_)) => Field::Repeated,
    }
}

/// Returns the origin of the issuer as browsers write it: in lower case, without a default port.
fn own_origin(issuer: &Issuer) -> Option<String> {
    let url = Url::parse(issuer.as_str()).ok()?;
    Some(url.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn is_same(issuer: &str, fields: &[(&'static str, &'static str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, HeaderValue::from_static(value));
        }
        is_same_origin(&headers, &Issuer::parse(issuer).unwrap())
    }

    const SITE: &str = "sec-fetch-site";

    #[test]
    fn a_form_of_a_page_without_a_referrer_is_of_the_same_origin() {
        for origin in [None, Some("null"), Some("https://login.example")] {
            let origin = origin.map(|origin| ("origin", origin));
            let fields: Vec<_> = [(SITE, "same-origin")].into_iter().chain(origin).collect();
            assert!(is_same("https://login.example/tenant", &fields), "{fields:?}");
        }
    }

    #[test]
    fn another_site_is_refused_whatever_the_origin_is() {
        for site in ["cross-site", "same-site", "none", "", "Same-Origin", "same-origin, same-origin", "null"]
        {
            assert!(!is_same("https://login.example", &[(SITE, site)]), "{site}");
            let with = [(SITE, site), ("origin", "https://login.example")];
            assert!(!is_same("https://login.example", &with), "{site}");
        }
    }

    #[test]
    fn another_origin_is_refused_although_the_browser_takes_it_for_the_same() {
        // A name of another site that resolves to this machine.
        let fields = [(SITE, "same-origin"), ("origin", "http://rebound.example:8080")];
        assert!(!is_same("http://127.0.0.1:8080", &fields));
    }

    #[test]
    fn without_the_field_the_origin_must_be_that_of_the_issuer() {
        for (issuer, origin) in [
            ("https://login.example", "https://login.example"),
            ("https://login.example/tenant/", "https://login.example"),
            ("https://LOGIN.example:443", "https://login.example"),
            ("https://login.example:8443", "https://login.example:8443"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://[::1]:8080", "http://[::1]:8080"),
        ] {
            assert!(is_same(issuer, &[("origin", origin)]), "{origin}");
        }
        for origin in [
            "null",
            "",
            "https://login.example/",
            "http://login.example",
            "https://login.example:8443",
            "https://login.example.evil.example",
            "https://evil.example",
            "https://sub.login.example",
            "https://login.example, https://login.example",
        ] {
            assert!(!is_same("https://login.example", &[("origin", origin)]), "{origin}");
        }
    }

    #[test]
    fn neither_field_and_a_field_twice_are_refused() {
        let own = ("origin", "https://login.example");
        let same = (SITE, "same-origin");
        for fields in [vec![], vec![own, own], vec![same, same], vec![same, own, own], vec![same, same, own]]
        {
            assert!(!is_same("https://login.example", &fields), "{fields:?}");
        }
    }
}

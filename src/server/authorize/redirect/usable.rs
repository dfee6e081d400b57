//! Which redirect URIs a server can send an answer to, whatever is registered.

use url::{Url, form_urlencoded};

use crate::request::grammar::is_absolute_uri;

/// Names in an answer of the authorization endpoint (RFC 6749 sections 4.1.2 and 4.1.2.1, RFC
/// 9207). If a redirect URI had one, its client could read that value in place of the answer's.
const RESERVED: &[&str] = &["code", "state", "error", "error_description", "error_uri", "iss"];

/// Returns `true` if a registered redirect URI can be used safely.
///
/// It is an absolute URI in visible ASCII without a fragment, a backslash and user information, and
/// without the names of an answer in its query. An `http` or `https` URL has a host. Any other
/// scheme is that of an app and has a dot, because apps use the reverse of a domain name (RFC 8252
/// sections 7.1 and 8.4). So `javascript`, `data` and `file` are none. `http` on other hosts than
/// the loopback ones is allowed, because platforms register such URLs.
pub(super) fn is_usable(uri: &str) -> bool {
    let Some((scheme, _)) = uri.split_once(':') else { return false };
    let is_shaped = match scheme {
        "https" | "http" => authority(uri).is_some_and(|authority| !authority.is_empty()),
        scheme => scheme.contains('.'),
    };
    let has_user = authority(uri).is_some_and(|authority| authority.contains('@'));
    let is_plain = is_absolute_uri(uri) && !uri.contains('\\') && Url::parse(uri).is_ok();
    is_shaped && is_plain && !has_user && !has_reserved(uri)
}

/// Returns the text between `//` behind the scheme and the path, the query or the fragment.
pub(super) fn authority(uri: &str) -> Option<&str> {
    let (_, rest) = uri.split_once(':')?;
    rest.strip_prefix("//")?.split(['/', '?', '#']).next()
}

/// Returns `true` if the query has a name of an answer, in any case and also as `code[]`, because
/// some readers of queries take these for the name itself.
fn has_reserved(uri: &str) -> bool {
    let Some((_, query)) = uri.split_once('?') else { return false };
    form_urlencoded::parse(query.as_bytes()).any(|(name, _)| {
        let name = name.split('[').next().unwrap_or_default().trim();
        RESERVED.iter().any(|reserved| reserved.eq_ignore_ascii_case(name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_uri_is_a_web_page_or_has_the_scheme_of_an_app() {
        for good in [
            "https://viewer.example/cb",
            "https://viewer.example",
            "https://viewer.example:8443/cb?x=1",
            "https://viewer.example/cb?x=@&y=://",
            "http://127.0.0.1:5001/cb",
            "http://[::1]/cb",
            // The document of OpenDataSoft has this one.
            "http://example.com",
            "com.example.app:/cb",
            "com.example.app://cb",
        ] {
            assert!(is_usable(good), "{good}");
        }
        for bad in [
            "",
            "/cb",
            "viewer.example/cb",
            "//viewer.example/cb",
            "https:viewer.example",
            "https:/viewer.example/cb",
            "https:///viewer.example/cb",
            "https://",
            "https://?x",
            "https://:8443/cb",
            "https://viewer.example:65536/cb",
            "https://viewer.example\\cb",
            "https://user@viewer.example/cb",
            "https://user:pass@viewer.example/cb",
            "com.example.app://user@host/cb",
            "HTTPS://viewer.example/cb",
            "https://view er.example/cb",
            "https://viewer.example/ü",
            "https://viewer.example/\t",
        ] {
            assert!(!is_usable(bad), "{bad}");
        }
    }

    #[test]
    fn j27_a_scheme_that_runs_or_reads_something_is_refused() {
        for scheme in [
            "javascript",
            "JavaScript",
            "data",
            "file",
            "vbscript",
            "blob",
            "about",
            "view-source",
            "ftp",
            "mailto",
            "intent",
            "ws",
            "myapp",
            "1a.b",
            ".",
            ".a",
            "a b.c",
        ] {
            for rest in ["x", "//viewer.example/cb", "/cb"] {
                let uri = format!("{scheme}:{rest}");
                assert!(!is_usable(&uri), "{uri}");
            }
        }
    }

    /// `oidcc-redirect-uri-reg-frag`.
    #[test]
    fn a_redirect_uri_with_a_fragment_is_refused() {
        for bad in ["https://viewer.example/cb#x", "https://viewer.example/cb#", "com.example.app:/cb#x"] {
            assert!(!is_usable(bad), "{bad}");
        }
    }

    #[test]
    fn req_75_j29_a_query_with_a_name_of_the_answer_is_refused() {
        for name in RESERVED.iter().chain(&["c%6fde", "CODE", "code[]", "state[0]", "+iss", "iss+", "%69ss"])
        {
            for uri in
                [format!("https://v.example/cb?{name}=x"), format!("https://v.example/cb?x=1&{name}&y")]
            {
                assert!(!is_usable(&uri), "{uri}");
            }
        }
        for good in ["?x=code", "?codes=1", "?xstate=1", "?code%2520=1", "?a=?state=1", "?", "?&&"] {
            assert!(is_usable(&format!("https://v.example/cb{good}")), "{good}");
        }
    }
}

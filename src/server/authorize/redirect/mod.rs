//! Redirect URIs (RFC 6749 section 3.1.2): the only URLs that an authorization endpoint sends a
//! browser to.

mod exact;
mod prefix;
mod usable;

use http::HeaderValue;
use url::{Host, Url, form_urlencoded};

use crate::grant::{Application, RedirectRule};
use crate::server::refusal::{Refusal, RefusalKind};

/// Redirect URI of a request that is registered for its client.
///
/// Only [`Redirect::find`] makes one, so nothing else can be redirected to.
#[derive(Clone, Debug)]
pub(in crate::server) struct Redirect {
    /// Visible ASCII without a fragment.
    uri: Box<str>,
    is_named: bool,
}

impl Redirect {
    /// Returns the redirect URI that a request asks for, by the registration of its client.
    ///
    /// A request may leave it out if exactly one is registered under [`RedirectRule::Exact`] (RFC
    /// 6749 section 3.1.2.3). A registration that cannot be used safely is refused here as well.
    pub(in crate::server) fn find(application: &Application, asked: Option<&str>) -> Result<Self, Refusal> {
        let registered = application.redirects.as_slice();
        let fits = match application.redirect_rule {
            RedirectRule::Exact => exact::fits,
            RedirectRule::Prefix => prefix::fits,
        };
        let (uri, is_named) = match (asked, application.redirect_rule, registered) {
            (Some(asked), _, _) if registered.iter().any(|of| fits(of, asked)) => (asked, true),
            (None, RedirectRule::Exact, [only]) => (only.as_str(), false),
            (Some(_), _, _) => return Err(RefusalKind::InvalidRequest.because(UNREGISTERED)),
            (None, _, _) => return Err(RefusalKind::InvalidRequest.because(MISSING)),
        };
        match usable::is_usable(uri) {
            true => Ok(Self { uri: uri.into(), is_named }),
            false => Err(RefusalKind::InvalidRequest.because(UNUSABLE)),
        }
    }

    /// Returns the URI as the request names it, byte for byte. Returns `None` if it was left out.
    pub(in crate::server) fn named(&self) -> Option<&str> {
        self.is_named.then_some(&*self.uri)
    }

    /// Returns the URI without the answer.
    pub(in crate::server) fn uri(&self) -> &str {
        &self.uri
    }

    /// Returns where the browser goes, for the consent page: the host as browsers read it and a
    /// port that is not the default one, or else the scheme with its colon.
    pub(in crate::server) fn destination(&self) -> String {
        let scheme = || self.uri.split_inclusive(':').next().unwrap_or_default().to_owned();
        let url = self.web();
        let host = url.as_ref().and_then(|url| Some((url.host_str()?, url.port())));
        match host {
            Some((host, Some(port))) => format!("{host}:{port}"),
            Some((host, None)) => host.to_owned(),
            None => scheme(),
        }
    }

    /// Returns `true` if a program on the user's device gets the answer: at a loopback address, or
    /// by a scheme of its own.
    pub(in crate::server) fn is_this_device(&self) -> bool {
        let url = self.web();
        match url.as_ref().and_then(Url::host) {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.to_canonical().is_loopback(),
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            None => true,
        }
    }

    /// Returns the URI with the parameters of an answer behind its own query (RFC 6749 section
    /// 4.1.2). A space is `%20`, which every reader of queries decodes alike.
    pub(in crate::server) fn location(&self, answer: &[(&str, &str)]) -> HeaderValue {
        let separator = match self.uri.split_once('?') {
            None => "?",
            Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
            Some(_) => "&",
        };
        let added = form_urlencoded::Serializer::new(String::new()).extend_pairs(answer).finish();
        let location = format!("{}{separator}{}", self.uri, added.replace('+', "%20"));
        // Every byte is visible ASCII, so this does not fail.
        HeaderValue::try_from(location).unwrap_or(HeaderValue::from_static(""))
    }

    /// Returns the URL as browsers read it; `None` if it has a scheme of its own.
    fn web(&self) -> Option<Url> {
        Url::parse(&self.uri).ok().filter(Url::is_special)
    }
}

const UNREGISTERED: &str = "The redirect URI is not registered.";
const MISSING: &str = "The parameter redirect_uri is missing.";
const UNUSABLE: &str = "The registered redirect URI cannot be used.";

#[cfg(test)]
mod tests {
    use super::*;

    fn client(redirects: &[&str]) -> Application {
        redirects.iter().fold(Application::public("viewer"), |client, uri| client.redirect(*uri))
    }

    fn found(uri: &str) -> Redirect {
        Redirect::find(&client(&[uri]), Some(uri)).unwrap()
    }

    #[test]
    fn req_70_a_redirect_uri_may_be_left_out_if_one_alone_is_registered() {
        let one = "https://viewer.example/cb";
        let omitted = Redirect::find(&client(&[one]), None).unwrap();
        assert_eq!((omitted.named(), omitted.location(&[]).to_str().unwrap()), (None, &*format!("{one}?")));
        assert_eq!(found(one).named(), Some(one));
        let detail = |client: Application| Redirect::find(&client, None).unwrap_err().detail;
        assert_eq!(detail(client(&[])), Some(MISSING));
        assert_eq!(detail(client(&[one, "https://viewer.example/other"])), Some(MISSING));
        assert_eq!(detail(client(&[one]).redirect_prefixes()), Some(MISSING));
        assert_eq!(Redirect::find(&client(&[one]), Some("")).unwrap_err().detail, Some(UNREGISTERED));
    }

    #[test]
    fn a_registration_that_cannot_be_used_safely_is_refused_when_it_is_used() {
        for bad in ["javascript:alert(1)", "https:viewer.example", "https://viewer.example/#x"] {
            for asked in [Some(bad), None] {
                let refusal = Redirect::find(&client(&[bad]), asked).unwrap_err();
                assert_eq!((refusal.kind, refusal.detail), (RefusalKind::InvalidRequest, Some(UNUSABLE)));
            }
        }
    }

    #[test]
    fn req_71_the_state_is_byte_for_byte_after_one_decoding() {
        let redirect = found("https://viewer.example/cb");
        let long = "x".repeat(8 * 1024);
        for state in ["a b+c%20&d=e#f", "\"><script>'", "ü€𝄞", "%00%0d%0a", "\\/?;:", "~-._*", &long] {
            let location = redirect.location(&[("code", "1"), ("state", state)]);
            let location = location.to_str().unwrap();
            let url = Url::parse(location).unwrap();
            let read: Vec<_> = url.query_pairs().collect();
            assert_eq!(read, [("code".into(), "1".into()), ("state".into(), state.into())]);
            assert!(!location.contains(['+', '#', ' ', '"', '<']), "{location}");
            assert!(location.is_ascii());
        }
    }

    #[test]
    fn req_75_the_query_of_a_redirect_uri_is_kept_and_the_answer_follows() {
        for (uri, expected) in [
            ("https://v.example/cb", "https://v.example/cb?code=1&state=a%20b"),
            ("https://v.example/cb?x=1+2&y=%2F", "https://v.example/cb?x=1+2&y=%2F&code=1&state=a%20b"),
            ("https://v.example/cb?", "https://v.example/cb?code=1&state=a%20b"),
            ("https://v.example/cb?x&", "https://v.example/cb?x&code=1&state=a%20b"),
            ("https://v.example/cb?x=?", "https://v.example/cb?x=?&code=1&state=a%20b"),
            ("com.example.app:/cb", "com.example.app:/cb?code=1&state=a%20b"),
            ("http://127.0.0.1", "http://127.0.0.1?code=1&state=a%20b"),
        ] {
            assert_eq!(found(uri).location(&[("code", "1"), ("state", "a b")]), expected);
        }
    }

    #[test]
    fn the_consent_page_names_the_host_that_a_browser_goes_to() {
        for (uri, destination, is_this_device) in [
            ("https://viewer.example/cb", "viewer.example", false),
            ("https://viewer.example:443/cb", "viewer.example", false),
            ("https://viewer.example:8443/cb", "viewer.example:8443", false),
            ("https://VIEWER.example?x=y@z.example", "viewer.example", false),
            ("http://example.com", "example.com", false),
            ("http://127.0.0.1:5001/cb", "127.0.0.1:5001", true),
            ("http://0x7f000001/cb", "127.0.0.1", true),
            ("http://[::1]:5001/cb", "[::1]:5001", true),
            ("http://[::ffff:127.0.0.1]/cb", "[::ffff:7f00:1]", true),
            ("http://localhost:5001/cb", "localhost:5001", true),
            ("http://localhost.example/cb", "localhost.example", false),
            ("com.example.app:/cb", "com.example.app:", true),
            ("com.example.app://viewer.example/cb", "com.example.app:", true),
        ] {
            let redirect = found(uri);
            assert_eq!((&*redirect.destination(), redirect.is_this_device()), (destination, is_this_device));
        }
    }
}

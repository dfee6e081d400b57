//! The cookies of a browser: of its session, and of the time before a log-in.

use std::io;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderValue, header};
use zeroize::Zeroizing;

use crate::credential::{Digest, Secret};
use crate::server::issuer::Issuer;

/// A cookie with a random value (RFC 6265), which no script and no other site reads.
///
/// If the issuer is an `https` URL, the name has the prefix `__Host-`: browsers then accept the
/// cookie from this host alone, over a secure connection, for every path.
///
/// A browser has one cookie of a name for a host. So servers that share a host, and the tenants of
/// a server, have names of their own: a log-in at one must not take away the cookie of another,
/// whose user then could not log out.
#[derive(Clone, Debug)]
pub(in crate::server) struct Cookie {
    name: String,
    /// Attributes, each after a semicolon.
    attributes: &'static str,
    /// Word that separates the digests of this cookie from those of others.
    kind: &'static [u8],
}

/// Number of characters of a value: 256 bits in base64url.
const LENGTH: usize = 43;

const SECURE: &str = "; Path=/; Secure; HttpOnly; SameSite=Lax";
const PLAIN: &str = "; Path=/; HttpOnly; SameSite=Lax";

const SESSION: (&str, &[u8]) = ("session", b"session");
const PRE_SESSION: (&str, &[u8]) = ("login", b"pre-session");

impl Cookie {
    /// Returns the cookie of a session, which a log-in sets.
    pub(in crate::server) fn session(issuer: &Issuer, tenant: Option<&str>) -> Self {
        Self::of(SESSION, issuer, tenant)
    }

    /// Returns the cookie that binds the form of a log-in to a browser.
    pub(in crate::server) fn pre_session(issuer: &Issuer, tenant: Option<&str>) -> Self {
        Self::of(PRE_SESSION, issuer, tenant)
    }

    fn of((word, kind): (&str, &'static [u8]), issuer: &Issuer, tenant: Option<&str>) -> Self {
        let (prefix, attributes) = match issuer.is_loopback_http() {
            false => ("__Host-", SECURE),
            true => ("", PLAIN),
        };
        Self { name: format!("{prefix}tp-{word}{}", suffix(issuer, tenant)), attributes, kind }
    }

    /// Returns a new random value: 256 bits in base64url.
    ///
    /// # Errors
    ///
    /// If the operating system provides no randomness.
    pub(in crate::server) fn random() -> io::Result<Secret<'static>> {
        let mut bytes = Zeroizing::new([0_u8; 32]);
        getrandom::fill(&mut *bytes).map_err(|error| io::Error::other(error.to_string()))?;
        // A buffer that grows would leave copies behind.
        let mut text = Zeroizing::new(String::with_capacity(LENGTH));
        URL_SAFE_NO_PAD.encode_string(bytes.as_slice(), &mut text);
        Ok(Secret::wiped(text))
    }

    /// Returns the digest of a value: of a session by which a store finds it, or of the holder of a
    /// form. Values of the two cookies have different digests.
    pub(in crate::server) fn digest(&self, value: &Secret<'_>) -> Digest {
        Digest::from_parts(&[self.kind, value.expose_secret().as_bytes()])
    }

    /// Returns the value that the browser presents. Returns `None` if there is none, if the text
    /// cannot be a value of this server, or if two cookies have the name.
    ///
    /// Another host of the same domain can add a second cookie of a name without the prefix, and
    /// the order of two cookies does not tell them apart, so then neither counts.
    pub(in crate::server) fn read(&self, headers: &HeaderMap) -> Option<Secret<'static>> {
        let lines = headers.get_all(header::COOKIE).into_iter();
        let pairs = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b';'));
        // Only these two characters are space here. Names that begin with any other one, such as a
        // no-break space, are other names: browsers check the prefix of names byte by byte.
        let mut own = pairs.filter_map(|pair| self.value_of(trim(pair)));
        let value = unquoted(own.next()?);
        let is_alone = own.next().is_none();
        let is_base64url = value.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(byte));
        let text =
            str::from_utf8(value).ok().filter(|_| is_alone && is_base64url && value.len() == LENGTH)?;
        Some(Secret::owned(text))
    }

    /// Returns the `Set-Cookie` with this value; without `max_age`, it lasts until the browser
    /// closes. A value that no header can hold removes the cookie.
    pub(in crate::server) fn set(&self, value: &Secret<'_>, max_age: Option<Duration>) -> HeaderValue {
        let lifetime = max_age.map(|age| format!("; Max-Age={}", age.as_secs())).unwrap_or_default();
        let text = [&*self.name, "=", value.expose_secret(), &lifetime, self.attributes].concat();
        let text = Zeroizing::new(text);
        let Ok(mut value) = HeaderValue::from_str(&text) else { return self.clear() };
        value.set_sensitive(true);
        value
    }

    /// Returns the `Set-Cookie` that removes the cookie.
    pub(in crate::server) fn clear(&self) -> HeaderValue {
        let text = format!("{}=; Max-Age=0{}", self.name, self.attributes);
        // The name and the attributes are visible ASCII, so this does not fail.
        HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
    }

    fn value_of<'p>(&self, pair: &'p [u8]) -> Option<&'p [u8]> {
        pair.strip_prefix(self.name.as_bytes())?.strip_prefix(b"=")
    }
}

/// Returns the end of a cookie's name, for a server that may share its host: one with a path or a
/// tenant, or on loopback, because cookies do not know ports. It is empty for others.
fn suffix(issuer: &Issuer, tenant: Option<&str>) -> String {
    let is_alone = issuer.path().trim_end_matches('/').is_empty() && !issuer.is_loopback_http();
    if is_alone && tenant.is_none() {
        return String::new();
    }
    let (issuer, tenant) = (issuer.as_str().trim_end_matches('/'), tenant.unwrap_or_default());
    let digest = Digest::from_parts(&[b"cookie", issuer.as_bytes(), tenant.as_bytes()]);
    let hex = digest.as_bytes().iter().take(8).map(|byte| format!("{byte:02x}"));
    format!("-{}", hex.collect::<String>())
}

fn trim(text: &[u8]) -> &[u8] {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t');
    let begin = text.iter().position(|byte| !is_space(byte)).unwrap_or(text.len());
    let end = text.iter().rposition(|byte| !is_space(byte)).map_or(begin, |last| last + 1);
    text.get(begin..end).unwrap_or_default()
}

/// Returns the text between the quotes, if it has both (RFC 6265 section 4.1.1).
fn unquoted(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\"")).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUE: &str = "0123456789-_abcdefghijklmnopqrstuvwxyzABCDE";
    const OTHER: &str = "9876543210-_abcdefghijklmnopqrstuvwxyzABCDE";

    fn session() -> Cookie {
        Cookie::session(&Issuer::parse("https://login.example").unwrap(), None)
    }

    fn read(lines: &[&[u8]]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::COOKIE, HeaderValue::from_bytes(line).unwrap());
        }
        session().read(&headers).map(|value| value.expose_secret().to_owned())
    }

    fn read_one(line: &str) -> Option<String> {
        read(&[line.as_bytes()])
    }

    #[test]
    fn the_value_is_found_among_other_cookies_and_lines() {
        for line in [
            format!("__Host-tp-session={VALUE}"),
            format!("__Host-tp-session=\"{VALUE}\""),
            format!("theme=dark; __Host-tp-session={VALUE}; __Host-tp-login={OTHER}"),
            format!("x__Host-tp-session={OTHER};__Host-tp-session={VALUE}\t;"),
            format!("__Host-tp-session-2={OTHER}; tp-session={OTHER}; __Host-tp-session={VALUE}"),
            format!("; ;=; =x; a; b=; __Host-tp-session={VALUE}; caf\u{e9}=\u{e9}"),
        ] {
            assert_eq!(read_one(&line).as_deref(), Some(VALUE), "{line}");
        }
        let own = format!("__Host-tp-session={VALUE}");
        assert_eq!(read(&[b"a=\xff\xfe", own.as_bytes(), b"b=1; c=2"]).as_deref(), Some(VALUE));
    }

    #[test]
    fn of_two_cookies_of_the_name_neither_counts() {
        let own = format!("__Host-tp-session={VALUE}");
        for other in
            ["__Host-tp-session=", "__Host-tp-session=x", &format!("__Host-tp-session={OTHER}"), &own]
        {
            assert_eq!(read(&[own.as_bytes(), other.as_bytes()]), None, "{other}");
            assert_eq!(read_one(&format!("{own}; {other}")), None, "{other}");
            assert_eq!(read_one(&format!("{other}; a=b; {own}")), None, "{other}");
        }
    }

    #[test]
    fn a_text_that_is_no_value_of_this_server_does_not_count() {
        for line in [
            String::new(),
            "__Host-tp-session".to_owned(),
            "__Host-tp-session=".to_owned(),
            format!("__Host-tp-session={}", &VALUE[1..]),
            format!("__Host-tp-session={VALUE}A"),
            format!("__Host-tp-session={}+", &VALUE[1..]),
            format!("__Host-tp-session=\"{VALUE}"),
            format!("__Host-tp-session={}\u{e9}", &VALUE[2..]),
            format!("__host-tp-session={VALUE}"),
            format!("__Host-tp-session ={VALUE}"),
            // Names that a browser does not take for one with the prefix.
            format!("\u{2000}__Host-tp-session={VALUE}"),
            format!("\u{a0}__Host-tp-session={VALUE}"),
            format!("$Version=1,__Host-tp-session={VALUE}"),
        ] {
            assert_eq!(read_one(&line), None, "{line}");
        }
    }

    #[test]
    fn on_https_the_cookie_is_of_this_host_and_for_no_script() {
        let value = Secret::borrowed(VALUE);
        let set = session().set(&value, Some(Duration::from_secs(3600)));
        let expected = "; Max-Age=3600; Path=/; Secure; HttpOnly; SameSite=Lax";
        assert_eq!(set.to_str().unwrap(), format!("__Host-tp-session={VALUE}{expected}"));
        assert!(set.is_sensitive() && !format!("{set:?}").contains(VALUE));
        let set = session().set(&value, None);
        assert!(!set.to_str().unwrap().contains("Max-Age"));
    }

    #[test]
    fn on_loopback_http_it_has_neither_the_prefix_nor_secure() {
        for issuer in ["http://127.0.0.1:8080", "http://[::1]:8080", "http://localhost"] {
            let issuer = Issuer::parse(issuer).unwrap();
            for cookie in [Cookie::session(&issuer, None), Cookie::pre_session(&issuer, None)] {
                let set = cookie.set(&Secret::borrowed(VALUE), None);
                let text = set.to_str().unwrap();
                assert!(text.starts_with("tp-") && !text.contains("Secure"), "{text}");
                assert!(text.ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{text}");
            }
        }
    }

    #[test]
    fn a_removal_has_the_attributes_of_the_cookie() {
        for issuer in ["https://login.example", "http://127.0.0.1:8080"] {
            let issuer = Issuer::parse(issuer).unwrap();
            for cookie in [Cookie::session(&issuer, None), Cookie::pre_session(&issuer, None)] {
                let expected = format!("{}=; Max-Age=0{}", cookie.name, cookie.attributes);
                assert_eq!(cookie.clear().to_str().unwrap(), expected);
                assert_eq!(cookie.set(&Secret::borrowed("a\nb"), None), cookie.clear());
            }
        }
    }

    #[test]
    fn values_are_random_and_are_read_again() {
        let (one, other) = (Cookie::random().unwrap(), Cookie::random().unwrap());
        assert!(!one.ct_eq(&other));
        let line = format!("__Host-tp-session={}", one.expose_secret());
        assert_eq!(read_one(&line).as_deref(), Some(one.expose_secret()));
        let pre_session = Cookie::pre_session(&Issuer::parse("https://login.example").unwrap(), None);
        assert_ne!(session().digest(&one), pre_session.digest(&one));
        assert_ne!(session().digest(&one), session().digest(&other));
    }
    #[test]
    fn servers_and_tenants_of_one_host_have_cookies_of_their_own() {
        let name = |issuer: &str, tenant| Cookie::session(&Issuer::parse(issuer).unwrap(), tenant).name;
        let names = [
            name("https://login.example", None),
            name("https://login.example", Some("maps")),
            name("https://login.example/maps", None),
            name("https://login.example/maps", Some("maps")),
            name("http://127.0.0.1:8080", None),
            name("http://127.0.0.1:9090", None),
        ];
        assert_eq!(names[0], "__Host-tp-session");
        for (at, one) in names.iter().enumerate() {
            assert!(names.iter().skip(at + 1).all(|other| one != other), "{one}");
        }
        assert_eq!(names[2], name("https://login.example/maps/", None), "a slash is no other server");
        assert_eq!(name("https://login.example/", None), names[0]);
    }
}

//! The compact form of JWS (RFC 7515 section 7.1), and its header.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::Algorithm;
use super::key::KEY_ID_LENGTH;
use crate::rejection::denial::Value;
use crate::verify::oauth::claims::Json;

/// Three parts with a dot between each, not yet decoded.
#[derive(Clone, Copy)]
pub(in crate::verify) struct Jws<'t> {
    signed: &'t str,
    header: &'t str,
    payload: &'t str,
    signature: &'t str,
}

/// The known members of a header.
#[derive(Debug)]
pub(in crate::verify) struct Header {
    pub(in crate::verify) algorithm: Algorithm,
    key_id: Option<Box<str>>,
    pub(in crate::verify) kind: Kind,
    /// The value of `typ`, if that is an unknown type.
    other: Option<Box<str>>,
}

/// The reason if a header is refused, and the refused value.
#[derive(Debug)]
pub(in crate::verify) struct HeaderFlaw {
    pub(in crate::verify) why: &'static str,
    pub(in crate::verify) received: Option<Box<str>>,
}

impl From<&'static str> for HeaderFlaw {
    fn from(why: &'static str) -> Self {
        Self { why, received: None }
    }
}

/// The type in `typ` (RFC 7515 section 4.1.9): a media type, without regard to case and
/// `application/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::verify) enum Kind {
    Absent,
    /// `at+jwt`, RFC 9068 section 2.1.
    AccessToken,
    /// `JWT`, RFC 7519 section 5.1.
    Jwt,
    Other,
}

impl<'t> Jws<'t> {
    /// Splits a token. Returns `None` unless it has three parts, as for an opaque token, the five
    /// parts of JWE, or the JSON form. The caller limits the length.
    pub(in crate::verify) fn split(token: &'t str) -> Option<Self> {
        let (header, rest) = token.split_once('.')?;
        let (payload, signature) = rest.split_once('.')?;
        if signature.contains('.') {
            return None;
        }
        let signed = token.get(..header.len() + 1 + payload.len())?;
        Some(Self { signed, header, payload, signature })
    }

    /// Returns the text that is signed.
    pub(in crate::verify) const fn signed(&self) -> &'t str {
        self.signed
    }

    pub(in crate::verify) fn payload(&self) -> Option<Vec<u8>> {
        decode(self.payload)
    }

    pub(in crate::verify::oauth) fn signature(&self) -> Option<Zeroizing<Vec<u8>>> {
        decode(self.signature).map(Zeroizing::new)
    }
}

impl Header {
    /// Reads a header.
    pub(in crate::verify) fn read(jws: &Jws<'_>) -> Result<Self, HeaderFlaw> {
        let mut short = [0; SHORT];
        let long;
        let bytes = match URL_SAFE_NO_PAD.decode_slice(jws.header, &mut short) {
            Ok(length) => short.get(..length),
            Err(_) => {
                long = decode(jws.header);
                long.as_deref()
            }
        };
        let text = bytes.and_then(|bytes| std::str::from_utf8(bytes).ok());
        let json = Json::read(text.ok_or("a header that is not base64url")?)
            .ok_or("a header that is not JSON, or repeats a name")?;
        if let Some(name) = REFUSED.iter().find(|name| json.get(name).is_some()) {
            return Err(HeaderFlaw {
                why: "a header that changes the token's meaning",
                received: Some((*name).into()),
            });
        }
        let algorithm = json.get("alg").and_then(Json::text).and_then(Algorithm::from_name);
        let optional = |name| match json.get(name) {
            None => Ok(None),
            Some(value) => value.text().map(Some).ok_or("a header of the wrong type"),
        };
        let key_id = optional("kid")?;
        if key_id.is_some_and(|id| id.len() > KEY_ID_LENGTH) {
            return Err("a kid of more than 128 bytes".into());
        }
        let algorithm = algorithm.ok_or_else(|| HeaderFlaw {
            why: "an unknown algorithm",
            received: json.get("alg").map(|name| name.to_string().into()),
        })?;
        let typ = optional("typ")?;
        let kind = typ.map_or(Kind::Absent, Kind::of);
        let other = typ.filter(|_| kind == Kind::Other).map(Box::from);
        Ok(Self { algorithm, key_id: key_id.map(Box::from), kind, other })
    }

    /// Returns the value of `typ`, for a log line.
    pub(in crate::verify) fn typ(&self) -> Option<&str> {
        match self.kind {
            Kind::Absent => None,
            Kind::AccessToken => Some("at+jwt"),
            Kind::Jwt => Some("JWT"),
            Kind::Other => self.other.as_deref(),
        }
    }

    pub(in crate::verify) fn wanted<'h>(&'h self, issuer: Option<&'h str>) -> Wanted<'h> {
        Wanted { algorithm: self.algorithm, id: self.key_id.as_deref(), issuer }
    }
}

/// Algorithm and name of the key, for a log line.
impl fmt::Display for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "alg {}, kid {}", self.algorithm, self.key_id.as_deref().map_or(Value::Absent, Value::Sent))
    }
}

impl Kind {
    fn of(typ: &str) -> Self {
        let (prefix, rest) = typ.split_at_checked(PREFIX.len()).unwrap_or_default();
        let name = if prefix.eq_ignore_ascii_case(PREFIX) { rest } else { typ };
        match name {
            _ if name.eq_ignore_ascii_case("at+jwt") => Self::AccessToken,
            _ if name.eq_ignore_ascii_case("JWT") => Self::Jwt,
            _ => Self::Other,
        }
    }
}

/// Decodes a part strictly: no padding, no other alphabet, and the unused last bits are zero.
fn decode(part: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(part).ok()
}

/// The maximum size of a header that is decoded without an allocation, in bytes.
const SHORT: usize = 512;

const PREFIX: &str = "application/";

/// Headers that change the meaning of a token, and that are not implemented here (RFC 7515 section
/// 4.1.11, RFC 7797, RFC 7516 section 4.1.3). A key in the header, or its address (`jku`, `x5u`,
/// `jwk`, `x5c`), is never read (RFC 8725 section 3.10).
const REFUSED: &[&str] = &["crit", "b64", "zip"];

/// The claims of a token about its key.
#[derive(Clone, Copy, Debug)]
pub(in crate::verify) struct Wanted<'h> {
    pub(in crate::verify) algorithm: Algorithm,
    pub(in crate::verify) id: Option<&'h str>,
    /// The issuer of the token, for keys that sign the tokens of one issuer only. `None` if it is
    /// unknown.
    pub(in crate::verify) issuer: Option<&'h str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(json: &str) -> Result<Header, HeaderFlaw> {
        let token = format!("{}.e30.c2ln", URL_SAFE_NO_PAD.encode(json));
        Header::read(&Jws::split(&token).unwrap())
    }

    #[test]
    fn three_parts_are_a_jws_and_nothing_else_is() {
        let jws = Jws::split("aGVhZA.cGF5bG9hZA.c2ln").unwrap();
        assert_eq!(jws.signed(), "aGVhZA.cGF5bG9hZA");
        assert_eq!(jws.payload().unwrap(), b"payload");
        assert_eq!(&**jws.signature().unwrap(), b"sig");
        for other in ["", "a", "a.b", "a.b.c.d", "a.b.c.d.e", r#"{"payload":"e30"}"#] {
            assert!(Jws::split(other).is_none(), "{other}");
        }
    }

    #[test]
    fn base64url_has_one_reading() {
        for bad in ["YQ==", "YR", "Y+", "Y/", " YQ", "YQ\n", "Y"] {
            assert!(decode(bad).is_none(), "{bad:?}");
        }
        assert_eq!(decode("YQ").unwrap(), b"a");
    }

    #[test]
    fn a_header_has_algorithm_key_and_type() {
        let read = header(r#"{"alg":"ES256","kid":"k1","typ":"at+jwt","cty":"x"}"#).unwrap();
        assert_eq!((read.algorithm, read.kind), (Algorithm::Es256, Kind::AccessToken));
        assert_eq!(read.wanted(None).id, Some("k1"));
    }

    #[test]
    fn a_long_header_is_read_like_a_short_one() {
        for length in [1, 300, 450, 460, 470, 480, 490, 500, 600, 3_000] {
            let read = header(&format!(r#"{{"alg":"ES256","x":"{}"}}"#, "x".repeat(length)));
            assert!(read.is_ok(), "{length}: {read:?}");
        }
    }

    #[test]
    fn a_type_is_a_media_type_without_regard_to_case_and_prefix() {
        for good in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"] {
            assert_eq!(Kind::of(good), Kind::AccessToken, "{good}");
        }
        for bad in
            ["", "application/", "at+jwt ", "application/application/at+jwt", "dpop+jwt", "id+jwt", "é+jwt"]
        {
            assert_eq!(Kind::of(bad), Kind::Other, "{bad}");
        }
        assert_eq!((Kind::of("jwt"), Kind::of("application/JWT")), (Kind::Jwt, Kind::Jwt));
    }

    #[test]
    fn a_key_in_a_header_is_ignored() {
        for name in ["jku", "x5u", "jwk", "x5c", "x5t", "x5t#S256"] {
            for value in ["null", "5", "[]", "{}", "\"https://evil.example\""] {
                let read = header(&format!(r#"{{"alg":"ES256","kid":"k1","{name}":{value}}}"#)).unwrap();
                assert_eq!(read.wanted(None).id, Some("k1"), "{name} {value}");
            }
        }
    }

    #[test]
    fn a_header_with_anything_else_is_refused() {
        let long = format!(r#"{{"alg":"ES256","kid":"{}"}}"#, "k".repeat(129));
        for bad in [
            r#"{"alg":"none"}"#,
            r#"{"alg":"es256"}"#,
            r#"{"alg":["ES256"]}"#,
            r#"{"kid":"k1"}"#,
            r#"{"alg":"ES256","alg":"ES256"}"#,
            r#"{"alg":"ES256","kid":1}"#,
            r#"{"alg":"ES256","typ":null}"#,
            r#"{"alg":"ES256","crit":[]}"#,
            r#"{"alg":"ES256","b64":true}"#,
            r#"{"alg":"ES256","zip":"DEF"}"#,
            r#"["ES256"]"#,
            "",
            &long,
        ] {
            assert!(header(bad).is_err(), "{bad}");
        }
    }
}

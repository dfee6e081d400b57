//! The parameters of a request.

mod authorization;
mod form;
mod json;

use std::fmt;

use zeroize::Zeroizing;

use self::authorization::Fault;
use super::profile::{Door, Place};
use super::refusal::{Refusal, RefusalKind};
use crate::credential::{Carrier, Secret};
use crate::request::grammar::has_control;

/// The parameters of a request that this server knows, each at most once, except `resource`.
///
/// An empty parameter counts as absent, and unknown ones are dropped (RFC 6749 section 3.2).
#[derive(Default)]
pub(super) struct Parameters {
    read: Vec<Parameter>,
    /// Empty unless it is an authorization request.
    faults: Vec<Fault>,
}

struct Parameter {
    name: &'static str,
    value: Secret<'static>,
    carrier: Carrier,
}

/// The parameters of the standards, except those of authorization requests alone.
const KNOWN: &[&str] = &[
    "client_assertion",
    "client_assertion_type",
    "client_id",
    "client_secret",
    "code",
    "code_verifier",
    "grant_type",
    "password",
    "redirect_uri",
    "refresh_token",
    RESOURCE,
    "scope",
    "token",
    "token_type_hint",
    "username",
];

/// The parameter that may be repeated (RFC 8707 section 2).
const RESOURCE: &str = "resource";

/// The highest number of parameters of a request, unknown ones included.
const MOST: usize = 256;

/// A name and a value as the request has them, decoded.
type Pair = (Half, Half);

type Half = Zeroizing<Vec<u8>>;

const UNREADABLE: &str = "The parameters cannot be read.";
const TOO_MANY: &str = "There are too many parameters.";
const REPEATED: &str = "A parameter is repeated.";
const CONTROL: &str = "A parameter has a control character.";

impl Parameters {
    /// Reads the parameters from the places of a door.
    pub(super) fn read(door: &Door, query: Option<&str>, body: Option<&[u8]>) -> Result<Self, Refusal> {
        let mut parameters = Self::default();
        let mut seen = Vec::new();
        let in_query = form::pairs(query.unwrap_or_default().as_bytes())?;
        let is_json = |body: &[u8]| matches!(body.trim_ascii_start(), [b'{' | b'[', ..]);
        let in_body = match body {
            Some(body) if door.places.contains(&Place::Json) && is_json(body) => json::pairs(body)?,
            Some(body) if door.places.contains(&Place::Form) => form::pairs(body)?,
            Some(_) => return Err(RefusalKind::InvalidRequest.because(UNREADABLE)),
            None => Vec::new(),
        };
        if in_query.len() + in_body.len() > MOST {
            return Err(RefusalKind::InvalidRequest.because(TOO_MANY));
        }
        let may_ask_in_query = door.places.contains(&Place::Query);
        let of_query = in_query.into_iter().map(|pair| (pair, Carrier::Query));
        let of_body = in_body.into_iter().map(|pair| (pair, Carrier::Body));
        for ((name, value), carrier) in of_query.chain(of_body) {
            let names = KNOWN.iter().chain(door.parameters);
            let Some(name) = known(door.aliases, names, &name) else { continue };
            if carrier == Carrier::Query && !may_ask_in_query {
                return Err(RefusalKind::InvalidRequest.because("Parameters must be in the body."));
            }
            if seen.contains(&name) && name != RESOURCE {
                return Err(RefusalKind::InvalidRequest.because(REPEATED));
            }
            seen.push(name);
            let added = parameters.add(name, value, carrier);
            added.map_err(|detail| RefusalKind::InvalidRequest.because(detail))?;
        }
        Ok(parameters)
    }

    /// Adds a parameter that is not empty. Fails with the reason why it cannot be read.
    fn add(&mut self, name: &'static str, mut value: Half, carrier: Carrier) -> Result<(), &'static str> {
        let text = String::from_utf8(std::mem::take(&mut *value)).map(Zeroizing::new).map_err(|error| {
            drop(Zeroizing::new(error.into_bytes()));
            UNREADABLE
        })?;
        if has_control(&text) {
            return Err(CONTROL);
        }
        if !text.is_empty() {
            self.read.push(Parameter { name, value: Secret::wiped(text), carrier });
        }
        Ok(())
    }

    /// Returns a parameter that may hold a secret.
    pub(super) fn secret(&self, name: &str) -> Option<Secret<'_>> {
        self.find(name).map(|parameter| parameter.value.reborrow())
    }

    /// Returns a parameter that holds no secret.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.values(name).next()
    }

    /// Returns the place of a parameter.
    pub(super) fn carrier(&self, name: &str) -> Option<Carrier> {
        self.find(name).map(|parameter| parameter.carrier)
    }

    fn find(&self, name: &str) -> Option<&Parameter> {
        self.read.iter().find(|parameter| parameter.name == name)
    }

    /// Returns a parameter that holds no secret and that the request needs.
    pub(super) fn needed(&self, name: &str, missing: &'static str) -> Result<&str, Refusal> {
        self.text(name).ok_or(RefusalKind::MissingParameter.because(missing))
    }

    /// Returns the resources, in the order of the request.
    pub(super) fn resources(&self) -> impl Iterator<Item = &str> {
        self.values(RESOURCE)
    }

    fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        let named = self.read.iter().filter(move |parameter| parameter.name == name);
        named.map(|parameter| parameter.value.expose_secret())
    }
}

/// Returns the parameter that a name stands for, by the aliases of a door and the names that an
/// endpoint knows.
fn known<'n>(
    aliases: &[(&'static str, &'static str)],
    mut names: impl Iterator<Item = &'n &'static str>,
    name: &[u8],
) -> Option<&'static str> {
    let alias = aliases.iter().find(|(alias, _)| alias.as_bytes() == name).map(|(_, of)| *of);
    alias.or_else(|| names.find(|known| known.as_bytes() == name).copied())
}

/// Shows no values, because some are secrets.
impl fmt::Debug for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.read.iter().map(|parameter| parameter.name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::profile::{STANDARD, USERGRID};

    fn read(door: &Door, query: &str, body: &[u8]) -> Result<Parameters, RefusalKind> {
        Parameters::read(door, Some(query), Some(body)).map_err(|refusal| refusal.kind)
    }

    #[test]
    fn req_85_a_repeated_parameter_is_refused_and_an_empty_one_is_absent() {
        let door = STANDARD.door;
        for body in
            ["scope=a&scope=a", "scope=a&s%63ope=b", "scope=&scope=a", "client_id=a&grant_type=x&client_id=a"]
        {
            assert_eq!(read(&door, "", body.as_bytes()).err(), Some(RefusalKind::InvalidRequest), "{body}");
        }
        let read = read(&door, "", b"scope=&grant_type=x&y=1&y=2&resource=a&resource=b").unwrap();
        assert_eq!((read.text("scope"), read.text("grant_type")), (None, Some("x")));
        assert_eq!(read.resources().collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn a_parameter_in_the_query_is_refused_unless_the_door_has_it_there() {
        for name in ["client_secret", "token", "grant_type", "resource"] {
            let query = format!("{name}=x");
            assert_eq!(read(&STANDARD.door, &query, b"").err(), Some(RefusalKind::InvalidRequest), "{name}");
            assert_eq!(read(&USERGRID.door, &query, b"").unwrap().text(name), Some("x"));
        }
        assert!(read(&STANDARD.door, "utm_source=x", b"").is_ok());
        let both = read(&USERGRID.door, "username=a", b"{\"username\":\"a\"}");
        assert_eq!(both.err(), Some(RefusalKind::InvalidRequest));
    }

    #[test]
    fn control_characters_and_invalid_utf_8_are_refused_in_every_parameter() {
        for name in KNOWN {
            for value in ["%00", "a%00b", "%FF%FE", "a%C3", "%0a", "%7f", "%", "%zz", "%c2%80"] {
                let body = format!("{name}={value}");
                let read = read(&STANDARD.door, "", body.as_bytes());
                assert_eq!(read.err(), Some(RefusalKind::InvalidRequest), "{body}");
            }
        }
        assert!(read(&STANDARD.door, "", b"scope=\xff").is_err());
        assert!(read(&USERGRID.door, "", b"{\"username\":\"\\u0000\"}").is_err());
    }

    #[test]
    fn a_body_that_begins_as_json_is_json_where_the_door_has_it() {
        let json = br#" {"grant_type":"password","username":"w","ttl":1000,"x":{"y":[1]},"password":null}"#;
        let parameters = read(&USERGRID.door, "", json).unwrap();
        assert_eq!((parameters.text("ttl"), parameters.text("password")), (Some("1000"), None));
        for bad in
            ["[1]", "{\"ttl\":[1]}", "{\"ttl\":{}}", "{\"ttl\":1,\"ttl\":1}", "{", "{} x", "{\"ttl\":true}"]
        {
            assert!(read(&USERGRID.door, "", bad.as_bytes()).is_err(), "{bad}");
        }
        // At another door it is a form without a known parameter.
        assert!(read(&STANDARD.door, "", b"{\"grant_type\":\"x\"}").unwrap().text("grant_type").is_none());
    }

    #[test]
    fn an_alias_is_the_parameter_itself() {
        let door = Door { aliases: &[("scopes", "scope")], ..STANDARD.door };
        assert_eq!(read(&door, "", b"scopes=a").unwrap().text("scope"), Some("a"));
        assert!(read(&door, "", b"scopes=a&scope=a").is_err());
    }
}

//! Parameters of an authorization request: in the query alone, and read to the end.
//!
//! A token request is refused at its first fault. An authorization request is first asked for its
//! client, its redirect URI and its state, because they decide where the fault is answered (RFC
//! 6749 section 4.1.2.1).

use super::{MOST, Parameters, REPEATED, RESOURCE, TOO_MANY, UNREADABLE, form, known};
use crate::credential::Carrier;
use crate::server::profile::Door;
use crate::server::refusal::{Refusal, RefusalKind};

/// The parameters of an authorization request.
const KNOWN: &[&str] = &[
    CLIENT,
    "code_challenge",
    "code_challenge_method",
    "redirect_uri",
    "request",
    "request_uri",
    RESOURCE,
    "response_mode",
    "response_type",
    "scope",
    "state",
];

const CLIENT: &str = "client_id";

/// A parameter that is repeated or cannot be read. Its values are dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// `None` if the name cannot be read, or if the value of an unknown parameter cannot.
    name: Option<&'static str>,
    detail: &'static str,
}

impl Parameters {
    /// Reads an authorization request, whatever the places of the door are. Unknown parameters are
    /// dropped, and those of token requests are unknown.
    pub(in crate::server) fn of_authorization(door: &Door, query: Option<&str>) -> Self {
        let mut parameters = Self::default();
        let mut seen = Vec::new();
        for (at, (name, value)) in form::halves(query.unwrap_or_default().as_bytes()).enumerate() {
            if at == MOST {
                parameters.faulty(Some(CLIENT), TOO_MANY);
                break;
            }
            let name = name.map(|name| known(door.aliases, KNOWN.iter(), &name));
            let (name, value) = match (name, value) {
                (Some(Some(name)), value) => (name, value),
                (Some(None), Some(_)) => continue,
                (None, _) | (_, None) => {
                    parameters.faulty(None, UNREADABLE);
                    continue;
                }
            };
            if seen.contains(&name) && name != RESOURCE {
                parameters.faulty(Some(name), REPEATED);
                continue;
            }
            seen.push(name);
            let added = value.ok_or(UNREADABLE).and_then(|value| parameters.add(name, value, Carrier::Query));
            if let Err(detail) = added {
                parameters.faulty(Some(name), detail);
            }
        }
        parameters
    }

    /// Records a fault and drops every value of the parameter.
    fn faulty(&mut self, name: Option<&'static str>, detail: &'static str) {
        self.read.retain(|parameter| Some(parameter.name) != name);
        self.faults.push(Fault { name, detail });
    }

    /// Checks that a parameter is not repeated and can be read.
    pub(in crate::server) fn fault_of(&self, name: &str) -> Result<(), Refusal> {
        self.fault(|fault| fault.name == Some(name))
    }

    /// Checks that no parameter is repeated and all can be read.
    pub(in crate::server) fn first_fault(&self) -> Result<(), Refusal> {
        self.fault(|_| true)
    }

    fn fault(&self, is_meant: impl Fn(&Fault) -> bool) -> Result<(), Refusal> {
        let found = self.faults.iter().find(|fault| is_meant(fault));
        found.map_or(Ok(()), |fault| Err(RefusalKind::InvalidRequest.because(fault.detail)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::CONTROL;
    use super::*;
    use crate::server::profile::{STANDARD, USERGRID};

    fn read(query: &str) -> Parameters {
        Parameters::of_authorization(&STANDARD.door, Some(query))
    }

    fn detail(judged: Result<(), Refusal>) -> Option<&'static str> {
        judged.err().and_then(|refusal| refusal.detail)
    }

    #[test]
    fn req_85_a_repeated_parameter_is_dropped_and_the_others_are_read() {
        for query in ["state=a&scope=x&scope=x", "scope=x&state=a&sc%6fpe=", "scope=&scope=y&state=a&scope=z"]
        {
            let read = read(query);
            assert_eq!((read.text("scope"), read.text("state")), (None, Some("a")), "{query}");
            assert_eq!(detail(read.fault_of("scope")), Some(REPEATED), "{query}");
            assert_eq!(detail(read.fault_of("state")), None);
            assert_eq!(detail(read.first_fault()), Some(REPEATED));
        }
        let read = read("resource=a&resource=b&utm=1&utm=2&code=1&code=2&state=");
        assert_eq!(read.resources().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!((read.text("state"), detail(read.first_fault())), (None, None));
    }

    #[test]
    fn an_unreadable_parameter_is_dropped_and_the_others_are_read() {
        for (bad, expected) in
            [("%zz", UNREADABLE), ("a%", UNREADABLE), ("%ff", UNREADABLE), ("%0a", CONTROL), ("%7f", CONTROL)]
        {
            for name in KNOWN {
                let read = read(&format!("{name}={bad}&nonce=1"));
                assert_eq!((read.text(name), detail(read.fault_of(name))), (None, Some(expected)), "{name}");
            }
        }
        for query in ["state=a&st%ate=b", "state=a&utm=%zz", "%=1&state=a"] {
            let read = read(query);
            assert_eq!((read.text("state"), detail(read.first_fault())), (Some("a"), Some(UNREADABLE)));
            assert_eq!(detail(read.fault_of("state")), None);
        }
        let read = read("resource=a&resource=%ff");
        assert_eq!((read.resources().count(), detail(read.fault_of(RESOURCE))), (0, Some(UNREADABLE)));
    }

    #[test]
    fn parameters_of_token_requests_are_unknown_to_an_authorization_request() {
        let read = read("password=x&client_secret=y&code_verifier=z&grant_type=g&username=u");
        for name in ["password", "client_secret", "code_verifier", "grant_type", "username"] {
            assert!(read.text(name).is_none(), "{name}");
        }
        assert!(Parameters::of_authorization(&USERGRID.door, None).text("client_id").is_none());
    }

    #[test]
    fn an_alias_of_the_door_is_the_parameter_itself() {
        let door = Door { aliases: &[("scopes", "scope")], ..STANDARD.door };
        let read = |query: &str| Parameters::of_authorization(&door, Some(query));
        assert_eq!(read("scopes=a").text("scope"), Some("a"));
        assert_eq!(detail(read("scopes=a&scope=a").fault_of("scope")), Some(REPEATED));
    }

    #[test]
    fn too_many_parameters_name_no_client() {
        let read = |times: usize| read(&format!("client_id=a{}", "&x".repeat(times)));
        assert_eq!(read(MOST - 1).text("client_id"), Some("a"));
        assert_eq!(detail(read(MOST).fault_of("client_id")), Some(TOO_MANY));
        assert!(read(MOST).text("client_id").is_none());
    }
}

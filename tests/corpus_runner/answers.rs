//! The meaning of an outcome code on the wire, and the check of an answer against it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::case;
use super::pages;
use super::wire::Answer;

/// The contents of `corpus/answers.toml`.
pub(crate) struct Answers {
    codes: BTreeMap<String, Code>,
    dialects: BTreeMap<String, Dialect>,
    routes: BTreeMap<String, String>,
    passes: Passes,
}

/// The properties of the request whose answer is checked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'c> {
    pub(crate) method: &'c str,
    /// The portal's origin; the fixture has no metadata.
    pub(crate) origin: Option<&'c str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Passes {
    cache_control: Vec<String>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Code {
    status: u16,
    error: String,
    challenge: Challenge,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Challenge {
    None,
    Plain,
    Malformed,
    Basic,
    Denied,
    Scope,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Dialect {
    token: Vec<String>,
    #[serde(default)]
    other: Vec<String>,
    /// True if the portal names the metadata of RFC 9728 in its token challenges.
    #[serde(default)]
    metadata: bool,
    #[serde(default = "Dialect::error_field")]
    error_field: String,
    #[serde(default = "Dialect::members")]
    members: Vec<String>,
    #[serde(default)]
    codes: BTreeMap<String, Code>,
}

/// The answer that a case requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome<'c> {
    /// `P(Kind)`; `A` for a guest.
    Passes(&'c str),
    /// `K200(a b)`: JSON with these members, which no cache keeps; without brackets, with none.
    Given(&'c str),
    /// A code and its argument in brackets.
    Refused(&'c str, &'c str),
    /// `hy400`: the refusal of the server itself, before any layer.
    Server(u16),
    /// `404`: a status, without a challenge.
    Status(u16),
    /// `P200`, `P400`: a page for a browser, with this status.
    Page(u16),
    /// `Rd(invalid_scope)`: a redirect with this error; `Rd()`: one without an error.
    Redirect(&'c str),
}

impl<'c> Outcome<'c> {
    /// Reads `M400`, `S403(all)`, `P(OAuthUser)`, `A`, `hy414`, `404`, `P400`, `Rd(invalid_scope)`,
    /// and several of them with ` or ` between.
    pub(crate) fn all(text: &'c str) -> impl Iterator<Item = Self> {
        text.split(" or ").map(Self::one)
    }

    fn one(text: &'c str) -> Self {
        let (name, argument) = match text.strip_suffix(')').and_then(|text| text.split_once('(')) {
            Some((name, argument)) => (name, argument),
            None => (text, ""),
        };
        match name {
            "P" => Self::Passes(argument),
            "A" => Self::Passes("Guest"),
            "K200" => Self::Given(argument),
            "P200" => Self::Page(200),
            "P400" => Self::Page(400),
            "Rd" => Self::Redirect(argument),
            _ => match (name.strip_prefix("hy"), name.parse()) {
                (Some(status), _) => Self::Server(status.parse().expect("hy and a status")),
                (None, Ok(408 | 413)) | (None, Err(_)) => Self::Refused(name, argument),
                (None, Ok(status)) => Self::Status(status),
            },
        }
    }
}

impl Answers {
    pub(crate) fn load() -> Self {
        let file = "answers.toml";
        Self {
            codes: case::read(file, "codes"),
            dialects: case::read(file, "dialects"),
            routes: case::read(file, "routes"),
            passes: case::read(file, "passes"),
        }
    }

    /// Returns the dialect with this name, or the dialect of the route with this path.
    pub(crate) fn dialect(&self, name: Option<&str>, path: &str) -> (&str, &Dialect) {
        let by_path = || {
            let fitting = self.routes.iter().filter(|(start, _)| path.starts_with(start.as_str()));
            fitting.max_by_key(|(start, _)| start.len()).map_or("usergrid", |(_, name)| name)
        };
        let (name, dialect) = self.dialects.get_key_value(name.unwrap_or_else(by_path)).expect("a dialect");
        (name, dialect)
    }

    fn code<'s>(&'s self, dialect: &'s Dialect, name: &str) -> Option<&'s Code> {
        dialect.codes.get(name).or(self.codes.get(name))
    }

    /// Returns the first difference between an answer and the outcome.
    pub(crate) fn check(
        &self,
        outcome: Outcome<'_>,
        dialect: &Dialect,
        asked: Asked<'_>,
        answer: &Answer,
    ) -> Result<(), String> {
        match outcome {
            Outcome::Passes(kind) => self.passes.check(kind, asked.method, answer),
            Outcome::Given(members) => given(members, answer),
            Outcome::Refused(name, argument) => {
                let whole = format!("{name}({argument})");
                // The brackets contain either a part of the code's name or the needed scopes.
                let (code, scope) = match self.code(dialect, &whole) {
                    Some(code) => (Some(code), ""),
                    None => (self.code(dialect, name), argument),
                };
                dialect.refused(code.expect("a code of answers.toml"), scope, asked, answer)
            }
            Outcome::Server(status) => {
                equal("status", &answer.status, &status)?;
                no_challenge(answer)?;
                if answer.body.is_empty() {
                    Ok(())
                } else {
                    Err("the server's own refusal has a body".to_owned())
                }
            }
            Outcome::Page(status) => pages::page(status, answer),
            Outcome::Redirect(error) => pages::redirect(error, answer),
            Outcome::Status(status) => {
                equal("status", &answer.status, &status).and_then(|()| no_challenge(answer))
            }
        }
    }
}

impl Passes {
    fn check(&self, kind: &str, method: &str, answer: &Answer) -> Result<(), String> {
        equal("status", &answer.status, &200)?;
        no_challenge(answer)?;
        if kind != "Guest" {
            equal("cache-control", &answer.texts("cache-control"), &self.cache_control)?;
        }
        match method {
            "HEAD" => Ok(()),
            _ => equal("principal", &answer.json()?["principal"].as_str().unwrap_or_default(), &kind),
        }
    }
}

impl Dialect {
    fn error_field() -> String {
        "error".to_owned()
    }

    fn members() -> Vec<String> {
        ["error", "error_description"].map(str::to_owned).into()
    }

    fn refused(&self, code: &Code, argument: &str, asked: Asked<'_>, answer: &Answer) -> Result<(), String> {
        equal("status", &answer.status, &code.status)?;
        let mut sent: Vec<String> = answer.texts("www-authenticate");
        sent.sort();
        equal("challenges", &sent, &self.challenges(code.challenge, argument, asked.origin))?;
        equal("cache-control", &answer.texts("cache-control"), &vec!["no-store".to_owned()])?;
        equal("content-type", &answer.texts("content-type"), &vec!["application/json".to_owned()])?;
        equal(
            "retry-after lines",
            &answer.all("retry-after").len(),
            &usize::from([429, 503].contains(&code.status)),
        )?;
        if asked.method == "HEAD" {
            return equal("body", &answer.body.len(), &0);
        }
        let body = answer.json()?;
        equal("error", &body[&self.error_field].as_str().unwrap_or_default(), &code.error.as_str())?;
        let members = body.as_object().map(|members| members.keys().cloned().collect::<Vec<_>>());
        equal("members", &members.unwrap_or_default(), &self.members)
    }

    fn challenges(&self, challenge: Challenge, scope: &str, origin: Option<&str>) -> Vec<String> {
        let origin = origin.filter(|_| self.metadata);
        let metadata = origin
            .map(|origin| format!(", resource_metadata=\"{origin}/.well-known/oauth-protected-resource\""));
        let metadata = metadata.unwrap_or_default();
        let first =
            |error: &str| self.token.first().map(|line| format!("{line}, error=\"{error}\"{metadata}"));
        let needed = if scope.is_empty() { String::new() } else { format!(", scope=\"{scope}\"") };
        let plain = |line: &String| format!("{line}{metadata}");
        let others = || self.other.iter().cloned();
        let mut lines: Vec<String> = match challenge {
            Challenge::None => Vec::new(),
            Challenge::Plain => self.token.iter().map(|line| plain(line) + &needed).chain(others()).collect(),
            Challenge::Malformed => first("invalid_request").into_iter().collect(),
            Challenge::Basic => others().filter(|line| line.starts_with("Basic ")).collect(),
            Challenge::Denied => {
                let further = self.token.iter().skip(1).map(plain);
                first("invalid_token").into_iter().chain(further).chain(others()).collect()
            }
            Challenge::Scope => first("insufficient_scope").map(|line| line + &needed).into_iter().collect(),
        };
        lines.sort();
        lines
    }
}

impl Answer {
    pub(crate) fn texts(&self, name: &str) -> Vec<String> {
        self.all(name).iter().map(|value| String::from_utf8_lossy(value).into_owned()).collect()
    }

    pub(crate) fn json(&self) -> Result<Value, String> {
        serde_json::from_slice(&self.body)
            .map_err(|_| format!("the body is not JSON: {:?}", String::from_utf8_lossy(&self.body)))
    }
}

/// Checks the answer of a token, revocation or introspection endpoint.
fn given(expected: &str, answer: &Answer) -> Result<(), String> {
    equal("status", &answer.status, &200)?;
    no_challenge(answer)?;
    equal("cache-control", &answer.texts("cache-control"), &vec!["no-store".to_owned()])?;
    equal("content-type", &answer.texts("content-type"), &vec!["application/json".to_owned()])?;
    let body = answer.json()?;
    let members = body.as_object().map(|members| members.keys().cloned().collect::<Vec<_>>());
    equal("members", &members.unwrap_or_default().join(" "), &expected.to_owned())
}

/// Returns the tokens that an answer issues.
pub(crate) fn issued(answer: &Answer) -> Vec<Vec<u8>> {
    let body = answer.json().unwrap_or_default();
    let tokens = ["access_token", "refresh_token"].iter().filter_map(|name| body[name].as_str());
    tokens.map(|token| token.as_bytes().to_vec()).collect()
}

pub(crate) fn no_challenge(answer: &Answer) -> Result<(), String> {
    equal("challenges", &answer.texts("www-authenticate"), &Vec::new())
}

pub(crate) fn equal<T: PartialEq + std::fmt::Debug>(what: &str, got: &T, expected: &T) -> Result<(), String> {
    if got == expected { Ok(()) } else { Err(format!("{what}: expected {expected:?}, got {got:?}")) }
}

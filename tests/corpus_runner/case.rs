//! The corpus as data: its cases, and the list of the required ones.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// One request and its required answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    /// The category's letter, a number, and another letter for a variant of the example.
    pub(crate) id: String,
    /// The unusual property of the request, or the rule that it tests.
    pub(crate) note: String,
    /// Method and path. `Host` and `Connection: close` are added, and `Content-Length` if there is
    /// a body without other framing.
    #[serde(default)]
    pub(crate) target: String,
    /// Further header lines.
    #[serde(default)]
    pub(crate) headers: Vec<String>,
    #[serde(default)]
    pub(crate) body: String,
    /// Requests before this one, in order. `{{step.0.access_token}}` is a member of the first
    /// step's answer.
    #[serde(default)]
    pub(crate) steps: Vec<Step>,
    /// Replaces the three fields above: the request byte for byte, its lines joined by CR LF.
    #[serde(default)]
    pub(crate) raw: Vec<String>,
    #[serde(default)]
    pub(crate) mode: Mode,
    /// The portal in `portals.toml` that gets the request.
    #[serde(default)]
    pub(crate) portal: String,
    #[serde(default)]
    pub(crate) via: Via,
    /// Requests with the same target that are sent first: garbage with `{{number}}` in it.
    #[serde(default)]
    pub(crate) flood: Option<Flood>,
    /// The portal's outcome, or several joined by ` or `. Empty if the portal does not get the
    /// request.
    #[serde(default)]
    pub(crate) expect: String,
    /// The same for the fixture, which has services that the portal does not have.
    #[serde(default)]
    pub(crate) fixture: String,
    /// The members that `whoami` must return beside the kind of principal.
    #[serde(default)]
    pub(crate) who: BTreeMap<String, toml::Value>,
    /// The dialect that answers, if the path does not determine it.
    #[serde(default)]
    pub(crate) dialect: Option<String>,
    /// `Authorization` values of Socrata's that the portal still accepts afterwards.
    #[serde(default)]
    pub(crate) lives: Vec<String>,
    /// `Authorization` values that it accepted before and no longer accepts afterwards.
    #[serde(default)]
    pub(crate) ends: Vec<String>,
    /// True if the server asks for the body by `100 Continue`.
    #[serde(default)]
    pub(crate) continues: bool,
    /// The required number of calls of the fixture's verifier. Defaults to any number.
    #[serde(default)]
    pub(crate) lookups: Option<usize>,
    /// The minimum time in ms from the request's head to the answer's head.
    #[serde(default)]
    pub(crate) after: u64,
    /// The maximum of that time in ms.
    #[serde(default = "Case::patience")]
    pub(crate) within: u64,
}

/// The way in which a request is sent.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Mode {
    /// HTTP/1.1 in one piece.
    #[default]
    Http1,
    /// HTTP/2 with prior knowledge.
    Http2,
    /// The head, then one byte of the body each second.
    Drip,
    /// The head, then one byte of the body each 50 ms.
    Trickle,
    /// The head, and the body only after `100 Continue`.
    Continue,
}

/// The transport of a request.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Via {
    #[default]
    Tcp,
    /// TLS to the portal's other port.
    Tls,
    /// A Unix socket, which only the fixture has.
    Unix,
}

/// A request that a case needs before its own, and its outcome.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    pub(crate) target: String,
    #[serde(default)]
    pub(crate) headers: Vec<String>,
    #[serde(default)]
    pub(crate) body: String,
    pub(crate) expect: String,
}

/// Requests that are sent before that of the case.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Flood {
    pub(crate) times: usize,
    pub(crate) headers: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default = "File::portal")]
    portal: String,
    #[serde(rename = "case")]
    cases: Vec<Case>,
}

impl File {
    fn portal() -> String {
        PORTAL.to_owned()
    }
}

/// The portal of files that name none. Fixtures get its demo credentials.
pub(crate) const PORTAL: &str = "assumed";

impl Case {
    const fn patience() -> u64 {
        10_000
    }

    /// Returns true if the case does not depend on sockets or clocks: it is one request, sent at
    /// once.
    pub(crate) fn is_quick(&self) -> bool {
        let at_once = matches!(self.mode, Mode::Http1 | Mode::Http2 | Mode::Continue);
        at_once && self.after == 0 && self.flood.is_none() && self.ends.is_empty() && self.lives.is_empty()
    }

    /// Returns true if the environment selects this case, or selects none.
    pub(crate) fn is_chosen(&self) -> bool {
        std::env::var("CORPUS").map_or(true, |chosen| chosen.split(',').any(|id| self.id.starts_with(id)))
    }

    /// Returns a step as a case of its own, for the same portal.
    pub(crate) fn step(&self, step: &Step) -> Self {
        let Step { target, headers, body, expect } = step.clone();
        let who = BTreeMap::new();
        Self { target, headers, body, expect, who, raw: Vec::new(), steps: Vec::new(), ..self.clone() }
    }

    /// Returns the method of the request.
    pub(crate) fn method(&self) -> &str {
        self.request_line().split(' ').next().unwrap_or_default()
    }

    /// Returns the path of the request, also if the target is absolute.
    pub(crate) fn path(&self) -> &str {
        let target = self.request_line().split(' ').nth(1).unwrap_or_default();
        match target.split_once("://") {
            Some((_, rest)) => rest.find('/').map_or("/", |at| &rest[at..]),
            None => target,
        }
    }

    fn request_line(&self) -> &str {
        self.raw.first().unwrap_or(&self.target)
    }

    fn check(&self) {
        let (letter, rest) = self.id.split_at(1);
        let digits = rest.trim_end_matches(|last: char| last.is_ascii_lowercase());
        let numbered = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        assert!(letter.bytes().all(|byte| byte.is_ascii_uppercase()) && numbered, "{}: not an id", self.id);
        assert!(self.raw.is_empty() != self.target.is_empty(), "{}: a target or a raw request", self.id);
        assert!(!(self.expect.is_empty() && self.fixture.is_empty()), "{}: expects nothing", self.id);
        assert!(!self.note.is_empty(), "{}: has no note", self.id);
        assert!(self.steps.is_empty() || self.fixture.is_empty(), "{}: the fixture takes no steps", self.id);
        assert!(self.expect.is_empty() || self.via != Via::Unix, "{}: no portal has a Unix socket", self.id);
    }
}

/// Returns all cases. Panics on an empty file, on a repeated id, and on an id in a wrong file.
pub(crate) fn load() -> Vec<Case> {
    let categories: BTreeMap<String, String> = read("required.toml", "categories");
    let mut seen = BTreeSet::new();
    let mut cases = Vec::new();
    for (name, letter) in &categories {
        let path = directory().join(format!("{name}.toml"));
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mut file: File =
            toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(!file.cases.is_empty(), "{} has no cases", path.display());
        for case in &file.cases {
            case.check();
            assert!(case.id.starts_with(letter.as_str()), "{} does not belong into {name}.toml", case.id);
            assert!(seen.insert(case.id.clone()), "{} comes twice", case.id);
        }
        for case in file.cases.iter_mut().filter(|case| case.portal.is_empty()) {
            case.portal.clone_from(&file.portal);
        }
        cases.extend(file.cases);
    }
    cases
}

/// Returns the flags of the portal with this name in `portals.toml`.
pub(crate) fn flags(portal: &str) -> Vec<String> {
    let mut flags: BTreeMap<String, Vec<String>> = read("portals.toml", "portals");
    flags.remove(portal).unwrap_or_else(|| panic!("portals.toml has no {portal}"))
}

/// Returns the required examples without a case.
pub(crate) fn missing(cases: &[Case]) -> Vec<String> {
    let required: Vec<String> = read("required.toml", "ids");
    let present: BTreeSet<&str> = cases.iter().map(|case| case.id.as_str()).collect();
    required.into_iter().filter(|id| !present.contains(id.as_str())).collect()
}

/// Reads one table or list from one of the corpus' own files.
pub(crate) fn read<T: serde::de::DeserializeOwned>(file: &str, key: &str) -> T {
    let text = fs::read_to_string(directory().join(file)).unwrap();
    let mut table: toml::Table = text.parse().unwrap_or_else(|error| panic!("{file}: {error}"));
    let value = table.remove(key).unwrap_or_else(|| panic!("{file} has no {key}"));
    value.try_into().unwrap_or_else(|error| panic!("{file}: {key}: {error}"))
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

//! The corpus as data: cases, and the list of those that must be there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// One request and what it must be answered with.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    /// The category's letter, a number, and a letter more for a close neighbour of the example.
    pub(crate) id: String,
    /// What is odd about the request, or the rule it stands for.
    pub(crate) note: String,
    /// Method and path. `Host`, `Connection: close` and, where there is a body and no other
    /// framing, `Content-Length` are added.
    #[serde(default)]
    pub(crate) target: String,
    /// Further header lines.
    #[serde(default)]
    pub(crate) headers: Vec<String>,
    #[serde(default)]
    pub(crate) body: String,
    /// Requests before this one, in order. `{{step.0.access_token}}` is a member of the first one's
    /// answer.
    #[serde(default)]
    pub(crate) steps: Vec<Step>,
    /// In place of the three above: the request byte for byte, its lines joined by CR LF.
    #[serde(default)]
    pub(crate) raw: Vec<String>,
    #[serde(default)]
    pub(crate) mode: Mode,
    /// Which portal of `portals.toml` is asked.
    #[serde(default)]
    pub(crate) portal: String,
    #[serde(default)]
    pub(crate) via: Via,
    /// Sent so often before, with the same target: garbage with `{{number}}` in it.
    #[serde(default)]
    pub(crate) flood: Option<Flood>,
    /// The portal's outcome, or several joined by ` or `; empty where it is not asked.
    #[serde(default)]
    pub(crate) expect: String,
    /// The same of the fixture: services that the portal does not have.
    #[serde(default)]
    pub(crate) fixture: String,
    /// What `whoami` must say beside the kind of principal.
    #[serde(default)]
    pub(crate) who: BTreeMap<String, toml::Value>,
    /// The dialect that answers, if the path does not determine it.
    #[serde(default)]
    pub(crate) dialect: Option<String>,
    /// `Authorization` values of Socrata's that the portal takes afterwards.
    #[serde(default)]
    pub(crate) lives: Vec<String>,
    /// The same that it took before, and does not take afterwards.
    #[serde(default)]
    pub(crate) ends: Vec<String>,
    /// Whether the server asks for the body by `100 Continue`.
    #[serde(default)]
    pub(crate) continues: bool,
    /// How often the fixture's verifier may be called. Defaults to any number.
    #[serde(default)]
    pub(crate) lookups: Option<usize>,
    /// The answer's head may not come sooner, in ms after the request's head.
    #[serde(default)]
    pub(crate) after: u64,
    /// Nor later.
    #[serde(default = "Case::patience")]
    pub(crate) within: u64,
}

/// How a request is sent.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Mode {
    /// HTTP/1.1, all at once.
    #[default]
    Http1,
    /// HTTP/2 with prior knowledge.
    Http2,
    /// The head, then one byte of the body in a second.
    Drip,
    /// The head, then one byte of the body in 50 ms.
    Trickle,
    /// The head; the body only if `100 Continue` asks for it.
    Continue,
}

/// What a request goes over.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Via {
    #[default]
    Tcp,
    /// TLS to the portal's other port.
    Tls,
    /// A Unix socket; the fixture alone has one.
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

/// Many requests.
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

/// The portal of files that name none, and of fixtures: they know its demo credentials.
pub(crate) const PORTAL: &str = "assumed";

impl Case {
    const fn patience() -> u64 {
        10_000
    }

    /// Whether the case asks nothing of sockets and clocks: it is one request, sent at once.
    pub(crate) fn is_quick(&self) -> bool {
        let at_once = matches!(self.mode, Mode::Http1 | Mode::Http2 | Mode::Continue);
        at_once && self.after == 0 && self.flood.is_none() && self.ends.is_empty() && self.lives.is_empty()
    }

    /// Whether the environment asks for this case, or for no special ones.
    pub(crate) fn is_chosen(&self) -> bool {
        std::env::var("CORPUS").map_or(true, |chosen| chosen.split(',').any(|id| self.id.starts_with(id)))
    }

    /// A step as a case of its own, of the same portal.
    pub(crate) fn step(&self, step: &Step) -> Self {
        let Step { target, headers, body, expect } = step.clone();
        let who = BTreeMap::new();
        Self { target, headers, body, expect, who, raw: Vec::new(), steps: Vec::new(), ..self.clone() }
    }

    /// The method that is asked.
    pub(crate) fn method(&self) -> &str {
        self.request_line().split(' ').next().unwrap_or_default()
    }

    /// The path that is asked, of an absolute target, too.
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

/// All cases. An empty file, an id that comes twice or stands in a wrong file is an error.
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

/// The flags of the portal of this name in `portals.toml`.
pub(crate) fn flags(portal: &str) -> Vec<String> {
    let mut flags: BTreeMap<String, Vec<String>> = read("portals.toml", "portals");
    flags.remove(portal).unwrap_or_else(|| panic!("portals.toml has no {portal}"))
}

/// The required examples that no case has the id of.
pub(crate) fn missing(cases: &[Case]) -> Vec<String> {
    let required: Vec<String> = read("required.toml", "ids");
    let present: BTreeSet<&str> = cases.iter().map(|case| case.id.as_str()).collect();
    required.into_iter().filter(|id| !present.contains(id.as_str())).collect()
}

/// One table or list of one of the corpus' own files.
pub(crate) fn read<T: serde::de::DeserializeOwned>(file: &str, key: &str) -> T {
    let text = fs::read_to_string(directory().join(file)).unwrap();
    let mut table: toml::Table = text.parse().unwrap_or_else(|error| panic!("{file}: {error}"));
    let value = table.remove(key).unwrap_or_else(|| panic!("{file} has no {key}"));
    value.try_into().unwrap_or_else(|error| panic!("{file}: {key}: {error}"))
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

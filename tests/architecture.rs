//! Checks the order of the folders in `src/`, so that the drawing in the documents stays true.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The entries of `src/` beside `lib.rs`, from the top down: a file imports only from later
/// entries. A new file in a folder needs no line here; a new entry of `src/` does.
#[rustfmt::skip]
const ORDER: &[&str] = &[
    "guide",
    "test_util",
    "server",
    "extract",
    "layer",
    "pipeline",
    "metadata",
    "verify",
    "read",
    "dialect",
    "observe",
    "rejection",
    "policy",
    "transport",
    "authentication",
    "grant",
    "principal",
    "single_flight",
    "credential",
    "fetch",
    "request",
    "trace",
    "deadline",
    "clock",
];

/// Entries that an entry must not import although the order allows it.
const STRANGERS: &[(&str, &[&str])] = &[
    ("verify", &["dialect", "read"]),
    ("dialect", &["verify"]),
    ("extract", &["pipeline", "verify", "read"]),
    ("grant", &["fetch", "request"]),
];

/// Entries that only these entries or folders may import.
const RESERVED: &[(&str, &[&str])] =
    &[("grant", &["verify/sql", "server", "test_util"]), ("server", &["test_util"])];

/// Imports that run up or in a circle, each with its reason. Remove a line when its import is gone.
const EXCEPTIONS: &[(&str, &str, &str)] = &[];

/// Files that declare the item that their folder is named after, although the file has another
/// name.
const HEADS: &[&str] = &["verify/verifier"];

/// The maximum number of lines of a file.
const LINES: usize = 300;

/// Texts of files by module: `policy/scope` is `policy/scope.rs`, `policy` is `policy.rs` or
/// `policy/mod.rs`.
type Tree = BTreeMap<String, String>;

fn sources() -> Tree {
    fn walk(folder: &Path, root: &Path, tree: &mut Tree) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, root, tree);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let relative = path.strip_prefix(root).unwrap().with_extension("");
                let name = relative.to_str().unwrap().replace('\\', "/");
                let name = name.strip_suffix("/mod").unwrap_or(&name).to_owned();
                tree.insert(name, fs::read_to_string(&path).unwrap());
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut tree = Tree::new();
    walk(&root, &root, &mut tree);
    tree
}

/// Returns the code that is compiled into the library: without comments, string literals and unit
/// tests. A file that starts with `#![cfg(test)]` is a unit test as a whole.
fn code(text: &str) -> String {
    let tests = ["\n#[cfg(test)]", "\n#![cfg(test)]"].into_iter().filter_map(|start| text.find(start));
    let tests = tests.min().unwrap_or(text.len());
    let lines = text[..tests].lines().map(|line| line.split("//").next().unwrap());
    lines.collect::<Vec<_>>().join("\n")
}

/// A path as it is written, and the name under which it is imported.
type Written = (Vec<String>, String);

/// Reads `a::b`, `a::{b, c as d, e::f}`; returns the rest after them.
fn spread<'t>(text: &'t str, prefix: &[String], found: &mut Vec<Written>) -> &'t str {
    let mut path = prefix.to_vec();
    let mut rest = text.trim_start();
    loop {
        if let Some(mut list) = rest.strip_prefix('{') {
            while !list.trim_start().starts_with('}') && !list.is_empty() {
                list = spread(list, &path, found).trim_start();
                list = list.strip_prefix(',').unwrap_or(list);
            }
            return list.trim_start().strip_prefix('}').unwrap_or("");
        }
        let end = rest.find(|character: char| !is_word(character)).unwrap_or(rest.len());
        let word = &rest[..end];
        rest = &rest[end..];
        if !word.is_empty() && (word != "self" || path.is_empty()) {
            path.push(word.to_owned());
        }
        match rest.strip_prefix("::") {
            Some(more) => rest = more,
            None => break,
        }
    }
    let mut name = path.last().cloned().unwrap_or_default();
    if let Some(renamed) = rest.strip_prefix(" as ") {
        let end = renamed.find(|character: char| !is_word(character)).unwrap_or(renamed.len());
        name = renamed[..end].to_owned();
        rest = &renamed[end..];
    }
    // After `*` or an unreadable name, the list ends.
    let next = rest.find([',', '}', ';', '\n', ' ', ')', '(', '<', '>']).unwrap_or(rest.len());
    found.push((path, name));
    &rest[next..]
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Returns the ranges of modules that are written inside a file: there, `super` is the file itself.
fn inner_modules(code: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut at = 0;
    for line in code.split_inclusive('\n') {
        let head = line.trim_start_matches("pub(crate) ").trim_start_matches("pub ");
        if head.starts_with("mod ") && line.trim_end().ends_with('{') {
            let end = code[at..].find("\n}").map_or(code.len(), |end| at + end);
            found.push((at, end));
        }
        at += line.len();
    }
    found
}

/// Returns every path of a file that starts in this crate, from the crate's root.
fn named(file: &str, code: &str) -> Vec<Written> {
    let inner = inner_modules(code);
    let own: Vec<String> =
        if file == "lib" { Vec::new() } else { file.split('/').map(str::to_owned).collect() };
    let mut all = Vec::new();
    for word in ["crate", "super", "self"] {
        for (at, _) in code.match_indices(&format!("{word}::")) {
            if code[..at].ends_with(|before: char| is_word(before) || before == ':' || before == '$') {
                continue;
            }
            let mut found = Vec::new();
            spread(&code[at..], &[], &mut found);
            let nested = inner.iter().any(|(begin, end)| (*begin..*end).contains(&at));
            for (path, name) in found {
                let mut base = own.clone();
                base.extend(nested.then(|| "inner".to_owned()));
                let mut path = path.as_slice();
                if path[0] == "crate" {
                    base.clear();
                    path = &path[1..];
                }
                while let Some((first, more)) = path.split_first() {
                    match first.as_str() {
                        "self" => {}
                        "super" => _ = base.pop(),
                        _ => break,
                    }
                    path = more;
                }
                all.push((base.into_iter().chain(path.iter().cloned()).collect(), name));
            }
        }
    }
    all
}

/// The names that each file re-exports or imports, with their paths from the root.
struct Names(BTreeMap<String, BTreeMap<String, Vec<String>>>);

impl Names {
    fn of(tree: &Tree) -> Self {
        let of_file = |file: &str, text: &str| {
            let code = code(text);
            let uses = code.match_indices("use ").filter(|(at, _)| {
                let line = &code[code[..*at].rfind('\n').map_or(0, |end| end + 1)..*at];
                line.is_empty() || line.starts_with("pub")
            });
            let text: Vec<&str> = uses.map(|(at, _)| code[at..].split(';').next().unwrap()).collect();
            named(file, &text.join(";\n")).into_iter().map(|(path, name)| (name, path)).collect()
        };
        Self(tree.iter().map(|(file, text)| (file.clone(), of_file(file, text))).collect())
    }

    /// Returns the file that declares the item of a path, through re-exports.
    fn declared(&self, path: &[String], depth: usize) -> Option<String> {
        let mut file = String::new();
        for (at, word) in path.iter().enumerate() {
            let child = if file.is_empty() { word.clone() } else { format!("{file}/{word}") };
            if self.0.contains_key(&child) || self.0.keys().any(|name| name.starts_with(&format!("{child}/")))
            {
                file = child;
                continue;
            }
            let here = if file.is_empty() { "lib" } else { &file };
            let import = self.0.get(here).and_then(|names| names.get(word));
            return match import {
                Some(to) if depth < 8 && to[..] != path[..=at] => {
                    let whole: Vec<String> = to.iter().chain(&path[at + 1..]).cloned().collect();
                    self.declared(&whole, depth + 1)
                }
                _ => Some(file).filter(|file| !file.is_empty()),
            };
        }
        Some(file).filter(|file| !file.is_empty())
    }

    /// Returns the files that a file imports.
    fn imports(&self, file: &str, text: &str) -> BTreeSet<String> {
        let paths = named(file, &code(text));
        let found = paths.iter().filter_map(|(path, _)| self.declared(path, 0));
        found.filter(|to| to != file).collect()
    }
}

/// Returns every import of the tree: the importing file and the imported one.
fn imports(tree: &Tree) -> Vec<(String, String)> {
    let names = Names::of(tree);
    let files = tree.iter().filter(|(file, _)| *file != "lib");
    files
        .flat_map(|(file, text)| names.imports(file, text).into_iter().map(move |to| (file.clone(), to)))
        .collect()
}

fn entry(file: &str) -> &str {
    file.split('/').next().unwrap()
}

fn is_in(file: &str, folder: &str) -> bool {
    file.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Returns the error in an import between entries of `src/`, if there is one.
fn complaint(from: &str, to: &str) -> Option<String> {
    let (here, there) = (entry(from), entry(to));
    if here == there {
        return None;
    }
    let place = |name: &str| ORDER.iter().position(|entry| *entry == name);
    let (Some(own), Some(other)) = (place(here), place(there)) else { return None };
    if other <= own {
        return Some(format!("{from} imports {to}, which is above it"));
    }
    if STRANGERS.iter().any(|(folder, others)| *folder == here && others.contains(&there)) {
        return Some(format!("{from} must not import {to}"));
    }
    let reserved = RESERVED.iter().find(|(folder, _)| *folder == there);
    let allowed = reserved.is_none_or(|(_, folders)| folders.iter().any(|folder| is_in(from, folder)));
    (!allowed).then(|| format!("{from} must not import {to}"))
}

/// Returns the children of each folder, and which of them import which. The folder's own files are
/// no children: `policy/mod.rs`, and `policy/policy.rs` if there is one (see [`HEADS`]).
fn folders(imports: &[(String, String)]) -> BTreeMap<String, BTreeMap<String, BTreeSet<String>>> {
    let mut folders: BTreeMap<String, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
    for (from, to) in imports {
        let (from, to): (Vec<_>, Vec<_>) = (from.split('/').collect(), to.split('/').collect());
        let shared = from.iter().zip(&to).take_while(|(one, other)| one == other).count();
        let is_head =
            |file: &[&str]| file[shared] == file[shared - 1] || HEADS.contains(&file.join("/").as_str());
        let own = |file: &[&str]| shared > 0 && (file.len() == shared || is_head(file));
        if shared > 0 && !own(&from) && !own(&to) {
            let folder = folders.entry(from[..shared].join("/")).or_default();
            folder.entry(from[shared].to_owned()).or_default().insert(to[shared].to_owned());
        }
    }
    folders
}

/// Returns the children of one folder that import each other in a circle.
fn circles(imports: &[(String, String)]) -> Vec<String> {
    let reaches = |edges: &BTreeMap<String, BTreeSet<String>>, from: &str, to: &str| {
        let mut seen = BTreeSet::new();
        let mut todo: Vec<&str> = vec![from];
        while let Some(one) = todo.pop() {
            for next in edges.get(one).into_iter().flatten() {
                if next == to {
                    return true;
                }
                if seen.insert(next.as_str()) {
                    todo.push(next);
                }
            }
        }
        false
    };
    let mut found = Vec::new();
    for (folder, edges) in folders(imports) {
        for child in edges.keys().filter(|child| reaches(&edges, child, child)) {
            found.push(format!("{folder}/{child} is in a circle of {folder}"));
        }
    }
    found
}

fn complaints(tree: &Tree, exceptions: &[(&str, &str, &str)]) -> Vec<String> {
    let entries = tree.keys().map(|file| entry(file)).filter(|entry| *entry != "lib");
    let unlisted: BTreeSet<_> = entries.filter(|entry| !ORDER.contains(entry)).collect();
    let mut found: Vec<_> =
        unlisted.iter().map(|entry| format!("{entry} has no place in the order")).collect();
    let mut imports = imports(tree);
    imports.retain(|(from, to)| !exceptions.iter().any(|(one, other, _)| *one == from && *other == to));
    found.extend(imports.iter().filter_map(|(from, to)| complaint(from, to)));
    found.extend(circles(&imports));
    found
}

#[test]
fn imports_only_go_down_and_in_no_circle() {
    let complaints = complaints(&sources(), EXCEPTIONS);
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

#[test]
fn every_exception_is_needed() {
    let tree = sources();
    for (from, to, reason) in EXCEPTIONS {
        let others: Vec<_> = EXCEPTIONS.iter().copied().filter(|row| row != &(*from, *to, *reason)).collect();
        assert!(!complaints(&tree, &others).is_empty(), "{from} no longer needs {to}: {reason}");
    }
}

#[test]
fn no_file_is_long() {
    let sources = sources();
    let long: Vec<_> =
        sources.iter().filter(|(_, text)| text.lines().count() > LINES).map(|(file, _)| file).collect();
    assert!(long.is_empty(), "over {LINES} lines: {long:?}");
}

#[test]
fn every_file_starts_with_its_documentation() {
    for (file, text) in sources() {
        assert!(text.starts_with("//! "), "{file}");
    }
}

/// Code that names an item of the root compiles with every feature set.
#[test]
fn the_root_has_the_same_names_with_every_feature() {
    let root = &sources()["lib"];
    let lines: Vec<&str> = root.lines().collect();
    let names = lines.windows(2).filter(|pair| pair[1].starts_with("pub use "));
    let gated: Vec<_> = names.clone().filter(|pair| pair[0].starts_with("#[cfg")).collect();
    assert!(names.count() >= 15 && gated.is_empty(), "{gated:?}");
}

#[test]
fn unsafe_code_is_forbidden_everywhere() {
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    let manifest: toml::Table = manifest.parse().unwrap();
    assert_eq!(manifest["lints"]["rust"]["unsafe_code"].as_str(), Some("forbid"));
    for (file, text) in sources() {
        let code = code(&text);
        for word in ["unsafe ", "allow(unsafe", ".unwrap()", ".expect(", "todo!(", "dbg!("] {
            assert!(!code.contains(word), "{file} has {word:?}");
        }
    }
}

/// REQ-18: a secret is compared by `ct_eq` or as a fingerprint, never byte by byte with an early
/// return.
#[test]
fn req_18_no_exposed_secret_is_compared() {
    let sources = sources();
    for (file, text) in &sources {
        for line in code(text).lines().filter(|line| line.contains("expose_secret")) {
            let compared = ["==", "!=", ".eq(", ".cmp(", "starts_with", "contains("]
                .iter()
                .any(|how| line.contains(how));
            assert!(!compared, "{file}: {line}");
        }
    }
    assert!(sources["credential/secret"].contains("subtle::ConstantTimeEq"));
}

/// The files that read the text of a secret: to parse, find, hash, send or check it. Add a file
/// only if it has a reason to see secrets.
#[rustfmt::skip]
const DOORS: &[&str] = &[
    "credential/credential", "credential/digest", "credential/pair", "credential/secret", "credential/typed_headers", "grant/memory/applications",
    "grant/proof", "grant/token_shape", "grant/token_shape/read",
    "read/value", "server/answer", "server/authorize/consent", "server/browser/cookie", "server/client", "server/parameters", "server/signer/read", "test_util/conformance/checks", "test_util/conformance/observation",
    "test_util/conformance/mutation", "verify/cache/key", "verify/memory", "verify/memory/record",
    "verify/oauth/introspection", "verify/oauth/jwt", "verify/sql/denied", "verify/sql/digest",
    "verify/sql/log_in", "verify/sql/store/users",
];

#[test]
fn secrets_are_exposed_in_few_files_and_in_none_that_logs_or_answers() {
    let exposes = |(_, text): &(String, String)| code(text).contains("expose_secret");
    let found: BTreeSet<String> = sources().into_iter().filter(exposes).map(|(file, _)| file).collect();
    let doors: BTreeSet<String> = DOORS.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(found, doors);
    for silent in ["observe", "rejection", "layer", "trace"] {
        assert!(!DOORS.iter().any(|door| entry(door) == silent), "{silent}");
    }
}

/// Platforms are data: no code branches on the name of a dialect or a profile.
#[test]
fn no_platform_is_a_branch() {
    let is_data = |file: &str| is_in(file, "dialect") || is_in(file, "server/profile");
    for (file, text) in sources().iter().filter(|(file, _)| !is_data(file)) {
        let code = code(text).to_lowercase();
        for platform in ["\"socrata\"", "\"usergrid\"", "\"geodatahub\"", "\"opendatasoft\""] {
            assert!(!code.contains(platform), "{file} names {platform}");
        }
    }
}

/// Returns a tree of a few files that is valid except for the error that a test adds.
fn tree(files: &[(&str, &str)]) -> Tree {
    files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

#[test]
fn a_sound_tree_has_no_complaints() {
    let sound = tree(&[
        ("lib", "mod clock;\nmod credential;\nmod layer;\npub use self::credential::Secret;"),
        ("clock", "pub trait Clock {}"),
        ("credential", "mod pair;\nmod secret;\npub use self::pair::Pair;\npub use self::secret::Secret;"),
        ("credential/pair", "use super::Secret;\nuse crate::clock::Clock;"),
        (
            "credential/secret",
            "pub struct Secret;\n#[cfg(test)]\nmod tests {\n    use crate::layer::Layer;\n}",
        ),
        ("layer", "use crate::Secret; // crate::test_util\nfn f() { crate::credential::Pair::new() }"),
        ("verify/sql/new", "use crate::grant::Grant;"),
        ("grant", "use crate::principal::Principal;"),
        ("policy/policy", "use super::and::And;"),
        ("policy/and", "use super::policy::Policy;"),
        ("principal", ""),
        ("server", "use crate::grant::Grant;\nuse crate::layer::Layer;"),
        ("test_util", "use crate::server::Server;"),
    ]);
    assert_eq!(complaints(&sound, &[]), Vec::<String>::new());
}

#[test]
fn planted_faults_are_found() {
    for (files, expected) in [
        // Upward: directly, in a list, in a body, through a re-export of the root, from an inner
        // module.
        (vec![("clock", "use crate::layer::Layer;"), ("layer", "")], "clock imports layer"),
        (
            vec![("read/a", "use crate::{clock::X, pipeline::{Y as Z}};"), ("pipeline", ""), ("clock", "")],
            "read/a imports pipeline",
        ),
        (
            vec![("policy/and", "fn f() { crate::extract::g() }"), ("extract", "")],
            "policy/and imports extract",
        ),
        (
            vec![("lib", "pub use self::layer::Layer;"), ("trace", "use crate::Layer;"), ("layer", "")],
            "trace imports layer",
        ),
        (
            vec![("trace", "mod inner {\n    use crate::layer::Layer;\n}"), ("layer", "")],
            "trace imports layer",
        ),
        (
            vec![("fetch/reqwest", "use super::super::layer::Layer;"), ("fetch", ""), ("layer", "")],
            "fetch/reqwest imports layer",
        ),
        // Forbidden imports in both directions, and reserved entries.
        (
            vec![("verify/x", "use crate::dialect::Dialect;"), ("dialect", "")],
            "verify/x must not import dialect",
        ),
        (vec![("dialect/x", "use crate::verify::Verifier;"), ("verify", "")], "dialect/x imports verify"),
        (vec![("verify/jwt", "use crate::grant::Grant;"), ("grant", "")], "verify/jwt must not import grant"),
        (vec![("extract", "use crate::server::Server;"), ("server", "")], "extract imports server"),
        (vec![("grant", "use crate::fetch::Fetch;"), ("fetch", "")], "grant must not import fetch"),
        // Circles: of two, of three, of folders, through the folder's re-exports.
        (
            vec![("policy", ""), ("policy/a", "use super::b::B;"), ("policy/b", "use super::a::A;")],
            "policy/a is in a circle",
        ),
        (
            vec![
                ("read", ""),
                ("read/a", "use super::b;"),
                ("read/b", "use super::c::C;"),
                ("read/c", "use crate::read::a;"),
            ],
            "read/c is in a circle",
        ),
        (
            vec![
                ("verify", ""),
                ("verify/a/x", "use crate::verify::b::y::Y;"),
                ("verify/b/y", ""),
                ("verify/b/z", "use crate::verify::a::x::X;"),
            ],
            "verify/a is in a circle",
        ),
        (
            vec![
                ("credential", "pub use self::pair::Pair;\npub use self::secret::{Secret, Other};"),
                ("credential/pair", "use super::Secret;"),
                ("credential/secret", "use crate::credential::Pair;"),
            ],
            "credential/pair is in a circle",
        ),
        // A file with its folder's name does not excuse a circle among its siblings.
        (
            vec![
                ("policy/policy", "use super::a::A;"),
                ("policy/a", "use super::policy::P;\nuse super::b::B;"),
                ("policy/b", "use super::a::A;"),
            ],
            "policy/b is in a circle",
        ),
        (vec![("tables/mod", "")], "tables has no place in the order"),
    ] {
        let found = complaints(&tree(&files), &[]);
        assert!(found.iter().any(|complaint| complaint.starts_with(expected)), "{expected}: {found:?}");
    }
}

#[test]
fn an_exception_excuses_its_own_import_alone() {
    let files =
        tree(&[("clock", "use crate::layer::Layer;\nuse crate::verify::V;"), ("layer", ""), ("verify", "")]);
    let found = complaints(&files, &[("clock", "layer", "because")]);
    assert_eq!(found, ["clock imports verify, which is above it"]);
}

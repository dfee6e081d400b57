//! Holds the floors of the source: a file imports only from lower floors, so the drawing in the documents
//! cannot rot. A new file has to be placed here.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The floors from the ground up, and the files on each. A file is named by its module: `policy/scope`
/// is `policy/scope.rs`, `policy` is `policy.rs` or `policy/mod.rs`.
///
/// Files of one floor do not know each other. A folder's `mod.rs` may name its children, and a child
/// whatever is above it in its own folder; children do not name each other.
#[rustfmt::skip]
const FLOORS: &[(&str, &[&str])] = &[
    ("words", &[
        "secret", "scope", "kind", "challenge", "clock", "network", "percent", "trace", "head", "deadline", "fingerprint",
        "permission", "permission/pattern", "permission/several", "span", "fetch", "fetch/reqwest", "fetch/service",
    ]),
    ("composed words", &[
        "pair", "password", "password/legacy", "password/memory", "password/stored", "path", "original", "headers", "quoted", "token_format",
    ]),
    ("places", &["ground", "identity"]),
    ("principals", &["principal", "principal/dependencies", "principal/grants", "principal/kinds", "principal/known", "principal/record"]),
    ("nouns", &["credential", "credential/kind", "credential/carrier", "credential/client", "credential/presented", "credential/spelling", "credential/syntax"]),
    ("meters", &["meter"]),
    ("syntax", &[
        "syntax", "syntax/basic", "syntax/params", "syntax/scheme", "syntax/token", "classify", "guest", "transport", "transport/forwarded", "transport/peer", "transport/proxy", "transport/rule", "syntax/cookie", "syntax/cross_site", "syntax/subprotocol", "classify/shape",
        "authentication",
    ]),
    ("rows", &["form", "form/value", "carried"]),
    ("tables", &[
        "dialect", "dialect/answer_row", "dialect/any", "dialect/error", "dialect/geodatahub", "dialect/opendatasoft", "dialect/rfc6750",
        "dialect/socrata", "dialect/usergrid",
    ]),
    ("ports", &[
        "verify", "verify/boxed", "verify/context", "verify/denial", "verify/error", "verify/func", "verify/or", "verify/throttle", "verify/throttle/attempt", "verify/throttle/counts",
        "verify/memory", "verify/memory/builder", "verify/memory/change", "verify/memory/error", "verify/memory/names", "verify/memory/shards", "verify/tenancy",
        "verify/claims", "verify/claims/client", "verify/claims/group", "verify/claims/json", "verify/claims/mapping", "verify/claims/word",
        "verify/introspection", "verify/introspection/answer", "verify/introspection/builder", "verify/introspection/member",
        "verify/cache", "verify/cache/bounded", "verify/cache/endings", "verify/cache/flights", "verify/cache/generations",
        "verify/cache/gently", "verify/cache/key",
        "verify/cache/lifetime", "verify/cache/revoke", "verify/cache/settings", "verify/cache/store",
        "verify/jwks", "verify/jwks/algorithm", "verify/jwks/builder", "verify/jwks/flight",
        "verify/jwks/document", "verify/jwks/jwk", "verify/jwks/jws", "verify/jwks/kept", "verify/jwks/key", "verify/jwks/key_file", "verify/jwks/report", "verify/jwks/roca",
        "verify/jwks/set", "verify/jwks/source",
        "verify/jwt", "verify/jwt/builder", "verify/jwt/builder_claims", "verify/jwt/denied", "verify/jwt/denylist",
        "verify/jwt/error", "verify/jwt/explain", "verify/jwt/faults", "verify/jwt/issuers", "verify/jwt/keys", "verify/jwt/provider",
        "verify/jwt/provider/data", "verify/jwt/provider/facts", "verify/jwt/provider/presets",
        "verify/jwt/purpose", "verify/jwt/rules", "verify/jwt/token_use",
        "verify/sql", "verify/sql/announce", "verify/sql/batch", "verify/sql/builder", "verify/sql/change", "verify/sql/database", "verify/sql/denied",
        "verify/sql/digest", "verify/sql/engine", "verify/sql/error", "verify/sql/evict", "verify/sql/holders", "verify/sql/kind", "verify/sql/last_used",
        "verify/sql/listen", "verify/sql/log_in", "verify/sql/lookup", "verify/sql/names", "verify/sql/postgres", "verify/sql/schema",
        "verify/sql/sqlite", "verify/sql/topic", "verify/sql/value", "verify/sql/store", "verify/sql/store/credentials",
        "verify/sql/store/draft", "verify/sql/store/lists", "verify/sql/store/records", "verify/sql/store/roles", "verify/sql/store/users",
        "policy", "policy/and", "policy/application", "policy/authenticated", "policy/issuer", "policy/kind", "policy/or",
        "policy/permission", "policy/scope",
    ]),
    ("readers", &["table", "table/authorization", "table/cookies", "table/known_names", "table/options", "table/parameters", "table/subprotocols", "rejection"]),
    ("tellers", &["audit", "refused"]),
    ("challenges", &["schemes"]),
    ("answers", &["answer", "reader", "judgement", "metadata", "revocation", "revocation/revoking", "revocation/window", "seal", "guests"]),
    ("guards", &["guard"]),
    ("pipeline", &["authenticator"]),
    ("tower", &[
        "layer", "layer/authenticate", "layer/authenticate/future", "layer/authenticate/service", "layer/form_body", "layer/original_target",
        "layer/request_body", "layer/require", "layer/response_body",
    ]),
    ("edge", &[
        "extract", "protect", "test_util", "test_util/guarded", "test_util/clock", "test_util/doctor", "test_util/endpoint", "test_util/fault",
        "test_util/introspection", "test_util/issuer", "test_util/signer", "test_util/token",
        "test_util/conformance", "test_util/conformance/checks", "test_util/conformance/ending", "test_util/conformance/identity", "test_util/conformance/outage",
        "test_util/conformance/report", "test_util/conformance/revoking", "test_util/conformance/rule",
        "test_util/conformance/seen", "test_util/conformance/twist",
    ]),
    ("roof", &["lib"]),
];

/// Children that know another child of their folder: of the first, what it needs the second for.
const PARTNERS: &[(&str, &str, &str)] = &[
    ("syntax/basic", "syntax/token", "one length limits every credential"),
    ("syntax/scheme", "syntax/token", "what follows a scheme is a token"),
    ("revocation/revoking", "revocation/window", "a revocation is counted for its owner and client"),
    ("transport/proxy", "transport/forwarded", "headers are lists of members"),
    ("principal/kinds", "principal/record", "the seven kinds are made of records"),
    ("principal/known", "principal/record", "identities stand in records"),
    ("principal/grants", "principal/record", "permissions stand in records"),
    ("verify/throttle", "verify/tenancy", "it passes both through"),
    ("verify/cache/revoke", "verify/cache/flights", "nobody joins what began before"),
    ("verify/cache/revoke", "verify/cache/store", "what is kept is ended"),
    ("verify/cache/store", "verify/cache/bounded", "so much is stored and no more"),
    ("verify/cache/store", "verify/cache/endings", "what was revoked is not good in any spelling"),
    ("verify/cache/store", "verify/cache/generations", "what was evicted is not stored again"),
    ("verify/cache/store", "verify/cache/lifetime", "what is stored is good for a time"),
    ("verify/cache/store", "verify/cache/settings", "they say how much is stored and for how long"),
    ("verify/introspection", "verify/claims", "an answer claims something of a token"),
    ("verify/jwks", "verify/claims", "keys are JSON that is read as strictly"),
    ("verify/jwt", "verify/claims", "a payload is claims"),
    ("verify/introspection/builder", "verify/introspection/answer", "what is expected of one is set there"),
    ("test_util/conformance/checks", "test_util/conformance/seen", "what was said is compared"),
    ("test_util/conformance/checks", "test_util/conformance/twist", "nearly good credentials are shown"),
    ("test_util/conformance/ending", "test_util/conformance/checks", "more of what is checked"),
    ("test_util/conformance/identity", "test_util/conformance/checks", "more of what is checked"),
    ("test_util/conformance/identity", "test_util/conformance/twist", "credentials are compared"),
    ("test_util/conformance/outage", "test_util/conformance/checks", "more of what is checked"),
    ("test_util/conformance/outage", "test_util/conformance/seen", "what was said is compared"),
    ("test_util/conformance/revoking", "test_util/conformance/checks", "more of what is checked"),
    ("test_util/conformance/revoking", "test_util/conformance/twist", "nearly good credentials are revoked"),
    ("test_util/conformance/seen", "test_util/conformance/twist", "secrets are looked for"),
    ("verify/jwt", "verify/jwks", "JWTs are verified with keys"),
    ("verify/jwt/provider/presets", "verify/jwt/provider/data", "a preset has data"),
    ("verify/jwt/denylist", "verify/jwt/denied", "a list of denied tokens"),
    ("test_util/introspection", "test_util/endpoint", "who asks is known there"),
    ("test_util/issuer", "test_util/endpoint", "an issuer is asked about its tokens"),
    ("test_util/issuer", "test_util/signer", "an issuer signs"),
    ("verify/sql/batch", "verify/sql/change", "several of them are one pass"),
    ("verify/sql/builder", "verify/sql/lookup", "statements are put together once"),
    ("verify/sql/builder", "verify/sql/schema", "the tables are brought up to date"),
    ("verify/sql/change", "verify/sql/topic", "what is changed has a topic"),
    ("verify/sql/denied", "verify/sql/topic", "what is looked for on the list has a topic"),
    ("verify/sql/evict", "verify/cache", "what changed is forgotten"),
    ("password/stored", "password/legacy", "a stored hash may be of another format"),
    ("password/stored", "password/memory", "a check borrows memory"),
    ("verify/sql/builder", "verify/sql/log_in", "one hash of another format is read at the start"),
    ("verify/sql/log_in", "verify/sql/lookup", "the user is judged as it was read"),
    ("verify/sql/log_in", "verify/sql/names", "what is bound was checked"),
    ("verify/sql/lookup", "verify/sql/topic", "an answer has the topics of what it depends on"),
    ("verify/sql/lookup", "verify/sql/names", "times as the database holds them"),
    ("verify/sql/postgres", "verify/sql/holders", "the tables hold whose each name is"),
    ("verify/sql/sqlite", "verify/sql/holders", "the tables hold whose each name is"),
    ("verify/sql/postgres", "verify/sql/announce", "the tables announce what changes"),
    ("verify/sql/postgres", "verify/sql/listen", "what it announces is listened to"),
    ("verify/sql/store", "verify/sql/names", "what is bound was checked"),
    ("verify/sql/store/credentials", "verify/sql/names", "what is bound was checked"),
    ("verify/sql/store/lists", "verify/sql/names", "what is bound was checked"),
    ("verify/sql/store/records", "verify/sql/names", "times as the database holds them"),
    ("verify/sql/store/roles", "verify/sql/names", "what is bound was checked"),
    ("verify/sql/store/users", "verify/sql/names", "what is bound was checked"),
    ("layer/form_body", "layer/request_body", "a form that was read is a body again"),
];

/// What a file may not know though its floor would let it.
const STRANGERS: &[(&str, &[&str])] = &[
    ("dialect", &["verify"]),
    ("verify", &["dialect", "layer", "extract", "table", "form"]),
    ("policy", &["verify", "dialect"]),
    ("extract", &["layer", "authenticator", "verify", "credential"]),
];

/// The longest a file may be.
const LINES: usize = 300;

struct File {
    name: String,
    path: PathBuf,
    text: String,
}

fn sources() -> Vec<File> {
    fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, files);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    walk(&root, &mut paths);
    paths.sort();
    let file = |path: PathBuf| {
        let relative = path.strip_prefix(&root).unwrap().with_extension("");
        let name = relative.to_str().unwrap().replace('\\', "/");
        let name = name.strip_suffix("/mod").unwrap_or(&name).to_owned();
        File { name, text: fs::read_to_string(&path).unwrap(), path }
    };
    paths.into_iter().map(file).collect()
}

/// The code that is compiled into the library: without comments, text and unit tests.
fn code(text: &str) -> String {
    let tests = text.find("\n#[cfg(test)]").unwrap_or(text.len());
    let lines = text[..tests].lines().map(|line| line.split("//").next().unwrap());
    lines.collect::<Vec<_>>().join("\n")
}

/// Every path in the code that starts with this word: `crate::a::b` as `a/b`, with lists spread out.
fn paths_from(word: &str, code: &str) -> BTreeSet<String> {
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices(&format!("{word}::")) {
        if code[..at].ends_with(is_word) || code[..at].ends_with('$') {
            continue;
        }
        let rest = &code[at + word.len() + 2..];
        let end = rest.find(|character: char| !is_word(character) && character != ':').unwrap_or(rest.len());
        let path = rest[..end].trim_end_matches(':').replace("::", "/");
        match rest[end..].strip_prefix('{') {
            Some(list) => {
                let list = list.split('}').next().unwrap();
                let names = list.split(',').filter_map(|name| name.trim().split([' ', ':']).next());
                found.extend(names.map(|name| format!("{path}/{name}").trim_start_matches('/').to_owned()));
            }
            None => _ = found.insert(path),
        }
    }
    found
}

/// The files that a file imports.
fn imports(file: &File, names: &BTreeSet<String>) -> BTreeSet<String> {
    // The longest beginning that is a file: the rest is what the file declares.
    let resolve = |path: &str| {
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        ends.filter_map(|end| names.get(&path[..end])).next_back().cloned()
    };
    let code = code(&file.text);
    let mut found: BTreeSet<String> =
        paths_from("crate", &code).iter().filter_map(|path| resolve(path)).collect();
    let parent = file.name.rsplit_once('/').map_or("", |(parent, _)| parent);
    // An inner module's `super` is the file itself, which names none of its siblings.
    for path in paths_from("super", &code) {
        let path = format!("{parent}/{path}");
        found.extend(resolve(path.trim_start_matches('/')));
        found.extend(Some(parent.to_owned()).filter(|parent| !parent.is_empty()));
    }
    found.remove(&file.name);
    found
}

fn floors() -> BTreeMap<&'static str, usize> {
    let rows = FLOORS.iter().enumerate();
    rows.flat_map(|(floor, (_, names))| names.iter().map(move |name| (*name, floor))).collect()
}

fn is_above(one: &str, other: &str) -> bool {
    other.strip_prefix(one).is_some_and(|rest| rest.starts_with('/'))
}

fn are_siblings(one: &str, other: &str) -> bool {
    let folder = |name: &str| name.split_once('/').map(|(folder, _)| folder.to_owned());
    folder(one).is_some() && folder(one) == folder(other)
}

/// What is wrong with one import, if anything.
fn complaint(from: &str, to: &str) -> Option<String> {
    let floors = floors();
    if is_above(from, to) || is_above(to, from) {
        return None;
    }
    if are_siblings(from, to) {
        let declared = PARTNERS.iter().any(|(one, other, _)| (*one, *other) == (from, to));
        return (!declared).then(|| format!("{from} names its sibling {to}"));
    }
    let (Some(own), Some(other)) = (floors.get(from), floors.get(to)) else { return None };
    if other >= own {
        return Some(format!("{from} ({}) imports {to} ({})", FLOORS[*own].0, FLOORS[*other].0));
    }
    let folder = |name: &str| name.split('/').next().unwrap().to_owned();
    let stranger = STRANGERS.iter().any(|(who, whom)| *who == folder(from) && whom.contains(&&*folder(to)));
    stranger.then(|| format!("{from} should not know {to}"))
}

#[test]
fn every_file_stands_on_a_floor_and_every_place_is_taken() {
    let files: BTreeSet<String> = sources().into_iter().map(|file| file.name).collect();
    let placed: BTreeSet<String> = floors().into_keys().map(str::to_owned).collect();
    assert_eq!(
        floors().len(),
        FLOORS.iter().map(|(_, names)| names.len()).sum::<usize>(),
        "a file stands twice"
    );
    let homeless: Vec<_> = files.difference(&placed).collect();
    let empty: Vec<_> = placed.difference(&files).collect();
    assert!(homeless.is_empty() && empty.is_empty(), "without a floor: {homeless:?}; not there: {empty:?}");
}

#[test]
fn a_file_imports_only_from_lower_floors() {
    let files = sources();
    let names: BTreeSet<String> = files.iter().map(|file| file.name.clone()).collect();
    let complaints: Vec<_> = files
        .iter()
        .filter(|file| file.name != "lib")
        .flat_map(|file| imports(file, &names).into_iter().filter_map(|to| complaint(&file.name, &to)))
        .collect();
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

#[test]
fn every_declared_partnership_is_needed() {
    let files = sources();
    let names: BTreeSet<String> = files.iter().map(|file| file.name.clone()).collect();
    for (one, other, _) in PARTNERS {
        let file = files.iter().find(|file| file.name == *one).unwrap();
        assert!(imports(file, &names).contains(*other), "{one} does not name {other}");
    }
}

#[test]
fn no_file_is_long() {
    let long = |file: &File| {
        let lines = file.text.lines().count();
        (lines > LINES).then(|| format!("{}: {lines}", file.path.display()))
    };
    let long: Vec<_> = sources().iter().filter_map(long).collect();
    assert!(long.is_empty(), "over {LINES} lines: {long:?}");
}

#[test]
fn every_file_starts_with_its_documentation() {
    for file in sources() {
        assert!(file.text.starts_with("//! "), "{}", file.path.display());
    }
}

#[test]
fn unsafe_code_is_forbidden_everywhere() {
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    let manifest: toml::Table = manifest.parse().unwrap();
    assert_eq!(manifest["lints"]["rust"]["unsafe_code"].as_str(), Some("forbid"));
    for file in sources() {
        let code = code(&file.text);
        for word in ["unsafe ", "allow(unsafe", ".unwrap()", ".expect(", "todo!(", "dbg!("] {
            assert!(!code.contains(word), "{} has {word:?}", file.path.display());
        }
    }
}

/// REQ-18: a secret is compared by `ct_eq` or as a fingerprint, never byte by byte with an early end.
#[test]
fn req_18_no_exposed_secret_is_compared() {
    for file in sources() {
        for line in code(&file.text).lines().filter(|line| line.contains("expose_secret()")) {
            let compared = ["==", "!=", ".eq(", ".cmp(", "starts_with", "contains("]
                .iter()
                .any(|how| line.contains(how));
            assert!(!compared, "{}: {line}", file.path.display());
        }
    }
    let secret = sources().into_iter().find(|file| file.name == "secret").unwrap();
    assert!(secret.text.contains("subtle::ConstantTimeEq"));
}

/// A secret's text is looked at where it is read, looked up, hashed, sent on or checked, and nowhere else: who adds
/// a file here says why it has to see secrets.
#[rustfmt::skip]
const DOORS: &[&str] = &[
    "credential", "form/value", "headers", "pair", "secret", "table/parameters",
    "test_util/conformance/checks", "test_util/conformance/seen", "test_util/conformance/twist",
    "verify/cache/key", "verify/introspection", "verify/jwt", "verify/memory", "verify/memory/builder",
    "verify/sql/denied", "verify/sql/digest", "verify/sql/log_in", "verify/sql/store/users",
];

#[test]
fn secrets_are_exposed_in_few_files_and_in_none_that_logs_or_answers() {
    let exposes = |file: &File| code(&file.text).contains("expose_secret()");
    let found: BTreeSet<String> = sources().into_iter().filter(exposes).map(|file| file.name).collect();
    let doors: BTreeSet<String> = DOORS.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(found, doors);
    for silent in ["audit", "meter", "answer", "rejection", "layer", "trace", "span"] {
        assert!(!DOORS.iter().any(|door| door.split('/').next() == Some(silent)), "{silent}");
    }
}

/// Platforms are data: no code asks for a dialect by its name.
#[test]
fn no_platform_is_a_branch() {
    for file in sources().iter().filter(|file| !file.name.starts_with("dialect/")) {
        let code = code(&file.text).to_lowercase();
        for platform in ["\"socrata\"", "\"usergrid\"", "\"geodatahub\"", "\"opendatasoft\""] {
            assert!(!code.contains(platform), "{} names {platform}", file.path.display());
        }
    }
}

/// The rules above find what they should.
#[test]
fn the_rules_can_be_broken() {
    assert!(complaint("secret", "layer").is_some());
    assert!(complaint("secret", "scope").is_some());
    assert!(complaint("dialect/socrata", "verify").is_some());
    assert!(complaint("verify/func", "dialect").is_some());
    assert!(complaint("policy/and", "policy/or").is_some());
    assert!(complaint("policy", "policy/or").is_none() && complaint("policy/or", "policy").is_none());
    assert!(complaint("layer/authenticate/future", "layer").is_none());
    assert!(complaint("pair", "secret").is_none());
    let text = "use crate::a::{b, C};\nuse super::x;\nfn f() { crate::d::e() } // crate::not\n#[cfg(test)]\nuse crate::never;";
    let found = paths_from("crate", &code(text));
    assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), ["a/C", "a/b", "d/e"]);
    assert_eq!(paths_from("super", &code(text)).into_iter().collect::<Vec<_>>(), ["x"]);
}

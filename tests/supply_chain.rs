//! Checks `deny.toml` (REQ-62): banned crates, accepted licences, and sources of crates. Checks
//! also that no crate of a build requires a newer Rust than the promised minimum.
//!
//! `cargo deny` reads the same file and checks more, above all yanked versions and RustSec's
//! advisories. This test needs no tool and no network.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

use semver::{Prerelease, Version, VersionReq};
use serde::Deserialize;
use spdx::{Expression, ParseMode};

/// The parts of `deny.toml` that are checked here.
#[derive(Deserialize)]
struct Rules {
    bans: Bans,
    licenses: Licenses,
    sources: Sources,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<Ban>,
    features: Vec<Features>,
}

#[derive(Deserialize)]
struct Ban {
    #[serde(rename = "crate")]
    name: String,
    reason: String,
}

#[derive(Deserialize)]
struct Features {
    #[serde(rename = "crate")]
    name: String,
    deny: Vec<String>,
}

#[derive(Deserialize)]
struct Licenses {
    allow: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Sources {
    allow_registry: Vec<String>,
}

/// The output of `cargo metadata` about the crates of a build with every feature.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: Version,
    id: String,
    license: Option<String>,
    /// The minimum Rust version in its manifest.
    rust_version: Option<VersionReq>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
    root: Option<String>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    features: Vec<String>,
    deps: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    pkg: String,
    dep_kinds: Vec<DependencyKind>,
}

#[derive(Deserialize)]
struct DependencyKind {
    /// `dev`, `build`, or none for a normal dependency.
    kind: Option<String>,
}

/// The promises of `Cargo.toml` about Rust.
#[derive(Deserialize)]
struct Manifest {
    package: Promise,
    features: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Promise {
    rust_version: VersionReq,
}

/// `Cargo.lock`, which also has crates for other systems and for features that are never enabled.
#[derive(Deserialize)]
struct Lock {
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    source: Option<String>,
    checksum: Option<String>,
}

fn toml_of<T: serde::de::DeserializeOwned>(file: &str) -> T {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    toml::from_str(&fs::read_to_string(path).unwrap()).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn cargo() -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(env!("CARGO_MANIFEST_DIR"));
    cargo
}

fn metadata(features: &[&str]) -> Metadata {
    let version = cargo().args(["--version", "--verbose"]).output().unwrap();
    let version = String::from_utf8(version.stdout).unwrap();
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    // The crates of other systems may be missing on this machine.
    let told = cargo()
        .args(["metadata", "--format-version", "1", "--locked", "--filter-platform", host])
        .args(features)
        .output()
        .unwrap();
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    serde_json::from_slice(&told.stdout).unwrap()
}

/// Matches `NAME` or `NAME@VERSIONS`. A pre-release counts as its release.
fn is_banned(ban: &Ban, package: &Package) -> bool {
    let version = Version { pre: Prerelease::EMPTY, ..package.version.clone() };
    match ban.name.split_once('@') {
        None => ban.name == package.name,
        Some((name, versions)) => {
            name == package.name && VersionReq::parse(versions).unwrap().matches(&version)
        }
    }
}

fn banned(rules: &Rules, metadata: &Metadata) -> Vec<String> {
    let mut found = Vec::new();
    for package in &metadata.packages {
        let bans = rules.bans.deny.iter().filter(|ban| is_banned(ban, package));
        found.extend(bans.map(|ban| format!("{} {}: {}", package.name, package.version, ban.reason)));
        let node = metadata.resolve.nodes.iter().find(|node| node.id == package.id);
        let on = node.map(|node| &node.features).into_iter().flatten();
        for feature in on {
            let denied = |rule: &Features| rule.name == package.name && rule.deny.contains(feature);
            if rules.bans.features.iter().any(denied) {
                found.push(format!("{} with {feature}", package.name));
            }
        }
    }
    found
}

fn unlicensed(rules: &Rules, metadata: &Metadata) -> Vec<String> {
    let allowed = |license: &str| {
        // A few crates still write `MIT/Apache-2.0`.
        let expression = Expression::parse_mode(license, ParseMode::LAX).unwrap();
        expression.evaluate(|one| {
            let id = one.license.id();
            id.is_some_and(|id| rules.licenses.allow.iter().any(|allowed| allowed == id.name))
        })
    };
    let packages = metadata.packages.iter();
    let refused = packages.filter(|package| !package.license.as_deref().is_some_and(allowed));
    refused.map(|package| format!("{}: {:?}", package.name, package.license)).collect()
}

fn foreign(rules: &Rules, lock: &Lock) -> Vec<String> {
    let known = |locked: &&Locked| {
        let registry = locked.source.as_deref().and_then(|source| source.strip_prefix("registry+"));
        let listed = registry
            .is_some_and(|registry| rules.sources.allow_registry.iter().any(|allowed| allowed == registry));
        listed && locked.checksum.as_ref().is_some_and(|checksum| checksum.len() == 64)
    };
    let own = |locked: &&Locked| locked.name == env!("CARGO_PKG_NAME") && locked.source.is_none();
    let packages = lock.package.iter().filter(|locked| !known(locked) && !own(locked));
    packages.map(|locked| format!("{} from {:?}", locked.name, locked.source)).collect()
}

/// Returns the crates that a user of the crate builds, without those of its tests.
fn built(metadata: &Metadata) -> Vec<&Package> {
    let mut reached = BTreeSet::new();
    let mut next: Vec<&str> = metadata.resolve.root.as_deref().into_iter().collect();
    while let Some(id) = next.pop() {
        if !reached.insert(id) {
            continue;
        }
        let node = metadata.resolve.nodes.iter().find(|node| node.id == id).unwrap();
        let is_built = |dependency: &&Dependency| {
            dependency.dep_kinds.iter().any(|of| of.kind.as_deref() != Some("dev"))
        };
        next.extend(node.deps.iter().filter(is_built).map(|dependency| dependency.pkg.as_str()));
    }
    metadata.packages.iter().filter(|package| reached.contains(package.id.as_str())).collect()
}

/// Returns the minor version of Rust 1.
fn minor(rust: &VersionReq) -> u64 {
    let [version] = rust.comparators.as_slice() else { panic!("{rust}") };
    assert_eq!(version.major, 1, "{rust}");
    version.minor.unwrap()
}

/// Returns the newest Rust version that one of these crates requires, and the crate's name.
fn newest<'p>(packages: &[&'p Package]) -> (u64, &'p str) {
    let asked = packages
        .iter()
        .filter_map(|package| package.rust_version.as_ref().map(|rust| (minor(rust), package.name.as_str())));
    asked.max().unwrap()
}

/// The test kit authenticates without a credential, so only a build that names its feature may
/// contain it.
#[test]
fn no_feature_but_its_own_switches_the_test_kit_on() {
    let manifest: Manifest = toml_of("Cargo.toml");
    assert!(manifest.features.contains_key("test-util"));
    let all_but: BTreeSet<&str> =
        manifest.features.keys().map(String::as_str).filter(|name| *name != "test-util").collect();
    let full: BTreeSet<&str> = manifest.features["full"].iter().map(String::as_str).collect();
    for (name, enabled) in &manifest.features {
        assert!(!enabled.iter().any(|feature| feature == "test-util"), "{name}");
    }
    let public = |name: &&str| !["default", "full", "_sql"].contains(name);
    assert_eq!(full, all_but.into_iter().filter(public).collect());
}

#[test]
fn a_service_that_checks_only_jwts_builds_without_password_hashes_and_tables_in_memory() {
    let names = |features: &[&str]| -> BTreeSet<String> {
        built(&metadata(features)).into_iter().map(|package| package.name.clone()).collect()
    };
    let heavy = ["argon2", "arc-swap"];
    let jwt = names(&["--no-default-features", "--features", "jwt"]);
    assert!(jwt.contains("aws-lc-rs"), "{jwt:?}");
    assert_eq!(heavy.into_iter().find(|name| jwt.contains(*name)), None);
    let default = names(&[]);
    assert!(heavy.into_iter().all(|name| default.contains(name)), "{default:?}");
}

/// The number that a user sees in `cargo tree`, the crate itself included.
#[test]
fn at_most_60_crates_are_built_by_default() {
    // `cargo metadata` unites the features that crates have with those that the tests need.
    let tree = cargo()
        .args(["tree", "--locked", "--edges", "no-dev", "--prefix", "none", "--no-dedupe"])
        .output()
        .unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let tree = String::from_utf8(tree.stdout).unwrap();
    let crates: BTreeSet<_> = tree.lines().collect();
    let is_there = |name: &str| crates.iter().any(|line| line.starts_with(name));
    assert!(is_there("tower-principal v") && is_there("argon2 v"), "nothing was read: {crates:?}");
    assert!(crates.len() <= 60, "{}: {crates:#?}", crates.len());
}

/// `cargo check` with that Rust would report this first. The manifest's `rust-version` and the
/// README's table of features state the same version.
#[test]
fn no_crate_but_sqlx_needs_a_newer_rust_than_is_promised() {
    let manifest: Manifest = toml_of("Cargo.toml");
    let promised = minor(&manifest.package.rust_version);
    let needs_sqlx = |name: &str| ["sqlite", "postgres", "_sql", "full"].contains(&name);
    let most: Vec<_> =
        manifest.features.keys().map(String::as_str).filter(|name| !needs_sqlx(name)).collect();
    assert!(most.contains(&"jwt") && most.contains(&"reqwest"), "{most:?}");

    let metadata_of =
        |features: &[&str]| metadata(&["--no-default-features", "--features", &features.join(",")]);
    let without = metadata_of(&most);
    let built_without = built(&without);
    assert!(built_without.iter().any(|package| package.name == "aws-lc-rs"), "nothing was read");
    assert!(built_without.iter().all(|package| package.name != "proptest"), "a crate of the tests");
    let (newest_without, name) = newest(&built_without);
    assert!(newest_without <= promised, "{name} needs 1.{newest_without}");

    let with = metadata_of(&["full"]);
    let (newest_with, name) = newest(&built(&with));
    assert!(name.starts_with("sqlx"), "{name} needs 1.{newest_with}");

    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    for feature in manifest.features.keys().filter(|name| !["default", "_sql"].contains(&name.as_str())) {
        let rust = if needs_sqlx(feature) { newest_with } else { promised };
        let is_row = |line: &str| {
            let cells: Vec<_> = line.split('|').map(str::trim).collect();
            cells.len() == 6 && cells[1].contains(&format!("`{feature}`")) && cells[4] == format!("1.{rust}")
        };
        assert!(readme.lines().any(is_row), "{feature} needs 1.{rust}");
    }
}

#[test]
fn req_62_no_banned_crate_version_or_feature_is_built() {
    let metadata = metadata(&["--all-features"]);
    assert!(metadata.packages.iter().any(|package| package.name == "h2"), "nothing was read");
    assert_eq!(banned(&toml_of("deny.toml"), &metadata), Vec::<String>::new());
}

#[test]
fn req_62_every_licence_is_one_that_users_can_live_with() {
    assert_eq!(unlicensed(&toml_of("deny.toml"), &metadata(&["--all-features"])), Vec::<String>::new());
}

#[test]
fn req_62_every_crate_comes_from_crates_io_and_has_a_checksum() {
    assert_eq!(foreign(&toml_of("deny.toml"), &toml_of("Cargo.lock")), Vec::<String>::new());
}

/// JWTs are verified with aws-lc-rs, on every system that builds that crate.
#[test]
fn req_62_jsonwebtoken_has_one_cryptography() {
    let metadata = metadata(&["--all-features"]);
    let tokens = metadata.packages.iter().filter(|package| package.name == "jsonwebtoken");
    for package in tokens {
        let node = metadata.resolve.nodes.iter().find(|node| node.id == package.id).unwrap();
        assert!(node.features.iter().any(|feature| feature == "aws_lc_rs"), "{:?}", node.features);
    }
}

/// The rules above find violations.
#[test]
fn the_rules_can_be_broken() {
    let rules: Rules = toml_of("deny.toml");
    let package = |name: &str, version: &str, license: Option<&str>| Package {
        name: name.to_owned(),
        version: Version::parse(version).unwrap(),
        id: name.to_owned(),
        license: license.map(str::to_owned),
        rust_version: None,
    };
    let with = |package: Package, features: &[&str]| Metadata {
        resolve: Resolve {
            nodes: vec![Node {
                id: package.id.clone(),
                features: features.iter().copied().map(str::to_owned).collect(),
                deps: Vec::new(),
            }],
            root: None,
        },
        packages: vec![package],
    };
    for (name, version, features, is_refused) in [
        ("jsonwebtoken", "9.3.1", &[][..], true),
        ("jsonwebtoken", "10.2.0", &[], true),
        ("jsonwebtoken", "10.3.0", &["aws_lc_rs"], false),
        ("jsonwebtoken", "11.1.0", &["rust_crypto"], true),
        ("h2", "0.4.15", &[], true),
        ("h2", "0.4.16", &[], false),
        ("h2", "0.3.27", &[], true),
        ("bcrypt", "0.19.1", &[], true),
        ("bcrypt", "0.19.2", &[], false),
        ("rsa", "0.10.0-rc.9", &[], true),
        ("h2", "0.4.0-alpha.1", &[], true),
        ("openssl-sys", "0.9.111", &[], true),
        ("rustls", "0.23.46", &["ring"], false),
    ] {
        let found = banned(&rules, &with(package(name, version, None), features));
        assert_eq!(!found.is_empty(), is_refused, "{name} {version} {features:?}");
    }
    for (license, is_refused) in [
        (Some("MIT/Apache-2.0"), false),
        (Some("GPL-3.0-only OR MIT"), false),
        (Some("MIT AND GPL-3.0-only"), true),
        (Some("AGPL-3.0-only"), true),
        (None, true),
    ] {
        let found = unlicensed(&rules, &with(package("x", "1.0.0", license), &[]));
        assert_eq!(!found.is_empty(), is_refused, "{license:?}");
    }
    let io = "registry+https://github.com/rust-lang/crates.io-index";
    for (source, checksum, is_refused) in [
        (Some(io), Some("0".repeat(64)), false),
        (Some(io), None, true),
        (Some("registry+https://crates.example/index"), Some("0".repeat(64)), true),
        (Some("git+https://github.com/somebody/h2#abc"), None, true),
        (None, None, true),
    ] {
        let locked = Locked { name: "x".to_owned(), source: source.map(str::to_owned), checksum };
        assert_eq!(!foreign(&rules, &Lock { package: vec![locked] }).is_empty(), is_refused, "{source:?}");
    }
}

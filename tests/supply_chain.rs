//! Holds `deny.toml` (REQ-62): what is banned, which licences are taken, where crates come from.
//!
//! `cargo deny` reads the same file and knows more, yanked versions and RustSec's advisories above all. This
//! needs no tool and no network.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

use semver::{Prerelease, Version, VersionReq};
use serde::Deserialize;
use spdx::{Expression, ParseMode};

/// The parts of `deny.toml` that are held here.
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

/// What `cargo metadata` tells of the crates that are built here, with every feature on.
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
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    features: Vec<String>,
}

/// `Cargo.lock`, which has the crates of other systems and of features nobody can turn on, too.
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

fn metadata() -> Metadata {
    let cargo = || Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let version = cargo().args(["--version", "--verbose"]).output().unwrap();
    let version = String::from_utf8(version.stdout).unwrap();
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    // Crates of other systems may not be on this machine.
    let told = cargo()
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["metadata", "--format-version", "1", "--all-features", "--locked", "--filter-platform", host])
        .output()
        .unwrap();
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    serde_json::from_slice(&told.stdout).unwrap()
}

/// `NAME` or `NAME@VERSIONS`. A pre-release counts as what it comes before.
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

#[test]
fn req_62_no_banned_crate_version_or_feature_is_built() {
    let metadata = metadata();
    assert!(metadata.packages.iter().any(|package| package.name == "h2"), "nothing was read");
    assert_eq!(banned(&toml_of("deny.toml"), &metadata), Vec::<String>::new());
}

#[test]
fn req_62_every_licence_is_one_that_users_can_live_with() {
    assert_eq!(unlicensed(&toml_of("deny.toml"), &metadata()), Vec::<String>::new());
}

#[test]
fn req_62_every_crate_comes_from_crates_io_and_has_a_checksum() {
    assert_eq!(foreign(&toml_of("deny.toml"), &toml_of("Cargo.lock")), Vec::<String>::new());
}

/// JWTs are checked by aws-lc-rs, wherever that crate is built.
#[test]
fn req_62_jsonwebtoken_has_one_cryptography() {
    let metadata = metadata();
    let tokens = metadata.packages.iter().filter(|package| package.name == "jsonwebtoken");
    for package in tokens {
        let node = metadata.resolve.nodes.iter().find(|node| node.id == package.id).unwrap();
        assert!(node.features.iter().any(|feature| feature == "aws_lc_rs"), "{:?}", node.features);
    }
}

/// The rules above find what they should.
#[test]
fn the_rules_can_be_broken() {
    let rules: Rules = toml_of("deny.toml");
    let package = |name: &str, version: &str, license: Option<&str>| Package {
        name: name.to_owned(),
        version: Version::parse(version).unwrap(),
        id: name.to_owned(),
        license: license.map(str::to_owned),
    };
    let built = |package: Package, features: &[&str]| Metadata {
        resolve: Resolve {
            nodes: vec![Node {
                id: package.id.clone(),
                features: features.iter().copied().map(str::to_owned).collect(),
            }],
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
        let found = banned(&rules, &built(package(name, version, None), features));
        assert_eq!(!found.is_empty(), is_refused, "{name} {version} {features:?}");
    }
    for (license, is_refused) in [
        (Some("MIT/Apache-2.0"), false),
        (Some("GPL-3.0-only OR MIT"), false),
        (Some("MIT AND GPL-3.0-only"), true),
        (Some("AGPL-3.0-only"), true),
        (None, true),
    ] {
        let found = unlicensed(&rules, &built(package("x", "1.0.0", license), &[]));
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

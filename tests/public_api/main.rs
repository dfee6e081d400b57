//! Compares the public API with its committed listing, `tests/public_api/listing.txt`.
//!
//!     cargo test --test public_api           # fails if they differ
//!     cargo test --test public_api -- write  # writes the listing
//!
//! A plain `cargo test` leaves this out, because it documents the crate once more. The listing
//! comes from rustdoc's JSON output, whose format changes with the compiler. If the library below
//! cannot read the format, nothing is compared, and the output states so.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::{env, fs};

fn main() -> ExitCode {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = package.join("tests/public_api/listing.txt");
    let Some(listing) = listing(&document(package)) else {
        println!("SKIPPED: this compiler's rustdoc writes JSON of another format; nothing compared");
        return ExitCode::SUCCESS;
    };
    if env::args().any(|argument| argument == "write") {
        fs::write(&file, listing.join("\n") + "\n").unwrap();
        return ExitCode::SUCCESS;
    }
    let committed = fs::read_to_string(&file).unwrap();
    let committed: BTreeSet<&str> = committed.lines().collect();
    let current: BTreeSet<&str> = listing.iter().map(String::as_str).collect();
    let removed = committed.difference(&current).map(|line| format!("-{line}"));
    let added = current.difference(&committed).map(|line| format!("+{line}"));
    let changes: Vec<String> = removed.chain(added).collect();
    let foreign = foreign(&listing);
    if !foreign.is_empty() {
        println!("the public API shows types of crates that `CRATES` does not name: {foreign:?}");
        return ExitCode::FAILURE;
    }
    if changes.is_empty() {
        println!("test result: ok. 1 passed; {} public items, as listed", listing.len());
        return ExitCode::SUCCESS;
    }
    println!("{}", changes.join("\n"));
    println!("the public API differs from tests/public_api/listing.txt; if that is meant, run");
    println!("    cargo test --test public_api -- write");
    ExitCode::FAILURE
}

/// The crates whose types the public API may show. The front page of the documentation names those
/// without a version 1.0.
const CRATES: &[&str] = &[
    "alloc",
    "axum",
    "axum_core",
    "bytes",
    "core",
    "headers",
    "headers_core",
    "http",
    "http_body",
    "ipnet",
    "pin_project_lite",
    "serde_core",
    "serde_json",
    "sqlx_core",
    "sqlx_postgres",
    "sqlx_sqlite",
    "std",
    "tower_layer",
    "tower_principal",
    "tower_service",
    "tracing",
    "zeroize",
];

/// Returns the other crates that these items show.
fn foreign(listing: &[String]) -> BTreeSet<&str> {
    let is_path = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | ':');
    let paths = listing.iter().flat_map(|line| line.split(|letter| !is_path(letter)));
    let crates = paths.filter_map(|path| path.split_once("::")).map(|(name, _)| name);
    crates.filter(|name| is_crate(name) && !CRATES.contains(name)).collect()
}

/// Returns true for a name of a crate, which is in lower case, and not for a type parameter.
fn is_crate(name: &str) -> bool {
    name.starts_with(|letter: char| letter.is_ascii_lowercase())
}

/// Documents the crate with every feature, and returns the JSON file.
fn document(package: &Path) -> PathBuf {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let documented = Command::new(cargo)
        .current_dir(package)
        .env("RUSTDOC", package.join("tests/public_api/rustdoc"))
        .args(["rustdoc", "--quiet", "--locked", "--all-features", "--lib", "--"])
        .args(["-Z", "unstable-options", "--output-format", "json"])
        .status();
    assert!(documented.is_ok_and(|status| status.success()), "the crate does not document");
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| package.join("target"), PathBuf::from);
    target.join("doc/tower_principal.json")
}

/// Returns the public items, one a line, or `None` if the JSON has another format.
fn listing(json: &Path) -> Option<Vec<String>> {
    let built = public_api::Builder::from_rustdoc_json(json)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .omit_auto_derived_impls(true)
        .build();
    let mut lines: Vec<String> = built.ok()?.items().map(ToString::to_string).collect();
    lines.sort();
    lines.dedup();
    Some(lines)
}

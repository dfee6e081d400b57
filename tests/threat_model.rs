//! Checks the threat model against the tests: every guarantee names tests, and every one of them
//! exists.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const STAGES: [&str; 8] = ["read", "guard", "guests", "verify", "authorize", "respond", "issue", "serve"];

/// Collects the names of all test functions below a folder.
fn tests_in(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            tests_in(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let mut is_test = false;
            for line in text.lines().map(str::trim) {
                if line.starts_with("#[test") || line.starts_with("#[tokio::test") {
                    is_test = true;
                } else if let Some(name) = line.strip_prefix("fn ").or_else(|| line.strip_prefix("async fn "))
                    && std::mem::take(&mut is_test)
                {
                    found.insert(name.split('(').next().unwrap().to_owned());
                }
            }
        }
    }
}

/// Returns the rows of the guarantees: a stage, and the tests that the row names.
fn guarantees() -> Vec<(String, Vec<String>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("docs/THREAT_MODEL.md")).unwrap();
    let section = text.split("## Guarantees").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| ")).skip(1);
    let row = |line: &str| {
        let cells: Vec<_> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        assert_eq!(cells.len(), 3, "{line}");
        let tests = cells[2].split(", ").map(|name| {
            let name = name.strip_prefix('`').and_then(|name| name.strip_suffix('`'));
            name.unwrap_or_else(|| panic!("no test in backticks: {line}")).to_owned()
        });
        (cells[0].to_owned(), tests.collect())
    };
    rows.map(row).collect()
}

#[test]
fn every_test_that_the_threat_model_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut tests = BTreeSet::new();
    tests_in(&root.join("tests"), &mut tests);
    tests_in(&root.join("src"), &mut tests);
    let missing: Vec<_> =
        guarantees().into_iter().flat_map(|(_, named)| named).filter(|name| !tests.contains(name)).collect();
    assert!(missing.is_empty(), "no such test: {missing:#?}");
}

#[test]
fn every_stage_has_a_guarantee_and_no_other_stage_is_named() {
    let named: BTreeSet<_> = guarantees().into_iter().map(|(stage, _)| stage).collect();
    assert_eq!(named, STAGES.map(str::to_owned).into());
}

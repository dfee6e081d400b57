//! Examples as separate processes.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

/// Returns the path of an example beside this test, which cargo builds with it. Builds it if it is
/// missing or older than its sources, as after `cargo test --test corpus`.
pub(crate) fn executable(name: &str) -> PathBuf {
    let test = env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).expect("target/PROFILE/deps/corpus-HASH");
    let example = profile.join("examples").join(format!("{name}{}", env::consts::EXE_SUFFIX));
    if !example.exists() || changed(&example) < newest_source(name) {
        build(profile, name);
    }
    example
}

fn build(profile: &Path, name: &str) {
    let target = profile.parent().expect("target/PROFILE");
    let profile = match profile.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let built = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["build", "--quiet", "--example", name, "--all-features", "--profile", profile, "--target-dir"])
        .arg(target)
        .status();
    assert!(built.is_ok_and(|status| status.success()), "{name} does not build");
}

fn newest_source(name: &str) -> SystemTime {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    newest(&package.join("src")).max(newest(&package.join("examples").join(name)))
}

fn newest(path: &Path) -> SystemTime {
    if path.is_file() {
        return changed(path);
    }
    let below = fs::read_dir(path).unwrap().map(|entry| newest(&entry.unwrap().path()));
    below.max().unwrap_or(SystemTime::UNIX_EPOCH)
}

fn changed(path: &Path) -> SystemTime {
    fs::metadata(path).and_then(|metadata| metadata.modified()).unwrap()
}

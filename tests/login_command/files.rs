//! The file, and files that are refused.

use std::fs;
use std::os::unix::fs::symlink;

use super::exit;
use super::program::Home;
use super::site::{Site, visit};

/// Every command refuses the file, before anything is sent, and leaves it as it is.
async fn refused(home: &Home, site: &Site, message: &str) {
    for arguments in [&["login"][..], &["login", "--use-refresh-token"], &["logout"]] {
        let ended = home.run(site, arguments).await;
        ended.failed(exit::FILE, message);
        assert!(!ended.stderr.contains("http"), "{ended:?}");
    }
}

#[tokio::test]
async fn looser_modes_are_refused_and_not_repaired() {
    let site = Site::start().await;
    let home = site.logged_in().await;
    let token = home.token();
    for (folder, file, message) in [
        (0o700, 0o644, "this file; its mode must be 0600"),
        (0o700, 0o640, "this file; its mode must be 0600"),
        (0o700, 0o602, "this file; its mode must be 0600"),
        (0o755, 0o600, "this folder; its mode must be 0700"),
        (0o710, 0o600, "this folder; its mode must be 0700"),
    ] {
        home.set_modes(folder, file);
        refused(&home, &site, message).await;
        assert_eq!((home.modes(), home.token()), ((folder, file), token.clone()));
    }
    home.set_modes(0o700, 0o600);
    home.refresh(&site).await;
}

#[tokio::test]
async fn symbolic_links_are_refused() {
    let site = Site::start().await;
    let home = site.logged_in().await;
    let target = home.path().join("target");
    fs::rename(home.file(), &target).unwrap();
    symlink(&target, home.file()).unwrap();
    refused(&home, &site, "must be a file and no symbolic link").await;
    // Also if it leads to nothing.
    fs::remove_file(&target).unwrap();
    refused(&home, &site, "must be a file and no symbolic link").await;

    fs::remove_file(home.file()).unwrap();
    fs::rename(home.folder(), &target).unwrap();
    symlink(&target, home.folder()).unwrap();
    refused(&home, &site, "must be a folder and no symbolic link").await;
}

#[tokio::test]
async fn files_that_are_not_files_are_refused() {
    let site = Site::start().await;
    let home = site.logged_in().await;
    fs::remove_file(home.file()).unwrap();
    fs::create_dir(home.file()).unwrap();
    refused(&home, &site, "must be a file and no symbolic link").await;
    let home = Home::new();
    fs::write(home.folder(), "").unwrap();
    refused(&home, &site, "must be a folder and no symbolic link").await;
}

#[tokio::test]
async fn a_file_of_another_format_is_refused_and_not_quoted() {
    let (site, home) = (Site::start().await, Home::new());
    let long = format!("{{\"refresh_token\":\"{}\"}}", "t0ken".repeat(20_000));
    for text in ["", "t0ken", "\"t0ken\"", "{\"refresh_token\":[\"t0ken\"]}", "{\"token\":\"t0ken\"}", &long]
    {
        home.store(text);
        for arguments in [&["login", "--use-refresh-token"][..], &["logout"]] {
            let ended = home.run(&site, arguments).await;
            ended.failed(exit::FILE, "not a JSON file with a `refresh_token`");
            assert!(!ended.stderr.contains("t0ken"), "{ended:?}");
        }
    }
    // A log-in replaces it.
    let mut login = home.start(&site, &["login"]);
    visit(&login.url().await).await;
    assert_eq!(login.end().await.code, 0);
    home.refresh(&site).await;
}

#[tokio::test]
async fn the_file_may_be_elsewhere() {
    let (site, home) = (Site::start().await, Home::new());
    let path = home.path().join("other").join("file");
    let named = ["--file", path.to_str().unwrap()];
    let mut login = home.start(&site, &[&["login"][..], &named].concat());
    visit(&login.url().await).await;
    assert_eq!(login.end().await.code, 0);
    assert!(path.is_file() && !home.folder().exists());
    let refresh = home.run(&site, &[&["login", "--use-refresh-token"][..], &named].concat()).await;
    assert_eq!(refresh.code, 0, "{refresh:?}");
    assert_eq!(home.run(&site, &[&["logout"][..], &named].concat()).await.code, 0);
    assert!(!path.exists());
}

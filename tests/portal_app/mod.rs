//! `portal app`: registered applications, managed by an operator.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;
use tower_principal::Secret;
use tower_principal::grant::Applications as _;
use tower_principal::verify::sql::SqlVerifier;

use crate::corpus_runner::portal::{Portal, executable};

#[tokio::test]
async fn an_application_is_added_listed_rotated_and_removed_beside_a_running_portal() {
    let portal = Portal::start_with(&["--assume-secure"]).await;
    let data = portal.data();
    let add = "add weather --label demo --grant client_credentials --scope datasets:read \
               --redirect http://127.0.0.1/cb --audience https://a.example --audience https://b.example \
               --serves https://weather.example";
    let first = secret(&said(app(data, add)));
    let viewer = said(app(data, "add viewer --public"));
    assert_eq!(viewer, "client_id viewer\n");
    let list = said(app(data, "list"));
    let listed: Vec<Value> = list.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(listed.len(), 2, "{list}");
    let weather = json!({
        "id": "weather", "type": "confidential", "label": "demo", "grants": ["client_credentials"],
        "redirects": ["http://127.0.0.1/cb"], "scopes": ["datasets:read"],
        "redirect_prefixes": false, "profile": null,
        "audiences": ["https://a.example", "https://b.example"], "serves": ["https://weather.example"],
        "org": null, "app": null, "rotating": false,
    });
    assert_eq!((&listed[0]["id"], &listed[1]), (&json!("viewer"), &weather));
    assert!(!list.contains(&first));
    // Each platform has its own applications.
    assert_eq!(said(app(data, "--platform usergrid list")), "");

    let second = secret(&said(app(data, "rotate weather")));
    assert_eq!(known(data, [&first, &second]).await, [true, true]);
    let third = secret(&said(app(data, "rotate weather --overlap 0")));
    assert_eq!(known(data, [&second, &third]).await, [false, true]);

    // Registered applications are no demo credentials, even with the label of one.
    let portal = Portal::start_in(portal.stop().await.unwrap().data, &["--assume-secure"]).await;
    let data = portal.data();
    assert_eq!(known(data, [&third]).await, [true]);
    assert_eq!(said(app(data, "remove weather")), "");
    assert_eq!(known(data, [&third]).await, [false]);
}

#[tokio::test]
async fn what_cannot_be_done_to_an_application_is_an_error() {
    let data = Portal::start_with(&["--assume-secure"]).await.stop().await.unwrap().data;
    said(app(data.path(), "add viewer --public"));
    for (arguments, message) in [
        ("add viewer", "viewer is taken"),
        ("rotate viewer", "there is no confidential viewer"),
        ("remove nobody", "there is no nobody"),
    ] {
        let output = app(data.path(), arguments);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{arguments}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(said, format!("portal: {message}\n"));
    }
    let unknown = app(data.path(), "add other --grant magic");
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("this is no grant type"));
    let nowhere = TempDir::new().unwrap();
    let output = app(&nowhere.path().join("none"), "list");
    assert!(String::from_utf8_lossy(&output.stderr).contains("none/portal.db: No such file"));
}

#[tokio::test]
async fn an_application_has_a_profile_of_its_platform() {
    let data = Portal::start_with(&["--assume-secure"]).await.stop().await.unwrap().data;
    let data = data.path();
    for (arguments, message) in [
        ("add a --profile socrata", "the profiles of opendatasoft are standard, opendatasoft"),
        ("add a --platform usergrid --profile standard", "the profiles of usergrid are usergrid"),
        (
            "add a --platform geodatahub --profile GEODATAHUB",
            "the profiles of geodatahub are standard, geodatahub",
        ),
    ] {
        let output = app(data, arguments);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{arguments}");
        assert_eq!(String::from_utf8(output.stderr).unwrap(), format!("portal: {message}\n"));
    }
    said(app(
        data,
        "add dance --platform socrata --profile socrata-with-token-type --redirect-prefixes \
         --redirect https://client.example/app",
    ));
    said(app(data, "--platform usergrid add acme.harbour --public --org acme --app harbour"));
    for (platform, field, value) in [
        ("socrata", "profile", json!("socrata-with-token-type")),
        ("socrata", "redirect_prefixes", json!(true)),
        ("usergrid", "profile", json!(null)),
        ("usergrid", "app", json!("harbour")),
    ] {
        let list = said(app(data, &format!("list --platform {platform}")));
        let listed: Value = serde_json::from_str(&list).unwrap();
        assert_eq!(listed[field], value, "{platform} {field}");
    }
    let homeless = app(data, "add a --app weather");
    assert!(String::from_utf8_lossy(&homeless.stderr).contains("--org <NAME>"));
}

fn app(data: &Path, arguments: &str) -> Output {
    let mut portal = Command::new(executable());
    portal.arg("--data").arg(data).arg("app").args(arguments.split(' ')).output().unwrap()
}

fn said(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn secret(said: &str) -> String {
    said.lines().find_map(|line| line.strip_prefix("client_secret ")).unwrap().to_owned()
}

/// Returns which of these secrets authenticate the application.
async fn known<const N: usize>(data: &Path, secrets: [&String; N]) -> [bool; N] {
    let address = format!("sqlite:{}", data.join("portal.db").display());
    let verifier =
        SqlVerifier::sqlite(address).table_prefix("portal_").secret_word("portal").connect().await.unwrap();
    let applications = verifier.store().tenant("opendatasoft").unwrap().applications();
    let mut known = [false; N];
    for (known, secret) in known.iter_mut().zip(secrets) {
        let found = applications.authenticate("weather", &Secret::borrowed(secret)).await.unwrap();
        *known = found.is_some();
    }
    verifier.close().await;
    known
}

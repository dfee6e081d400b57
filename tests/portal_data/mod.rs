//! Rows of Socrata and entities of Usergrid, which the portal stores in its database.

use std::process;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgPool;
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::corpus_runner::case::Mode;
use crate::corpus_runner::portal::Portal;
use crate::corpus_runner::route::Route;
use crate::corpus_runner::wire::{self, Answer, Message};

const SANDBOX: &str = "/acme/sandbox/cities";
const SECURE: &str = "--assume-secure";

#[tokio::test]
async fn a_new_portal_has_cities() {
    let portal = Portal::start_with(&[SECURE]).await;
    let wendy = text(&portal.credentials["usergrid"]["access_token"]["token"]);
    let of_wendy = [format!("Authorization: Bearer {wendy}")];
    for (path, lines) in [("/acme/weather/cities", &of_wendy[..]), (SANDBOX, &[])] {
        let cities = portal.ask(&format!("GET {path}"), lines).await.json().unwrap();
        assert_eq!(names(&cities), ["oslo", "aarhus"], "{path}");
        let oslo = text(&cities["entities"][0]["uuid"]);
        assert_eq!(portal.ask(&format!("GET {path}/{oslo}"), lines).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn rows_and_entities_survive_a_restart() {
    over_a_restart(&[SECURE]).await;
}

#[tokio::test]
async fn rows_and_entities_survive_a_restart_on_postgresql() {
    let Some(server) = Server::of("portal_data").await else { return };
    over_a_restart(&[SECURE, "--database", &server.address]).await;
    server.end().await;
}

async fn over_a_restart(flags: &[&str]) {
    let portal = Portal::start_in(TempDir::new().unwrap(), flags).await;
    let row = json!([{ "id": "3", "city": "Troms\u{f8}\u{0}" }, { "id": "1", "city": "Kristiania" }]);
    let changes = write(&portal, "POST /resource/4tka-6guv.json", &key(&portal), &row).await.json().unwrap();
    assert_eq!((&changes["Rows Created"], &changes["Rows Updated"]), (&json!(1), &json!(1)));
    let removed = write(&portal, "DELETE /resource/4tka-6guv/2", &key(&portal), &json!(null)).await;
    assert_eq!(removed.status, 200);
    for (method, path, body, status) in [
        ("POST", SANDBOX, json!({ "name": "bergen" }), 200),
        ("PUT", "/acme/sandbox/city/bergen", json!({ "rain": true }), 200),
        ("DELETE", "/acme/sandbox/cities/oslo", json!(null), 200),
        ("DELETE", "/acme/sandbox/cities/oslo", json!(null), 404),
        ("POST", "/acme/sandbox/things", json!([{ "name": "a" }, 1]), 400),
    ] {
        assert_eq!(write(&portal, &format!("{method} {path}"), &[], &body).await.status, status, "{body}");
    }
    let portal = Portal::start_in(portal.stop().await.unwrap().data, flags).await;
    let rows = portal.ask("GET /resource/4tka-6guv.json", &[]).await.json().unwrap();
    let expected = json!([
        { "id": "1", "city": "Kristiania", "temperature": "4.5" },
        { "id": "3", "city": "Troms\u{f8}\u{0}" },
    ]);
    assert_eq!(rows, expected);
    let cities = portal.ask(&format!("GET {SANDBOX}"), &[]).await.json().unwrap();
    assert_eq!(names(&cities), ["aarhus", "bergen"]);
    assert_eq!(cities["entities"][1]["rain"], true);
    let things = portal.ask("GET /acme/sandbox/things", &[]).await.json().unwrap();
    assert_eq!(things["count"], 0, "a list with an invalid entry is refused as a whole");
    // The next row gets a new number.
    let next = json!({ "city": "Voss" });
    assert_eq!(write(&portal, "POST /resource/4tka-6guv.json", &key(&portal), &next).await.status, 200);
    let path = "GET /resource/4tka-6guv.json?$$exclude_system_fields=false";
    let rows = portal.ask(path, &[]).await.json().unwrap();
    assert_eq!(rows[2][":id"], "row-0004");
}

#[tokio::test]
async fn what_a_guest_or_a_user_may_store_is_bounded_in_bytes() {
    let portal = Portal::start_with(&[SECURE]).await;
    let big = json!({ "name": "big", "text": "x".repeat(60_000) });
    for (request, lines, list) in [
        (format!("POST {SANDBOX}"), vec![], format!("GET {SANDBOX}")),
        ("POST /resource/4tka-6guv.json".to_owned(), key(&portal), "GET /resource/4tka-6guv.json".to_owned()),
    ] {
        let mut stored = 0;
        let full = loop {
            let answer = write(&portal, &request, &lines, &big).await;
            if answer.status != 200 {
                break answer;
            }
            stored += 1;
            assert!(stored < 10, "{request}");
        };
        assert_eq!((stored, full.status), (4, 507), "{request}");
        assert!(full.json().is_ok_and(|shape| shape.get("error").is_some()), "{request}");
        let kept = portal.ask(&list, &[]).await;
        assert_eq!(kept.status, 200);
        assert!((240_000..262_144).contains(&kept.body.len()), "{}", kept.body.len());
        let too_long = json!({ "text": "x".repeat(66_000) });
        let refused = write(&portal, &request, &lines, &too_long).await;
        assert_eq!(refused.status, 413, "{request}");
        assert!(refused.json().is_ok(), "{request}");
    }
    // A full collection can be emptied again.
    let removed = write(&portal, &format!("DELETE {SANDBOX}/big"), &[], &json!(null)).await;
    assert_eq!(removed.status, 200);
    assert_eq!(write(&portal, &format!("POST {SANDBOX}"), &[], &big).await.status, 200);
}

#[tokio::test]
async fn no_write_is_lost_among_others() {
    let portal = Portal::start_with(&[SECURE]).await;
    written_at_once(&[&portal]).await;
}

#[tokio::test]
async fn no_write_is_lost_between_portals_on_one_postgresql() {
    let Some(server) = Server::of("portal_data_shared").await else { return };
    let flags = [SECURE, "--database", &server.address];
    let (first, second) = (Portal::start_with(&flags).await, Portal::start_with(&flags).await);
    written_at_once(&[&first, &second]).await;
    drop((first, second));
    server.end().await;
}

async fn written_at_once(portals: &[&Portal]) {
    let mut writers = JoinSet::new();
    for number in 0..24 {
        let http = portals[number % portals.len()].http.clone();
        let body = json!({ "name": format!("city{number:02}") });
        writers.spawn(async move { send(&http, &format!("POST {SANDBOX}"), &[], &body).await.status });
    }
    assert!(writers.join_all().await.iter().all(|status| *status == 200));
    for portal in portals {
        let cities = portal.ask(&format!("GET {SANDBOX}"), &[]).await.json().unwrap();
        assert_eq!(cities["count"], 26);
    }
}

/// A separate schema on the server for tests.
struct Server {
    pool: PgPool,
    schema: String,
    address: String,
}

impl Server {
    /// `None` if there is no server; `portal_database` reports that.
    async fn of(name: &str) -> Option<Self> {
        let address = std::env::var("TEST_POSTGRES_URL").ok()?;
        let (schema, pool) = (format!("{name}_{}", process::id()), PgPool::connect(&address).await.unwrap());
        let separator = if address.contains('?') { '&' } else { '?' };
        let address = format!("{address}{separator}options[search_path]={schema}");
        let server = Self { pool, schema, address };
        server.run(format!("CREATE SCHEMA {}", server.schema)).await;
        Some(server)
    }

    async fn run(&self, statement: String) {
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&self.pool).await.unwrap();
    }

    async fn end(self) {
        self.run(format!("DROP SCHEMA {} CASCADE", self.schema)).await;
    }
}

async fn write(portal: &Portal, request: &str, lines: &[String], body: &Value) -> Answer {
    send(&portal.http, request, lines, body).await
}

async fn send(http: &Route, request: &str, lines: &[String], body: &Value) -> Answer {
    let body = serde_json::to_vec(body).unwrap();
    let lines: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
    let head = format!(
        "{request} HTTP/1.1\r\nHost: portal.example\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n{lines}\r\n",
        body.len()
    );
    wire::exchange(http, Message { head: head.into_bytes(), body }, Mode::Http1, false).await.unwrap()
}

fn key(portal: &Portal) -> Vec<String> {
    let key = &portal.credentials["socrata"]["api_key"];
    let pair = STANDARD.encode(format!("{}:{}", text(&key["id"]), text(&key["secret"])));
    vec![format!("Authorization: Basic {pair}")]
}

fn names(answer: &Value) -> Vec<&str> {
    answer["entities"].as_array().unwrap().iter().map(|entity| text(&entity["name"])).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

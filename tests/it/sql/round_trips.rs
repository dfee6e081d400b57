//! Round trips of look-ups.

use tower_principal::verify::sql::NewCredential;

use super::outages::Server;
use super::*;

/// The pool asks the server about a connection that comes back, and look-ups keep theirs. With a
/// question after each of them, PostgreSQL would answer a third of the look-ups.
#[tokio::test]
async fn the_server_is_asked_once_for_a_look_up() {
    const LOOK_UPS: usize = 200;
    if Place::postgres().is_none() {
        return;
    }
    let server = Server::new();
    let verifier = Place::at(server.start()).connect().await;
    let issued = verifier.store().api_keys().create(NewCredential::new()).await.unwrap();
    let statements = |text: &str| server.log().matches(text).count();
    let [look_ups, checks] = ["previous_digest = $1", "= statement_timestamp()"];
    let before = statements(checks);
    for _ in 0..LOOK_UPS {
        assert_eq!(ask(&verifier, &key(issued.secret.expose_secret())).await, KEY);
    }
    assert!(statements(look_ups) >= LOOK_UPS, "{}", statements(look_ups));
    // One at the end of each second, and one after the time of the last use was written.
    assert!(statements(checks) - before <= LOOK_UPS / 10, "{}", statements(checks) - before);
}

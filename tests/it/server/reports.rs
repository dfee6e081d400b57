//! Audit events and metrics of token requests.

use std::net::SocketAddr;

use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use tower_principal::transport::Peer;

use super::*;

/// Returns the answer to a request and its audit events, without fingerprints and messages.
async fn events(kit: &Kit, log: &Log, parameters: &[(&str, &str)]) -> (Reply, Vec<String>) {
    log.take();
    let mut request = form(TOKEN_PATH, encoded(parameters));
    request.extensions_mut().insert(Peer(SocketAddr::new("203.0.113.9".parse().unwrap(), 4711)));
    let reply = kit.send(request).await;
    let lines = log.take();
    let secrets = parameters.iter().filter(|(name, value)| SECRET.contains(name) && !value.is_empty());
    let issued = ["access_token", "refresh_token"].map(|name| reply.text(name).to_owned());
    for line in &lines {
        let shown = format!("{line:?}");
        for secret in secrets.clone().map(|(_, value)| (*value).to_owned()).chain(issued.clone()) {
            assert!(secret.is_empty() || !shown.contains(&secret), "{shown}");
        }
    }
    let audit = lines.into_iter().filter(|line| line.target == "tower_principal::audit");
    let shown = audit.map(|line| {
        assert_eq!(line.get("client"), "203.0.113.9");
        // A request that was read has a fingerprint: of its token, its user or its client.
        assert_eq!(line.get("fingerprint").is_empty(), line.get("kind") == "invalid_request");
        ["outcome", "kind", "grant_type", "oauth_client", "user"].map(|field| line.get(field)).join(" ")
    });
    (reply, shown.collect())
}

const SECRET: [&str; 5] = ["client_secret", "code", "code_verifier", "refresh_token", "password"];

#[tokio::test]
async fn every_token_request_is_one_event_without_a_secret() {
    let kit = Kit::memory(&clients(), &|builder| builder);
    let code = kit.code().await;
    let log = listen();
    let secret = kit.secret("weather").to_owned();
    let own =
        |secret| [("grant_type", "client_credentials"), ("client_id", "weather"), ("client_secret", secret)];
    let (_, issued) = events(&kit, &log, &own(&secret)).await;
    assert_eq!(issued, ["issued  client_credentials weather "]);
    let (_, refused) = events(&kit, &log, &own("wrong-secret")).await;
    assert_eq!(refused, ["refused invalid_client client_credentials weather "]);
    let redeem = [
        ("grant_type", "authorization_code"),
        ("client_id", "viewer"),
        ("code", &*code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let (reply, issued) = events(&kit, &log, &redeem).await;
    assert_eq!(issued, ["issued  authorization_code viewer alice"]);
    let first = reply.tokens();
    let refresh =
        [("grant_type", "refresh_token"), ("client_id", "viewer"), ("refresh_token", &*first.refresh)];
    assert_eq!(events(&kit, &log, &refresh).await.1, ["refreshed  refresh_token viewer alice"]);
    assert_eq!(events(&kit, &log, &refresh).await.1, ["refused invalid_grant refresh_token viewer "]);
    kit.clock.pass(Duration::from_secs(11));
    let expected =
        ["refresh_token_reused  refresh_token viewer ", "refused invalid_grant refresh_token viewer "];
    assert_eq!(events(&kit, &log, &refresh).await.1, expected);
    let other = kit.code().await;
    let again = redeem.map(|(name, value)| if name == "code" { (name, &*other) } else { (name, value) });
    events(&kit, &log, &again).await.0.tokens();
    assert_eq!(events(&kit, &log, &again).await.1[0], "code_replayed  authorization_code viewer ");
    // An id that a client made up is escaped, and an unknown grant type is not logged.
    let made_up =
        [("grant_type", "made-up"), ("client_id", "x\u{202e}y"), ("client_secret", "guessed-secret")];
    assert_eq!(events(&kit, &log, &made_up).await.1, ["refused invalid_client  x\\u{202e}y "]);
    let (_, unread) = events(&kit, &log, &[("scope", "a"), ("scope", "b")]).await;
    assert_eq!(unread, ["refused invalid_request   "]);
}

#[test]
fn token_requests_are_counted_by_outcome_and_grant_type_alone() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    metrics::with_local_recorder(&recorder, || {
        runtime.block_on(async {
            let kit = Kit::memory(&clients(), &|builder| builder);
            let first = kit.log_in().await;
            kit.refresh(&first.refresh).await.tokens();
            kit.clock.pass(Duration::from_secs(11));
            kit.refresh(&first.refresh).await;
            for made_up in ["one", "two", "three"] {
                let body = [("grant_type", made_up), ("client_id", made_up), ("client_secret", made_up)];
                kit.post(&body).await;
            }
        });
    });
    let mut counted: Vec<_> = snapshotter
        .snapshot()
        .into_vec()
        .into_iter()
        .filter(|(key, ..)| key.key().name() == "tower_principal_tokens_total")
        .map(|(key, _, _, value)| {
            let labels: Vec<_> =
                key.key().labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
            let DebugValue::Counter(count) = value else { panic!("{value:?}") };
            format!("{} {count}", labels.join(" "))
        })
        .collect();
    counted.sort_unstable();
    assert_eq!(
        counted,
        [
            "outcome=invalid_client grant_type=none 3",
            "outcome=invalid_grant grant_type=refresh_token 1",
            "outcome=issued grant_type=authorization_code 1",
            "outcome=refresh_token_reused grant_type=refresh_token 1",
            "outcome=refreshed grant_type=refresh_token 1",
        ]
    );
}

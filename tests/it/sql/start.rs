//! How a SQL verifier starts.

use std::time::{Duration, Instant};

use tower_principal::VerifyError;
use tower_principal::verify::sql::{SqlError, SqlVerifier};

use super::credentials::fill;
use super::*;

#[tokio::test]
async fn two_prefixes_are_two_stores() {
    for place in Place::all() {
        let verifier = place.connect().await;
        fill(&verifier.store()).await;
        let other = place.builder().table_prefix(place.table("x_")).connect().await.unwrap();
        assert_eq!(ask(&other, &key(API_KEY)).await, UNKNOWN);
        assert_eq!(ask(&verifier, &key(API_KEY)).await, KEY);
    }
}

#[tokio::test]
async fn any_number_of_nodes_may_start_at_once_and_again() {
    for place in Place::all() {
        let starts = (0..8).map(|_| place.builder().connect());
        let nodes: Vec<SqlVerifier> =
            futures_util::future::join_all(starts).await.into_iter().map(Result::unwrap).collect();
        fill(&nodes[0].store()).await;
        for node in &nodes {
            assert_eq!(ask(node, &key(API_KEY)).await, KEY, "{}", place.name);
        }
        assert_eq!(ask(&place.connect().await, &key(API_KEY)).await, KEY);
    }
}

/// REQ-55: whether the server is not there or says nothing, the answer comes in time and is an outage.
#[tokio::test]
async fn req_55_a_server_that_does_not_answer_is_an_outage_within_the_deadline() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let absent = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    for address in [silent.local_addr().unwrap(), absent] {
        let started = Instant::now();
        let connecting = SqlVerifier::postgres(format!("postgres://nobody:secret-word@{address}/none"))
            .deadline(Duration::from_millis(200))
            .connect();
        let error = connecting.await.unwrap_err();
        assert!(matches!(error, SqlError::Late | SqlError::Unreachable), "{error:?}");
        // A start is patient for five deadlines.
        assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
        assert!(!format!("{error} {error:?}").contains("secret-word"));
        assert!(matches!(VerifyError::from(error), VerifyError::Unavailable(_)));
    }
}

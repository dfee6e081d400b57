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
        // Also where one begins with the other, and goes on as a table of its does.
        for more in ["x_", "user_", "role_", "credentials_"] {
            let other = place.builder().table_prefix(place.table(more)).connect().await.unwrap();
            assert_eq!(ask(&other, &key(API_KEY)).await, UNKNOWN);
            assert_eq!(ask(&verifier, &key(API_KEY)).await, KEY);
        }
    }
}

#[tokio::test]
async fn a_prefix_that_the_engines_keep_for_themselves_is_refused_as_one() {
    for place in Place::all() {
        for kept in ["sqlite_", "pg_"] {
            let refused = place.builder().table_prefix(kept).connect().await.unwrap_err();
            assert!(matches!(refused, SqlError::Configuration(why) if why.contains("prefix")), "{refused:?}");
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_is_made_is_its_owners_alone() {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt as _;

    let place = Place::sqlite();
    let verifier = place.connect().await;
    fill(&verifier.store()).await;
    let folder = place.folder.as_ref().unwrap().path();
    let modes = || {
        let files = folder.read_dir().unwrap().map(|file| file.unwrap());
        files.map(|file| file.metadata().unwrap().permissions().mode() & 0o777).collect::<Vec<_>>()
    };
    assert_eq!(modes(), [0o600; 3], "with what SQLite puts beside it");
    verifier.close().await;
    assert_eq!(modes(), [0o600]);
    // One that was there is whose it was.
    set_permissions(folder.join("test.db"), Permissions::from_mode(0o640)).unwrap();
    let again = place.connect().await;
    assert_eq!(ask(&again, &key(API_KEY)).await, KEY);
    assert!(modes().iter().all(|mode| *mode == 0o640), "{:?}", modes());
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

//! The start of a SQL verifier.

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
        // This also holds if one prefix starts with the other and continues like the name of a
        // table.
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
    // An existing file keeps its permissions.
    set_permissions(folder.join("test.db"), Permissions::from_mode(0o640)).unwrap();
    let again = place.connect().await;
    assert_eq!(ask(&again, &key(API_KEY)).await, KEY);
    assert!(modes().iter().all(|mode| *mode == 0o640), "{:?}", modes());
}

/// Returns the modes of a folder's files, by name.
#[cfg(unix)]
fn modes(folder: &std::path::Path) -> Vec<(String, u32)> {
    use std::os::unix::fs::PermissionsExt as _;

    let mut modes: Vec<_> = folder
        .read_dir()
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| {
            let mode = path.metadata().unwrap().permissions().mode() & 0o777;
            (path.file_name().unwrap().to_string_lossy().into_owned(), mode)
        })
        .collect();
    modes.sort();
    modes
}

#[cfg(unix)]
async fn opens(source: impl Into<tower_principal::verify::sql::SqliteSource>) -> Result<(), SqlError> {
    let verifier = SqlVerifier::sqlite(source).passwords(cheap_passwords()).connect().await?;
    fill(&verifier.store()).await;
    assert_eq!(ask(&verifier, &key(API_KEY)).await, KEY);
    Ok(())
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_is_made_at_the_end_of_a_symlink_is_its_owners_alone() {
    use std::os::unix::fs::symlink;

    for chain in [1, 2] {
        for relative in [false, true] {
            let (here, there) = (tempfile::TempDir::new().unwrap(), tempfile::TempDir::new().unwrap());
            let target = there.path().join("real.db");
            let mut end = target.clone();
            for link in 0..chain {
                let name = here.path().join(format!("link{link}.db"));
                let points_to =
                    if relative && link > 0 { end.file_name().unwrap().into() } else { end.clone() };
                symlink(points_to, &name).unwrap();
                end = name;
            }
            opens(format!("sqlite:{}", end.display()).as_str()).await.unwrap();
            let made = modes(there.path());
            assert!(made.iter().any(|(name, _)| name == "real.db"), "{made:?}");
            assert!(made.iter().all(|(_, mode)| *mode == 0o600), "{made:?}");
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_symlink_in_the_place_of_a_file_that_sqlite_puts_beside_is_not_followed() {
    use std::os::unix::fs::symlink;

    for beside in ["test.db-wal", "test.db-shm"] {
        let (here, there) = (tempfile::TempDir::new().unwrap(), tempfile::TempDir::new().unwrap());
        symlink(there.path().join("elsewhere"), here.path().join(beside)).unwrap();
        let _ = opens(format!("sqlite:{}", here.path().join("test.db").display()).as_str()).await;
        assert_eq!(modes(there.path()), [], "{beside}");
        assert!(modes(here.path()).iter().all(|(_, mode)| *mode == 0o600), "{:?}", modes(here.path()));
    }
}

#[cfg(unix)]
#[tokio::test]
async fn every_spelling_of_a_path_makes_a_file_of_its_owner_alone() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().display();
    // Names that look like a database in memory, and are files.
    for name in [":memory:x", "mode=memory", "FILE:x", "a b%3Fmode=memory"] {
        opens(format!("sqlite:{path}/{name}.db").as_str()).await.unwrap();
    }
    opens(format!("sqlite://{path}/slashes.db").as_str()).await.unwrap();
    opens(format!("sqlite:{path}/rwc.db?mode=rwc").as_str()).await.unwrap();
    opens(format!("sqlite:{path}/shared.db?cache=shared").as_str()).await.unwrap();
    let options = sqlx::sqlite::SqliteConnectOptions::new();
    opens(options.clone().filename(folder.path().join("options.db"))).await.unwrap();
    opens(options.filename(folder.path().join("vfs.db")).vfs("unix-dotfile")).await.unwrap();
    let made = modes(folder.path());
    assert!(made.len() >= 8, "{made:?}");
    assert!(made.iter().all(|(_, mode)| *mode == 0o600), "{made:?}");
    // A relative path, in the working directory of this process.
    let beside = tempfile::TempDir::new_in(".").unwrap();
    let relative = std::path::Path::new(beside.path().file_name().unwrap()).join("relative.db");
    opens(format!("sqlite:{}", relative.display()).as_str()).await.unwrap();
    let mode = std::os::unix::fs::PermissionsExt::mode(&relative.metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_uri_is_refused_and_makes_no_file() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("portal.db");
    let path = path.display();
    for address in [
        format!("sqlite:file:{path}"),
        format!("sqlite:file:{path}?mode=rwc"),
        format!("sqlite:file://{path}"),
        format!("sqlite://file:{path}"),
        format!("sqlite:file:{path}%3Fmode=rwc"),
        format!("sqlite:%66ile:{path}"),
        format!("sqlite:file:sqlx-in-memory-{path}"),
        "sqlite:".to_owned(),
    ] {
        let refused = opens(address.as_str()).await;
        assert!(matches!(refused, Err(SqlError::Configuration(_))), "{address}: {refused:?}");
    }
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(format!("file:{path}?mode=rwc"));
    assert!(matches!(opens(options).await, Err(SqlError::Configuration(why)) if why.contains("path")));
    assert_eq!(modes(folder.path()), []);
    // Databases in memory create no file either.
    for address in ["sqlite::memory:", "sqlite://?mode=memory", "sqlite:file:here?mode=memory"] {
        opens(address).await.unwrap();
    }
    opens(sqlx::sqlite::SqliteConnectOptions::new()).await.unwrap();
    assert!(!std::path::Path::new(":memory:").exists() && !std::path::Path::new("here").exists());
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

/// REQ-55: if the server is absent or does not answer, the start fails in time with an outage.
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
        // A start waits for five deadlines.
        assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
        assert!(!format!("{error} {error:?}").contains("secret-word"));
        assert!(matches!(VerifyError::from(error), VerifyError::Unavailable(_)));
    }
}

//! A verifier over your own tables, with a cache around it: sqlx and SQLite.
//!
//! `cargo run --features cache,sqlite --example own_tables`

use std::time::{Duration, SystemTime};

use aws_lc_rs::digest::{SHA256, digest};
use axum::body::Body;
use axum::{Router, routing::get};
use http::{Request, StatusCode};
use sqlx::SqlitePool;
use sqlx::sqlite::SqlitePoolOptions;
use tower::ServiceExt as _;
use tower_principal::verify::Cached;
use tower_principal::{
    ApiKey, AuthenticateLayer, Credential, DenialReason, Principal, PrincipalKind, Verifier, VerifyContext,
    VerifyError, dialect, transport,
};

/// The keys of a service that had its own table before.
#[derive(Clone)]
struct Keys {
    pool: SqlitePool,
}

impl Verifier for Keys {
    async fn verify(
        &self,
        credential: &Credential<'_>,
        _: &VerifyContext<'_>,
    ) -> Result<Principal, VerifyError> {
        // Another verifier (`Verifier::or`) may take the other kinds.
        let Credential::ApiKey(key) = credential else { return Err(VerifyError::Unsupported) };
        // The table has digests, so a copy of it opens nothing.
        let digest = digest(&SHA256, key.expose_secret().as_bytes());
        let row: Option<(String, String, bool, i64)> =
            sqlx::query_as("SELECT id, owner, revoked, expires FROM keys WHERE digest = ?")
                .bind(digest.as_ref().to_vec())
                .fetch_optional(&self.pool)
                .await
                // The database is not the client's fault: 503, never 401.
                .map_err(VerifyError::unavailable)?;
        let (id, owner, revoked, expires) = row.ok_or(VerifyError::UNKNOWN)?;
        let expires = SystemTime::UNIX_EPOCH + Duration::from_secs(expires.unsigned_abs());
        match () {
            () if revoked => Err(VerifyError::Denied(DenialReason::Revoked)),
            () if expires <= SystemTime::now() => Err(VerifyError::Denied(DenialReason::Expired)),
            // The cache keeps no answer past this time.
            () => Ok(ApiKey::new(id).with_owner(owner).with_expires_at(expires).into()),
        }
    }
}

impl Keys {
    async fn create(&self, id: &str, owner: &str, secret: &str) -> Result<(), sqlx::Error> {
        sqlx::query("INSERT INTO keys VALUES (?, ?, ?, false, 4102444800)")
            .bind(digest(&SHA256, secret.as_bytes()).as_ref().to_vec())
            .bind(id)
            .bind(owner)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    async fn revoke(&self, id: &str) -> Result<(), sqlx::Error> {
        sqlx::query("UPDATE keys SET revoked = true WHERE id = ?").bind(id).execute(&self.pool).await?;
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A database in memory exists once for each connection.
    let pool = SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await?;
    sqlx::query(
        "CREATE TABLE keys (digest BLOB PRIMARY KEY, id TEXT, owner TEXT, revoked BOOL, expires INT)",
    )
    .execute(&pool)
    .await?;
    let keys = Keys { pool };
    // 32 random bytes in a service, shown once.
    keys.create("key-1", "alice", "k-Kq2vZ7c0mXw4").await?;

    // An answer is used again for 10 s, for all clients. The `Arc` is for evictions.
    let cached = std::sync::Arc::new(Cached::new(keys.clone())?.ttl(Duration::from_secs(10)));
    let app = Router::new()
        .route("/whoami", get(|key: ApiKey| async move { format!("{key:?}\n") }))
        .route_layer(AuthenticateLayer::new(
            dialect::OPENDATASOFT,
            std::sync::Arc::clone(&cached),
            // This example has no listener.
            transport::danger_assume_secure(),
        ));
    assert_eq!(status(&app, "k-Kq2vZ7c0mXw4").await?, StatusCode::OK);
    assert_eq!(status(&app, "k-a-guess").await?, StatusCode::UNAUTHORIZED);

    // A revoked key must be evicted; otherwise it would be valid for up to 10 s more.
    keys.revoke("key-1").await?;
    assert_eq!(status(&app, "k-Kq2vZ7c0mXw4").await?, StatusCode::OK);
    cached.evict_principal(PrincipalKind::ApiKey, "key-1");
    assert_eq!(status(&app, "k-Kq2vZ7c0mXw4").await?, StatusCode::UNAUTHORIZED);

    // An outage is never a denial.
    keys.pool.close().await;
    assert_eq!(status(&app, "k-another").await?, StatusCode::SERVICE_UNAVAILABLE);
    eprintln!("all checks passed");
    Ok(())
}

async fn status(app: &Router, key: &str) -> Result<StatusCode, Box<dyn std::error::Error>> {
    let request = Request::get("/whoami").header("authorization", format!("Apikey {key}"));
    Ok(app.clone().oneshot(request.body(Body::empty())?).await?.status())
}

//! Two nodes of a service on one PostgreSQL. A credential that one node revokes is refused at once
//! by the other, which also receives the change.
//!
//! `DATABASE_URL=postgres://user:password@host/name cargo run --features postgres --example
//! postgres`

use std::time::Instant;

use tower_principal::verify::sql::{Change, NewCredential, SqlVerifier};
use tower_principal::{Credential, Secret, Verifier as _, VerifyContext};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let Ok(address) = std::env::var("DATABASE_URL") else {
        eprintln!(
            "DATABASE_URL is not set. Set it to a database where this example may create tables, such as"
        );
        eprintln!("  DATABASE_URL=postgres://user:password@127.0.0.1/name");
        eprintln!("tests/postgres/start /tmp/some-folder starts a temporary one and prints its address.");
        return Ok(());
    };
    // Both nodes may create the tables at the same time; only one does.
    let node = || SqlVerifier::postgres(address.as_str()).table_prefix("example_").connect();
    let (here, there) = tokio::try_join!(node(), node())?;

    // The changes for which a cache on the other node would drop entries.
    let mut changes = there.changes()?;
    let heard = tokio::spawn(async move {
        while let Some(change) = changes.next().await {
            eprintln!("the other node receives {change:?}");
            if matches!(change, Change::Credential { .. }) {
                break;
            }
        }
        Instant::now()
    });

    let tokens = here.store().access_tokens();
    let issued = tokens.create(NewCredential::new().user("otto").scopes(["datasets:read"])).await?;
    let token = Credential::AccessToken(Secret::borrowed(issued.secret.expose_secret()));
    let context = VerifyContext::default();
    eprintln!("the other node accepts the token: {:?}", there.verify(&token, &context).await?);

    // Wait until the listener is connected.
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    let revoked = Instant::now();
    here.revoke(&token, &context).await?;
    match there.verify(&token, &context).await {
        Err(denied) => eprintln!("and refuses it {:?} later: {denied}", revoked.elapsed()),
        Ok(_) => return Err("a revoked token was accepted".into()),
    }
    eprintln!("a cache receives the revocation after {:?}", heard.await?.duration_since(revoked));
    Ok(())
}

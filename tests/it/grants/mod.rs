//! Stores of grants. Every test runs in memory, on SQLite, and on PostgreSQL if `TEST_POSTGRES_URL`
//! names a server.

mod applications;
mod broken;
mod broken_sessions;
mod conformance;
mod jwt;
mod records;
mod rules;
mod sessions;
mod upgrade;

use tower_principal::Credential;
use tower_principal::credential::ClientKind;
use tower_principal::grant::{
    Grant, GrantId, Grants, IssuedRefresh, IssuedToken, Lifetime, NewGrant, NextRefresh, NextTokens,
    TokenShape,
};

const SHAPE: TokenShape = TokenShape::prefixed("tp");

fn new(client: &str) -> NewGrant {
    NewGrant::new(GrantId::random().unwrap(), client)
}

fn hour() -> Lifetime {
    Lifetime::seconds(3_600)
}

/// Returns new tokens for a grant, and the record of them for the store.
fn tokens(id: &GrantId, tenant: Option<&str>) -> (NextTokens, IssuedToken, IssuedRefresh) {
    let (access, refresh) = (SHAPE.access(id, tenant).unwrap(), SHAPE.refresh(id).unwrap());
    let day = Lifetime::seconds(24 * 3_600);
    let next = NextTokens::new(access.digest, hour()).refresh(NextRefresh::new(refresh.digests, day));
    (next, access, refresh)
}

async fn issue(grants: &impl Grants, draft: NewGrant) -> (Grant, IssuedToken, IssuedRefresh) {
    let (next, access, refresh) = tokens(&draft.id, grants.tenant());
    (grants.issue(&draft, &next).await.unwrap(), access, refresh)
}

/// Returns the tokens after these.
fn following(id: &GrantId, before: &IssuedRefresh) -> (NextTokens, IssuedToken, IssuedRefresh) {
    let access = SHAPE.access(id, None).unwrap();
    let refresh = SHAPE.successor(&before.secret).unwrap().unwrap();
    let day = Lifetime::seconds(24 * 3_600);
    let next = NextTokens::new(access.digest, hour()).refresh(NextRefresh::new(refresh.digests, day));
    (next, access, refresh)
}

//! Password checks of users.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::{Shared, SqlError, lookup, names};
use crate::credential::Pair;
use crate::principal::Principal;
use crate::trace;
use crate::verify::VerifyError;

/// Checks a name and its password.
///
/// If the hash changed during the check, it is checked once more, because another log-in may have
/// replaced it by an argon2id hash.
pub(super) async fn check(
    shared: &Shared,
    pair: &Pair<'_>,
    tenant: Option<&str>,
) -> Result<Principal, VerifyError> {
    match try_to_check(shared, pair, tenant).await? {
        Some(principal) => Ok(principal),
        None => try_to_check(shared, pair, tenant).await?.ok_or(VerifyError::UNKNOWN),
    }
}

/// Checks once. Returns `None` if the password matched a hash that is no longer the user's.
async fn try_to_check(
    shared: &Shared,
    pair: &Pair<'_>,
    tenant: Option<&str>,
) -> Result<Option<Principal>, VerifyError> {
    let Shared { database, statements, passwords, clock, .. } = shared;
    // A name that cannot be in the database costs a hash as well.
    let tenant = tenant.filter(|_| names::is_name(pair.id()));
    let key = tenant.map(|tenant| vec![tenant.into(), pair.id().into()]);
    let hash = match &key {
        Some(key) => {
            let rows = database.read(statements.hash.clone(), key.clone()).await?;
            rows.into_iter().next().map(|mut row| row.text()).transpose()?.flatten()
        }
        None => None,
    };
    let hash: Option<Arc<str>> = hash.map(Arc::from);
    let password = Zeroizing::new(pair.secret().expose_secret().to_owned());
    let matches = passwords.verify(password, hash.clone()).await.map_err(VerifyError::unavailable)?;
    // The user is always read again, because the user may have been disabled during the check.
    // Every refusal takes the same time.
    let (Some(tenant), Some(key)) = (tenant, key) else { return Err(VerifyError::UNKNOWN) };
    let rows = database.read(statements.user.clone(), key).await?;
    match (rows.into_iter().next(), hash) {
        (Some(row), Some(hash)) if matches => {
            let found = lookup::user(row, [tenant, pair.id()], &hash, clock.now())?;
            if found.is_some() && passwords.is_outdated(&hash) {
                rehash(shared, tenant, pair, &hash).await;
            }
            Ok(found)
        }
        _ => Err(VerifyError::UNKNOWN),
    }
}

/// Replaces a hash of another format, unless it is no longer the user's. If this fails the log-in
/// still succeeds, and the next one tries again.
async fn rehash(shared: &Shared, tenant: &str, pair: &Pair<'_>, old: &str) {
    let password = Zeroizing::new(pair.secret().expose_secret().to_owned());
    let replaced = async {
        let new = shared.passwords.hash_later(password).await.map_err(|_| SqlError::Busy)??;
        let values = vec![tenant.into(), pair.id().into(), old.into(), new.as_str().into()];
        shared.database.write(shared.database.statement(REHASH), values).await
    };
    if let Err(_error) = replaced.await {
        trace::warn!(error = %_error, "password hash not replaced with argon2id");
    }
}

const REHASH: &str = "UPDATE {p}users SET password_hash = $4
WHERE tenant = $1 AND name = $2 AND password_hash = $3 RETURNING id";

/// Selects a hash of another format, if there is one: a check of an unknown user takes the time of
/// such a hash.
pub(super) const OUTDATED: &str =
    "SELECT password_hash FROM {p}users WHERE password_hash NOT LIKE '$argon2id$%' LIMIT 1";

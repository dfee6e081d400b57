//! Grants of an authorization server in the database.

mod changes;
mod jwt;
#[cfg(test)]
mod plans;
mod read;
mod statements;
mod values;

use std::time::Duration;

use self::read::NEVER;
use self::values::{bytes, count, duration, is_text, narrowed, text, until};
use super::store::SqlStore;
use super::{SqlError, Value, names};
use crate::credential::Digest;
use crate::grant::{
    CodeProof, Ending, Grant, Grants, Lifetime, NewCode, NewGrant, NextTokens, Presented, Redemption,
    RefreshDigests, RefreshRule, Renewal, StoreError,
};

/// A grant is the row of its access token, so everything that ends a credential ends the grant: its
/// user or client is disabled or deleted, [`revoke_all_of`](super::Credentials::revoke_all_of), and
/// [`revoke`](super::Credentials::revoke) by its id. Each change is one statement, and is published
/// as any other change of a credential.
impl Grants for SqlStore {
    fn tenant(&self) -> Option<&str> {
        self.of_tenant()
    }

    async fn offer(&self, grant: &NewGrant, code: &NewCode) -> Result<(), StoreError> {
        let now = self.time();
        let until = Lifetime::Limited(code.lifetime).from(now).map_or(NEVER, names::millis);
        let unknown = Digest::random().map_err(StoreError::unavailable)?;
        let code = vec![
            0.into(),
            unknown.into(),
            until.into(),
            code.digest.into(),
            until.into(),
            text(code.challenge.as_deref(), "a code challenge")?.into(),
            text(code.redirect_uri.as_deref(), "a redirect URI")?.into(),
            Value::Bytes(None),
            Value::Bytes(None),
            None::<i64>.into(),
        ];
        self.insert_grant(grant, now, grant, code).await.map(drop)
    }

    async fn redeem(
        &self,
        code: &Digest,
        proof: &CodeProof<'_>,
        next: &NextTokens,
    ) -> Result<Redemption, StoreError> {
        let redirect = proof.redirect().unwrap_or_default();
        // A value that the database cannot hold is not that of a code.
        if !names::is_name(proof.client()) || !is_text(redirect) {
            return Ok(Redemption::Unknown);
        }
        let now = self.time();
        let key = [self.column().into(), names::millis(now).into(), (*code).into(), proof.client().into()];
        let refresh = next.refresh;
        let values = vec![
            redirect.into(),
            proof.challenge().unwrap_or_default().into(),
            next.access.into(),
            until(next.lifetime, now).into(),
            next.scopes.as_ref().map(|scopes| scopes.as_str().to_owned()).into(),
            narrowed(next)?.into(),
            bytes(refresh.map(|refresh| refresh.digests.family)),
            bytes(refresh.map(|refresh| refresh.digests.token)),
            refresh.map(|refresh| until(refresh.idle, now).unwrap_or(NEVER)).into(),
        ];
        let values = [key.to_vec(), values].concat();
        if let Some(row) = self.change_grants(&statements::redeem(), values).await?.into_iter().next() {
            return Ok(Redemption::Redeemed(Box::new(read::grant(row, now)?)));
        }
        let ended = self.change_grants(statements::replay(), key.to_vec()).await?.into_iter().next();
        Ok(match ended {
            Some(mut row) => Redemption::Replayed(read::id(&mut row)?),
            None => Redemption::Unknown,
        })
    }

    async fn renew(
        &self,
        refresh: &RefreshDigests,
        client: &str,
        rule: &RefreshRule,
        next: &NextTokens,
    ) -> Result<Renewal, StoreError> {
        if !names::is_name(client) {
            return Ok(Renewal::Unknown);
        }
        let now = self.time();
        let values = self.following(refresh, client, next, now)?;
        let mut rows = self.change_grants(&statements::renew(), values.clone()).await?;
        let window = rule.recovery_window();
        if rows.is_empty() && !window.is_zero() && next.refresh.is_some() {
            let values = [values, vec![duration(window).into(), refresh.family.into()]].concat();
            rows = self.change_grants(&statements::recover(), values).await?;
        }
        match rows.into_iter().next() {
            Some(row) => Ok(Renewal::Renewed(Box::new(read::grant(row, now)?))),
            None => self.refused(refresh, client, rule.grace_window(), now).await,
        }
    }

    async fn issue(&self, grant: &NewGrant, next: &NextTokens) -> Result<Grant, StoreError> {
        let now = self.time();
        let ends = grant.lifetime.and_then(|lifetime| now.checked_add(lifetime)).map(names::millis);
        let earliest = |until: Option<i64>| [until, ends].into_iter().flatten().min();
        let refresh = next.refresh;
        let tokens = vec![
            1.into(),
            next.access.into(),
            earliest(until(next.lifetime, now)).into(),
            Value::Bytes(None),
            None::<i64>.into(),
            None::<String>.into(),
            None::<String>.into(),
            bytes(refresh.map(|refresh| refresh.digests.family)),
            bytes(refresh.map(|refresh| refresh.digests.token)),
            refresh.map(|refresh| earliest(until(refresh.idle, now)).unwrap_or(NEVER)).into(),
        ];
        let mut narrowed = grant.clone();
        narrowed.scopes = next.scopes.clone().unwrap_or_else(|| grant.scopes.clone());
        if let Some(audience) = next.audience.as_ref().filter(|names| !names.is_empty()) {
            narrowed.audience.clone_from(audience);
        }
        Ok(read::grant(self.insert_grant(grant, now, &narrowed, tokens).await?, now)?)
    }

    async fn find(&self, token: &Presented) -> Result<Option<Grant>, StoreError> {
        let (found, values): (_, Vec<Value>) = match token {
            Presented::Access(digest) => (statements::BY_ACCESS, vec![(*digest).into()]),
            Presented::Refresh(shown) => {
                (statements::BY_REFRESH, vec![shown.token.into(), shown.family.into()])
            }
            Presented::Code(digest) => (statements::BY_CODE, vec![(*digest).into()]),
            Presented::Jwt { grant, generation } => {
                (statements::BY_JWT, vec![grant.as_str().into(), count(*generation).into()])
            }
            Presented::Grant(id) => (statements::BY_ID, vec![id.as_str().into()]),
        };
        let now = self.time();
        let key = vec![self.column().into(), names::millis(now).into()];
        let rows = self.read(&statements::find(&found), [key, values].concat()).await?;
        Ok(rows.into_iter().next().map(|row| read::grant(row, now)).transpose()?)
    }

    async fn of_user(&self, user: &str) -> Result<Vec<Grant>, StoreError> {
        // A name that the database cannot hold is not that of a user.
        if !names::is_name(user) {
            return Ok(Vec::new());
        }
        let now = self.time();
        let values = vec![self.column().into(), names::millis(now).into(), user.into()];
        let rows = self.read(&statements::list(), values).await?;
        let grants: Result<Vec<Grant>, SqlError> =
            rows.into_iter().map(|row| read::grant(row, now)).collect();
        Ok(grants?)
    }

    async fn end(&self, what: &Ending<'_>) -> Result<usize, StoreError> {
        let (which, texts, token): (_, _, Option<Value>) = match *what {
            Ending::Token { token: Presented::Access(digest), client } => {
                (statements::OF_ACCESS, vec![client], Some((*digest).into()))
            }
            Ending::Token { token: Presented::Refresh(shown), client } => {
                (statements::OF_FAMILY, vec![client], Some(shown.family.into()))
            }
            Ending::Token { token: Presented::Code(digest), client } => {
                (statements::OF_CODE, vec![client], Some((*digest).into()))
            }
            Ending::Token { token: Presented::Jwt { grant, generation }, client } => {
                (statements::OF_CLIENTS_JWT, vec![client, grant.as_str()], Some(count(*generation).into()))
            }
            Ending::Token { token: Presented::Grant(id), client } => {
                (statements::OF_CLIENTS_ID, vec![client, id.as_str()], None)
            }
            Ending::Grant(id) => (statements::OF_ID, vec![id.as_str()], None),
            Ending::Session(session) => (statements::OF_SESSION, vec![session], None),
            Ending::User { user, client: None } => (statements::OF_USER, vec![user], None),
            Ending::User { user, client: Some(client) } => {
                (statements::OF_USER_AND_CLIENT, vec![user, client], None)
            }
            Ending::Client(client) => (statements::OF_CLIENT, vec![client], None),
        };
        // A name that the database cannot hold is not that of a grant.
        if !texts.iter().all(|text| names::is_name(text)) {
            return Ok(0);
        }
        let key = [self.column().into(), self.now().into()];
        let values = key.into_iter().chain(texts.into_iter().map(Value::from)).chain(token);
        Ok(self.change_grants(&statements::end(which), values.collect()).await?.len())
    }

    async fn purge(&self, retention: Duration) -> Result<usize, StoreError> {
        let before = self.now().saturating_sub(duration(retention));
        let values = vec![before.into(), self.column().into()];
        Ok(self.write(statements::PURGE, values).await?.len())
    }
}

impl From<SqlError> for StoreError {
    fn from(error: SqlError) -> Self {
        match error {
            SqlError::Exists => Self::Exists,
            SqlError::InvalidName => Self::Invalid("a name"),
            error => Self::unavailable(error),
        }
    }
}

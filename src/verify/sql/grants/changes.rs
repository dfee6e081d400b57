//! Parts of the changes of grants.

use std::time::{Duration, SystemTime};

use super::read::{self, NEVER};
use super::statements;
use super::values::{audience, bytes, duration, narrowed, until};
use crate::grant::{NewGrant, NextTokens, RefreshDigests, Renewal, StoreError};
use crate::verify::sql::store::SqlStore;
use crate::verify::sql::{Change, Kind, Row, SqlError, Value, names};

impl SqlStore {
    /// Inserts a grant whose access token has the scopes and the audience of `current`.
    pub(super) async fn insert_grant(
        &self,
        grant: &NewGrant,
        now: SystemTime,
        current: &NewGrant,
        tokens: Vec<Value>,
    ) -> Result<Row, StoreError> {
        let named = |text: Option<&str>, what| match names::optional(text) {
            Ok(text) => Ok(text),
            Err(_) => Err(StoreError::Invalid(what)),
        };
        let client = named(Some(&grant.client), "a client id")?;
        let org = named(grant.org.as_deref(), "an organization")?;
        let is_bare = grant.user.is_none() && org.is_none();
        let ends = grant.lifetime.and_then(|lifetime| now.checked_add(lifetime));
        let values = vec![
            self.column().into(),
            grant.id.as_str().into(),
            client.into(),
            named(grant.user.as_deref(), "a user name")?.into(),
            named(grant.uuid.as_deref(), "a UUID")?.into(),
            org.or_else(|| is_bare.then(String::new)).into(),
            named(grant.app.as_deref(), "an application")?.into(),
            current.scopes.as_str().into(),
            grant.scopes.as_str().into(),
            Some(audience(&current.audience)?).into(),
            Some(audience(&grant.audience)?).into(),
            names::millis(now).into(),
            ends.map(names::millis).into(),
            named(grant.session.as_deref(), "a session")?.into(),
            grant.authenticated_at.map(names::millis).into(),
        ];
        let rows = self.write(&statements::insert(), [values, tokens].concat()).await?;
        match rows.into_iter().next() {
            Some(row) => Ok(row),
            None => Err(self.refusal(grant.user.as_deref(), now).await?),
        }
    }

    /// Returns why a grant was not inserted.
    async fn refusal(&self, user: Option<&str>, now: SystemTime) -> Result<StoreError, SqlError> {
        let Some(user) = user else { return Ok(StoreError::Exists) };
        let values = vec![self.column().into(), user.into(), names::millis(now).into()];
        let is_deleted = !self.read(statements::DEPARTED, values).await?.is_empty();
        Ok(if is_deleted { StoreError::UserDeleted } else { StoreError::Exists })
    }

    /// Returns the values of the statements that renew.
    pub(super) fn following(
        &self,
        shown: &RefreshDigests,
        client: &str,
        next: &NextTokens,
        now: SystemTime,
    ) -> Result<Vec<Value>, StoreError> {
        let refresh = next.refresh;
        Ok(vec![
            self.column().into(),
            names::millis(now).into(),
            shown.token.into(),
            client.into(),
            next.access.into(),
            until(next.lifetime, now).into(),
            next.scopes.as_ref().map(|scopes| scopes.as_str().to_owned()).into(),
            narrowed(next)?.into(),
            bytes(refresh.map(|refresh| refresh.digests.token)),
            refresh.map(|refresh| until(refresh.idle, now).unwrap_or(NEVER)).into(),
        ])
    }

    /// Returns why no grant was renewed, and ends the grant of a token that was used again.
    ///
    /// If another call won the token, this call waited for it or came later, so it sees its change.
    pub(super) async fn refused(
        &self,
        shown: &RefreshDigests,
        client: &str,
        grace: Duration,
        now: SystemTime,
    ) -> Result<Renewal, StoreError> {
        let (tenant, now): (Value, Value) = (self.column().into(), names::millis(now).into());
        let [family, token]: [Value; 2] = [shown.family.into(), shown.token.into()];
        let values =
            vec![tenant.clone(), now, family.clone(), client.into(), token.clone(), duration(grace).into()];
        let ended = self.change_grants(statements::reuse(), values).await?.into_iter().next();
        if let Some(mut row) = ended {
            return Ok(Renewal::Reused(read::id(&mut row)?));
        }
        let rows = self.read(statements::FAMILY, vec![tenant, family, client.into(), token]).await?;
        let Some(mut row) = rows.into_iter().next() else { return Ok(Renewal::Unknown) };
        let (id, is_superseded) = (read::id(&mut row)?, row.number()? > 0);
        Ok(if is_superseded { Renewal::Superseded(id) } else { Renewal::Ended(id) })
    }

    /// Runs a statement that returns the ids of the changed grants first, and publishes each.
    pub(super) async fn change_grants(
        &self,
        template: &str,
        values: Vec<Value>,
    ) -> Result<Vec<Row>, StoreError> {
        let tenant = self.of_tenant().map(str::to_owned);
        let change_of_row = move |row: &mut Row| {
            Ok(Change::Credential { kind: Kind::AccessToken, tenant: tenant.clone(), id: row.name()? })
        };
        Ok(self.change_rows(template, values, Change::Everything, change_of_row).await?)
    }
}

//! The table of grants in memory.

use std::collections::{HashMap, HashSet};
use std::time::SystemTime;

use super::row::{Place, Row};
use crate::credential::Digest;
use crate::grant::{
    CodeProof, Ending, Grant, GrantId, NewCode, NewGrant, NextTokens, Presented, Redemption, RefreshDigests,
    RefreshRule, Renewal, StoreError,
};

/// Grants by their ids, and the ids by the digests of codes and tokens.
///
/// A digest is in the index as long as its row has it, and each use compares it with the row.
#[derive(Debug, Default)]
pub(super) struct Table {
    rows: HashMap<GrantId, Row>,
    index: HashMap<Digest, GrantId>,
}

/// Maximum number of grants in the list of a user.
const LISTED: usize = 1_000;

/// Maximum number of grants that a purge deletes.
const PURGED: usize = 1_000;

impl Table {
    pub(super) fn offer(
        &mut self,
        grant: &NewGrant,
        code: &NewCode,
        now: SystemTime,
    ) -> Result<(), StoreError> {
        self.check_new(grant, [code.digest])?;
        let mut row = Row::new(grant, now);
        row.offer(code, now);
        self.put(row);
        Ok(())
    }

    pub(super) fn issue(
        &mut self,
        grant: &NewGrant,
        next: &NextTokens,
        now: SystemTime,
    ) -> Result<Grant, StoreError> {
        self.check_new(grant, digests(next))?;
        let mut row = Row::new(grant, now);
        row.begin(next, now);
        Ok(self.put(row))
    }

    pub(super) fn redeem(
        &mut self,
        code: &Digest,
        proof: &CodeProof<'_>,
        next: &NextTokens,
        now: SystemTime,
    ) -> Result<Redemption, StoreError> {
        let token = Presented::Code(*code);
        let row = self.row(code).filter(|row| row.owns(&token, now) && row.grant.client == proof.client());
        let Some(mut row) = row.filter(|row| row.is_live()).cloned() else { return Ok(Redemption::Unknown) };
        if row.is_code_used() {
            row.ended_at = Some(now);
            return Ok(Redemption::Replayed(self.put(row).id));
        }
        if !row.accepts(proof, now) {
            return Ok(Redemption::Unknown);
        }
        self.check_unused(digests(next))?;
        row.begin(next, now);
        Ok(Redemption::Redeemed(Box::new(self.put(row))))
    }

    pub(super) fn renew(
        &mut self,
        refresh: &RefreshDigests,
        client: &str,
        rule: &RefreshRule,
        next: &NextTokens,
        now: SystemTime,
    ) -> Result<Renewal, StoreError> {
        let token = Presented::Refresh(*refresh);
        let row = self.row(&refresh.family).filter(|row| row.owns(&token, now) && row.grant.client == client);
        let Some(mut row) = row.cloned() else { return Ok(Renewal::Unknown) };
        if !row.is_live() {
            return Ok(Renewal::Ended(row.grant.id));
        }
        let place = row.place(refresh, rule, now);
        let is_in_force = row.is_refresh_in_force(now);
        match place {
            Place::Reused => {
                row.ended_at = Some(now);
                Ok(Renewal::Reused(self.put(row).id))
            }
            Place::JustRotated => Ok(Renewal::Superseded(row.grant.id)),
            _ if !is_in_force => Ok(Renewal::Ended(row.grant.id)),
            Place::Current | Place::Recoverable => {
                let fresh = next.refresh.map(|refresh| refresh.digests.token);
                self.check_unused([next.access].into_iter().chain(fresh))?;
                match place {
                    Place::Recoverable => row.recover(next, now),
                    _ => row.renew(next, now),
                }
                Ok(Renewal::Renewed(Box::new(self.put(row))))
            }
        }
    }

    pub(super) fn find(&self, token: &Presented, now: SystemTime) -> Option<Grant> {
        let row = match token {
            Presented::Access(digest) | Presented::Code(digest) => self.row(digest),
            Presented::Refresh(refresh) => self.row(&refresh.family),
            Presented::Grant(id) | Presented::Jwt { grant: id, .. } => self.rows.get(id),
        };
        row.filter(|row| row.owns(token, now)).and_then(|row| row.found(token, now))
    }

    pub(super) fn of_user(&self, user: &str, now: SystemTime) -> Vec<Grant> {
        let own = self.rows.values().filter(|row| row.grant.user.as_deref() == Some(user));
        let mut own: Vec<Grant> = own.filter_map(|row| row.listed(now)).collect();
        own.sort_by(|one, other| other.created_at.cmp(&one.created_at).then_with(|| one.id.cmp(&other.id)));
        own.truncate(LISTED);
        own
    }

    pub(super) fn end(&mut self, what: &Ending<'_>, now: SystemTime) -> usize {
        let concerns = |row: &Row| match what {
            Ending::Token { token, client } => row.owns(token, now) && row.grant.client == *client,
            Ending::Grant(id) => row.grant.id == **id,
            Ending::Session(session) => row.grant.session.as_deref() == Some(*session),
            Ending::User { user, client } => {
                row.grant.user.as_deref() == Some(*user)
                    && client.is_none_or(|client| row.grant.client == client)
            }
            Ending::Client(client) => row.grant.client == *client,
        };
        let ended = self.rows.values_mut().filter(|row| row.is_live() && concerns(row));
        ended.map(|row| row.ended_at = Some(now)).count()
    }

    pub(super) fn purge(&mut self, before: SystemTime) -> usize {
        let over = self.rows.iter().filter(|(_, row)| row.is_over(before)).take(PURGED);
        let over: HashSet<GrantId> = over.map(|(id, _)| id.clone()).collect();
        self.rows.retain(|id, _| !over.contains(id));
        self.index.retain(|_, id| !over.contains(id));
        over.len()
    }

    fn row(&self, digest: &Digest) -> Option<&Row> {
        self.rows.get(self.index.get(digest)?)
    }

    /// Replaces or inserts a row, and returns its grant.
    fn put(&mut self, row: Row) -> Grant {
        let grant = row.grant.clone();
        for digest in self.rows.get(&grant.id).into_iter().flat_map(Row::digests) {
            self.index.remove(&digest);
        }
        self.index.extend(row.digests().map(|digest| (digest, grant.id.clone())));
        self.rows.insert(grant.id.clone(), row);
        grant
    }

    fn check_new(
        &self,
        grant: &NewGrant,
        digests: impl IntoIterator<Item = Digest>,
    ) -> Result<(), StoreError> {
        if self.rows.contains_key(&grant.id) {
            return Err(StoreError::Exists);
        }
        self.check_unused(digests)
    }

    fn check_unused(&self, digests: impl IntoIterator<Item = Digest>) -> Result<(), StoreError> {
        let is_taken = digests.into_iter().any(|digest| self.index.contains_key(&digest));
        if is_taken { Err(StoreError::Exists) } else { Ok(()) }
    }
}

fn digests(next: &NextTokens) -> impl Iterator<Item = Digest> {
    let refresh = next.refresh.map(|refresh| [refresh.digests.family, refresh.digests.token]);
    [next.access].into_iter().chain(refresh.into_iter().flatten())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grant::{Lifetime, NextRefresh, TokenShape};

    #[test]
    fn the_index_has_only_digests_that_a_grant_has() {
        const SHAPE: TokenShape = TokenShape::prefixed("acme");
        let (id, now) = (GrantId::random().unwrap(), SystemTime::UNIX_EPOCH);
        let mut table = Table::default();
        let tokens = |refresh: RefreshDigests| {
            let access = SHAPE.access(&id, None).unwrap().digest;
            NextTokens::new(access, Lifetime::seconds(60))
                .refresh(NextRefresh::new(refresh, Lifetime::seconds(60)))
        };
        let mut refresh = SHAPE.refresh(&id).unwrap();
        table.issue(&NewGrant::new(id.clone(), "viewer"), &tokens(refresh.digests), now).unwrap();
        for _ in 0..100 {
            let next = SHAPE.successor(&refresh.secret).unwrap().unwrap();
            let renewed =
                table.renew(&refresh.digests, "viewer", &RefreshRule::default(), &tokens(next.digests), now);
            assert!(matches!(renewed, Ok(Renewal::Renewed(_))));
            refresh = next;
        }
        let held: HashSet<Digest> = table.rows[&id].digests().collect();
        assert_eq!(table.index.len(), held.len());
        assert!(held.iter().all(|digest| table.index.contains_key(digest)));
    }
}

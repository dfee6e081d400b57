//! Batches of changes, which one pass over a cache looks for together.

use std::collections::HashSet;

use tokio::sync::broadcast::error::TryRecvError;

use super::change::{self, WAITING};
use super::{Change, Changes, Digest, Kind};
use crate::principal::Principal;

/// Batch of any number of changes. To check a principal against it takes no longer than against a
/// single change.
#[derive(Debug, Default)]
pub(super) struct Batch {
    everything: bool,
    clients: HashSet<String>,
    credentials: HashSet<String>,
    users: HashSet<String>,
    denied: HashSet<Digest>,
    /// A digest was denied that may be of any credential. It concerns answers that do not hold what
    /// they depend on.
    denied_by_text: bool,
    topics: HashSet<u64>,
}

impl Changes {
    /// Returns all changes that wait, once there is one; `None` if the verifier was dropped.
    pub(super) async fn batch(&mut self) -> Option<Batch> {
        let mut batch = Batch::default();
        batch.add(self.next().await?);
        for _ in 0..WAITING {
            match self.0.try_recv() {
                Ok(change) => batch.add(change),
                Err(TryRecvError::Lagged(_)) => batch.add(Change::Everything),
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        Some(batch)
    }
}

impl Batch {
    fn add(&mut self, change: Change) {
        self.topics.extend(change.topic());
        match change {
            Change::Credential { kind: Kind::Client, id, .. } => _ = self.clients.insert(id),
            Change::Credential { id, .. } => _ = self.credentials.insert(id),
            Change::User { name, .. } => _ = self.users.insert(name),
            Change::Denied(digest) if digest.is_of_principal() => _ = self.denied.insert(digest),
            Change::Denied(_) => self.denied_by_text = true,
            Change::Everything => self.everything = true,
        }
    }

    /// Returns `true` if everything may have changed.
    pub(super) const fn is_everything(&self) -> bool {
        self.everything
    }

    /// Returns `true` if one of the changes [concerns](Change::concerns) this principal.
    pub(super) fn concerns(&self, principal: &Principal) -> bool {
        let named = |names: &HashSet<String>, own: &[Option<&str>]| {
            !names.is_empty() && own.iter().flatten().any(|own| names.contains(*own))
        };
        if let Some(topics) = principal.depends_on() {
            return self.everything
                || topics.iter().any(|topic| self.topics.contains(topic))
                || (!self.denied.is_empty()
                    && Digest::from_principal(principal).is_some_and(|own| self.denied.contains(&own)));
        }
        self.everything
            || self.denied_by_text
            || named(&self.clients, &change::clients(principal))
            || named(&self.credentials, &change::credentials(principal))
            || named(&self.users, &change::users(principal))
            || (!self.users.is_empty() && change::may_concern_any_principal(principal))
            || (!self.denied.is_empty()
                && Digest::from_principal(principal).is_none_or(|own| self.denied.contains(&own)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::principal::{ApiKey, AppAdmin, BasicUser, OAuthUser};
    use crate::verify::sql::change::Hub;

    fn user(name: &str) -> Change {
        Change::User { tenant: None, name: name.to_owned() }
    }

    fn changes() -> Vec<Change> {
        let credential = |kind, id: &str| Change::Credential { kind, tenant: None, id: id.to_owned() };
        let otto = OAuthUser::new("otto").with_credential_id("t1").into();
        vec![
            credential(Kind::AccessToken, "t1"),
            credential(Kind::Client, "map"),
            credential(Kind::ApiKey, "k1"),
            user("otto"),
            user("olga"),
            Change::Denied(Digest::from_principal(&otto).unwrap()),
            Change::Denied(Digest::from_parts(&[])),
            Change::Everything,
        ]
    }

    #[test]
    fn a_batch_concerns_each_name_that_one_of_its_changes_concerns() {
        let principals: [Principal; 6] = [
            OAuthUser::new("otto").with_credential_id("t1").into(),
            OAuthUser::new("otto").with_client("map").with_credential_id("t2").into(),
            ApiKey::new("k1").with_owner("olga").with_credential_id("k1").into(),
            ApiKey::new("k2").into(),
            AppAdmin::new("map", "acme", "weather").with_credential_id("map").into(),
            BasicUser::new("olga").into(),
        ];
        let all = changes();
        // Every subset of the changes.
        for choice in 0..1_u32 << all.len() {
            let chosen: Vec<_> = all.iter().enumerate().filter(|(at, _)| choice & 1 << at != 0).collect();
            let mut batch = Batch::default();
            chosen.iter().for_each(|(_, change)| batch.add((*change).clone()));
            for principal in &principals {
                let concerns = chosen.iter().any(|(_, change)| change.concerns(principal));
                assert_eq!(batch.concerns(principal), concerns, "{chosen:?} {principal:?}");
            }
        }
    }

    #[tokio::test]
    async fn whatever_waits_is_one_batch() {
        let hub = Hub::new();
        let mut heard = hub.changes();
        (0..1_000).for_each(|number| hub.publish(user(&format!("user{number}"))));
        let batch = heard.batch().await.unwrap();
        assert_eq!((batch.users.len(), batch.is_everything()), (1_000, false));
        hub.publish(user("otto"));
        assert_eq!(heard.batch().await.unwrap().users.len(), 1);
        drop(hub);
        assert!(heard.batch().await.is_none());
    }

    #[tokio::test]
    async fn more_than_can_wait_is_everything_at_once() {
        let hub = Hub::new();
        let mut heard = hub.changes();
        (0..=WAITING).for_each(|_| hub.publish(user("otto")));
        assert!(heard.batch().await.unwrap().is_everything());
        // Nothing waits any longer.
        drop(hub);
        assert!(heard.batch().await.is_none());
    }
}

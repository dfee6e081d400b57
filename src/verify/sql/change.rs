//! Changes in a database, for code that keeps answers.

use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use super::{Digest, Kind, SqlError, topic};
use crate::principal::Principal;

/// Change in the database, after which an earlier answer may be wrong.
///
/// It holds public ids and digests, never a secret.
///
/// # Examples
///
/// ```
/// use tower_principal::{ApiKey, Principal};
/// use tower_principal::verify::sql::Change;
///
/// let key = Principal::from(ApiKey::new("key-1").with_owner("alice"));
/// assert!(Change::Everything.concerns(&key));
/// assert!(Change::User { tenant: None, name: "alice".into() }.concerns(&key));
/// assert!(!Change::User { tenant: None, name: "bob".into() }.concerns(&key));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Change {
    /// A credential was changed, disabled, revoked, rotated or deleted.
    Credential {
        /// Kind of the credential.
        kind: Kind,
        /// Tenant of the credential.
        tenant: Option<String>,
        /// Public id of the credential.
        id: String,
    },
    /// A user was changed, disabled or deleted, or holds other permissions.
    User {
        /// Tenant of the user.
        tenant: Option<String>,
        /// Name of the user.
        name: String,
    },
    /// A digest was put on the denial list. A digest [of a principal](Digest::from_principal)
    /// concerns that credential and answers without a credential id. Any other digest may belong to
    /// any credential, and concerns all answers.
    Denied(Digest),
    /// Anything may have changed: a role changed, or the connection to the database was lost for a
    /// while.
    Everything,
}

/// Stream of the changes from now on, in order.
///
/// On SQLite these are the changes that are made through this verifier, its clones and their
/// stores. Changes through a second verifier of the same file are not received, even in the same
/// process, so clone the existing one. On PostgreSQL they are the changes that any client makes,
/// within a second while the server can be reached.
///
/// A created credential is not reported, so do not keep an answer that it is unknown for long. A
/// created user is reported, because a credential that was made for that name earlier ends with the
/// user.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use tower_principal::verify::sql::{Change, Kind, NewCredential, SqlVerifier};
///
/// let verifier = SqlVerifier::sqlite("sqlite::memory:").connect().await?;
/// let mut changes = verifier.changes()?;
/// let keys = verifier.store().api_keys();
/// keys.create(NewCredential::new().id("key-1")).await?;
/// keys.disable("key-1").await?;
/// let disabled =
///     Change::Credential { kind: Kind::ApiKey, tenant: None, id: "key-1".into() };
/// assert_eq!(changes.next().await, Some(disabled));
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sqlite"))]
/// # fn main() {}
/// ```
#[derive(Debug)]
pub struct Changes(pub(super) broadcast::Receiver<Change>);

/// Channel on which changes are published.
#[derive(Clone, Debug)]
pub(super) struct Hub(broadcast::Sender<Change>);

/// Receiver of the changes that other processes make.
pub(super) trait Listen: Send {
    /// Starts to listen if it does not listen yet, and publishes what it receives until it is
    /// dropped.
    fn start(&mut self, hub: &Hub) -> Result<(), SqlError>;
}

/// Maximum number of changes that wait for a slow listener. A listener that misses one receives
/// [`Change::Everything`].
pub(super) const WAITING: usize = 1024;

impl Change {
    /// Returns `true` if an earlier answer with this principal may be wrong now.
    ///
    /// A principal of a [`SqlVerifier`](super::SqlVerifier) holds what it depends on, such as its
    /// credential, the client and the client's owner. So does a principal that [takes that
    /// over](crate::OAuthUser::depends_as). Any other principal is compared by
    /// its names, without regard to the tenant. If it does not have enough names, it is concerned.
    pub fn concerns(&self, principal: &Principal) -> bool {
        match (principal.depends_on(), self.topic()) {
            (Some(topics), Some(topic)) => topics.contains(&topic) || self.denies(principal),
            _ => self.may_concern(principal),
        }
    }

    /// Returns the topic of the change; `None` if anything may have changed.
    pub(super) fn topic(&self) -> Option<u64> {
        match self {
            Self::Credential { kind, tenant, id } => {
                Some(topic::credential(*kind, tenant.as_deref().unwrap_or_default(), id))
            }
            Self::User { tenant, name } => Some(topic::user(tenant.as_deref().unwrap_or_default(), name)),
            Self::Denied(digest) => Some(topic::denied(digest)),
            Self::Everything => None,
        }
    }

    /// Returns `true` if it denies this principal's credential by its id.
    fn denies(&self, principal: &Principal) -> bool {
        matches!(self, Self::Denied(digest) if Digest::from_principal(principal).as_ref() == Some(digest))
    }

    fn may_concern(&self, principal: &Principal) -> bool {
        match self {
            Self::Credential { kind: Kind::Client, id, .. } => clients(principal).contains(&Some(id)),
            Self::Credential { id, .. } => credentials(principal).contains(&Some(id)),
            Self::User { name, .. } => {
                may_concern_any_principal(principal) || users(principal).contains(&Some(name))
            }
            // The credential that was presented for an answer is not known any more.
            Self::Denied(digest) => {
                !digest.is_of_principal()
                    || Digest::from_principal(principal).is_none_or(|own| own == *digest)
            }
            Self::Everything => true,
        }
    }

    /// Parses an announcement of a database. Any other text means that anything may have changed.
    #[cfg(feature = "postgres")]
    pub(super) fn announced(message: &str) -> Self {
        let mut parts = message.splitn(3, '\n');
        let (Some(what), Some(tenant), Some(name)) = (parts.next(), parts.next(), parts.next()) else {
            return Self::Everything;
        };
        let tenant = Some(tenant.to_owned()).filter(|tenant| !tenant.is_empty());
        match what {
            "user" => Self::User { tenant, name: name.to_owned() },
            "digest" | "principal" => Digest::from_hex(name)
                .map_or(Self::Everything, |digest| Self::Denied(digest.known_for(what == "principal"))),
            kind => Kind::named(kind).map_or(Self::Everything, |kind| Self::Credential {
                kind,
                tenant,
                id: name.to_owned(),
            }),
        }
    }
}

impl Changes {
    /// Returns the next change; `None` if the verifier was dropped. A listener that was too slow
    /// receives [`Change::Everything`] instead of the changes that it missed.
    pub async fn next(&mut self) -> Option<Change> {
        match self.0.recv().await {
            Ok(change) => Some(change),
            Err(RecvError::Lagged(_)) => Some(Change::Everything),
            Err(RecvError::Closed) => None,
        }
    }
}

/// Returns the clients that a principal may be, or was issued to.
pub(super) fn clients(principal: &Principal) -> [Option<&str>; 2] {
    let issued_to = match principal {
        Principal::OAuthUser(user) => user.client(),
        _ => None,
    };
    [principal.id(), issued_to]
}

/// Returns the ids that a principal's credential may have. The credential id of a JWT that an
/// authorization server issued is the id of its grant, a dot, and a number.
pub(super) fn credentials(principal: &Principal) -> [Option<&str>; 3] {
    let credential = principal.credential_id();
    let grant = credential.and_then(|id| id.rsplit_once('.')).map(|(grant, _)| grant);
    [principal.id(), credential, grant]
}

/// Returns the users that a principal is, or belongs to.
pub(super) fn users(principal: &Principal) -> [Option<&str>; 2] {
    [principal.id(), principal.owner()]
}

/// Returns `true` for a client, which does not hold its owner, and for its tokens, which end with
/// it.
pub(super) fn may_concern_any_principal(principal: &Principal) -> bool {
    match principal {
        Principal::OrgAdmin(_) | Principal::AppAdmin(_) => true,
        Principal::OAuthUser(user) => user.client().is_some(),
        _ => false,
    }
}

impl Hub {
    pub(super) fn new() -> Self {
        Self(broadcast::Sender::new(WAITING))
    }

    pub(super) fn publish(&self, change: Change) {
        // There may be no listener.
        let _ = self.0.send(change);
    }

    pub(super) fn changes(&self) -> Changes {
        Changes(self.0.subscribe())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::principal::{ApiKey, AppAdmin, OAuthUser};

    #[test]
    fn a_change_concerns_the_principals_that_it_names() {
        let credential = |kind, id: &str| Change::Credential { kind, tenant: None, id: id.to_owned() };
        let user = |name: &str| Change::User { tenant: None, name: name.to_owned() };
        let otto: Principal = OAuthUser::new("otto").with_client("map").with_credential_id("t1").into();
        let key: Principal = ApiKey::new("k1").with_owner("otto").into();
        let client: Principal = AppAdmin::new("map", "acme", "weather").with_credential_id("t2").into();
        for (change, concerned) in [
            (credential(Kind::AccessToken, "t1"), [true, false, false]),
            (credential(Kind::AccessToken, "t2"), [false, false, true]),
            (credential(Kind::Client, "map"), [true, false, true]),
            (credential(Kind::ApiKey, "k1"), [false, true, false]),
            // The client may belong to any user.
            (user("otto"), [true, true, true]),
            (user("olga"), [true, false, true]),
            (Change::Everything, [true, true, true]),
            // Only a token with an id is recognized by it; the key has none and may be meant.
            (Change::Denied(Digest::from_principal(&otto).unwrap()), [true, true, false]),
            // Nothing is known of the credentials that were presented.
            (Change::Denied(Digest::from_parts(&[])), [true, true, true]),
        ] {
            let found = [&otto, &key, &client].map(|principal| change.concerns(principal));
            assert_eq!(found, concerned, "{change:?}");
        }
    }

    #[cfg(feature = "postgres")]
    #[test]
    fn an_announcement_that_is_not_understood_means_everything() {
        let key = Change::Credential { kind: Kind::ApiKey, tenant: Some("acme".into()), id: "k\n1".into() };
        assert_eq!(Change::announced("api_key\nacme\nk\n1"), key);
        assert_eq!(Change::announced("user\n\notto"), Change::User { tenant: None, name: "otto".into() });
        let digest = Digest::from_parts(&[]);
        let hex: String = digest.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(Change::announced(&format!("digest\n\n{hex}")), Change::Denied(digest));
        let of_principal = Change::Denied(digest.known_for(true));
        assert_eq!(Change::announced(&format!("principal\n\n{hex}")), of_principal);
        for other in ["", "everything", "api_key\nacme", "role\n\nx", "digest\n\nzz"] {
            assert_eq!(Change::announced(other), Change::Everything, "{other}");
        }
    }

    #[tokio::test]
    async fn a_slow_listener_hears_that_everything_changed() {
        let hub = Hub::new();
        let mut changes = hub.changes();
        for _ in 0..=WAITING {
            hub.publish(Change::User { tenant: None, name: "otto".into() });
        }
        assert_eq!(changes.next().await, Some(Change::Everything));
        drop(hub);
        while changes.next().await.is_some() {}
    }
}

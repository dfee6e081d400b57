//! The identity of a principal.

use std::sync::Arc;
use std::time::Duration;

use super::record::Record;
use super::{Identity, IdentityKind, IdentitySource, Principal};

impl Principal {
    /// Returns the issuer or the store that vouches for the principal. Without an issuer and a
    /// store name it is the store without a name.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::principal::IdentitySource;
    /// use tower_principal::{BasicUser, Principal};
    ///
    /// let alice: Principal = BasicUser::new("alice").into();
    /// assert_eq!(alice.source(), IdentitySource::Store(""));
    /// let alice: Principal = BasicUser::new("alice").with_store("staff").into();
    /// assert_eq!(alice.source(), IdentitySource::Store("staff"));
    /// ```
    #[inline]
    pub fn source(&self) -> IdentitySource<'_> {
        let record = self.record();
        match &record.issuer {
            Some(issuer) => IdentitySource::Issuer(issuer),
            None => IdentitySource::Store(record.store.as_deref().unwrap_or_default()),
        }
    }

    /// Returns how long after its expiry the verifier still accepts the credential.
    pub(crate) fn leeway(&self) -> Duration {
        Duration::from_secs(self.record().leeway.into())
    }

    /// Returns the tenant of the principal's store.
    pub fn tenant(&self) -> Option<&str> {
        self.record().tenant.as_deref()
    }

    /// Returns `true` if the principal is a client that acts for itself, not a person. It is an
    /// organization's client, an application's client, or an [`OAuthUser`](super::OAuthUser) whose
    /// id is the client's.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::{OAuthUser, OrgAdmin, Principal};
    ///
    /// let person: Principal =
    ///     OAuthUser::new("otto").with_client("map-app").into();
    /// let service: Principal = OAuthUser::new("weather").for_itself().into();
    /// let client: Principal =
    ///     OrgAdmin::new("b3U68vghI6FmEeKn9wLoGtzz0A", "acme").into();
    /// assert!(!person.is_client());
    /// assert!(service.is_client() && client.is_client());
    /// ```
    pub fn is_client(&self) -> bool {
        self.record().for_itself || matches!(self, Self::OrgAdmin(_) | Self::AppAdmin(_))
    }

    /// Returns the identity, which distinguishes principals; `None` for a guest.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::{Guest, OAuthUser, Principal};
    ///
    /// let by = |email: &str| -> Principal {
    ///     OAuthUser::new(email).with_subject("f2f82123").into()
    /// };
    /// // The subject stays when the address changes.
    /// assert_eq!(
    ///     by("otto@a.example").identity(),
    ///     by("otto@b.example").identity()
    /// );
    /// assert!(Principal::from(Guest::new()).identity().is_none());
    /// ```
    pub fn identity(&self) -> Option<Identity<'_>> {
        let kind = match self {
            Self::Guest(_) => return None,
            Self::AppToken(_) => IdentityKind::AppToken,
            Self::ApiKey(_) => IdentityKind::ApiKey,
            _ if self.is_client() => IdentityKind::Client,
            _ => IdentityKind::User,
        };
        let record = self.record();
        let id = record.subject.as_deref().unwrap_or(&record.id);
        Some(Identity::new(self.source(), self.tenant(), kind, id).of_claim(record.claim.as_deref()))
    }

    /// Returns the identity that a key or an app token acts for, which is a user of the same
    /// source. Returns the principal's own identity if there is no owner, and `None` for a guest.
    pub(crate) fn account(&self) -> Option<Identity<'_>> {
        match (self, self.owner()) {
            (Self::Guest(_), _) => None,
            (_, Some(owner)) => Some(Identity::new(self.source(), self.tenant(), IdentityKind::User, owner)),
            (_, None) => self.identity(),
        }
    }

    /// Returns the identity as a text to store, for instance as a foreign key; `None` for a guest.
    /// It is printable ASCII, does not change between requests, and is unique across sources,
    /// tenants and kinds.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::{OAuthUser, Principal};
    ///
    /// let alice: Principal =
    ///     OAuthUser::new("alice").with_issuer("https://a.example").into();
    /// assert_eq!(
    ///     alice.key().as_deref(),
    ///     Some("issuer:https%3A%2F%2Fa.example/user/alice")
    /// );
    /// ```
    pub fn key(&self) -> Option<String> {
        self.identity().map(|identity| identity.to_string())
    }

    /// Sets the store and the tenant, unless an issuer or a store is set already.
    #[cfg_attr(not(any(feature = "memory", feature = "sqlite", feature = "postgres")), allow(dead_code))]
    pub(crate) fn known_by(self, store: Option<Arc<str>>, tenant: Option<Arc<str>>) -> Self {
        if self.is_guest() || self.record().issuer.is_some() || self.record().store.is_some() {
            return self;
        }
        self.changed(|record| (record.store, record.tenant) = (store, tenant))
    }

    /// Changes the record, which is copied if other principals share it.
    #[cfg_attr(not(any(feature = "memory", feature = "sqlite", feature = "postgres")), allow(dead_code))]
    pub(super) fn changed(mut self, change: impl FnOnce(&mut Record)) -> Self {
        change(Arc::make_mut(match &mut self {
            Self::Guest(guest) => &mut guest.0,
            Self::AppToken(app) => &mut app.0,
            Self::BasicUser(user) => &mut user.0,
            Self::ApiKey(key) => &mut key.0,
            Self::OrgAdmin(client) => &mut client.0,
            Self::AppAdmin(client) => &mut client.0,
            Self::OAuthUser(user) => &mut user.0,
        }));
        self
    }
}

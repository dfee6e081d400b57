//! The record behind every kind of principal.

use std::any::Any;
use std::sync::Arc;
use std::time::SystemTime;

use super::{Ground, Groups, Permissions, Scopes};

/// The fields of all kinds. Each kind exposes only the fields that have a meaning for it.
#[derive(Clone, Default)]
pub(super) struct Record {
    pub(super) id: Box<str>,
    pub(super) org: Option<Box<str>>,
    pub(super) app: Option<Box<str>>,
    pub(super) owner: Option<Box<str>>,
    pub(super) uuid: Option<Box<str>>,
    pub(super) client: Option<Box<str>>,
    pub(super) credential_id: Option<Box<str>>,
    /// Shared, because a verifier gives the same issuer to all its principals.
    pub(super) issuer: Option<Arc<str>>,
    pub(super) store: Option<Arc<str>>,
    /// The tenant of the store.
    pub(super) tenant: Option<Arc<str>>,
    /// The immutable id, if it is not `id`.
    pub(super) subject: Option<Box<str>>,
    /// The claim of `id`, if a token has no immutable id.
    pub(super) claim: Option<Box<str>>,
    pub(super) scopes: Scopes,
    pub(super) permissions: Permissions,
    /// The place of the permissions, if it is not the organization and the application above.
    pub(super) ground: Option<Ground>,
    pub(super) groups: Groups,
    /// The place of the groups, if it is not the organization and the application above.
    pub(super) groups_ground: Option<Ground>,
    pub(super) expires_at: Option<SystemTime>,
    pub(super) claims: Option<Arc<dyn Any + Send + Sync>>,
    pub(super) claims_bytes: usize,
    /// The numbers of the topics that the answer depends on, as its verifier numbers them; `None`
    /// if they are not known.
    pub(super) depends_on: Option<Box<[u64]>>,
    /// The number of seconds after its expiry for which the verifier still accepts the credential.
    /// A list of denied credentials has to keep an entry longer than that.
    pub(super) leeway: u16,
    pub(super) sandbox: bool,
    /// Marks a client that acts for itself.
    pub(super) for_itself: bool,
    /// Marks such a client as its organization's or its application's client.
    #[cfg_attr(not(any(feature = "introspection", feature = "jwt")), allow(dead_code))]
    pub(super) is_admin: bool,
}

impl Record {
    /// Returns the size of the record with its texts, its permissions and the declared size of its
    /// claims.
    pub(super) fn bytes(&self) -> usize {
        let texts = [&self.org, &self.app, &self.owner, &self.uuid, &self.client, &self.subject, &self.claim];
        let texts = texts.into_iter().chain([&self.credential_id]).flatten();
        let texts = texts.map(|text| text.len()).sum::<usize>();
        let grounds = [&self.ground, &self.groups_ground].into_iter().flatten();
        let grounds = grounds.map(Ground::bytes).sum::<usize>();
        let own = size_of::<Self>() + self.id.len() + texts + grounds + self.groups.bytes();
        let own = own + self.scopes.as_str().len();
        let own = own + self.depends_on.as_ref().map_or(0, |topics| size_of_val(&**topics));
        own.saturating_add(self.permissions.bytes()).saturating_add(self.claims_bytes)
    }
}

/// Defines a kind: its record type, and the fields that have a meaning for it.
///
/// A setter changes the record in place as long as no clone shares it.
macro_rules! kind {
    (
        $(#[$doc:meta])*
        $name:ident
        $(, must $must:ident: $must_doc:literal)*
        $(, may $may:ident, $set_may:ident: $may_doc:literal)*
        $(, flag $flag:ident, $set_flag:ident, $is_flag:ident: $flag_doc:literal)*
    ) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(pub(super) Arc<Record>);

        impl $name {
            #[doc = concat!("Creates the principal with what every `", stringify!($name), "` has.")]
            pub fn new($($must: impl Into<String>),*) -> Self {
                Self(Arc::new(Record { $($must: kind!(@must $must, $must),)* ..Record::default() }))
            }

            $(#[doc = $must_doc] pub fn $must(&self) -> &str { kind!(@get self, $must) })*
            $(#[doc = $may_doc] pub fn $may(&self) -> Option<&str> { self.0.$may.as_deref() })*
            $(#[doc = $flag_doc] pub fn $is_flag(&self) -> bool { self.0.$flag })*

            /// Returns the credential's public id, for logs and revocation.
            pub fn credential_id(&self) -> Option<&str> {
                self.0.credential_id.as_deref()
            }

            /// Returns the issuer of the credential; see [`Principal::issuer`].
            pub fn issuer(&self) -> Option<&str> {
                self.0.issuer.as_deref()
            }

            /// Returns the granted scopes.
            pub fn scopes(&self) -> &Scopes {
                &self.0.scopes
            }

            /// Returns `true` if exactly this scope was granted.
            pub fn has_scope(&self, name: impl AsRef<str>) -> bool {
                self.0.scopes.contains(name.as_ref())
            }

            /// Returns the absolute permissions; see [`Principal::permissions`].
            pub fn permissions(&self) -> &Permissions {
                self.0.absolute()
            }

            /// Returns the time at which the credential expires.
            pub fn expires_at(&self) -> Option<SystemTime> {
                self.0.expires_at
            }

            /// Returns the verifier's own data if its type is `T`.
            pub fn claims<T: Any>(&self) -> Option<&T> {
                self.0.claims.as_deref()?.downcast_ref()
            }
        }

        /// Setters. Each returns the same principal with one property changed.
        impl $name {
            $(#[doc = $may_doc] #[must_use] pub fn $set_may(mut self, $may: impl Into<String>) -> Self {
                Arc::make_mut(&mut self.0).$may = Some($may.into().into_boxed_str());
                self
            })*

            $(#[doc = $flag_doc] #[must_use] pub fn $set_flag(mut self) -> Self {
                Arc::make_mut(&mut self.0).$flag = true;
                self
            })*

            /// Sets the credential's public id, for logs and revocation.
            #[must_use]
            pub fn with_credential_id(mut self, id: impl Into<String>) -> Self {
                Arc::make_mut(&mut self.0).credential_id = Some(id.into().into_boxed_str());
                self
            }

            /// Sets the issuer of the credential; see [`Principal::issuer`].
            #[must_use]
            pub fn with_issuer(mut self, issuer: impl Into<Arc<str>>) -> Self {
                Arc::make_mut(&mut self.0).issuer = Some(issuer.into());
                self
            }

            /// Sets the granted scopes; names that are not valid scope tokens are left out.
            pub fn with_scopes<S: AsRef<str>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
                Arc::make_mut(&mut self.0).scopes = scopes.into_iter().collect();
                self
            }

            /// Sets the name of the principal's store, if this service has several stores.
            #[must_use]
            pub fn with_store(mut self, name: impl Into<Arc<str>>) -> Self {
                Arc::make_mut(&mut self.0).store = Some(name.into());
                self
            }

            /// Sets the tenant of the principal's store.
            #[must_use]
            pub fn with_tenant(mut self, tenant: impl Into<Arc<str>>) -> Self {
                Arc::make_mut(&mut self.0).tenant = Some(tenant.into());
                self
            }

            /// Sets the id that never changes at the source, if it differs from the id. An example
            /// is a token's `sub` beside an id that is an email address. [`Principal::identity`]
            /// uses it.
            #[must_use]
            pub fn with_subject(mut self, subject: impl Into<String>) -> Self {
                Arc::make_mut(&mut self.0).subject = Some(subject.into().into_boxed_str());
                self
            }

            /// Sets the granted permissions. Their paths are relative to the principal's
            /// application. If the principal has only an organization, they are relative to each of
            /// its applications. Without an organization they are absolute.
            #[must_use]
            pub fn with_permissions(mut self, permissions: Permissions) -> Self {
                Arc::make_mut(&mut self.0).permissions = permissions;
                Arc::make_mut(&mut self.0).ground = None;
                self
            }

            /// Sets the granted permissions, whose paths are relative to this place. If the
            /// principal has an organization or an application, it must be in the place as well.
            #[must_use]
            pub fn with_permissions_in(mut self, ground: Ground, permissions: Permissions) -> Self {
                Arc::make_mut(&mut self.0).permissions = permissions;
                Arc::make_mut(&mut self.0).ground = Some(ground);
                self
            }

            /// Sets the time at which the credential expires.
            #[must_use]
            pub fn with_expires_at(mut self, at: SystemTime) -> Self {
                Arc::make_mut(&mut self.0).expires_at = Some(at);
                self
            }

            /// Attaches the verifier's own data, such as a token's claims.
            #[must_use]
            pub fn with_claims<T: Any + Send + Sync>(mut self, claims: T) -> Self {
                Arc::make_mut(&mut self.0).claims = Some(Arc::new(claims));
                self
            }

            /// Sets how many bytes of memory the claims hold, so that a cache of principals can
            /// count them.
            #[must_use]
            pub fn with_claims_bytes(mut self, bytes: usize) -> Self {
                Arc::make_mut(&mut self.0).claims_bytes = bytes;
                self
            }

            /// Copies the database rows that the answer depends on from `other`.
            ///
            /// A verifier that looks a principal up and returns another one in its place calls
            /// this. A cache then evicts the new principal when it would have evicted the old one.
            #[must_use]
            pub fn depends_as(mut self, other: &Principal) -> Self {
                Arc::make_mut(&mut self.0).depends_on = other.record().depends_on.clone();
                self
            }
        }

        impl From<$name> for Principal {
            fn from(record: $name) -> Self {
                Self::$name(record)
            }
        }

        /// Shows only the id, because the rest may be personal data.
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({:?})"), self.0.id)
            }
        }
    };
    (@must id, $value:ident) => { $value.into().into_boxed_str() };
    (@must $field:ident, $value:ident) => { Some($value.into().into_boxed_str()) };
    (@get $self:ident, id) => { &$self.0.id };
    (@get $self:ident, $field:ident) => { $self.0.$field.as_deref().unwrap_or_default() };
}

pub(super) use kind;

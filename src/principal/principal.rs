//! The principal of a request, and its kind.

use super::record::Record;
use super::{
    ApiKey, AppAdmin, AppToken, BasicUser, Guest, OAuthUser, OrgAdmin, Permissions, PrincipalKind, Scopes,
};
use std::any::Any;
use std::fmt;
use std::time::SystemTime;

/// The verified identity and rights behind a request.
///
/// The enum is exhaustive on purpose. A new kind breaks every `match`, so each one needs a decision
/// about it. Each kind is a small record made by its builder; a clone only counts one more
/// reference.
///
/// # Examples
///
/// ```
/// use tower_principal::{OAuthUser, Principal};
///
/// fn greeting(principal: &Principal) -> String {
///     match principal {
///         Principal::Guest(_) => "hello, whoever you are".to_owned(),
///         Principal::AppToken(app) => {
///             format!("hello, application {}", app.id())
///         }
///         Principal::BasicUser(user) => format!("hello, {}", user.id()),
///         Principal::ApiKey(key) => {
///             format!("hello, {}", key.owner().unwrap_or(key.id()))
///         }
///         Principal::OrgAdmin(client) => format!("hello, {}", client.org()),
///         Principal::AppAdmin(client) => {
///             format!("hello, {}/{}", client.org(), client.app())
///         }
///         Principal::OAuthUser(user) => format!("hello, {}", user.id()),
///     }
/// }
///
/// let otto = Principal::from(OAuthUser::new("otto").with_scopes(["all"]));
/// assert_eq!(greeting(&otto), "hello, otto");
/// ```
#[derive(Clone)]
#[allow(clippy::exhaustive_enums, reason = "a new kind must break every match")]
pub enum Principal {
    /// A request without a credential that a guest rule admitted.
    Guest(Guest),
    /// An application, identified by its token (Socrata's `X-App-Token`).
    AppToken(AppToken),
    /// A person, authenticated by user name and password.
    BasicUser(BasicUser),
    /// An API key that acts for its owner.
    ApiKey(ApiKey),
    /// An organization's client, with rights to the organization and all its applications
    /// (Usergrid).
    OrgAdmin(OrgAdmin),
    /// An application's client, with rights to the whole application (Usergrid).
    AppAdmin(AppAdmin),
    /// A person, authenticated by an access token.
    OAuthUser(OAuthUser),
}

impl Principal {
    /// Returns the kind, one of seven.
    pub const fn kind(&self) -> PrincipalKind {
        match self {
            Self::Guest(_) => PrincipalKind::Guest,
            Self::AppToken(_) => PrincipalKind::AppToken,
            Self::BasicUser(_) => PrincipalKind::BasicUser,
            Self::ApiKey(_) => PrincipalKind::ApiKey,
            Self::OrgAdmin(_) => PrincipalKind::OrgAdmin,
            Self::AppAdmin(_) => PrincipalKind::AppAdmin,
            Self::OAuthUser(_) => PrincipalKind::OAuthUser,
        }
    }

    /// Returns `true` if the principal is a guest: the request had no credential.
    pub const fn is_guest(&self) -> bool {
        matches!(self, Self::Guest(_))
    }

    /// Returns the public id: a user's name or subject, or the id of a key, token or client.
    /// Returns `None` for a guest.
    pub fn id(&self) -> Option<&str> {
        (!self.is_guest()).then(|| &*self.record().id)
    }

    /// Returns the organization that the principal belongs to.
    pub fn org(&self) -> Option<&str> {
        self.record().org.as_deref()
    }

    /// Returns the application that the principal belongs to.
    pub fn app(&self) -> Option<&str> {
        self.record().app.as_deref()
    }

    /// Returns the owner that an API key or an app token acts for, if it acts for another
    /// principal.
    pub fn owner(&self) -> Option<&str> {
        self.record().owner.as_deref()
    }

    /// Returns the granted scopes.
    pub fn scopes(&self) -> &Scopes {
        &self.record().scopes
    }

    /// Returns `true` if exactly this scope was granted.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::{OAuthUser, Principal};
    ///
    /// enum Scope {
    ///     Read,
    /// }
    ///
    /// impl AsRef<str> for Scope {
    ///     fn as_ref(&self) -> &str {
    ///         match self {
    ///             Scope::Read => "datasets:read",
    ///         }
    ///     }
    /// }
    ///
    /// let otto: Principal =
    ///     OAuthUser::new("otto").with_scopes([Scope::Read]).into();
    /// assert!(otto.has_scope(Scope::Read) && !otto.has_scope("datasets"));
    /// ```
    pub fn has_scope(&self, name: impl AsRef<str>) -> bool {
        self.scopes().contains(name.as_ref())
    }

    /// Returns the absolute permissions. Permissions that are relative to a place are not included.
    /// A principal with an organization or an application has such permissions, and so has a guest
    /// that a rule for paths admits. [`may_in`](Self::may_in) and the policies check them.
    pub fn permissions(&self) -> &Permissions {
        self.record().absolute()
    }

    /// Returns the time at which the credential expires.
    #[inline]
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.record().expires_at
    }

    /// Returns the credential's public id, for logs and revocation: a token's `jti` or a key's id.
    /// If there are several [issuers](Self::issuer), the id is unique only together with its
    /// issuer.
    pub fn credential_id(&self) -> Option<&str> {
        self.record().credential_id.as_deref()
    }

    /// Returns the issuer of the credential, as the verifier checked it: a JWT's `iss`. After
    /// introspection it is the expected issuer, or else the endpoint that was asked. Returns `None`
    /// if the verifier has only one issuer.
    pub fn issuer(&self) -> Option<&str> {
        self.record().issuer.as_deref()
    }

    /// Returns the verifier's own data if its type is `T`: the claims of a token, a database row.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::{BasicUser, Principal};
    ///
    /// struct Row {
    ///     department: String,
    /// }
    ///
    /// let row = Row { department: "maps".to_owned() };
    /// let alice: Principal = BasicUser::new("alice").with_claims(row).into();
    /// let department = alice.claims::<Row>().map(|row| row.department.as_str());
    /// assert_eq!(department, Some("maps"));
    /// ```
    pub fn claims<T: Any>(&self) -> Option<&T> {
        self.record().claims.as_deref()?.downcast_ref()
    }

    /// Returns roughly how many bytes of memory the principal holds: its texts, and its claims as
    /// far as the verifier declared their size. Permissions and the issuer are not counted.
    pub fn bytes(&self) -> usize {
        self.record().bytes()
    }

    #[inline]
    pub(super) fn record(&self) -> &Record {
        match self {
            Self::Guest(guest) => &guest.0,
            Self::AppToken(app) => &app.0,
            Self::BasicUser(user) => &user.0,
            Self::ApiKey(key) => &key.0,
            Self::OrgAdmin(client) => &client.0,
            Self::AppAdmin(client) => &client.0,
            Self::OAuthUser(user) => &user.0,
        }
    }
}

/// Shows only the kind and the id, because the rest may be personal data.
impl fmt::Debug for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.id() {
            Some(id) => write!(f, "{}({id:?})", self.kind()),
            None => write!(f, "{}", self.kind()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::principal::identity::IdentitySource;

    #[test]
    fn a_record_gives_back_what_its_builder_took() {
        let until = SystemTime::UNIX_EPOCH + Duration::from_secs(4_000_000_000);
        let user = OAuthUser::new("wendy")
            .with_org("acme")
            .with_app("weather")
            .with_uuid("f2f82123-a166-11e2-a7f7-02e81adcf3d0")
            .with_client("cid")
            .with_scopes(["a", "b"])
            .with_permissions(Permissions::all())
            .with_expires_at(until)
            .with_credential_id("jti-1")
            .with_issuer("https://issuer.example")
            .with_claims(7_u32);
        assert_eq!((user.id(), user.org(), user.app()), ("wendy", Some("acme"), Some("weather")));
        assert_eq!((user.client(), user.credential_id()), (Some("cid"), Some("jti-1")));
        let principal = Principal::from(user.clone());
        assert_eq!(principal.scopes().as_str(), "a b");
        assert_eq!(principal.expires_at(), Some(until));
        assert_eq!((principal.issuer(), user.issuer()), (Some("https://issuer.example"), principal.issuer()));
        assert_eq!(principal.claims::<u32>(), Some(&7));
        assert_eq!(principal.claims::<u64>(), None);
        let names = principal.user_names(IdentitySource::Issuer("https://issuer.example"));
        assert_eq!(names, ["wendy", "f2f82123-a166-11e2-a7f7-02e81adcf3d0"]);
        assert_eq!(principal.user_names(IdentitySource::Issuer("https://other.example")), ["", ""]);
        assert_eq!(principal.user_names(IdentitySource::Store("")), ["", ""]);
        assert_eq!(user.claims::<u32>(), Some(&7));
    }

    #[test]
    fn every_text_is_counted_and_claims_as_they_are_said_to_be() {
        let bytes = |user: OAuthUser| Principal::from(user).bytes();
        let (user, long) = (|| OAuthUser::new(""), "x".repeat(1000));
        let empty = bytes(user());
        assert!((100..500).contains(&empty), "{empty}");
        for filled in [
            OAuthUser::new(&*long),
            user().with_org(&*long),
            user().with_app(&*long),
            user().with_uuid(&*long),
            user().with_client(&*long),
            user().with_credential_id(&*long),
            user().with_scopes([&*long]),
            user().with_groups([&*long]),
            user().with_claims(long.clone()).with_claims_bytes(1000),
        ] {
            assert_eq!(bytes(filled), empty + 1000);
        }
        let key = ApiKey::new("").with_owner(&*long);
        assert_eq!(Principal::from(key).bytes(), empty + 1000);
        let permitted = user().with_permissions(Permissions::parse([&*format!("get:/{long}")]).unwrap());
        assert!(bytes(permitted) > empty + 4 * 1000);
        assert_eq!(bytes(user().with_claims_bytes(usize::MAX)), usize::MAX);
    }

    #[test]
    fn debug_shows_no_more_than_kind_and_id() {
        let key = ApiKey::new("k1").with_owner("alice@example.org");
        assert_eq!(format!("{:?} {key:?}", Principal::from(key.clone())), "ApiKey(\"k1\") ApiKey(\"k1\")");
        assert_eq!(format!("{:?}", Principal::from(Guest::new())), "Guest");
    }

    #[test]
    fn a_guest_has_no_id_and_nothing_by_default() {
        let guest = Principal::from(Guest::new());
        assert!(guest.is_guest());
        assert_eq!(guest.id(), None);
        assert!(guest.scopes().is_empty());
        assert_eq!(guest.kind().to_string(), "Guest");
    }

    #[test]
    fn a_clone_counts_one_reference() {
        assert_eq!(size_of::<Principal>(), 16);
        let admin = AppAdmin::new("cid", "acme", "weather");
        assert!(std::ptr::eq(admin.id(), admin.clone().id()));
        assert_eq!((admin.org(), admin.app()), ("acme", "weather"));
    }
}

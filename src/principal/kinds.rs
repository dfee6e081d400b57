//! The records of the seven kinds of principal.

use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use super::record::{Record, kind};
use super::{Ground, Permissions, Principal, Scopes};

kind! {
    /// A request without a credential that a guest rule admitted.
    ///
    /// A guest skips authentication, never authorization: it holds what its rule grants.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::principal::Permissions;
    /// use tower_principal::Guest;
    ///
    /// let guest = Guest::builder().sandbox().permissions(Permissions::all()).build();
    /// assert!(guest.is_sandbox());
    /// ```
    Guest, GuestBuilder,
    flag sandbox as is_sandbox: "Whether the sandbox rule admitted it (Usergrid's sandbox application)."
}

kind! {
    /// An application, by the token that identifies it (Socrata's `X-App-Token`, `$$app_token`).
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::AppToken;
    ///
    /// let app = AppToken::builder("weather-map").owner("alice@example.org").build();
    /// assert_eq!((app.id(), app.owner()), ("weather-map", Some("alice@example.org")));
    /// ```
    AppToken, AppTokenBuilder,
    must id: "The public id of the application.",
    may owner: "Who registered the application."
}

kind! {
    /// A person, by user name and password (RFC 7617).
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::BasicUser;
    ///
    /// let user = BasicUser::builder("alice@example.org").build();
    /// assert_eq!(user.id(), "alice@example.org");
    /// ```
    BasicUser, BasicUserBuilder,
    must id: "The user name.",
    may uuid: "The user's UUID.",
    may org: "The organization the user belongs to.",
    may app: "The application the user belongs to; all of the organization's where there is none."
}

kind! {
    /// An API key, acting for its owner (Socrata's key id and secret, OpenDataSoft's `Apikey`).
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::ApiKey;
    ///
    /// let key = ApiKey::builder("6q8nsfbqnxy2n1mo1aqjjzyr5").owner("alice@example.org").build();
    /// assert_eq!(key.owner(), Some("alice@example.org"));
    /// ```
    ApiKey, ApiKeyBuilder,
    must id: "The key's public id.",
    may owner: "The user whose rights the key carries.",
    may org: "The organization the key belongs to.",
    may app: "The application the key belongs to; all of the organization's where there is none."
}

kind! {
    /// An organization's client: everything in the organization and its applications (Usergrid).
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::OrgAdmin;
    ///
    /// let client = OrgAdmin::builder("b3U68vghI6FmEeKn9wLoGtzz0A", "acme").build();
    /// assert_eq!(client.org(), "acme");
    /// ```
    OrgAdmin, OrgAdminBuilder,
    must id: "The client id.",
    must org: "The organization's name."
}

kind! {
    /// An application's client: everything in its application, nothing elsewhere (Usergrid).
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::AppAdmin;
    ///
    /// let client = AppAdmin::builder("YXA68vghI6FmEeKn9wLoGtzz0A", "acme", "weather").build();
    /// assert_eq!((client.org(), client.app()), ("acme", "weather"));
    /// ```
    AppAdmin, AppAdminBuilder,
    must id: "The client id.",
    must org: "The organization's name.",
    must app: "The application's name."
}

kind! {
    /// A person, authenticated by an access token (RFC 6749 section 1.4). Also a client that acts
    /// for itself, if its organization is not known ([`is_client`](OAuthUser::is_client)).
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::OAuthUser;
    ///
    /// let user = OAuthUser::builder("otto@example.org").scopes(["all"]).client("map-app").build();
    /// assert!(user.scopes().contains("all"));
    /// assert_eq!(user.client(), Some("map-app"));
    /// ```
    OAuthUser, OAuthUserBuilder,
    must id: "The user's name or the token's subject.",
    may uuid: "The user's UUID.",
    may client: "The client that the token was issued to.",
    may org: "The organization the user belongs to.",
    may app: "The application the user belongs to; all of the organization's where there is none.",
    flag for_itself as is_client: "Whether a client acts for itself: then the id is the client's, and no user's name."
}

impl OAuthUserBuilder {
    /// Names the claim that the id comes from, if the token has no immutable id.
    #[cfg(any(feature = "introspection", feature = "jwt"))]
    pub(crate) fn of_claim(mut self, claim: String) -> Self {
        self.0.claim = Some(claim.into_boxed_str());
        self
    }

    /// Marks a client that acts for itself, as the issuer confirms, so that it may be an
    /// administrator.
    #[cfg(any(feature = "introspection", feature = "jwt"))]
    pub(crate) const fn with_admin_rights(mut self) -> Self {
        self.0.is_admin = true;
        self
    }

    /// Returns the principal. A client that acts for itself becomes the client of its application
    /// or organization. The organization must be known, and the issuer must confirm that it is a
    /// client.
    #[cfg(any(feature = "introspection", feature = "jwt"))]
    pub(crate) fn principal(self) -> Principal {
        let record = Arc::new(self.0);
        match (record.for_itself && record.is_admin, &record.org, &record.app) {
            (true, Some(_), Some(_)) => Principal::AppAdmin(AppAdmin(record)),
            (true, Some(_), None) => Principal::OrgAdmin(OrgAdmin(record)),
            _ => Principal::OAuthUser(OAuthUser(record)),
        }
    }
}

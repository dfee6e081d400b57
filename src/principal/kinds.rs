//! The records of the seven kinds of principal.

use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use super::define::kind;
use super::record::Record;
use super::setters::setters;
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
    /// let guest = Guest::new().in_sandbox().with_permissions(Permissions::all());
    /// assert!(guest.is_sandbox());
    /// ```
    Guest by "Guest::new()",
    flag sandbox, in_sandbox, is_sandbox: "True if the sandbox rule admitted the guest (Usergrid's sandbox \
        application)."
}

kind! {
    /// An application, by the token that identifies it (Socrata's `X-App-Token`, `$$app_token`).
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::AppToken;
    ///
    /// let app = AppToken::new("weather-map").with_owner("alice@example.org");
    /// assert_eq!((app.id(), app.owner()), ("weather-map", Some("alice@example.org")));
    /// ```
    AppToken by "AppToken::new(\"weather-map\")",
    must id: "The public id of the application.",
    may owner, with_owner: "The user that registered the application."
}

kind! {
    /// A person, by user name and password (RFC 7617).
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::BasicUser;
    ///
    /// let user = BasicUser::new("alice@example.org");
    /// assert_eq!(user.id(), "alice@example.org");
    /// ```
    BasicUser by "BasicUser::new(\"alice\")",
    must id: "The user name.",
    may uuid, with_uuid: "The user's UUID.",
    may org, with_org: "The organization the user belongs to.",
    may app, with_app: "The application the user belongs to. `None` means every application of the organization."
}

kind! {
    /// An API key, acting for its owner (Socrata's key id and secret, OpenDataSoft's `Apikey`).
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::ApiKey;
    ///
    /// let key =
    ///     ApiKey::new("6q8nsfbqnxy2n1mo1aqjjzyr5").with_owner("alice@example.org");
    /// assert_eq!(key.owner(), Some("alice@example.org"));
    /// ```
    ApiKey by "ApiKey::new(\"key-1\")",
    must id: "The key's public id.",
    may owner, with_owner: "The user whose rights the key carries.",
    may org, with_org: "The organization the key belongs to.",
    may app, with_app: "The application the key belongs to. `None` means every application of the organization."
}

kind! {
    /// An organization's client: everything in the organization and its applications (Usergrid).
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::OrgAdmin;
    ///
    /// let client = OrgAdmin::new("b3U68vghI6FmEeKn9wLoGtzz0A", "acme");
    /// assert_eq!(client.org(), "acme");
    /// ```
    OrgAdmin by "OrgAdmin::new(\"client-1\", \"acme\")",
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
    /// let client = AppAdmin::new("YXA68vghI6FmEeKn9wLoGtzz0A", "acme", "weather");
    /// assert_eq!((client.org(), client.app()), ("acme", "weather"));
    /// ```
    AppAdmin by "AppAdmin::new(\"client-1\", \"acme\", \"weather\")",
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
    /// let user = OAuthUser::new("otto@example.org")
    ///     .with_scopes(["all"])
    ///     .with_client("map-app");
    /// assert!(user.scopes().contains("all"));
    /// assert_eq!(user.client(), Some("map-app"));
    /// ```
    OAuthUser by "OAuthUser::new(\"otto\")",
    must id: "The user's name or the token's subject.",
    may uuid, with_uuid: "The user's UUID.",
    may client, with_client: "The client that the token was issued to.",
    may org, with_org: "The organization the user belongs to.",
    may app, with_app: "The application the user belongs to. `None` means every application of the organization.",
    flag for_itself, for_itself, is_client: "True if a client acts for itself. Then the id is the client's, and no user's name."
}

impl Default for Guest {
    fn default() -> Self {
        Self::new()
    }
}

impl OAuthUser {
    /// Names the claim that the id comes from, if the token has no immutable id.
    #[cfg(any(feature = "introspection", feature = "jwt"))]
    pub(crate) fn of_claim(mut self, claim: String) -> Self {
        Arc::make_mut(&mut self.0).claim = Some(claim.into_boxed_str());
        self
    }

    /// Marks a client that acts for itself, as the issuer confirms, so that it may be an
    /// administrator.
    #[cfg(any(feature = "introspection", feature = "jwt"))]
    pub(crate) fn with_admin_rights(mut self) -> Self {
        Arc::make_mut(&mut self.0).is_admin = true;
        self
    }

    /// Sets how long after its expiry the verifier still accepts the token.
    #[cfg(feature = "jwt")]
    pub(crate) fn with_leeway(mut self, leeway: std::time::Duration) -> Self {
        Arc::make_mut(&mut self.0).leeway = u16::try_from(leeway.as_secs()).unwrap_or(u16::MAX);
        self
    }

    /// Returns the principal. A client that acts for itself becomes the client of its application
    /// or organization. The organization must be known, and the issuer must confirm that it is a
    /// client.
    #[cfg(any(feature = "introspection", feature = "jwt"))]
    pub(crate) fn into_principal(self) -> Principal {
        let record = self.0;
        match (record.for_itself && record.is_admin, &record.org, &record.app) {
            (true, Some(_), Some(_)) => Principal::AppAdmin(AppAdmin(record)),
            (true, Some(_), None) => Principal::OrgAdmin(OrgAdmin(record)),
            _ => Principal::OAuthUser(OAuthUser(record)),
        }
    }
}

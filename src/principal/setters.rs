//! The macro for the setters of a kind of principal.

/// Defines the setters of a kind. A setter changes the record in place as long as no clone shares
/// it.
///
/// `by` is code that makes such a principal, for the examples.
macro_rules! setters {
    (
        $name:ident by $by:literal
        $(, may $may:ident, $set_may:ident: $may_doc:literal)*
        $(, flag $flag:ident, $set_flag:ident: $flag_doc:literal)*
    ) => {
        /// Setters. Each returns the same principal with one property changed.
        impl $name {
            $(
            #[doc = concat!("Sets [`", stringify!($may), "`](Self::", stringify!($may), "). ", $may_doc)]
            ///
            /// # Examples
            ///
            /// ```
            #[doc = concat!("use tower_principal::", stringify!($name), ";")]
            ///
            #[doc = concat!("let principal = ", $by, ";")]
            #[doc = concat!("let principal = principal.", stringify!($set_may), "(\"one\");")]
            #[doc = concat!("assert_eq!(principal.", stringify!($may), "(), Some(\"one\"));")]
            /// ```
            #[must_use]
            pub fn $set_may(mut self, $may: impl Into<String>) -> Self {
                Arc::make_mut(&mut self.0).$may = Some($may.into().into_boxed_str());
                self
            })*

            $(
            #[doc = $flag_doc]
            #[must_use]
            pub fn $set_flag(mut self) -> Self {
                Arc::make_mut(&mut self.0).$flag = true;
                self
            })*

            /// Sets the credential's public id, for logs and revocation.
            ///
            /// # Examples
            ///
            /// ```
            #[doc = concat!("use tower_principal::", stringify!($name), ";")]
            ///
            #[doc = concat!("let principal = ", $by, ";")]
            /// let principal = principal.with_credential_id("jti-1");
            /// assert_eq!(principal.credential_id(), Some("jti-1"));
            /// ```
            #[must_use]
            pub fn with_credential_id(mut self, id: impl Into<String>) -> Self {
                Arc::make_mut(&mut self.0).credential_id = Some(id.into().into_boxed_str());
                self
            }

            /// Sets the issuer of the credential; see [`Principal::issuer`].
            ///
            /// # Examples
            ///
            /// ```
            #[doc = concat!("use tower_principal::", stringify!($name), ";")]
            ///
            #[doc = concat!("let principal = ", $by, ";")]
            /// let principal = principal.with_issuer("https://login.example");
            /// assert_eq!(principal.issuer(), Some("https://login.example"));
            /// ```
            #[must_use]
            pub fn with_issuer(mut self, issuer: impl Into<Arc<str>>) -> Self {
                Arc::make_mut(&mut self.0).issuer = Some(issuer.into());
                self
            }

            /// Sets the granted scopes; names that are not valid scope tokens are left out.
            ///
            /// # Examples
            ///
            /// ```
            #[doc = concat!("use tower_principal::", stringify!($name), ";")]
            ///
            #[doc = concat!("let principal = ", $by, ";")]
            /// let principal = principal.with_scopes(["read", "not a scope"]);
            /// assert_eq!(principal.scopes().as_str(), "read");
            /// ```
            pub fn with_scopes<S: AsRef<str>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
                Arc::make_mut(&mut self.0).scopes = scopes.into_iter().collect();
                self
            }

            /// Sets the name of the principal's store, if this service has several stores.
            ///
            /// # Examples
            ///
            /// ```
            /// use tower_principal::Principal;
            /// use tower_principal::principal::IdentitySource;
            #[doc = concat!("use tower_principal::", stringify!($name), ";")]
            ///
            #[doc = concat!("let principal = ", $by, ";")]
            /// let principal = principal.with_store("staff");
            /// let principal = Principal::from(principal);
            /// assert_eq!(principal.source(), IdentitySource::Store("staff"));
            /// ```
            #[must_use]
            pub fn with_store(mut self, name: impl Into<Arc<str>>) -> Self {
                Arc::make_mut(&mut self.0).store = Some(name.into());
                self
            }

            /// Sets the tenant of the principal's store.
            ///
            /// # Examples
            ///
            /// ```
            /// use tower_principal::Principal;
            #[doc = concat!("use tower_principal::", stringify!($name), ";")]
            ///
            #[doc = concat!("let principal = ", $by, ";")]
            /// let principal = principal.with_tenant("acme");
            /// assert_eq!(Principal::from(principal).tenant(), Some("acme"));
            /// ```
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
            ///
            /// # Examples
            ///
            /// ```
            /// use tower_principal::Principal;
            /// use tower_principal::principal::{Operation, Permissions};
            #[doc = concat!("use tower_principal::", stringify!($name), ";")]
            ///
            /// let list = Permissions::parse(["get:/reports/**"])?;
            #[doc = concat!("let principal = ", $by, ";")]
            /// let principal = principal.with_permissions(list);
            /// // Absolute, unless the principal has an organization:
            /// let principal = Principal::from(principal);
            /// let is_absolute = principal.org().is_none();
            /// assert_eq!(principal.may(Operation::Get, "/reports/1"), is_absolute);
            /// # Ok::<(), tower_principal::principal::InvalidPermission>(())
            /// ```
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
            ///
            /// # Examples
            ///
            /// ```
            /// use std::time::{Duration, SystemTime};
            #[doc = concat!("use tower_principal::", stringify!($name), ";")]
            ///
            /// let end = SystemTime::now() + Duration::from_secs(3600);
            #[doc = concat!("let principal = ", $by, ";")]
            /// let principal = principal.with_expires_at(end);
            /// assert_eq!(principal.expires_at(), Some(end));
            /// ```
            #[must_use]
            pub fn with_expires_at(mut self, at: SystemTime) -> Self {
                Arc::make_mut(&mut self.0).expires_at = Some(at);
                self
            }

            /// Attaches the verifier's own data, such as a token's claims.
            ///
            /// # Examples
            ///
            /// ```
            #[doc = concat!("use tower_principal::", stringify!($name), ";")]
            ///
            /// struct Row(u32);
            ///
            #[doc = concat!("let principal = ", $by, ";")]
            /// let principal = principal.with_claims(Row(7));
            /// assert_eq!(principal.claims::<Row>().map(|row| row.0), Some(7));
            /// ```
            #[must_use]
            pub fn with_claims<T: Any + Send + Sync>(mut self, claims: T) -> Self {
                Arc::make_mut(&mut self.0).claims = Some(Arc::new(claims));
                self
            }

            /// Sets how many bytes of memory the claims hold, so that a cache of principals can
            /// count them.
            ///
            /// # Examples
            ///
            /// ```
            /// use tower_principal::Principal;
            #[doc = concat!("use tower_principal::", stringify!($name), ";")]
            ///
            /// let claims = "x".repeat(10_000);
            #[doc = concat!("let principal = ", $by, ";")]
            /// let principal = principal.with_claims_bytes(claims.len()).with_claims(claims);
            /// assert!(Principal::from(principal).bytes() > 10_000);
            /// ```
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
    };
}

pub(super) use setters;

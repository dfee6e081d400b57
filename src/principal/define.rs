//! The macro for a kind of principal.

/// Defines a kind: its record type, and the fields that have a meaning for it.
///
/// `by` is code that makes such a principal, for the examples.
macro_rules! kind {
    (
        $(#[$doc:meta])*
        $name:ident by $by:literal
        $(, must $must:ident: $must_doc:literal)*
        $(, may $may:ident, $set_may:ident: $may_doc:literal)*
        $(, flag $flag:ident, $set_flag:ident, $is_flag:ident: $flag_doc:literal)*
    ) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(pub(super) Arc<Record>);

        impl $name {
            #[doc = concat!("Creates the principal with what every `", stringify!($name), "` has.")]
            ///
            /// # Examples
            ///
            /// ```
            /// use tower_principal::{Principal, PrincipalKind};
            #[doc = concat!("use tower_principal::", stringify!($name), ";")]
            ///
            #[doc = concat!("let principal = ", $by, ";")]
            /// let principal = Principal::from(principal);
            #[doc = concat!("assert_eq!(principal.kind(), PrincipalKind::", stringify!($name), ");")]
            /// ```
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

        setters! {
            $name by $by
            $(, may $may, $set_may: $may_doc)*
            $(, flag $flag, $set_flag: $flag_doc)*
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

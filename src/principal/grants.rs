//! The check of a principal's permissions in a place.

use super::ground::RequestedPlace;
use super::permission::NOTHING;
use super::record::Record;
use super::{Ground, IdentitySource, Operation, Permissions, Principal};

impl Principal {
    /// Returns `true` if the principal's permissions allow an operation on an absolute path
    /// (decoded, starting with `/`). `${user}` names the principal, unless it is a client that acts
    /// for itself. Permissions that are relative to a place do not count.
    ///
    /// If several sources are joined with [`Verifier::or`](crate::Verifier::or), ask
    /// [`policy::permission`](crate::policy::permission()) instead. It uses the source whose users
    /// `${user}` names.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::principal::{Operation, Permissions};
    /// use tower_principal::{OAuthUser, Principal};
    ///
    /// let list = Permissions::parse(["get:/reports/**", "*:/users/${user}/**"])?;
    /// let otto: Principal = OAuthUser::new("otto").with_permissions(list).into();
    /// assert!(otto.may(Operation::Get, "/reports/2026"));
    /// assert!(otto.may(Operation::Put, "/users/otto/photo"));
    /// assert!(!otto.may(Operation::Put, "/users/olga/photo"));
    /// # Ok::<(), tower_principal::principal::InvalidPermission>(())
    /// ```
    pub fn may(&self, operation: Operation, path: &str) -> bool {
        self.holds(operation, path, &RequestedPlace::NOWHERE, self.source())
    }

    /// Returns `true` if the principal's permissions allow an operation in a place, on a path that
    /// is relative to the place. See [`may`](Self::may).
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::principal::{Ground, Operation, Permissions};
    /// use tower_principal::{BasicUser, Principal};
    ///
    /// let list = Permissions::parse(["get:/cities/*"])?;
    /// let wendy: Principal =
    ///     BasicUser::new("wendy").with_org("acme").with_permissions(list).into();
    /// // Without an application, they hold in each one of the organization.
    /// for app in ["weather", "traffic"] {
    ///     let ground = Ground::application("acme", app);
    ///     assert!(wendy.may_in(&ground, Operation::Get, "/cities/oslo"));
    /// }
    /// let rival = Ground::application("rival", "weather");
    /// assert!(!wendy.may_in(&rival, Operation::Get, "/cities/oslo"));
    /// # Ok::<(), tower_principal::principal::InvalidPermission>(())
    /// ```
    pub fn may_in(&self, ground: &Ground, operation: Operation, path: &str) -> bool {
        ground
            .requested_place()
            .is_some_and(|requested| self.holds(operation, path, &requested, self.source()))
    }

    /// Checks an operation like `may_in`; `${user}` names the users of the given source.
    pub(crate) fn holds(
        &self,
        operation: Operation,
        path: &str,
        requested: &RequestedPlace<'_>,
        users: IdentitySource<'_>,
    ) -> bool {
        let record = self.record();
        let names = self.user_names(users);
        let allow = |path: &str| record.permissions.allow(operation, path, &names);
        let (org, app) = (self.org(), self.app());
        match &record.ground {
            // A principal without an organization belongs to no application.
            None if org.is_none() => app.is_none() && requested.is_nowhere() && allow(path),
            None => requested.is_in(org, app) && allow(path),
            Some(ground) if org.is_none() && app.is_none() => ground.allows(requested, path, allow),
            Some(ground) => {
                (ground.is_everywhere() || requested.is_in(org, app)) && ground.allows(requested, path, allow)
            }
        }
    }

    /// Returns every name that `${user}` stands for, if it names this source's users; else none.
    pub(crate) fn user_names(&self, users: IdentitySource<'_>) -> [&str; 2] {
        if self.source() != users || self.is_client() {
            return ["", ""];
        }
        match self {
            Self::BasicUser(_) | Self::OAuthUser(_) => {
                let record = self.record();
                [&record.id, record.uuid.as_deref().unwrap_or_default()]
            }
            Self::ApiKey(_) => [self.owner().unwrap_or_default(), ""],
            _ => ["", ""],
        }
    }
}

impl Record {
    /// Returns the permissions if their paths are absolute; else none.
    pub(super) fn absolute(&self) -> &Permissions {
        let is_absolute = match &self.ground {
            Some(ground) => ground.is_everywhere(),
            None => self.org.is_none() && self.app.is_none(),
        };
        if is_absolute { &self.permissions } else { &NOTHING }
    }
}

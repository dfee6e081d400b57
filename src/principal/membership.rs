//! The groups of a principal, and the place where they count.

use std::sync::Arc;

use super::ground::RequestedPlace;
use super::groups::NONE;
use super::record::Record;
use super::{ApiKey, AppAdmin, BasicUser, Ground, Groups, OAuthUser, OrgAdmin, Principal};

impl Principal {
    /// Returns the groups and roles that count everywhere. Groups that belong to a place are not
    /// included. A principal with an organization or an application has such groups; see
    /// [`groups_in`](Self::groups_in). A guest and an app token have none.
    pub fn groups(&self) -> &Groups {
        self.groups_at(&RequestedPlace::NOWHERE)
    }

    /// Returns the groups and roles that count in a place: those that were given there, and those
    /// of [`Ground::everywhere`].
    pub fn groups_in(&self, ground: &Ground) -> &Groups {
        ground.requested_place().map_or(&NONE, |requested| self.groups_at(&requested))
    }

    /// Returns `true` if the principal is in exactly this group, or has this role. A group that
    /// belongs to a place does not count.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::principal::Ground;
    /// use tower_principal::{OAuthUser, Principal};
    ///
    /// enum Role {
    ///     Admin,
    /// }
    ///
    /// impl AsRef<str> for Role {
    ///     fn as_ref(&self) -> &str {
    ///         match self {
    ///             Role::Admin => "admin",
    ///         }
    ///     }
    /// }
    ///
    /// let olga: Principal = OAuthUser::new("olga").with_groups([Role::Admin]).into();
    /// assert!(olga.has_group(Role::Admin) && !olga.has_group("editor"));
    ///
    /// // The organization's administrator, and not the service's.
    /// let bob = OAuthUser::new("bob").with_org("acme").with_groups([Role::Admin]);
    /// let bob: Principal = bob.into();
    /// assert!(!bob.has_group(Role::Admin));
    /// assert!(bob.has_group_in(&Ground::organization("acme"), Role::Admin));
    /// ```
    pub fn has_group(&self, name: impl AsRef<str>) -> bool {
        self.groups().contains(name.as_ref())
    }

    /// Returns `true` if the principal is in this group, or has this role, in a place. See
    /// [`groups_in`](Self::groups_in).
    pub fn has_group_in(&self, ground: &Ground, name: impl AsRef<str>) -> bool {
        self.groups_in(ground).contains(name.as_ref())
    }

    /// Returns the groups that count in the requested place.
    pub(crate) fn groups_at(&self, requested: &RequestedPlace<'_>) -> &Groups {
        let counts = match self {
            Self::Guest(_) | Self::AppToken(_) => false,
            _ => self.record().groups_count(requested),
        };
        if counts { &self.record().groups } else { &NONE }
    }

    /// Returns every group of the principal, in any place.
    pub(crate) fn groups_anywhere(&self) -> &Groups {
        &self.record().groups
    }

    /// Sets the groups and their place. Without a place it is the principal's organization and
    /// application.
    #[cfg(any(feature = "sqlite", feature = "postgres"))]
    pub(crate) fn in_groups(self, ground: Option<Ground>, groups: Groups) -> Self {
        if groups.is_empty() {
            return self;
        }
        self.changed(|record| (record.groups, record.groups_ground) = (groups, ground))
    }
}

impl Record {
    /// Returns `true` if the groups count in the requested place. A principal without an
    /// organization belongs to no application.
    fn groups_count(&self, requested: &RequestedPlace<'_>) -> bool {
        let (org, app) = (self.org.as_deref(), self.app.as_deref());
        let is_absolute = org.is_none() && app.is_none();
        match &self.groups_ground {
            None if is_absolute => requested.is_nowhere(),
            None => requested.is_in(org, app),
            Some(ground) if ground.is_everywhere() => true,
            Some(ground) => ground.covers(requested) && (is_absolute || requested.is_in(org, app)),
        }
    }
}

/// Adds the groups of a kind of principal.
macro_rules! groups {
    ($($name:ident)*) => {$(
        impl $name {
            /// Sets the groups and roles. An empty name and a name with a line feed are left out.
            ///
            /// They count in the principal's application. If the principal has only an
            /// organization, they count in each of its applications. Without an organization they
            /// count outside of every place, and in none.
            #[must_use]
            pub fn with_groups<S: AsRef<str>>(mut self, groups: impl IntoIterator<Item = S>) -> Self {
                let record = Arc::make_mut(&mut self.0);
                (record.groups, record.groups_ground) = (groups.into_iter().collect(), None);
                self
            }

            /// Sets the groups and roles, which count in this place. If the principal has an
            /// organization or an application, it must be in the place as well. Groups of
            /// [`Ground::everywhere`] count in every place and outside of all.
            #[must_use]
            pub fn with_groups_in<S: AsRef<str>>(
                mut self,
                ground: Ground,
                groups: impl IntoIterator<Item = S>,
            ) -> Self {
                let record = Arc::make_mut(&mut self.0);
                (record.groups, record.groups_ground) = (groups.into_iter().collect(), Some(ground));
                self
            }

            /// Returns the groups and roles that count everywhere; see [`Principal::groups`].
            pub fn groups(&self) -> &Groups {
                if self.0.groups_count(&RequestedPlace::NOWHERE) { &self.0.groups } else { &NONE }
            }

            /// Returns `true` if the principal is in exactly this group, or has this role; see
            /// [`Principal::has_group`].
            pub fn has_group(&self, name: impl AsRef<str>) -> bool {
                self.groups().contains(name.as_ref())
            }
        }
    )*};
}

groups! { BasicUser ApiKey OrgAdmin AppAdmin OAuthUser }

#[cfg(test)]
mod tests {
    use super::*;
    use crate::principal::{AppToken, Guest};

    fn bob() -> OAuthUser {
        OAuthUser::new("bob")
    }

    #[test]
    fn a_group_counts_in_its_place_alone() {
        let (acme, other) = (Ground::organization("acme"), Ground::organization("other"));
        let weather = Ground::application("acme", "weather");
        let maps = Ground::application("acme", "maps");
        let everywhere = Ground::everywhere();
        let requested = [&everywhere, &acme, &weather, &maps, &other];
        let of_acme = || bob().with_org("acme");
        let of_weather = || of_acme().with_app("weather");
        for (user, counts) in [
            (bob().with_groups(["g"]), [true, false, false, false, false]),
            (bob().with_groups_in(everywhere.clone(), ["g"]), [true; 5]),
            (bob().with_groups_in(acme.clone(), ["g"]), [false, true, true, true, false]),
            (bob().with_groups_in(weather.clone(), ["g"]), [false, false, true, false, false]),
            (of_acme().with_groups(["g"]), [false, true, true, true, false]),
            (of_acme().with_groups_in(other.clone(), ["g"]), [false; 5]),
            (of_acme().with_groups_in(everywhere.clone(), ["g"]), [true; 5]),
            (of_acme().with_groups_in(maps.clone(), ["g"]), [false, false, false, true, false]),
            (of_weather().with_groups(["g"]), [false, false, true, false, false]),
            (of_weather().with_groups_in(acme.clone(), ["g"]), [false, false, true, false, false]),
            (of_weather().with_groups_in(maps.clone(), ["g"]), [false; 5]),
            (bob().with_app("weather").with_groups(["g"]), [false; 5]),
            (bob(), [false; 5]),
        ] {
            let shown = format!("{:?} {:?}", user.org(), user.app());
            let principal = Principal::from(user);
            assert_eq!(requested.map(|ground| principal.has_group_in(ground, "g")), counts, "{shown}");
            assert_eq!(principal.has_group("g"), counts[0], "{shown}");
        }
    }

    #[test]
    fn a_guest_and_an_app_token_are_in_no_group() {
        let groups = |record: &mut Record| record.groups = ["g"].into_iter().collect();
        for principal in [Principal::from(Guest::new()), AppToken::new("map").into()] {
            let principal = principal.changed(groups);
            assert!(principal.groups().is_empty() && !principal.has_group("g"), "{principal:?}");
            assert!(!principal.has_group_in(&Ground::everywhere(), "g"), "{principal:?}");
        }
    }
}

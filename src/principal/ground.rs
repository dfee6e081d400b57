//! The places that permissions are relative to.

use std::borrow::Cow;
use std::sync::Arc;

use crate::request::path::{Matched, PathPattern, PlainPath};

/// A place that the paths of a list of permissions are relative to.
///
/// # Examples
///
/// ```
/// use tower_principal::principal::{Ground, Operation, Permissions};
/// use tower_principal::{OAuthUser, Principal};
///
/// let list = Permissions::parse(["get:/reports"])?;
/// let bob: Principal = OAuthUser::new("bob")
///     .with_org("acme")
///     .with_app("weather")
///     .with_permissions(list)
///     .into();
/// let weather = Ground::application("acme", "weather");
/// assert!(bob.may_in(&weather, Operation::Get, "/reports"));
/// assert!(!bob.may(Operation::Get, "/reports"));
/// # Ok::<(), tower_principal::principal::InvalidPermission>(())
/// ```
// Permissions belong to a place, and their paths are relative to that place. A policy that asks for
// an absolute path does not count relative permissions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ground(Within);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Within {
    Everywhere,
    Organization(Box<str>),
    Application(Box<str>, Box<str>),
    /// The paths that a guest rule admits: in each request the part that its pattern matched.
    Rule(Arc<PathPattern>),
}

/// The place of a request to check, borrowed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestedPlace<'r> {
    pub(crate) org: Option<&'r str>,
    pub(crate) app: Option<&'r str>,
    /// The request's path and the part of it that a policy's pattern matched.
    pub(crate) request: Option<Matched<'r, 'r>>,
}

impl Ground {
    /// Returns the ground without a place: paths are absolute.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::principal::{Ground, Operation, Permissions};
    /// use tower_principal::{BasicUser, Principal};
    ///
    /// // An employee of `acme` with a permission for paths of the whole service:
    /// let wendy: Principal = BasicUser::new("wendy")
    ///     .with_org("acme")
    ///     .with_permissions_in(
    ///         Ground::everywhere(),
    ///         Permissions::parse(["get:/status"])?,
    ///     )
    ///     .into();
    /// assert!(wendy.may(Operation::Get, "/status"));
    /// # Ok::<(), tower_principal::principal::InvalidPermission>(())
    /// ```
    pub const fn everywhere() -> Self {
        Self(Within::Everywhere)
    }

    /// Returns an organization's ground: paths are relative to each of its applications.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::principal::{Ground, Operation, Permissions};
    /// use tower_principal::{OAuthUser, Principal};
    ///
    /// let list = Permissions::parse(["get:/cities/*"])?;
    /// let auditor: Principal = OAuthUser::new("audit")
    ///     .with_permissions_in(Ground::organization("acme"), list)
    ///     .into();
    /// let weather = Ground::application("acme", "weather");
    /// assert!(auditor.may_in(&weather, Operation::Get, "/cities/oslo"));
    /// # Ok::<(), tower_principal::principal::InvalidPermission>(())
    /// ```
    pub fn organization(org: impl Into<String>) -> Self {
        Self(Within::Organization(org.into().into_boxed_str()))
    }

    /// Returns an application's ground: paths are relative to it.
    pub fn application(org: impl Into<String>, app: impl Into<String>) -> Self {
        Self(Within::Application(org.into().into_boxed_str(), app.into().into_boxed_str()))
    }

    pub(crate) const fn rule(pattern: Arc<PathPattern>) -> Self {
        Self(Within::Rule(pattern))
    }

    pub(crate) const fn is_everywhere(&self) -> bool {
        matches!(self.0, Within::Everywhere)
    }

    /// Returns the same place to check permissions in; `None` for paths that a guest rule admits.
    pub(crate) fn requested_place(&self) -> Option<RequestedPlace<'_>> {
        let (org, app) = match &self.0 {
            Within::Everywhere => (None, None),
            Within::Organization(org) => (Some(&**org), None),
            Within::Application(org, app) => (Some(&**org), Some(&**app)),
            Within::Rule(_) => return None,
        };
        Some(RequestedPlace { org, app, request: None })
    }

    /// Returns `true` if permissions of this place allow a path of the requested place. Calls
    /// `allow` with the path that is relative to this place.
    pub(crate) fn allows(
        &self,
        requested: &RequestedPlace<'_>,
        path: &str,
        allow: impl Fn(&str) -> bool,
    ) -> bool {
        match &self.0 {
            Within::Organization(org) => requested.is_in(Some(org), None) && allow(path),
            Within::Application(org, app) => requested.is_in(Some(org), Some(app)) && allow(path),
            Within::Everywhere => match requested.request {
                Some(request) => allow(&[request.prefix(), path].concat()),
                None => requested.is_nowhere() && allow(path),
            },
            Within::Rule(rule) => requested.request.is_some_and(|request| {
                let (whole, pattern) = request.whole();
                let Some(own) = rule.matches(whole).filter(|_| rule.agrees(pattern)) else { return false };
                let absolute = [request.prefix(), path].concat();
                match absolute.strip_prefix(own.prefix()) {
                    Some("") => allow("/"),
                    Some(rest) => rest.starts_with('/') && allow(rest),
                    None => false,
                }
            }),
        }
    }

    /// Returns `true` if the requested place is in this place. The place of a guest rule covers
    /// only paths, so it covers no other place.
    pub(crate) fn covers(&self, requested: &RequestedPlace<'_>) -> bool {
        match &self.0 {
            Within::Everywhere => true,
            Within::Organization(org) => requested.is_in(Some(org), None),
            Within::Application(org, app) => requested.is_in(Some(org), Some(app)),
            Within::Rule(_) => false,
        }
    }

    /// Returns roughly how many bytes of memory its names hold.
    pub(crate) fn bytes(&self) -> usize {
        match &self.0 {
            Within::Organization(org) => org.len(),
            Within::Application(org, app) => org.len() + app.len(),
            Within::Everywhere | Within::Rule(_) => 0,
        }
    }
}

impl<'r> RequestedPlace<'r> {
    /// No place: the path is absolute.
    pub(crate) const NOWHERE: RequestedPlace<'static> =
        RequestedPlace { org: None, app: None, request: None };

    /// Returns `true` if it is in this organization and, if one is named, in this application.
    /// Names are compared exactly.
    pub(crate) fn is_in(&self, org: Option<&str>, app: Option<&str>) -> bool {
        org.is_some() && self.org == org && (app.is_none() || self.app == app)
    }

    pub(crate) const fn is_nowhere(&self) -> bool {
        self.org.is_none() && self.app.is_none() && self.request.is_none()
    }

    /// Returns the place that a pattern with `{org}` and `{app}` matches in a path; `None` if the
    /// pattern does not match.
    pub(crate) fn by(pattern: &'r PathPattern, path: &'r str) -> Option<Self> {
        let matched = pattern.matches(path)?;
        Some(Self { org: matched.capture("org"), app: matched.capture("app"), request: Some(matched) })
    }

    /// Returns the part of the request's path below the place, decoded; `/` for the place itself.
    pub(crate) fn rest(&self) -> Option<Cow<'r, str>> {
        let rest = self.request?.rest();
        PlainPath::decoded(if rest.is_empty() { "/" } else { rest })
    }
}

//! The settings for the published keys of an issuer.

use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use thiserror::Error;

use super::{Address, Jwks, Source, Times};
use crate::clock::{Clock, SystemClock};
use crate::fetch::{Fetch, SharedFetch};

mod times;

/// Builds [`Jwks`].
///
/// # Examples
///
/// ```
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use std::time::Duration;
/// use tower_principal::test_util::Issuer;
///
/// // `published` is `Jwks::builder` with the issuer as the HTTP client.
/// let issuer = Issuer::new("https://login.example")?;
/// let keys = issuer
///     .published()
///     .max_age(Duration::from_secs(60))
///     .max_stale(Duration::from_secs(3600))
///     .build()?;
/// assert_eq!(keys.load().await?, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct JwksBuilder {
    place: Place,
    metadata: Option<String>,
    fetch: SharedFetch,
    clock: Arc<dyn Clock>,
    times: Times,
    plain: bool,
}

#[derive(Clone)]
enum Place {
    Keys(String),
    Issuer(String),
}

/// The settings for fetching keys are invalid.
///
/// # Examples
///
/// ```
/// use tower_principal::fetch::SharedFetch;
/// use tower_principal::verify::{Jwks, JwksError};
///
/// fn is_refused(address: &str, client: SharedFetch) -> bool {
///     let keys = Jwks::builder(address, client).build();
///     matches!(keys, Err(JwksError::Address))
/// }
/// # use tower_principal::test_util::Issuer;
/// # let client = || std::sync::Arc::new(Issuer::new("https://a.example").unwrap());
/// assert!(is_refused("http://login.example/keys", client()));
/// assert!(is_refused("https://me:secret@login.example/keys", client()));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum JwksError {
    /// The address is not an absolute `https` URL or has user information. Or it has the
    /// placeholder of an issuer with tenants, which needs
    /// [`metadata_at`](JwksBuilder::metadata_at).
    #[error("the URL is not an absolute https URL, or contains user information or a placeholder")]
    Address,
    /// A time is out of its range.
    #[error("a time is out of range")]
    Times,
}

impl JwksBuilder {
    pub(in crate::verify::oauth) fn keys(address: String, fetch: impl Fetch) -> Self {
        Self::new(Place::Keys(address), Arc::new(fetch))
    }

    pub(in crate::verify::oauth) fn issuer(issuer: String, fetch: impl Fetch) -> Self {
        Self::new(Place::Issuer(issuer), Arc::new(fetch))
    }

    fn new(place: Place, fetch: SharedFetch) -> Self {
        let times = Times {
            cooldown: Duration::from_secs(30),
            max_age: Duration::from_secs(300),
            max_stale: Duration::from_secs(24 * 60 * 60),
            timeout: Duration::from_secs(3),
        };
        Self { place, metadata: None, fetch, clock: Arc::new(SystemClock), times, plain: false }
    }

    /// Sets the address of the issuer's metadata, if it does not follow from the issuer's name, as
    /// with Azure AD B2C and behind gateways. The document's `issuer` must still be the issuer's
    /// name, with the placeholder `{tenantid}` if the name has one. Has no effect on
    /// [`Jwks::builder`], which needs no metadata.
    ///
    /// Defaults to `/.well-known/openid-configuration` after the name (OpenID Connect Discovery 1.0
    /// section 4). If no document is there, `/.well-known/oauth-authorization-server` between the
    /// host and the path of the name is next (RFC 8414 section 3.1).
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use tower_principal::test_util::Issuer;
    /// use tower_principal::verify::Jwks;
    ///
    /// let issuer = Issuer::new("https://login.example")?;
    /// // Behind a gateway, the document is at another address than usual.
    /// let keys = Jwks::discovered("https://login.example", issuer)
    ///     .metadata_at("https://login.example/.well-known/openid-configuration")
    ///     .build()?;
    /// assert_eq!(keys.load().await?, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn metadata_at(mut self, address: impl Into<String>) -> Self {
        self.metadata = Some(address.into());
        self
    }

    /// Sets the clock for ages. Defaults to the operating system's clock. A steady clock is used as
    /// well, and the larger age counts.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Accepts `http` addresses, too. Any machine that can change an answer on its way chooses the
    /// keys. For tests, and servers on the same machine.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use tower_principal::test_util::Issuer;
    ///
    /// // An issuer on the machine of the developer:
    /// let issuer = Issuer::new("http://localhost:8080/realms/city")?;
    /// assert!(issuer.published().build().is_err());
    /// let keys = issuer.published().danger_allow_http().build()?;
    /// assert_eq!(keys.load().await?, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub const fn danger_allow_http(mut self) -> Self {
        self.plain = true;
        self
    }

    /// Builds the keys without fetching them. They are fetched when the first token needs them, or
    /// by [`Jwks::load`].
    ///
    /// # Errors
    ///
    /// Returns [`JwksError`] if the address is not `https`, or a time is out of its range.
    pub fn build(self) -> Result<Jwks, JwksError> {
        let times = self.times;
        let second = Duration::from_secs(1);
        let in_range = (second..=second * 3_600).contains(&times.cooldown)
            && (second..=second * 300).contains(&times.max_age)
            && (times.max_age..=second * 86_400).contains(&times.max_stale)
            && (Duration::from_millis(1)..=second * 10).contains(&times.timeout);
        if !in_range {
            return Err(JwksError::Times);
        }
        let (address, at) = self.place.address(self.metadata.as_deref()).ok_or(JwksError::Address)?;
        let source = Source { fetch: self.fetch, address, plain: self.plain };
        if !source.allows(&at) {
            return Err(JwksError::Address);
        }
        Ok(Jwks::new(source, at, self.clock, times))
    }
}

impl Place {
    /// Returns the address, and the first URL that is fetched.
    fn address(self, metadata: Option<&str>) -> Option<(Address, Uri)> {
        match self {
            Self::Keys(at) => {
                let at: Uri = at.parse().ok()?;
                Some((Address::Keys(at.clone()), at))
            }
            Self::Issuer(issuer) => {
                let (at, second) = match metadata {
                    Some(at) => (at.parse().ok()?, None),
                    None => addresses(&issuer)?,
                };
                let found = std::sync::Mutex::new(None);
                let (issuer, first) = (issuer.into(), at.clone());
                Some((Address::Metadata { issuer, at, second, found }, first))
            }
        }
    }
}

/// Returns the possible addresses of an issuer's metadata. One is after its name, without its last
/// slash (OpenID Connect Discovery 1.0 section 4). The other is between its host and its path (RFC
/// 8414 section 3.1).
fn addresses(issuer: &str) -> Option<(Uri, Option<Uri>)> {
    // A pattern of many issuers has no metadata of its own.
    let name = issuer.trim_end_matches('/');
    if name.contains(['{', '}']) {
        return None;
    }
    let first = format!("{name}{METADATA}").parse().ok()?;
    let issuer: Uri = name.parse().ok()?;
    let (scheme, authority) = (issuer.scheme_str()?, issuer.authority()?);
    let path = issuer.path().trim_end_matches('/');
    Some((first, format!("{scheme}://{authority}{SECOND}{path}").parse().ok()))
}

impl std::fmt::Debug for JwksBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JwksBuilder").field("times", &self.times).finish_non_exhaustive()
    }
}

const METADATA: &str = "/.well-known/openid-configuration";
const SECOND: &str = "/.well-known/oauth-authorization-server";

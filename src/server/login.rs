//! The log-in of a service, and the user that it returns.

use std::future::Future;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;

use crate::grant::Session;
use crate::request::RequestHead;
use crate::verify::VerifyError;

/// User that is logged in with a browser.
///
/// # Examples
///
/// ```
/// use std::time::SystemTime;
/// use tower_principal::server::Subject;
///
/// let subject = Subject::new("alice", "session-1", SystemTime::now());
/// assert_eq!(subject.user, "alice");
/// assert!(subject.org.is_none());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub struct Subject {
    /// Name of the user, as in grants and tokens.
    pub user: String,
    /// Id of the browser session. Grants of the session have it, and forms are bound to it. It is
    /// not a secret, and a new log-in gets a new one.
    pub session: String,
    /// Time at which the user proved the identity.
    pub authenticated_at: SystemTime,
    /// UUID of the user.
    pub uuid: Option<String>,
    /// Organization of the user; `None` if the user belongs to none.
    pub org: Option<String>,
    /// Application of the user; `None` if the user belongs to none.
    pub app: Option<String>,
}

/// Log-in of a service, in place of the log-in page of the server: single sign-on, passkeys or a
/// second factor.
///
/// The server calls [`current`](Self::current) for each request of a page. If no user is logged in,
/// it redirects the browser to [`page`](Self::page). The service also logs users out, because the
/// server then has no log-out page.
///
/// # Examples
///
/// ```
/// use std::time::SystemTime;
/// use tower_principal::VerifyError;
/// use tower_principal::request::RequestHead;
/// use tower_principal::server::{Login, Subject};
///
/// /// Trusts a proxy that logs users in. The proxy removes the headers of clients.
/// struct SingleSignOn;
///
/// impl Login for SingleSignOn {
///     async fn current(
///         &self,
///         head: &RequestHead<'_>,
///     ) -> Result<Option<Subject>, VerifyError> {
///         let text = |name| head.headers().get(name)?.to_str().ok();
///         Ok(text("x-user").zip(text("x-session")).map(|(user, session)| {
///             Subject::new(user, session, SystemTime::now())
///         }))
///     }
///
///     fn page(&self, back: &str) -> String {
///         let back = form_urlencoded::byte_serialize(back.as_bytes());
///         format!("https://sso.example/login?back={}", back.collect::<String>())
///     }
/// }
/// ```
pub trait Login: Send + Sync + 'static {
    /// Returns the user of a request; `None` if no user is logged in.
    ///
    /// # Errors
    ///
    /// [`VerifyError::Unavailable`] if the log-in cannot answer now: the browser gets a 503. For
    /// any other error the browser gets a page with 403, or with 429 if the user is throttled. A
    /// user without a name or a session is a fault of the service: the browser gets a 500.
    fn current(
        &self,
        head: &RequestHead<'_>,
    ) -> impl Future<Output = Result<Option<Subject>, VerifyError>> + Send;

    /// Returns the URL of the page where a user logs in. Afterwards that page sends the browser to
    /// `back`, an absolute URL below the issuer.
    fn page(&self, back: &str) -> String;
}

/// The object-safe twin of [`Login`].
#[async_trait]
pub(super) trait DynLogin: Send + Sync + 'static {
    async fn current_dyn(&self, head: &RequestHead<'_>) -> Result<Option<Subject>, VerifyError>;

    fn page_dyn(&self, back: &str) -> String;
}

#[async_trait]
impl<L: Login> DynLogin for L {
    async fn current_dyn(&self, head: &RequestHead<'_>) -> Result<Option<Subject>, VerifyError> {
        self.current(head).await
    }

    fn page_dyn(&self, back: &str) -> String {
        self.page(back)
    }
}

impl<L: Login> Login for Arc<L> {
    async fn current(&self, head: &RequestHead<'_>) -> Result<Option<Subject>, VerifyError> {
        L::current(self, head).await
    }

    fn page(&self, back: &str) -> String {
        L::page(self, back)
    }
}

impl Subject {
    /// Returns a user in this browser session, with the time of the log-in. The user has no UUID,
    /// and belongs to no organization or application.
    pub fn new(user: impl Into<String>, session: impl Into<String>, authenticated_at: SystemTime) -> Self {
        Self {
            user: user.into(),
            session: session.into(),
            authenticated_at,
            uuid: None,
            org: None,
            app: None,
        }
    }

    /// Sets the UUID.
    pub fn uuid(mut self, uuid: impl Into<String>) -> Self {
        self.uuid = Some(uuid.into());
        self
    }

    /// Sets the organization.
    pub fn org(mut self, org: impl Into<String>) -> Self {
        self.org = Some(org.into());
        self
    }

    /// Sets the application.
    pub fn app(mut self, app: impl Into<String>) -> Self {
        self.app = Some(app.into());
        self
    }
}

impl From<Session> for Subject {
    fn from(session: Session) -> Self {
        Self {
            user: session.user,
            session: session.id,
            authenticated_at: session.authenticated_at,
            uuid: session.uuid,
            org: session.org,
            app: session.app,
        }
    }
}

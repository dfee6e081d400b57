//! The values that pages show.

use std::fmt;
use std::time::{Duration, SystemTime};

use http::StatusCode;

use super::form_start::FormStart;

/// The page that asks for a user name and a password.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LogInPage<'p> {
    /// Start of the form.
    pub form: FormStart<'p>,
    /// Name of the application that asks for access; `None` if the user came without one.
    pub application: Option<&'p str>,
    /// User name of the failed attempt; `None` at first.
    pub username: Option<&'p str>,
    /// Reason why the page is shown again; `None` at first.
    pub problem: Option<LogInProblem>,
}

/// Reason why a user is not logged in yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogInProblem {
    /// The user name or the password is wrong, or the user may not use the application that asks
    /// for access.
    Denied,
    /// Too many attempts failed. The user may try again after this time.
    Throttled(Duration),
    /// The verifier or a store cannot answer now.
    Unavailable,
    /// The form or the session expired, or the form came from another browser.
    Expired,
}

/// The page that asks if an application may act for the user.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ConsentPage<'p> {
    /// Start of the form.
    pub form: FormStart<'p>,
    /// Name of the application.
    pub application: &'p str,
    /// Client id of the application.
    pub client_id: &'p str,
    /// Name of the user that is logged in.
    pub user: &'p str,
    /// What the application asks for.
    pub scopes: Vec<ScopeText<'p>>,
    /// Host and port that the browser is sent to, or the scheme of an app's own URI, such as
    /// `com.example.app:`. Empty for a code page.
    pub destination: &'p str,
    /// `true` if the browser is sent to an app on the same device. Then another program on the
    /// device may receive the code.
    pub is_this_device: bool,
    /// `true` if the code is shown on a page, and the browser is not sent anywhere.
    pub is_code_page: bool,
}

/// Scope of an application, with its description.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScopeText<'p> {
    /// Name of the scope, as the client asks for it.
    pub name: &'p str,
    /// Description for people; `None` if the server has none.
    pub text: Option<&'p str>,
}

/// The page that shows an authorization code to copy. `Debug` does not show the code.
#[derive(Clone)]
#[non_exhaustive]
pub struct CodePage<'p> {
    /// The code.
    pub code: &'p str,
    /// Name of the application.
    pub application: &'p str,
    /// Time for which the code is valid.
    pub lifetime: Duration,
}

/// The page of a refusal.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ErrorPage<'p> {
    /// Status of the answer.
    pub status: StatusCode,
    /// Code of the error, such as `invalid_request`.
    pub error: &'p str,
    /// Fixed text that describes the error. It contains no text of the request.
    pub description: &'p str,
}

/// The page that lists the applications that have access to the user's account.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ApplicationsPage<'p> {
    /// Name of the user that is logged in.
    pub user: &'p str,
    /// The applications; empty if there are none.
    pub applications: Vec<ConnectedApplication<'p>>,
    /// Start of the form that logs the user out; `None` if users log out elsewhere.
    pub log_out: Option<FormStart<'p>>,
}

/// Application that has access to the user's account.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ConnectedApplication<'p> {
    /// Name of the application.
    pub name: &'p str,
    /// Client id of the application.
    pub client_id: &'p str,
    /// What the application may do.
    pub scopes: Vec<ScopeText<'p>>,
    /// Time when the user allowed it, at the oldest of several times.
    pub since: SystemTime,
    /// Start of the form that ends the access.
    pub form: FormStart<'p>,
}

/// The page that asks if the user wants to log out, and the page after it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LogOutPage<'p> {
    /// Name of the user that is logged in, if known.
    pub user: Option<&'p str>,
    /// Start of the form; `None` if the user is logged out.
    pub form: Option<FormStart<'p>>,
}

impl fmt::Debug for CodePage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code: _, application, lifetime } = self;
        let mut debug = f.debug_struct("CodePage");
        debug.field("application", application).field("lifetime", lifetime).finish_non_exhaustive()
    }
}

//! The standard pages: templates of `templates/server`, and one style sheet.

use std::borrow::Cow;

use askama::Template;
use http::StatusCode;

use super::Pages;
use super::values::{
    ApplicationsPage, CodePage, ConsentPage, ErrorPage, LogInPage, LogInProblem, LogOutPage,
};
use super::words::{Date, at_least, at_most};
use crate::server::refusal::RefusalKind;

/// Pages that need no configuration.
///
/// They are plain HTML without a script, in English. They can be used with a keyboard and a screen
/// reader, on a phone and a desktop, in light and dark colours.
///
/// # Examples
///
/// ```
/// use tower_principal::server::pages::StandardPages;
///
/// let pages = StandardPages::named("Open data portal");
/// # let _ = pages;
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct StandardPages {
    service: Option<Cow<'static, str>>,
    style: Cow<'static, str>,
}

/// The pages of a service without a name.
pub(super) static DEFAULT: StandardPages = StandardPages::new();

impl StandardPages {
    /// Returns pages that do not name the service.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::server::pages::{Pages as _, StandardPages};
    ///
    /// assert!(StandardPages::new().style().contains("prefers-color-scheme"));
    /// ```
    pub const fn new() -> Self {
        Self { service: None, style: Cow::Borrowed(include_str!("../../../templates/server/style.css")) }
    }

    /// Returns pages with the name of the service at the top and in the title.
    pub fn named(service: impl Into<Cow<'static, str>>) -> Self {
        Self { service: Some(service.into()), ..Self::new() }
    }

    /// Adds rules to the end of the style sheet, where they override the earlier ones.
    ///
    /// The colours are custom properties of `:root`: `--ground`, `--card`, `--text`, `--quiet`,
    /// `--line`, `--accent`, `--on-accent`, `--problem`, `--problem-ground`, `--warning` and
    /// `--warning-ground`. Set those for dark colours inside `@media (prefers-color-scheme: dark)`.
    /// The content security policy lets the sheet load neither images nor fonts.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::server::pages::StandardPages;
    ///
    /// let pages = StandardPages::new().add_style(
    ///     ":root { --accent: #00695c; }
    ///     @media (prefers-color-scheme: dark) { :root { --accent: #80cbc4; } }",
    /// );
    /// # let _ = pages;
    /// ```
    pub fn add_style(mut self, css: &str) -> Self {
        // `</style` would end the element. In a string of CSS, `\/` is a slash.
        self.style.to_mut().push_str(&css.replace("</", "<\\/"));
        self
    }

    fn frame(&self) -> Frame<'_> {
        Frame { service: self.service.as_deref(), style: &self.style }
    }
}

impl Default for StandardPages {
    fn default() -> Self {
        Self::new()
    }
}

impl Pages for StandardPages {
    fn standard(&self) -> &StandardPages {
        self
    }

    fn log_in(&self, page: &LogInPage<'_>) -> String {
        let username_first = page.username.is_none_or(str::is_empty);
        let denied = page.problem == Some(LogInProblem::Denied);
        html(&LogIn { frame: self.frame(), page, username_first, denied })
    }

    fn consent(&self, page: &ConsentPage<'_>) -> String {
        html(&Consent { frame: self.frame(), page })
    }

    fn code(&self, page: &CodePage<'_>) -> String {
        html(&Code { frame: self.frame(), page, lifetime: at_least(page.lifetime) })
    }

    fn error(&self, page: &ErrorPage<'_>) -> String {
        let (heading, advice) = explained(page);
        html(&Error { frame: self.frame(), page, heading, advice })
    }

    fn applications(&self, page: &ApplicationsPage<'_>) -> String {
        html(&Applications { frame: self.frame(), page })
    }

    fn log_out(&self, page: &LogOutPage<'_>) -> String {
        html(&LogOut { frame: self.frame(), page })
    }

    fn style(&self) -> &str {
        &self.style
    }
}

/// What every page has.
struct Frame<'a> {
    service: Option<&'a str>,
    style: &'a str,
}

#[derive(Template)]
#[template(path = "server/log_in.html")]
struct LogIn<'a> {
    frame: Frame<'a>,
    page: &'a LogInPage<'a>,
    username_first: bool,
    denied: bool,
}

#[derive(Template)]
#[template(path = "server/consent.html")]
struct Consent<'a> {
    frame: Frame<'a>,
    page: &'a ConsentPage<'a>,
}

#[derive(Template)]
#[template(path = "server/code.html")]
struct Code<'a> {
    frame: Frame<'a>,
    page: &'a CodePage<'a>,
    lifetime: String,
}

#[derive(Template)]
#[template(path = "server/error.html")]
struct Error<'a> {
    frame: Frame<'a>,
    page: &'a ErrorPage<'a>,
    heading: &'static str,
    advice: &'static str,
}

#[derive(Template)]
#[template(path = "server/applications.html")]
struct Applications<'a> {
    frame: Frame<'a>,
    page: &'a ApplicationsPage<'a>,
}

#[derive(Template)]
#[template(path = "server/log_out.html")]
struct LogOut<'a> {
    frame: Frame<'a>,
    page: &'a LogOutPage<'a>,
}

/// Returns the page. A template fails only if a value of it cannot be written, and each can.
fn html(page: &impl Template) -> String {
    page.render().unwrap_or_default()
}

impl LogInProblem {
    /// Returns the text for the user.
    fn text(self) -> Cow<'static, str> {
        match self {
            Self::Denied => {
                "The user name or the password is not correct, or this user may not log in here.".into()
            }
            Self::Throttled(wait) => {
                format!("Too many attempts have failed. Try again in {}.", at_most(wait)).into()
            }
            Self::Unavailable => "It is not possible to log in now. Try again in a few minutes.".into(),
            Self::Expired => {
                "The page was open for too long, or you are not logged in any more. Log in again.".into()
            }
        }
    }
}

/// Returns a heading, and what the user can do.
fn explained(page: &ErrorPage<'_>) -> (&'static str, &'static str) {
    if page.error == RefusalKind::AccessDenied.row().error {
        return ("No access was given", "Go back to the application that you came from.");
    }
    match page.status {
        StatusCode::FORBIDDEN => (
            "This was not done",
            "For your safety, this page works only in the browser and the session that it was made \
             for. Go back to the application and start again. Your browser must accept cookies.",
        ),
        StatusCode::NOT_FOUND => {
            ("Page not found", "Check the address, or go back to the application that you came from.")
        }
        StatusCode::TOO_MANY_REQUESTS => ("Too many attempts", "Wait a few minutes, then try again."),
        status if status.is_server_error() => {
            ("Something went wrong here", "It is not your fault. Try again in a few minutes.")
        }
        _ => (
            "This request cannot be answered",
            "Go back to the application that you came from, and start again. If that does not help, \
             show this page to the makers of the application.",
        ),
    }
}

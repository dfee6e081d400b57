//! Pages of the authorization server, for people in a browser.
//!
//! [`Pages`] turns the decisions of the server into HTML. Its default, [`StandardPages`], has plain
//! pages without a script, to which a service can give its name and its colours. To replace a page,
//! implement [`Pages`] and override the method of the page.
//!
//! The server sends each page with a content security policy. It allows one `<style>` element,
//! whose text is [`Pages::style`], and nothing else: no script, no `style` attribute, no image and
//! no font.
//!
//! The guide has a chapter on [pages](crate::guide::pages).
//!
//! # Examples
//!
//! One page is replaced, and the others stay:
//!
//! ```
//! use tower_principal::server::pages::{ErrorPage, Pages, StandardPages};
//!
//! struct OwnPages {
//!     standard: StandardPages,
//! }
//!
//! impl Pages for OwnPages {
//!     fn standard(&self) -> &StandardPages {
//!         &self.standard
//!     }
//!
//!     fn error(&self, page: &ErrorPage<'_>) -> String {
//!         // Fixed texts of the server, which need no escaping.
//!         format!(
//!             "<!doctype html><title>Error</title><style>{}</style>\
//!              <h1>Please call 555-0100</h1><p>{}</p>",
//!             self.style(),
//!             page.description,
//!         )
//!     }
//! }
//!
//! let pages = OwnPages {
//!     standard: StandardPages::named("Open data portal")
//!         .add_style(":root { --accent: #00695c; }"),
//! };
//! assert!(pages.style().ends_with(":root { --accent: #00695c; }"));
//! ```

mod form_start;
mod standard;
mod values;
mod words;

pub use self::form_start::FormStart;
pub use self::standard::StandardPages;
pub use self::values::{
    ApplicationsPage, CodePage, ConnectedApplication, ConsentPage, ErrorPage, LogInPage, LogInProblem,
    LogOutPage, ScopeText,
};

/// Turns typed values into the HTML of a whole page.
///
/// Each method returns a document that starts with `<!doctype html>`. It defaults to the page of
/// [`standard`](Self::standard), so a service implements only the pages that it replaces. The
/// module documentation has an example.
///
/// The texts in the values are not escaped, except [`FormStart`], whose `Display` is HTML. Names of
/// applications and users may contain any character. Escape them, for example with a template
/// engine, and put them into a `<bdi>` element, because they may change the writing direction.
pub trait Pages: Send + Sync + 'static {
    /// Returns the pages that methods use if they are not overridden. Defaults to
    /// [`StandardPages::new`], which does not name the service.
    fn standard(&self) -> &StandardPages {
        &standard::DEFAULT
    }

    /// Returns the page that asks for a user name and a password.
    ///
    /// Its form starts with [`LogInPage::form`] and has the fields `username` and `password`, and a
    /// button with the name `action` and the value `log_in`.
    fn log_in(&self, page: &LogInPage<'_>) -> String {
        self.standard().log_in(page)
    }

    /// Returns the page that asks if an application may act for the user.
    ///
    /// Its form starts with [`ConsentPage::form`] and has two buttons with the name `action`, one
    /// with the value `allow` and one with the value `deny`. A third button with the value `switch`
    /// may let the user log in with another account.
    fn consent(&self, page: &ConsentPage<'_>) -> String {
        self.standard().consent(page)
    }

    /// Returns the page that shows an authorization code to copy.
    fn code(&self, page: &CodePage<'_>) -> String {
        self.standard().code(page)
    }

    /// Returns the page of a refusal.
    fn error(&self, page: &ErrorPage<'_>) -> String {
        self.standard().error(page)
    }

    /// Returns the page that lists the applications that have access to the user's account.
    ///
    /// Each application has a form that starts with [`ConnectedApplication::form`] and has a button
    /// with the name `action` and the value `end`. The form of [`ApplicationsPage::log_out`] has a
    /// button with the value `log_out`.
    fn applications(&self, page: &ApplicationsPage<'_>) -> String {
        self.standard().applications(page)
    }

    /// Returns the page that asks if the user wants to log out, and the page after it.
    ///
    /// Its form starts with [`LogOutPage::form`] and has a button with the name `action` and the
    /// value `log_out`.
    fn log_out(&self, page: &LogOutPage<'_>) -> String {
        self.standard().log_out(page)
    }

    /// Returns the text of the only `<style>` element of every page, byte for byte. The content
    /// security policy has its hash, so a browser ignores any other style.
    fn style(&self) -> &str {
        self.standard().style()
    }
}

#[cfg(test)]
mod tests;

//! The start tag of a form, and its hidden fields.

use std::fmt;

use askama::Template;

/// Start tag of a form of the server, with its hidden fields.
///
/// `Display` writes escaped HTML: `<form method="post" action="..">`, then a hidden field with the
/// anti-forgery token, then further hidden fields. The page adds its own fields, a button, and
/// `</form>`. Because the tag and the token are one value, a page cannot leave out the token.
///
/// Only the server makes this value. `Debug` does not show the token.
///
/// # Examples
///
/// ```
/// use tower_principal::server::pages::{FormStart, LogOutPage};
///
/// fn log_out(page: &LogOutPage<'_>) -> String {
///     let button = r#"<button name="action" value="log_out">Leave</button>"#;
///     let form = |start: &FormStart<'_>| format!("{start}{button}</form>");
///     page.form.as_ref().map(form).unwrap_or_else(|| "Goodbye.".to_owned())
/// }
/// # let _ = log_out;
/// ```
#[derive(Clone)]
#[must_use]
pub struct FormStart<'p> {
    action: &'p str,
    token: &'p str,
    fields: Vec<(&'p str, &'p str)>,
}

#[derive(Template)]
#[template(
    source = r#"<form method="post" action="{{ action }}"><input type="hidden" name="form_token" value="{{ token }}">
{%- for (name, value) in fields %}<input type="hidden" name="{{ name }}" value="{{ value }}">{% endfor %}"#,
    ext = "html"
)]
struct Markup<'p> {
    action: &'p str,
    token: &'p str,
    fields: &'p [(&'p str, &'p str)],
}

impl<'p> FormStart<'p> {
    /// Returns the start of a form that is posted to `action` with this anti-forgery token.
    pub(in crate::server) const fn new(action: &'p str, token: &'p str) -> Self {
        Self { action, token, fields: Vec::new() }
    }

    /// Adds a hidden field.
    pub(in crate::server) fn with(mut self, name: &'p str, value: &'p str) -> Self {
        self.fields.push((name, value));
        self
    }
}

impl fmt::Display for FormStart<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { action, token, fields } = self;
        Markup { action, token, fields }.fmt(f)
    }
}

impl fmt::Debug for FormStart<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FormStart").field("action", &self.action).finish_non_exhaustive()
    }
}

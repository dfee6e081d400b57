//! A platform as data.

use super::AnswerRow;
use super::form::CredentialForm;
use super::guest::GuestRule;
use crate::transport::TransportRule;
use std::borrow::Cow;

/// The credentials, guests and refusals of a platform, as data.
///
/// Start from a preset and change it by methods, by struct update, or at run time. Places without a
/// row are not read: a dialect without query rows does not look at the query.
///
/// # Examples
///
/// By methods:
///
/// ```
/// use tower_principal::{GuestRule, dialect};
///
/// let dialect = dialect::SOCRATA.guests([GuestRule::everywhere()]).realm("data");
/// assert_eq!(dialect.name, "socrata");
/// ```
///
/// By struct update, as a constant:
///
/// ```
/// use std::borrow::Cow;
/// use tower_principal::dialect::{self, TokenMeaning};
/// use tower_principal::{CredentialForm, Dialect};
///
/// const MINE: Dialect = Dialect {
///     name: "mine",
///     forms: Cow::Borrowed(&[
///         CredentialForm::scheme("Bearer", TokenMeaning::ACCESS_TOKEN),
///         CredentialForm::header("x-api-key", TokenMeaning::API_KEY),
///     ]),
///     ..dialect::RFC6750
/// };
/// ```
///
/// At run time, with names read from a configuration:
///
/// ```
/// use tower_principal::dialect::{self, TokenMeaning};
/// use tower_principal::{CredentialForm, Dialect};
///
/// let header: String = "x-tenant-key".to_owned();
/// let name: &'static str = header.leak();
/// let dialect = dialect::RFC6750
///     .add_form(CredentialForm::header(name, TokenMeaning::API_KEY));
/// assert_eq!(dialect.forms.len(), 2);
/// ```
// Dialects are `const`, and so are their rows: `CredentialForm` is `Copy` and holds `&'static str`
// and `fn` pointers. `Dialect { forms: .., ..dialect::RFC6750 }` can therefore be a constant. If a
// name is known only at run time, it is leaked, once.
#[derive(Clone, Debug)]
#[allow(clippy::exhaustive_structs, reason = "struct update is a documented way to make one")]
pub struct Dialect {
    /// A name for logs and errors.
    pub name: &'static str,
    /// The realm of every challenge: printable ASCII without `"` and `\`.
    pub realm: Cow<'static, str>,
    /// The credential forms that are read.
    pub forms: Cow<'static, [CredentialForm]>,
    /// The rules that admit requests without credentials; the first rule that admits decides.
    pub guests: Cow<'static, [GuestRule]>,
    /// The handling of credentials over a connection that is not secure.
    pub transport: TransportRule,
    /// The refusals that differ from the standard; the first row that fits decides.
    pub answers: Cow<'static, [AnswerRow]>,
}

impl Dialect {
    /// Sets the realm.
    #[must_use]
    pub fn realm(mut self, realm: impl Into<Cow<'static, str>>) -> Self {
        self.realm = realm.into();
        self
    }

    /// Replaces all credential forms.
    #[must_use]
    pub fn forms(mut self, forms: impl IntoIterator<Item = CredentialForm>) -> Self {
        self.forms = forms.into_iter().collect();
        self
    }

    /// Adds a credential form.
    #[must_use]
    pub fn add_form(mut self, form: CredentialForm) -> Self {
        self.forms.to_mut().push(form);
        self
    }

    /// Replaces all guest rules; an empty list admits no guests.
    #[must_use]
    pub fn guests(mut self, guests: impl IntoIterator<Item = GuestRule>) -> Self {
        self.guests = guests.into_iter().collect();
        self
    }

    /// Replaces all answers; an empty list answers in the standard way.
    #[must_use]
    pub fn answers(mut self, answers: impl IntoIterator<Item = AnswerRow>) -> Self {
        self.answers = answers.into_iter().collect();
        self
    }

    /// Replaces the rule for connections that are not secure.
    #[must_use]
    pub fn transport(mut self, rule: TransportRule) -> Self {
        self.transport = rule;
        self
    }
}

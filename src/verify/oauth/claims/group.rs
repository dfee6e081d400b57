//! Claims that name groups and roles.

use serde_json::Value;

use super::{Json, Path};

/// The form of a claim that names groups or roles.
///
/// # Examples
///
/// ```
/// use tower_principal::verify::{GroupForm, JwtVerifier};
///
/// // `"roles": {"editor": {"org": "acme"}}`, as Zitadel writes them, and
/// // `"role": "read,manage"`.
/// let builder = JwtVerifier::builder("https://login.example")
///     .group_claims_as(GroupForm::Keys, ["roles"])
///     .group_claims_as(GroupForm::Commas, ["role"]);
/// # let _ = builder;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GroupForm {
    /// A list of texts: `["editor", "reader"]`. This is the default.
    List,
    /// One text that is one group: `"editor"`.
    Text,
    /// One text with commas between the groups: `"read,manage"`.
    Commas,
    /// The names of an object's members: `{"editor": {..}, "reader": {..}}`.
    Keys,
}

/// A claim and the form of its groups.
#[derive(Clone, Debug)]
pub(super) struct GroupClaim {
    path: Path,
    form: GroupForm,
}

impl GroupClaim {
    pub(super) fn new(path: &str, form: GroupForm) -> Self {
        Self { path: Path::new(path), form }
    }

    /// Calls `with` for each group. A claim of another form names none.
    pub(super) fn each<'c>(&self, claims: &'c Json<'_>, with: &mut dyn FnMut(&'c str)) {
        match (self.form, self.path.in_json(claims)) {
            (GroupForm::List, Some(Json::List(groups))) => {
                groups.iter().filter_map(Json::text).for_each(with);
            }
            (GroupForm::Keys, Some(Json::Object(groups))) => groups.iter().for_each(|(name, _)| with(name)),
            (form, Some(Json::Text(text))) => form.split(text, with),
            _ => (),
        }
    }

    /// Same for claims that are kept.
    pub(super) fn each_kept<'c>(&self, claims: &'c Value, with: &mut dyn FnMut(&'c str)) {
        match (self.form, self.path.in_value(claims)) {
            (GroupForm::List, Some(Value::Array(groups))) => {
                groups.iter().filter_map(Value::as_str).for_each(with);
            }
            (GroupForm::Keys, Some(Value::Object(groups))) => groups.keys().for_each(|name| with(name)),
            (form, Some(Value::String(text))) => form.split(text, with),
            _ => (),
        }
    }
}

impl GroupForm {
    fn split<'c>(self, text: &'c str, with: &mut dyn FnMut(&'c str)) {
        match self {
            Self::Text => with(text),
            Self::Commas => text.split(',').map(str::trim).filter(|group| !group.is_empty()).for_each(with),
            Self::List | Self::Keys => (),
        }
    }
}

//! What is claimed about a verified token, for handlers and policies, and what it makes of a principal.

use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::Value;

mod client;
mod group;
mod json;
mod mapping;
mod path;
mod word;

use self::client::Own;
pub use self::group::GroupForm;
use self::group::Groups;
pub(in crate::verify) use self::json::Json;
pub(in crate::verify) use self::mapping::Mapping;
pub(in crate::verify) use self::path::Path;
pub(in crate::verify) use self::word::Word;

/// A verified token's claims, which its verifier attaches to the principal: of a JWT its payload, of a token that was
/// introspected the whole answer about it.
///
/// They are kept as text and read when asked for. `Debug` shows nothing of them.
///
/// # Examples
///
/// ```
/// use tower_principal::{Principal, verify::Claims};
///
/// fn department(who: &Principal) -> Option<String> {
///     Some(who.claims::<Claims>()?.get("department")?.as_str()?.to_owned())
/// }
/// # let _ = department;
/// ```
#[derive(Clone)]
pub struct Claims {
    text: String,
    groups: Arc<[Groups]>,
}

impl Claims {
    /// The value of one claim; `None` where there is none of this name. Reads the token's claims each
    /// time: for several of them [`deserialize`](Self::deserialize) is cheaper.
    pub fn get(&self, name: &str) -> Option<Value> {
        match self.value() {
            Value::Object(mut claims) => claims.remove(name),
            _ => None,
        }
    }

    /// The claims as a type of your own.
    ///
    /// # Errors
    ///
    /// Where they do not fit the type. The error may quote them, so keep it out of answers.
    ///
    /// # Examples
    ///
    /// ```
    /// use serde::Deserialize;
    /// use tower_principal::verify::Claims;
    ///
    /// #[derive(Deserialize)]
    /// struct Employee {
    ///     department: String,
    /// }
    ///
    /// fn department(claims: &Claims) -> Option<String> {
    ///     Some(claims.deserialize::<Employee>().ok()?.department)
    /// }
    /// # let _ = department;
    /// ```
    pub fn deserialize<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(&self.text)
    }

    /// The groups and roles that the token names, from the claims that the verifier was told (its builder's
    /// `group_claims`). A claim of another form than its [`GroupForm`] names none.
    pub fn groups(&self) -> Vec<String> {
        let claims = self.value();
        let mut names = Vec::new();
        self.groups
            .iter()
            .for_each(|groups| groups.each_kept(&claims, &mut |name| names.push(name.to_owned())));
        names
    }

    /// Whether the token names this very group or role; see [`groups`](Self::groups). Where a group is to give
    /// permissions, the verifier's builder says so with `permissions_of`.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::verify::Claims;
    /// use tower_principal::policy::Forbidden;
    /// use tower_principal::request::RequestHead;
    /// use tower_principal::{Principal, RequireLayer};
    ///
    /// let staff = |who: &Principal, _: &RequestHead<'_>| match who.claims::<Claims>() {
    ///     Some(claims) if claims.has_group("staff") => Ok(()),
    ///     _ => Err(Forbidden::new()),
    /// };
    /// let layer = RequireLayer::new(staff);
    /// # let _ = layer;
    /// ```
    pub fn has_group(&self, name: &str) -> bool {
        self.groups().iter().any(|group| group == name)
    }

    /// The claims as they stand in the token or in the answer about it: a JSON object.
    pub fn as_json(&self) -> &str {
        &self.text
    }

    fn value(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }
}

/// Shows nothing: claims are personal data.
impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Claims(..)")
    }
}

//! Claims about a verified token, for handlers and policies, and for making the principal.

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
use self::group::GroupClaim;
pub use self::group::GroupForm;
pub(in crate::verify) use self::json::Json;
pub(in crate::verify) use self::mapping::Mapping;
pub(in crate::verify) use self::path::Path;
pub(in crate::verify) use self::word::Word;

/// A verified token's claims, which its verifier attaches to the principal. They are the payload of
/// a JWT, or the whole answer about a token that was introspected.
///
/// They are kept as text and parsed on request. `Debug` shows nothing of them.
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
    groups: Arc<[GroupClaim]>,
}

impl Claims {
    /// Returns the value of one claim, or `None` if there is no claim of this name. Parses the
    /// token's claims each time: for several of them [`deserialize`](Self::deserialize) is cheaper.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::Principal;
    /// use tower_principal::verify::Claims;
    ///
    /// /// Whether the user has confirmed the address.
    /// fn is_confirmed(user: &Principal) -> bool {
    ///     let claims = user.claims::<Claims>();
    ///     let claim = claims.and_then(|claims| claims.get("email_verified"));
    ///     claim.and_then(|claim| claim.as_bool()).unwrap_or(false)
    /// }
    /// # assert!(!is_confirmed(&tower_principal::OAuthUser::new("otto").into()));
    /// ```
    pub fn get(&self, name: &str) -> Option<Value> {
        match self.value() {
            Value::Object(mut claims) => claims.remove(name),
            _ => None,
        }
    }

    /// Returns the claims as a type of your own.
    ///
    /// # Errors
    ///
    /// Returns an error if they do not match the type. The error may quote them, so keep it out of
    /// answers.
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

    /// Returns the groups and roles that the token names, from the claims in the verifier's builder
    /// (`group_claims`), in the token's order. A claim of another form than its [`GroupForm`] names
    /// none. Parses the token's claims each time.
    ///
    /// To decide by a group, use [`policy::group`](crate::policy::group()) or
    /// [`Principal::has_group`](crate::Principal::has_group), which regard the place of the group.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use tower_principal::test_util::Issuer;
    /// use tower_principal::verify::Claims;
    /// use tower_principal::{Credential, Secret, Verifier, VerifyContext};
    ///
    /// let issuer = Issuer::new("https://login.example")?;
    /// let verifier = issuer.verifier("https://api.example").build()?;
    /// let token = issuer.token("otto").audience("https://api.example");
    /// let jwt = token.claim("groups", vec!["staff"]).sign();
    ///
    /// let token = Credential::AccessToken(Secret::borrowed(&jwt));
    /// let otto = verifier.verify(&token, &VerifyContext::default()).await?;
    /// let claims = otto.claims::<Claims>().ok_or("no claims")?;
    /// assert!(otto.has_group("staff") && claims.groups() == ["staff"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn groups(&self) -> Vec<String> {
        let claims = self.value();
        let mut names = Vec::new();
        self.groups
            .iter()
            .for_each(|groups| groups.each_kept(&claims, &mut |name| names.push(name.to_owned())));
        names
    }

    /// Returns the claims unchanged from the token or from the answer about it: a JSON object.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use tower_principal::test_util::Issuer;
    /// use tower_principal::verify::Claims;
    /// use tower_principal::{Credential, Secret, Verifier, VerifyContext};
    ///
    /// let issuer = Issuer::new("https://login.example")?;
    /// let verifier = issuer.verifier("https://api.example").build()?;
    /// let jwt = issuer.token("otto").audience("https://api.example").sign();
    ///
    /// let token = Credential::AccessToken(Secret::borrowed(&jwt));
    /// let otto = verifier.verify(&token, &VerifyContext::default()).await?;
    /// let claims = otto.claims::<Claims>().ok_or("no claims")?;
    /// assert!(claims.as_json().contains(r#""sub":"otto""#));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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

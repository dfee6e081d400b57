//! From claims to a principal.

use std::sync::Arc;

use serde_json::Value;

use super::{Claimed, Json};
use crate::principal::{OAuthUser, OAuthUserBuilder};

/// Where a claim stands: its name, or a JSON Pointer (RFC 6901) for one inside another.
#[derive(Clone, Debug)]
pub(super) struct Path(Vec<Box<str>>);

/// Which claims make what of a principal.
#[derive(Clone, Debug)]
pub(super) struct Mapping {
    pub(super) id: Path,
    pub(super) org: Option<Path>,
    pub(super) app: Option<Path>,
    pub(super) scopes: Vec<Path>,
    pub(super) groups: Arc<[Path]>,
}

impl Path {
    pub(super) fn new(path: &str) -> Self {
        // `~1` before `~0`, as RFC 6901 section 4 says.
        let step = |step: &str| step.replace("~1", "/").replace("~0", "~").into_boxed_str();
        Self(match path.strip_prefix('/') {
            Some(pointer) => pointer.split('/').map(step).collect(),
            None => vec![path.into()],
        })
    }

    pub(super) fn in_json<'a, 'j>(&self, json: &'a Json<'j>) -> Option<&'a Json<'j>> {
        self.0.iter().try_fold(json, |json, step| json.get(step))
    }

    pub(super) fn in_value<'a>(&self, value: &'a Value) -> Option<&'a Value> {
        self.0.iter().try_fold(value, |value, step| value.get(&**step))
    }
}

impl Mapping {
    /// The principal, but for the claims as they stand; the error says which is missing or of the wrong type.
    pub(super) fn principal(
        &self,
        claims: &Json<'_>,
        claimed: &Claimed<'_>,
    ) -> Result<OAuthUserBuilder, &'static str> {
        let id = self.id.in_json(claims).and_then(Json::text).filter(|id| !id.is_empty()).ok_or("no id")?;
        let mut user = OAuthUser::builder(id).expires_at(claimed.expires_at).scopes(self.scopes(claims)?);
        if let Some(org) = text_at(self.org.as_ref(), claims)? {
            user = user.org(org);
        }
        if let Some(app) = text_at(self.app.as_ref(), claims)? {
            user = user.app(app);
        }
        if let Some(client) = CLIENT.iter().find_map(|name| claims.get(name)) {
            user = user.client(client.text().ok_or("a client of the wrong type")?);
        }
        if let Some(id) = claimed.id {
            user = user.credential_id(id);
        }
        Ok(user)
    }

    /// Names in one text (RFC 8693 section 4.2), or a list of texts, which some issuers write.
    fn scopes<'a>(
        &'a self,
        claims: &'a Json<'_>,
    ) -> Result<impl Iterator<Item = &'a str> + use<'a>, &'static str> {
        let values = || self.scopes.iter().filter_map(|path| path.in_json(claims));
        if values().any(|value| value.text().is_none() && value.texts().is_none()) {
            return Err("scopes of the wrong type");
        }
        let names = values().flat_map(|value| {
            let listed = value.texts().unwrap_or_default();
            value.text().into_iter().flat_map(|names| names.split(' ')).chain(listed)
        });
        Ok(names)
    }
}

impl Default for Mapping {
    fn default() -> Self {
        let paths = |paths: &[&str]| paths.iter().map(|path| Path::new(path)).collect::<Vec<_>>();
        Self {
            id: Path::new("sub"),
            org: None,
            app: None,
            scopes: paths(&["scope", "scp"]),
            groups: paths(&["groups", "roles", "cognito:groups", "/realm_access/roles"]).into(),
        }
    }
}

fn text_at<'a>(path: Option<&Path>, claims: &'a Json<'_>) -> Result<Option<&'a str>, &'static str> {
    let Some(value) = path.and_then(|path| path.in_json(claims)) else { return Ok(None) };
    value.text().map(Some).ok_or("a claim of the wrong type")
}

/// Who the token was issued to (RFC 9068 section 2.2, OpenID Connect Core 1.0 section 2).
const CLIENT: &[&str] = &["client_id", "azp"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_name_or_a_pointer() {
        let json = Json::read(r#"{"a.b":"1","a":{"b/c":{"~":"2"}},"https://x.example/r":"3"}"#).unwrap();
        let at = |path: &str| Path::new(path).in_json(&json).and_then(Json::text).map(str::to_owned);
        assert_eq!(at("a.b").as_deref(), Some("1"));
        assert_eq!(at("/a/b~1c/~0").as_deref(), Some("2"));
        assert_eq!(at("https://x.example/r").as_deref(), Some("3"));
        assert_eq!((at("a/b"), at("/a/x")), (None, None));
    }
}

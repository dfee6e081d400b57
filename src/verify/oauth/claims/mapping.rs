//! The mapping from claims to a principal.

use std::collections::HashMap;
use std::sync::Arc;
use std::{mem, ptr};

use super::path::Path;
use super::{Claims, GroupClaim, GroupForm, Json, Own};
use crate::principal::{InvalidPermission, OAuthUser, Permissions};

/// The claims for each property of a principal.
#[derive(Clone, Debug)]
pub(in crate::verify) struct Mapping {
    /// The first claim that is present and not empty counts.
    id: Vec<Path>,
    client: Vec<Path>,
    org: Option<Path>,
    app: Option<Path>,
    tenant: Option<Path>,
    scopes: Vec<Path>,
    groups: Arc<[GroupClaim]>,
    /// The permissions of groups. A group that is not here gives none.
    permissions: HashMap<Box<str>, Permissions>,
    /// True if `null` means absent: some authorization servers write it.
    nulls: bool,
}

impl Mapping {
    /// Makes the mapping of the usual claims. The id is the first of `ids`. `nulls` is true if
    /// `null` means absent.
    pub(in crate::verify) fn new(ids: &[&str], nulls: bool) -> Self {
        Self {
            id: paths(ids.iter().copied()),
            client: paths(CLIENT.iter().copied()),
            org: None,
            app: None,
            tenant: None,
            scopes: paths(["scope", "scp"]),
            groups: lists(["groups", "roles", "cognito:groups", "/realm_access/roles"]),
            permissions: HashMap::new(),
            nulls,
        }
    }

    pub(in crate::verify) fn set_id(&mut self, claim: &str) {
        self.id = vec![Path::new(claim)];
    }

    pub(in crate::verify) fn set_org(&mut self, claim: &str) {
        self.org = Some(Path::new(claim));
    }

    pub(in crate::verify) fn set_app(&mut self, claim: &str) {
        self.app = Some(Path::new(claim));
    }

    pub(in crate::verify) fn set_tenant(&mut self, claim: &str) {
        self.tenant = Some(Path::new(claim));
    }

    /// Returns true if a claim names the tenant of a token.
    pub(in crate::verify) const fn separates_tenants(&self) -> bool {
        self.tenant.is_some()
    }

    /// Returns true if the token is of this tenant, or of none if the request has none. Always true
    /// if no claim names the tenant.
    pub(in crate::verify) fn is_at(
        &self,
        tenant: Option<&str>,
        claims: &Json<'_>,
    ) -> Result<bool, &'static str> {
        Ok(self.tenant.is_none() || text_at(self.tenant.as_ref(), claims)? == tenant)
    }

    pub(in crate::verify) fn set_scopes<'c>(&mut self, claims: impl IntoIterator<Item = &'c str>) {
        self.scopes = paths(claims);
    }

    pub(in crate::verify) fn set_groups<'c>(&mut self, claims: impl IntoIterator<Item = &'c str>) {
        self.groups = lists(claims);
    }

    /// Adds claims whose groups have this form.
    pub(in crate::verify) fn add_groups<'c>(
        &mut self,
        form: GroupForm,
        claims: impl IntoIterator<Item = &'c str>,
    ) {
        let added = claims.into_iter().map(|claim| GroupClaim::new(claim, form));
        self.groups = self.groups.iter().cloned().chain(added).collect();
    }

    /// Sets the claims for id and client. The first that is not empty counts for each.
    #[cfg(feature = "jwt")]
    pub(in crate::verify) fn set_ids_and_clients(&mut self, ids: &[&str], clients: &[&str]) {
        self.id = paths(ids.iter().copied());
        self.client = paths(clients.iter().copied());
    }

    /// Adds permissions for the members of this group.
    pub(in crate::verify) fn permit<'p>(
        &mut self,
        group: &str,
        permissions: impl IntoIterator<Item = &'p str>,
    ) -> Result<(), InvalidPermission> {
        let permissions = Permissions::parse(permissions)?;
        let held = self.permissions.entry(group.into()).or_default();
        *held = Permissions::joined([mem::take(held), permissions]);
        Ok(())
    }

    /// Returns the principal without its end, its credential's id and the claims as text. The error
    /// names a claim that is missing or of the wrong type.
    pub(in crate::verify) fn user(&self, claims: &Json<'_>) -> Result<OAuthUser, &'static str> {
        let id = self.first(&self.id, claims)?.ok_or("no id")?;
        let mut user =
            OAuthUser::new(id).with_scopes(self.scopes(claims)?).with_permissions(self.permissions(claims));
        user = user.with_groups(self.groups(claims));
        if let Some(org) = text_at(self.org.as_ref(), claims)? {
            user = user.with_org(org);
        }
        if let Some(app) = text_at(self.app.as_ref(), claims)? {
            user = user.with_app(app);
        }
        let client = self.first(&self.client, claims)?;
        if let Some(client) = client {
            user = user.with_client(client);
        }
        let at = self.id.iter().find(|path| self.is_text(path, claims));
        let own = Own::of(claims, id, client, at.is_some_and(|path| self.client.contains(path)));
        let subject = claims.get("sub").and_then(Json::text).filter(|subject| !subject.is_empty());
        user = match (subject, at) {
            (Some(subject), _) if subject != id => user.with_subject(subject),
            // Such an id may be the subject of another user.
            (None, Some(at)) if own != Own::Yes => user.of_claim(at.0.join("/")),
            _ => user,
        };
        Ok(match own {
            Own::No => user,
            Own::Perhaps => user.for_itself(),
            Own::Yes => user.for_itself().with_admin_rights(),
        })
    }

    fn is_text(&self, path: &Path, claims: &Json<'_>) -> bool {
        self.at(path, claims).and_then(Json::text).is_some_and(|text| !text.is_empty())
    }

    /// Returns the claims unchanged, to be kept with the principal.
    pub(in crate::verify) fn kept(&self, text: String) -> Claims {
        Claims { text, groups: Arc::clone(&self.groups) }
    }

    /// Returns the first text that is not empty.
    fn first<'a>(&self, paths: &[Path], claims: &'a Json<'_>) -> Result<Option<&'a str>, &'static str> {
        let mut texts = paths.iter().filter_map(|path| self.at(path, claims)).map(Json::text);
        let found = texts.find(|text| text.is_none_or(|text| !text.is_empty()));
        found.map(|text| text.ok_or("a claim of the wrong type")).transpose()
    }

    /// Returns the names in one text (RFC 8693 section 4.2), or in a list of texts, which some
    /// issuers write.
    fn scopes<'a>(
        &'a self,
        claims: &'a Json<'_>,
    ) -> Result<impl Iterator<Item = &'a str> + use<'a>, &'static str> {
        let values = || self.scopes.iter().filter_map(|path| self.at(path, claims));
        if values().any(|value| value.text().is_none() && value.texts().is_none()) {
            return Err("scopes of the wrong type");
        }
        let names = values().flat_map(|value| {
            let listed = value.texts().unwrap_or_default();
            value.text().into_iter().flat_map(|names| names.split(' ')).chain(listed)
        });
        Ok(names)
    }

    fn groups<'a>(&self, claims: &'a Json<'_>) -> Vec<&'a str> {
        let mut names = Vec::new();
        self.groups.iter().for_each(|groups| groups.each(claims, &mut |name| names.push(name)));
        names
    }

    /// Returns the permissions of the groups, which are those of [`Claims::groups`].
    fn permissions(&self, claims: &Json<'_>) -> Permissions {
        if self.permissions.is_empty() {
            return Permissions::none();
        }
        let mut given: Vec<&Permissions> = Vec::new();
        let mut give = |group: &str| {
            // A group may be named often.
            if let Some(permissions) = self.permissions.get(group)
                && !given.iter().any(|known| ptr::eq(*known, permissions))
            {
                given.push(permissions);
            }
        };
        self.groups.iter().for_each(|groups| groups.each(claims, &mut give));
        Permissions::joined(given.into_iter().cloned())
    }

    fn at<'a, 'j>(&self, path: &Path, claims: &'a Json<'j>) -> Option<&'a Json<'j>> {
        path.in_json(claims).filter(|value| !(self.nulls && matches!(value, Json::Null)))
    }
}

fn lists<'c>(claims: impl IntoIterator<Item = &'c str>) -> Arc<[GroupClaim]> {
    claims.into_iter().map(|claim| GroupClaim::new(claim, GroupForm::List)).collect()
}

fn paths<'c, P: FromIterator<Path>>(claims: impl IntoIterator<Item = &'c str>) -> P {
    claims.into_iter().map(Path::new).collect()
}

/// Returns an application or organization. An empty one, or `null`, never means absent, because a
/// principal without one belongs to more.
fn text_at<'a>(path: Option<&Path>, claims: &'a Json<'_>) -> Result<Option<&'a str>, &'static str> {
    let Some(value) = path.and_then(|path| path.in_json(claims)) else { return Ok(None) };
    value.text().map(Some).ok_or("a claim of the wrong type")
}

/// The client that the token was issued to (RFC 9068 section 2.2, RFC 7662 section 2.2, OpenID
/// Connect Core 1.0 section 2).
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

//! Fields of an answer that describe the owner of a token.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::credential::ClientKind;
use crate::grant::Grant;

/// Returns the user that the client acts for; `None` if it acts for itself.
pub(super) fn user(grant: &Grant) -> Option<String> {
    let name = grant.user.as_deref()?;
    Some(object([("uuid", grant.uuid.as_deref()), ("type", Some("user")), ("username", Some(name))]))
}

/// Returns the UUID or else the name of the application that the client is; `None` if it is not
/// one, or acts for a user.
pub(super) fn application(grant: &Grant) -> Option<String> {
    let name = grant.app.as_deref().filter(|_| grant.user.is_none())?;
    Some(Value::from(uuid(&grant.client).unwrap_or_else(|| name.to_owned())).to_string())
}

/// Returns the organization that the client is; `None` if it is not one, or acts for a user.
pub(super) fn organization(grant: &Grant) -> Option<String> {
    let name = grant.org.as_deref().filter(|_| grant.user.is_none() && grant.app.is_none())?;
    let uuid = uuid(&grant.client);
    Some(object([("uuid", uuid.as_deref()), ("name", Some(name))]))
}

/// Returns a JSON object of the members that have a value.
fn object<'t>(members: impl IntoIterator<Item = (&'t str, Option<&'t str>)>) -> String {
    let known = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into())));
    Value::Object(known.collect::<Map<_, _>>()).to_string()
}

/// Returns the UUID that is a part of an organization's or an application's client id: four
/// characters, then the base64url of its bytes.
fn uuid(client: &str) -> Option<String> {
    if ClientKind::from_id(client) == ClientKind::Other {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(client.get(4..)?).ok()?;
    let mut text = String::with_capacity(36);
    for (at, byte) in bytes.iter().enumerate() {
        let dash = if matches!(at, 4 | 6 | 8 | 10) { "-" } else { "" };
        // Writing to a string does not fail.
        let _ = write!(text, "{dash}{byte:02x}");
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::grant::{GrantId, NewGrant};

    fn grant(client: &str) -> Grant {
        Grant::from_draft(&NewGrant::new(GrantId::parse("G1").unwrap(), client), SystemTime::UNIX_EPOCH)
    }

    #[test]
    fn the_uuid_of_a_client_is_in_its_id() {
        // From Usergrid's document on organizations and applications.
        let id = "b3U68vghI6FmEeKn9wLoGtzz0A";
        assert_eq!(uuid(id).as_deref(), Some("f2f82123-a166-11e2-a7f7-02e81adcf3d0"));
        for other in ["weather", "b3U68vghI6FmEeKn9wLoGtzz0B", "b3U6", "", "YWQ68vghI6FmEeKn9wLoGtzz0A"] {
            assert_eq!(uuid(other), None, "{other}");
        }
    }

    #[test]
    fn an_answer_names_the_user_the_application_or_the_organization() {
        let org = Grant { org: Some("acme".to_owned()), ..grant("b3U68vghI6FmEeKn9wLoGtzz0A") };
        let app = Grant { app: Some("weather".to_owned()), ..org.clone() };
        let user = Grant { user: Some("we\"ndy".to_owned()), uuid: Some("u".to_owned()), ..app.clone() };
        let named = |grant: &Grant| [super::user(grant), application(grant), organization(grant)];
        let uuid = "f2f82123-a166-11e2-a7f7-02e81adcf3d0";
        let of_org = format!(r#"{{"name":"acme","uuid":"{uuid}"}}"#);
        assert_eq!(named(&org), [None, None, Some(of_org)]);
        assert_eq!(named(&app), [None, Some(format!("\"{uuid}\"")), None]);
        let of_user = r#"{"type":"user","username":"we\"ndy","uuid":"u"}"#;
        assert_eq!(named(&user), [Some(of_user.to_owned()), None, None]);
        let other = Grant { client: "weather.client".to_owned(), ..app };
        assert_eq!(application(&other).as_deref(), Some("\"weather\""));
        assert_eq!(named(&grant("b3U6")), [None, None, None]);
    }
}

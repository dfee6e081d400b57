//! Descriptions of applications, as their column holds them: JSON of everything without a column of
//! its own.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::grant::{Application, GrantType, Lifetime, Lifetimes, RedirectRule};
use crate::request::grammar::is_absolute_uri;
use crate::verify::sql::{SqlError, names};

/// Description of an application. A field that this version does not know may restrict the
/// application, so it makes the description unreadable.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    confidential: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    profile: Option<String>,
    #[serde(default, skip_serializing_if = "is_false")]
    redirect_prefixes: bool,
    redirects: Vec<String>,
    grants: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    audiences: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    serves: Vec<String>,
    /// Lifetimes in milliseconds; [`UNLIMITED`] if there is no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    access: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    grant: Option<u64>,
}

const UNLIMITED: u64 = u64::MAX;
/// Maximum length of a redirect URI in bytes.
const LONGEST_URI: usize = 2048;

/// Returns the description of an application, if the database can hold it.
pub(super) fn describe(application: &Application) -> Result<String, SqlError> {
    let Lifetimes { access, refresh, grant } = application.lifetimes;
    let is_service = |name: &String| names::is_name(name) && !name.contains(' ');
    if !application.redirects.iter().all(|uri| is_redirect(uri))
        || !application.audiences.iter().chain(&application.serves).all(is_service)
    {
        return Err(SqlError::InvalidName);
    }
    let description = Description {
        confidential: application.is_confidential(),
        profile: names::optional(application.profile.as_deref())?,
        redirect_prefixes: application.redirect_rule == RedirectRule::Prefix,
        redirects: application.redirects.clone(),
        grants: application.grants.iter().map(|grant| grant.as_str().to_owned()).collect(),
        audiences: application.audiences.clone(),
        serves: application.serves.clone(),
        access: access.map(millis),
        refresh: refresh.map(millis),
        grant: grant.map(millis),
    };
    serde_json::to_string(&description).map_err(|_| SqlError::InvalidName)
}

/// Reads the description of the application of this id. The columns beside it are not set. A grant
/// type that this version does not know is left out.
pub(super) fn read(id: String, text: &str) -> Result<Application, SqlError> {
    let description: Description = serde_json::from_str(text).map_err(|_| SqlError::Unreadable)?;
    let mut application =
        if description.confidential { Application::confidential(id) } else { Application::public(id) };
    application.profile = description.profile;
    if description.redirect_prefixes {
        application.redirect_rule = RedirectRule::Prefix;
    }
    application.redirects = description.redirects;
    application.grants = description.grants.iter().filter_map(|name| GrantType::named(name)).collect();
    application.audiences = description.audiences;
    application.serves = description.serves;
    application.lifetimes = Lifetimes {
        access: description.access.map(lifetime),
        refresh: description.refresh.map(lifetime),
        grant: description.grant.map(lifetime),
    };
    Ok(application)
}

/// Returns `true` if a text may be a redirect URI: a scheme, a colon and more, without spaces,
/// control characters and a fragment (RFC 6749 section 3.1.2).
fn is_redirect(uri: &str) -> bool {
    uri.len() <= LONGEST_URI && is_absolute_uri(uri)
}

fn millis(lifetime: Lifetime) -> u64 {
    match lifetime {
        Lifetime::Limited(lifetime) => u64::try_from(lifetime.as_millis()).unwrap_or(UNLIMITED - 1),
        Lifetime::Unlimited => UNLIMITED,
    }
}

const fn lifetime(millis: u64) -> Lifetime {
    match millis {
        UNLIMITED => Lifetime::Unlimited,
        millis => Lifetime::Limited(Duration::from_millis(millis)),
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_false(value: &bool) -> bool {
    !*value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_comes_back() {
        let lifetimes =
            Lifetimes { access: Some(Lifetime::Unlimited), refresh: Some(Lifetime::seconds(7)), grant: None };
        let whole = Application::confidential("a")
            .profile("usergrid")
            .redirect("https://a.example/callback?x=1")
            .redirect("org.example.app:/callback")
            .redirect_prefixes()
            .grants([GrantType::RefreshToken, GrantType::Password])
            .audiences(["https://api.example"])
            .lifetimes(lifetimes);
        for application in [whole, Application::public("a")] {
            let back = read("a".to_owned(), &describe(&application).unwrap()).unwrap();
            assert_eq!(format!("{back:?}"), format!("{application:?}"));
        }
    }

    #[test]
    fn what_is_no_redirect_uri_is_refused() {
        for bad in [
            "",
            "callback",
            "/callback",
            "https:",
            "https://a.example/#x",
            "https://a example",
            "1:/",
            "a\u{e9}:/",
        ] {
            assert!(describe(&Application::public("a").redirect(bad)).is_err(), "{bad}");
        }
        assert!(describe(&Application::public("a").redirect(format!("a:{}", "x".repeat(2048)))).is_err());
    }

    #[test]
    fn a_description_of_a_later_version_is_unreadable() {
        let later = r#"{"confidential":true,"redirects":[],"grants":["ciba"],"only_on_mondays":true}"#;
        assert!(matches!(read("a".to_owned(), later), Err(SqlError::Unreadable)));
        let unknown = r#"{"confidential":true,"redirects":[],"grants":["ciba"]}"#;
        assert!(read("a".to_owned(), unknown).unwrap().grants.is_empty());
    }
}

//! Curl commands to paste, one for each credential form. The portal prints them with its demo
//! credentials. Its home page has them with the names of the credentials.

use std::path::Path;

use serde_json::Value;

use crate::BoxError;
use crate::demo::Demo;

/// A command: what it shows, its options and its target. A name in braces stands for a member of
/// `demo-credentials.json`.
#[derive(Clone, Copy)]
pub(crate) struct Form {
    pub(crate) platform: &'static str,
    pub(crate) shows: &'static str,
    options: &'static str,
    target: &'static str,
}

#[rustfmt::skip]
pub(crate) const FORMS: &[Form] = &[
    Form::new("Socrata", "a user by name and password",
        "-u '{socrata.user.username}:{socrata.user.password}'", "/socrata/whoami"),
    Form::new("Socrata", "an API key reads a private dataset",
        "-u '{socrata.api_key.id}:{socrata.api_key.secret}'", "/resource/priv-0001.json"),
    Form::new("Socrata", "an access token, and the account of its user",
        "-H 'Authorization: OAuth {socrata.access_token.token}'", "/api/users/current.json"),
    Form::new("Socrata", "an app token in a header reads a public dataset",
        "-H 'X-App-Token: {socrata.app.token}'", "/resource/4tka-6guv.json"),
    Form::new("Socrata", "an app token in the query",
        "", "/resource/4tka-6guv.json?$$app_token={socrata.app.token}"),

    Form::new("Usergrid", "a user logs in for an access token",
        "-d grant_type=password -d 'username={usergrid.user.username}' \
         -d 'password={usergrid.user.password}'", "/acme/weather/token"),
    Form::new("Usergrid", "a user's access token lists the cities",
        "-H 'Authorization: Bearer {usergrid.access_token.token}'", "/acme/weather/cities"),
    Form::new("Usergrid", "an access token in the query",
        "", "/acme/weather/cities?access_token={usergrid.access_token.token}"),
    Form::new("Usergrid", "the client of an organization, in the query",
        "", "/acme/weather/whoami?client_id={usergrid.org_client.id}\
             &client_secret={usergrid.org_client.secret}"),
    Form::new("Usergrid", "the client of an application, by Basic",
        "-u '{usergrid.app_client.id}:{usergrid.app_client.secret}'", "/acme/weather/whoami"),
    Form::new("Usergrid", "a guest, in the sandbox of an organization", "", "/acme/sandbox/cities"),

    Form::new("GeoDataHub", "an identity token (JWT) without a scheme",
        "-H 'Authorization: {geodatahub.id_token}'", "/geodatahub/whoami"),
    Form::new("GeoDataHub", "an access token (JWT), and the app's API key",
        "-H 'Authorization: {geodatahub.access_token}' -H 'x-api-key: {geodatahub.api_key}'",
        "/geodatahub/whoami"),
    Form::new("GeoDataHub", "a user by name and password lists datasets",
        "-u '{geodatahub.user.username}:{geodatahub.user.password}'", "/geodatahub/datasets"),

    Form::new("RFC 6750", "a token with the scope that the route requires",
        "-H 'Authorization: Bearer {opendatasoft.access_token.token}'", "/rfc6750/scoped"),

    Form::new("OpenDataSoft", "an access token after `Bearer:`",
        "-H 'Authorization: Bearer: {opendatasoft.access_token.token}'", "/api/end/point"),
    Form::new("OpenDataSoft", "an access token in the query",
        "", "/api/end/point?access_token={opendatasoft.access_token.token}"),
    Form::new("OpenDataSoft", "an access token in the body",
        "-X GET -H 'Content-Type:' -d 'access_token={opendatasoft.access_token.token}'", "/api/end/point"),
    Form::new("OpenDataSoft", "an API key in a header",
        "-H 'Authorization: Apikey {opendatasoft.api_key.key}'", "/opendatasoft/whoami"),
    Form::new("OpenDataSoft", "an API key in the query",
        "", "/opendatasoft/whoami?apikey={opendatasoft.api_key.key}"),
];

/// Returns two lines for each form: what it shows, and the command with the demo credentials. `ca`
/// is the certificate that curl needs for `base`, if any.
pub(crate) fn lines(demo: &Demo, base: &str, ca: Option<&Path>) -> Result<Vec<String>, BoxError> {
    let demo = serde_json::to_value(demo)?;
    let ca = ca.map(|path| quoted(&path.display().to_string()));
    let member = |name: &str| match name {
        "ca" => ca.clone(),
        name => {
            let value = name.split('.').try_fold(&demo, |value, key| value.get(key));
            value.and_then(Value::as_str).map(str::to_owned)
        }
    };
    let mut lines = Vec::new();
    for form in FORMS {
        let command = filled(&form.command(base), member);
        let command = command.ok_or_else(|| format!("no demo credential for {}", form.shows))?;
        lines.extend([format!("# {}: {}", form.platform, form.shows), command]);
    }
    Ok(lines)
}

impl Form {
    const fn new(
        platform: &'static str,
        shows: &'static str,
        options: &'static str,
        target: &'static str,
    ) -> Self {
        Self { platform, shows, options, target }
    }

    /// Returns the command for a shell in which `demo NAME` prints a demo credential, and `DATA` is
    /// the portal's data folder.
    pub(crate) fn without_secrets(self, base: &str) -> Option<String> {
        // A shell replaces names only in double quotes.
        let command = self.command(base).replace('$', "\\$").replace('\'', "\"");
        filled(&command, |name| match name {
            "ca" => Some("\"$DATA/ca.pem\"".to_owned()),
            name => Some(format!("$(demo {name})")),
        })
    }

    fn command(self, base: &str) -> String {
        let ca = if base.starts_with("https:") { "--cacert {ca}" } else { "" };
        let words = ["curl -s", ca, self.options, &format!("'{base}{}'", self.target)];
        words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
    }
}

/// Replaces the names in braces. Returns `None` if there is no text for one.
fn filled(text: &str, member: impl Fn(&str) -> Option<String>) -> Option<String> {
    let mut parts = text.split('{');
    let mut filled = parts.next()?.to_owned();
    for part in parts {
        let (name, after) = part.split_once('}')?;
        filled.push_str(&member(name)?);
        filled.push_str(after);
    }
    Some(filled)
}

/// Quotes `text` as one word of a shell's command line.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

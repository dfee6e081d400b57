//! Curl commands to paste, one for each credential form, each below a line that says what it shows.

use std::path::Path;

use crate::demo::{Demo, geodatahub, opendatasoft, socrata, usergrid};

/// A command: what it shows, its options and its target.
struct Form {
    shows: &'static str,
    options: String,
    target: String,
}

/// Returns the lines; `ca` is the certificate that curl needs for `base`, if any.
pub(crate) fn lines(demo: &Demo, base: &str, ca: Option<&Path>) -> Vec<String> {
    let ca = ca.map(|path| format!(" --cacert {}", quoted(&path.display().to_string()))).unwrap_or_default();
    let forms = [
        socrata(&demo.socrata),
        usergrid(&demo.usergrid),
        geodatahub(&demo.geodatahub),
        opendatasoft(&demo.opendatasoft),
    ];
    let lines = |Form { shows, options, target }| {
        [format!("# {shows}"), format!("curl -s{ca}{options} '{base}{target}'")]
    };
    forms.into_iter().flatten().flat_map(lines).collect()
}

fn socrata(demo: &socrata::Credentials) -> Vec<Form> {
    let (user, key, app) = (&demo.user, &demo.api_key, &demo.app.token);
    vec![
        Form::new(
            "Socrata: a user by name and password",
            basic(&user.username, &user.password),
            "/socrata/whoami",
        ),
        Form::new(
            "Socrata: an API key reads a private dataset",
            basic(&key.id, &key.secret),
            "/resource/priv-0001.json",
        ),
        Form::new(
            "Socrata: an access token, and the account of its user",
            header("Authorization: OAuth", &demo.access_token.token),
            "/api/users/current.json",
        ),
        Form::new(
            "Socrata: an app token in a header reads a public dataset",
            header("X-App-Token:", app),
            "/resource/4tka-6guv.json",
        ),
        Form::query(
            "Socrata: an app token in the query",
            "/resource/4tka-6guv.json",
            &format!("$$app_token={app}"),
        ),
    ]
}

fn usergrid(demo: &usergrid::Credentials) -> Vec<Form> {
    let (org, app, token) = (&demo.org_client, &demo.app_client, &demo.access_token.token);
    let client = format!("client_id={}&client_secret={}", org.id, org.secret);
    let login = format!(
        " -d grant_type=password -d 'username={}' -d 'password={}'",
        demo.user.login.username, demo.user.login.password
    );
    vec![
        Form::new("Usergrid: a user logs in for an access token", login, "/acme/weather/token"),
        Form::new(
            "Usergrid: a user's access token lists the cities",
            header("Authorization: Bearer", token),
            "/acme/weather/cities",
        ),
        Form::query(
            "Usergrid: an access token in the query",
            "/acme/weather/cities",
            &format!("access_token={token}"),
        ),
        Form::query("Usergrid: the client of an organization, in the query", "/acme/weather/whoami", &client),
        Form::new(
            "Usergrid: the client of an application, by Basic",
            basic(&app.id, &app.secret),
            "/acme/weather/whoami",
        ),
        Form::new(
            "Usergrid: a guest, in the sandbox of an organization",
            String::new(),
            "/acme/sandbox/cities",
        ),
    ]
}

fn geodatahub(demo: &geodatahub::Credentials) -> Vec<Form> {
    let (user, api_key) = (&demo.user.login, header("x-api-key:", &demo.api_key));
    vec![
        Form::new(
            "GeoDataHub: an identity token (JWT) without a scheme",
            header("Authorization:", &demo.id_token),
            "/geodatahub/whoami",
        ),
        Form::new(
            "GeoDataHub: an access token (JWT), and the app's API key",
            header("Authorization:", &demo.access_token) + &api_key,
            "/geodatahub/whoami",
        ),
        Form::new(
            "GeoDataHub: a user by name and password lists datasets",
            basic(&user.username, &user.password),
            "/geodatahub/datasets",
        ),
    ]
}

fn opendatasoft(demo: &opendatasoft::Credentials) -> Vec<Form> {
    let (token, key) = (&demo.access_token.token, &demo.api_key.key);
    let body = format!(" -X GET -H 'Content-Type:' -d 'access_token={token}'");
    vec![
        Form::new(
            "RFC 6750: a token with the scope that the route requires",
            header("Authorization: Bearer", token),
            "/rfc6750/scoped",
        ),
        Form::new(
            "OpenDataSoft: an access token after `Bearer:`",
            header("Authorization: Bearer:", token),
            "/api/end/point",
        ),
        Form::query(
            "OpenDataSoft: an access token in the query",
            "/api/end/point",
            &format!("access_token={token}"),
        ),
        Form::new("OpenDataSoft: an access token in the body", body, "/api/end/point"),
        Form::new(
            "OpenDataSoft: an API key in a header",
            header("Authorization: Apikey", key),
            "/opendatasoft/whoami",
        ),
        Form::query(
            "OpenDataSoft: an API key in the query",
            "/opendatasoft/whoami",
            &format!("apikey={key}"),
        ),
    ]
}

impl Form {
    fn new(shows: &'static str, options: String, path: &str) -> Self {
        Self { shows, options, target: path.to_owned() }
    }

    fn query(shows: &'static str, path: &str, query: &str) -> Self {
        Self { shows, options: String::new(), target: format!("{path}?{query}") }
    }
}

fn basic(id: &str, secret: &str) -> String {
    format!(" -u '{id}:{secret}'")
}

fn header(start: &str, value: &str) -> String {
    format!(" -H '{start} {value}'")
}

/// Quotes `text` as one word of a shell's command line.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

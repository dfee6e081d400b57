//! Curl commands to paste, one for each credential form.

use std::path::Path;

use crate::demo::{Demo, geodatahub, opendatasoft, socrata, usergrid};

/// Options and target.
type Form = (String, String);

/// Returns the commands; `ca` is the certificate that curl needs for `base`, if any.
pub(crate) fn lines(demo: &Demo, base: &str, ca: Option<&Path>) -> Vec<String> {
    let ca = ca.map(|path| format!(" --cacert {}", quoted(&path.display().to_string()))).unwrap_or_default();
    let forms = [
        socrata(&demo.socrata),
        usergrid(&demo.usergrid),
        geodatahub(&demo.geodatahub),
        opendatasoft(&demo.opendatasoft),
    ];
    let line = |(options, target)| format!("curl -s{ca}{options} '{base}{target}'");
    forms.into_iter().flatten().map(line).collect()
}

fn socrata(demo: &socrata::Credentials) -> Vec<Form> {
    let (user, key, app) = (&demo.user, &demo.api_key, &demo.app.token);
    vec![
        with(basic(&user.username, &user.password), "/socrata/whoami"),
        with(basic(&key.id, &key.secret), "/resource/priv-0001.json"),
        with(header("Authorization: OAuth", &demo.access_token.token), "/api/users/current.json"),
        with(header("X-App-Token:", app), "/resource/4tka-6guv.json"),
        query("/resource/4tka-6guv.json", &format!("$$app_token={app}")),
    ]
}

fn usergrid(demo: &usergrid::Credentials) -> Vec<Form> {
    let (org, app, token) = (&demo.org_client, &demo.app_client, &demo.access_token.token);
    vec![
        with(header("Authorization: Bearer", token), "/acme/weather/cities"),
        query("/acme/weather/cities", &format!("access_token={token}")),
        query("/acme/weather/whoami", &format!("client_id={}&client_secret={}", org.id, org.secret)),
        with(basic(&app.id, &app.secret), "/acme/weather/whoami"),
        with(String::new(), "/acme/sandbox/whoami"),
    ]
}

fn geodatahub(demo: &geodatahub::Credentials) -> Vec<Form> {
    let (user, api_key) = (&demo.user.login, header("x-api-key:", &demo.api_key));
    vec![
        with(header("Authorization:", &demo.id_token), "/geodatahub/whoami"),
        with(header("Authorization:", &demo.access_token) + &api_key, "/geodatahub/datasets"),
        with(basic(&user.username, &user.password), "/geodatahub/datasets"),
    ]
}

fn opendatasoft(demo: &opendatasoft::Credentials) -> Vec<Form> {
    let (token, key) = (&demo.access_token.token, &demo.api_key.key);
    let body = format!(" -X GET -H 'Content-Type:' -d 'access_token={token}'");
    vec![
        with(header("Authorization: Bearer", token), "/rfc6750/scoped"),
        with(header("Authorization: Bearer:", token), "/api/end/point"),
        query("/api/end/point", &format!("access_token={token}")),
        with(body, "/api/end/point"),
        with(header("Authorization: Apikey", key), "/opendatasoft/whoami"),
        query("/opendatasoft/whoami", &format!("apikey={key}")),
    ]
}

fn with(options: String, path: &str) -> Form {
    (options, path.to_owned())
}

fn query(path: &str, query: &str) -> Form {
    (String::new(), format!("{path}?{query}"))
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

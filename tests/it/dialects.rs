//! Every credential form against every dialect: one table.

use axum::body::Body;
use http::Request;
use tower_principal::RejectionKind::{self, DeniedCredentials, Malformed, Missing, UnknownScheme};
use tower_principal::dialect::{self, TokenMeaning};
use tower_principal::{CredentialForm, Dialect, GuestRule};

use crate::support::*;

/// The outcome of a request. The dialects' columns use one-letter names for these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// The principal's kind.
    Is(&'static str),
    Refused(RejectionKind),
}

use Outcome::{Is, Refused};

/// No credential was read, and a guest rule admits the request.
const GUEST: Outcome = Is("Guest");
/// No credential was read, and the request is no guest.
const NOTHING: Outcome = Refused(Missing);
/// A well-formed scheme without a row.
const SCHEME: Outcome = Refused(UnknownScheme);
/// An `Authorization` line that is invalid in this dialect.
const BROKEN: Outcome = Refused(Malformed);
/// A credential that was read and is unknown to the verifier.
const DENIED: Outcome = Refused(DeniedCredentials);

const USER_IN: Outcome = Is("BasicUser");
const KEY: Outcome = Is("ApiKey");
const APP: Outcome = Is("AppToken");
const ORG_ADMIN: Outcome = Is("OrgAdmin");
const APP_ADMIN: Outcome = Is("AppAdmin");
const OAUTH: Outcome = Is("OAuthUser");

type Build = fn() -> Request<Body>;

const DIALECTS: [Dialect; 6] = [
    dialect::RFC6750,
    dialect::SOCRATA,
    dialect::USERGRID,
    dialect::GEODATAHUB,
    dialect::OPENDATASOFT,
    dialect::ANY,
];

/// A form, its request, and the outcome with each dialect in the order of [`DIALECTS`]: RFC 6750,
/// Socrata, Usergrid, GeoDataHub, OpenDataSoft, any.
#[rustfmt::skip]
const TABLE: &[(&str, Build, [Outcome; 6])] = &[
    ("Basic, a user", || authorization(basic(USER, PASSWORD)),
        [SCHEME, USER_IN, DENIED, USER_IN, SCHEME, USER_IN]),
    ("Basic, a key's id", || authorization(basic(KEY_ID, KEY_SECRET)),
        [SCHEME, KEY, DENIED, DENIED, SCHEME, KEY]),
    ("Basic, an organization's client", || authorization(basic(ORG_CLIENT, CLIENT_SECRET)),
        [SCHEME, DENIED, ORG_ADMIN, DENIED, SCHEME, ORG_ADMIN]),
    ("Basic, an application's client", || authorization(basic(APP_CLIENT, CLIENT_SECRET)),
        [SCHEME, DENIED, APP_ADMIN, DENIED, SCHEME, APP_ADMIN]),
    ("Bearer", || authorization(bearer(TOKEN)),
        [OAUTH, SCHEME, OAUTH, SCHEME, OAUTH, OAUTH]),
    ("bEARER", || authorization(format!("bEARER {TOKEN}")),
        [OAUTH, SCHEME, OAUTH, SCHEME, OAUTH, OAUTH]),
    ("OAuth", || authorization(format!("OAuth {TOKEN}")),
        [SCHEME, OAUTH, SCHEME, SCHEME, SCHEME, OAUTH]),
    ("Bearer with a colon", || authorization(format!("Bearer: {TOKEN}")),
        [BROKEN, BROKEN, BROKEN, BROKEN, OAUTH, OAUTH]),
    ("OAuth with a colon", || authorization(format!("OAuth: {TOKEN}")),
        [BROKEN, BROKEN, BROKEN, BROKEN, BROKEN, BROKEN]),
    ("a bare token", || authorization(TOKEN),
        [BROKEN, BROKEN, BROKEN, OAUTH, BROKEN, OAUTH]),
    ("X-App-Token", || get("/things", &[("x-app-token", APP_TOKEN)]),
        [NOTHING, APP, NOTHING, NOTHING, NOTHING, APP]),
    ("access_token in the query", || get(&format!("/things?access_token={TOKEN}"), &[]),
        [NOTHING, GUEST, OAUTH, NOTHING, OAUTH, OAUTH]),
    ("an organization's client in the query", || client_in_query(ORG_CLIENT),
        [NOTHING, GUEST, ORG_ADMIN, NOTHING, NOTHING, ORG_ADMIN]),
    ("an application's client in the query", || client_in_query(APP_CLIENT),
        [NOTHING, GUEST, APP_ADMIN, NOTHING, NOTHING, APP_ADMIN]),
    ("$$app_token", || get(&format!("/things?$$app_token={APP_TOKEN}"), &[]),
        [NOTHING, APP, NOTHING, NOTHING, NOTHING, APP]),
    ("%24%24app_token", || get(&format!("/things?%24%24app_token={APP_TOKEN}"), &[]),
        [NOTHING, APP, NOTHING, NOTHING, NOTHING, APP]),
    ("access_token in a form", || form("/things", format!("access_token={TOKEN}")),
        [NOTHING, NOTHING, NOTHING, NOTHING, OAUTH, OAUTH]),
    ("access_token in the body of a GET", || get_with_body(format!("access_token={TOKEN}")),
        [NOTHING, GUEST, NOTHING, NOTHING, OAUTH, OAUTH]),
    ("Apikey", || authorization(format!("Apikey {API_KEY}")),
        [SCHEME, SCHEME, SCHEME, SCHEME, KEY, KEY]),
    ("apikey in the query", || get(&format!("/things?apikey={API_KEY}"), &[]),
        [NOTHING, GUEST, NOTHING, NOTHING, KEY, KEY]),
    ("x-api-key", || get("/things", &[("x-api-key", APP_TOKEN)]),
        [NOTHING, GUEST, NOTHING, APP, NOTHING, APP]),
    ("a scheme of no dialect", || authorization("Digest username=\"x\""),
        [SCHEME, SCHEME, SCHEME, SCHEME, SCHEME, SCHEME]),
    ("Proxy-Authorization", || get("/things", &[("proxy-authorization", &bearer(TOKEN))]),
        [NOTHING, GUEST, NOTHING, NOTHING, NOTHING, NOTHING]),
    ("a cookie", || get("/things", &[("cookie", &format!("access_token={TOKEN}"))]),
        [NOTHING, GUEST, NOTHING, NOTHING, NOTHING, NOTHING]),
    ("nothing", || get("/things", &[]),
        [NOTHING, GUEST, NOTHING, NOTHING, NOTHING, NOTHING]),
];

fn client_in_query(id: &str) -> Request<Body> {
    get(&format!("/things?client_id={id}&client_secret={CLIENT_SECRET}"), &[])
}

fn get_with_body(body: String) -> Request<Body> {
    Request::get("/things").body(body.into()).unwrap()
}

#[tokio::test]
async fn every_form_means_in_every_dialect_what_the_table_has() {
    for (column, dialect) in DIALECTS.into_iter().enumerate() {
        let name = dialect.name;
        let app = whoami().layer(layer(dialect).with_form_body(64 * 1024, std::time::Duration::from_secs(5)));
        for (form, build, expected) in TABLE {
            let answer = send(app.clone(), build()).await;
            let expected = match expected[column] {
                Is(kind) => Ok(kind),
                Refused(kind) => Err(kind),
            };
            assert_eq!(answer.outcome(), expected, "{form} to {name}");
        }
    }
}

/// The body row is off if the layer has no `form_body`; everything else is the same.
#[tokio::test]
async fn without_a_body_mode_no_body_is_read() {
    for (column, dialect) in DIALECTS.into_iter().enumerate() {
        let name = dialect.name;
        let app = app(dialect);
        for (form, build, expected) in TABLE {
            let expected = match expected[column] {
                OAUTH if form.contains("form") || form.contains("body") => Err(Missing),
                Is(kind) => Ok(kind),
                Refused(kind) => Err(kind),
            };
            assert_eq!(send(app.clone(), build()).await.outcome(), expected, "{form} to {name}");
        }
    }
}

/// REQ-07: a form is off unless the dialect has its row. Removing the row turns it off.
#[tokio::test]
async fn req_07_every_legacy_carrier_is_a_row_of_its_own() {
    let only_query = Dialect { name: "mine", ..dialect::RFC6750 }
        .add_form(CredentialForm::query("key", TokenMeaning::API_KEY));
    let app = app(only_query);
    for (request, expected) in [
        (get(&format!("/?key={API_KEY}"), &[]), Ok("ApiKey")),
        (authorization(bearer(TOKEN)), Ok("OAuthUser")),
        (get(&format!("/?apikey={API_KEY}"), &[]), Err(Missing)),
        (get(&format!("/?access_token={TOKEN}"), &[]), Err(Missing)),
        (authorization(format!("Apikey {API_KEY}")), Err(UnknownScheme)),
        (authorization(TOKEN), Err(Malformed)),
    ] {
        assert_eq!(send(app.clone(), request).await.outcome(), expected);
    }
}

/// Usergrid's documents: a guest in the sandbox, and in any place that a rule of the dialect opens.
#[tokio::test]
async fn guests_are_admitted_where_their_rule_admits_them_and_nowhere_else() {
    for (dialect, method, target, expected) in [
        (dialect::USERGRID, "GET", "/acme/sandbox/users", Ok("Guest")),
        (dialect::USERGRID, "POST", "/acme/sandbox/users", Ok("Guest")),
        (dialect::USERGRID, "GET", "/acme/weather/users", Err(Missing)),
        (dialect::SOCRATA, "HEAD", "/resource/x.json", Ok("")),
        (dialect::SOCRATA, "POST", "/resource/x.json", Err(Missing)),
        (dialect::SOCRATA, "OPTIONS", "/resource/x.json", Err(Missing)),
        (dialect::RFC6750, "GET", "/acme/sandbox/users", Err(Missing)),
        (dialect::RFC6750.guests([GuestRule::everywhere()]), "OPTIONS", "/", Ok("Guest")),
        (dialect::SOCRATA.guests([]), "GET", "/resource/x.json", Err(Missing)),
        (dialect::ANY, "GET", "/acme/sandbox/users", Err(Missing)),
    ] {
        let name = dialect.name;
        let answer = send(app(dialect), request(method, target, &[])).await;
        assert_eq!(answer.outcome(), expected, "{method} {target} to {name}");
    }
}

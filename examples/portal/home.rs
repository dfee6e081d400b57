//! `GET /`: a page for people.

use askama::Template;
use aws_lc_rs::digest::{SHA256, digest};
use axum::Router;
use axum::http::header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::response::Html;
use axum::routing::get;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use tower_principal::server::pages::{Pages as _, StandardPages};

use crate::BoxError;
use crate::curl::{FORMS, Form};

/// Other pages of the portal: their paths and titles.
const LINKS: &[(&str, &str)] = &[
    ("/oauth2/login/", "OpenDataSoft: log in"),
    ("/oauth2/applications/", "OpenDataSoft: connected applications"),
    ("/oauth/login", "Socrata: log in"),
    ("/oauth/applications", "Socrata: connected applications"),
    ("/geodatahub/oauth2/login", "GeoDataHub: log in"),
    ("/geodatahub/oauth2/applications", "GeoDataHub: connected applications"),
    ("/.well-known/oauth-authorization-server", "Metadata of the authorization server (RFC 8414)"),
    ("/.well-known/oauth-protected-resource", "Metadata of the protected resource (RFC 9728)"),
    ("/geodatahub/.well-known/jwks.json", "Keys of the tokens for GeoDataHub's routes (RFC 7517)"),
    ("/metrics", "Metrics, as text for Prometheus"),
    ("/healthz", "Health"),
];

#[derive(Template)]
#[template(path = "../examples/portal/home.html")]
struct Home<'a> {
    style: &'a str,
    links: &'a [(&'a str, &'a str)],
    platforms: Vec<(&'a str, Vec<Command>)>,
}

struct Command {
    shows: &'static str,
    text: String,
}

/// Returns the pages of the portal, whose look the home page shares.
pub(crate) fn pages() -> StandardPages {
    StandardPages::named("Open data portal")
}

pub(crate) fn routes(origin: &str) -> Result<Router, BoxError> {
    let pages = pages().add_style(include_str!("home.css"));
    let platforms = FORMS.chunk_by(|one, next| one.platform == next.platform);
    let home = Home {
        style: pages.style(),
        links: LINKS,
        platforms: platforms
            .map(|forms| {
                let commands = forms.iter().filter_map(|form| Command::new(*form, origin));
                (forms.first().map_or("", |form| form.platform), commands.collect())
            })
            .collect(),
    };
    let html = home.render()?;
    // The page has no script, and no style but its own.
    let hash = BASE64_STANDARD.encode(digest(&SHA256, home.style.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    );
    let page = async move || {
        let headers = [
            (CONTENT_SECURITY_POLICY, policy),
            (REFERRER_POLICY, "no-referrer".to_owned()),
            (X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        ];
        (headers, Html(html))
    };
    Ok(Router::new().route("/", get(page)))
}

impl Command {
    fn new(form: Form, origin: &str) -> Option<Self> {
        Some(Self { shows: form.shows, text: form.without_secrets(origin)? })
    }
}

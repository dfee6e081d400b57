//! Every page in each of its states.
#![cfg(test)]

use std::time::{Duration, UNIX_EPOCH};

use http::StatusCode;

use crate::server::pages::*;

pub(super) const TOKEN: &str = "MTc5NTkxMDQwMA.kq3b1Zk2uJ0v";

/// The texts of the pages.
pub(super) struct Texts {
    pub(super) application: String,
    pub(super) client_id: String,
    pub(super) user: String,
    pub(super) code: String,
    pub(super) destination: String,
    pub(super) error: String,
    pub(super) description: String,
    pub(super) scopes: Vec<(String, Option<String>)>,
}

impl Texts {
    /// Returns texts as a service has them.
    pub(super) fn plain() -> Self {
        let described = |name: &str, text: &str| (name.to_owned(), Some(text.to_owned()));
        Self {
            application: "Weather viewer".to_owned(),
            client_id: "weather-viewer".to_owned(),
            user: "alice@example.org".to_owned(),
            code: "tpc_8sJ2mQv0Zr4LxT1dKfWb7YhN9uPaEcG3".to_owned(),
            destination: "viewer.example".to_owned(),
            error: "invalid_request".to_owned(),
            description: "The redirect URI is not registered for this application.".to_owned(),
            scopes: vec![
                described("datasets:read", "Read your datasets"),
                described("datasets:write", "Change your datasets, and delete rows of them"),
                ("all".to_owned(), None),
            ],
        }
    }

    /// Returns the same text everywhere.
    pub(super) fn all(text: &str) -> Self {
        let own = || text.to_owned();
        Self {
            application: own(),
            client_id: own(),
            user: own(),
            code: own(),
            destination: own(),
            error: own(),
            description: own(),
            scopes: vec![(own(), Some(own())), (own(), None)],
        }
    }

    fn scopes(&self) -> Vec<ScopeText<'_>> {
        let scopes = self.scopes.iter();
        scopes.map(|(name, text)| ScopeText { name, text: text.as_deref() }).collect()
    }
}

/// Returns all pages by their names.
pub(super) fn pages(pages: &impl Pages, texts: &Texts) -> Vec<(&'static str, String)> {
    let form = || FormStart::new("/oauth2/authorize?client_id=weather&state=a%20b", TOKEN);
    let application = texts.application.as_str();
    let log_in = |username, problem| {
        let application = Some(application);
        pages.log_in(&LogInPage { form: form(), application, username, problem })
    };
    let user = texts.user.as_str();
    let consent = ConsentPage {
        form: form(),
        application,
        client_id: &texts.client_id,
        user,
        scopes: texts.scopes(),
        destination: &texts.destination,
        is_this_device: false,
        is_code_page: false,
    };
    let many = consent.scopes.iter().copied().cycle().take(24).collect();
    let connected = |name: &'static str| ConnectedApplication {
        name: if application == "Weather viewer" { name } else { Box::leak(application.to_owned().into()) },
        client_id: &texts.client_id,
        scopes: texts.scopes(),
        since: UNIX_EPOCH + Duration::from_secs(1_795_910_400),
        form: form().with("client", &texts.client_id),
    };
    let names = ["Weather viewer", "Bicycle counters of the city of Groningen and of its neighbours"];
    let applications = |applications| ApplicationsPage { user, applications, log_out: Some(form()) };
    let error = |status| ErrorPage { status, error: &texts.error, description: &texts.description };
    vec![
        ("log_in", log_in(Some(user), None)),
        ("log_in_denied", log_in(Some(user), Some(LogInProblem::Denied))),
        ("log_in_throttled", log_in(None, Some(LogInProblem::Throttled(Duration::from_secs(300))))),
        ("consent", pages.consent(&consent)),
        ("consent_device", pages.consent(&ConsentPage { is_this_device: true, ..consent.clone() })),
        ("consent_code", pages.consent(&ConsentPage { is_code_page: true, ..consent.clone() })),
        ("consent_many", pages.consent(&ConsentPage { scopes: many, ..consent.clone() })),
        ("consent_none", pages.consent(&ConsentPage { scopes: Vec::new(), ..consent.clone() })),
        (
            "code",
            pages.code(&CodePage { code: &texts.code, application, lifetime: Duration::from_secs(3_600) }),
        ),
        ("error", pages.error(&error(StatusCode::BAD_REQUEST))),
        ("error_forbidden", pages.error(&error(StatusCode::FORBIDDEN))),
        ("error_unavailable", pages.error(&error(StatusCode::SERVICE_UNAVAILABLE))),
        ("applications", pages.applications(&applications(names.map(connected).to_vec()))),
        ("applications_none", pages.applications(&applications(Vec::new()))),
        ("log_out", pages.log_out(&LogOutPage { user: Some(user), form: Some(form()) })),
        ("logged_out", pages.log_out(&LogOutPage { user: None, form: None })),
    ]
}

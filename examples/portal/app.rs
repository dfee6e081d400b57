//! `portal app`: manages registered applications, the clients of an authorization server.

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;
use tower_principal::Secret;
use tower_principal::grant::{Application, GrantType, RedirectRule};
use tower_principal::server::Profile;
use tower_principal::verify::sql::{ApplicationRecord, SqlApplications, SqlError};

use crate::BoxError;
use crate::database::Database;
use crate::demo::stored::OWN;
use crate::flags::Flags;
use crate::routes::issuing;

/// The page size of a query, which is the maximum.
const PAGE: u32 = 1_000;

/// Manages registered applications in the database of `--data` or `--database`. The portal may be
/// running.
#[derive(Debug, Args)]
pub(crate) struct App {
    /// The platform of the applications.
    #[arg(long, global = true, value_enum, default_value_t = Tenant::Opendatasoft)]
    platform: Tenant,

    #[command(subcommand)]
    action: Action,
}

/// The platforms, each of which has its own applications.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Tenant {
    Socrata,
    Usergrid,
    Geodatahub,
    Opendatasoft,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Registers an application, and prints the secret of a confidential one, once.
    Add(Box<Registration>),
    /// Prints each application as a JSON object on a line of its own, without the portal's own.
    List,
    /// Gives a confidential application a new secret, and prints it, once.
    Rotate {
        /// The client id.
        id: String,
        /// The time in seconds for which the old secret stays valid.
        #[arg(long, value_name = "SECONDS", default_value_t = 86_400)]
        overlap: u32,
    },
    /// Deletes an application, and ends all of its tokens.
    Remove {
        /// The client id.
        id: String,
    },
}

#[derive(Debug, Args)]
struct Registration {
    /// The client id: 1 to 64 of `0-9A-Za-z`, `-`, `.`, `_` and `~`.
    id: String,
    /// The application cannot keep a secret, such as an app on a phone.
    #[arg(long)]
    public: bool,
    /// The name that people see.
    #[arg(long, value_name = "NAME", value_parser = label)]
    label: Option<String>,
    /// A redirect URI; may be repeated.
    #[arg(long, value_name = "URI")]
    redirect: Vec<String>,
    /// A grant type, such as `client_credentials`; may be repeated.
    #[arg(long, value_name = "TYPE", value_parser = grant_type)]
    grant: Vec<GrantType>,
    /// A scope that the application may ask for; may be repeated.
    #[arg(long, value_name = "NAME")]
    scope: Vec<String>,
    /// A service that tokens of the application may be for, by its URL; may be repeated. Without
    /// one, its tokens are for every service.
    #[arg(long, value_name = "URL")]
    audience: Vec<String>,
    /// The service that the application is, by its URL; it may introspect tokens for this service.
    #[arg(long, value_name = "URL")]
    serves: Vec<String>,
    /// The profile, one of the platform's: `standard`, or its own name, whose ways are weaker, or
    /// `socrata-with-token-type`. Defaults to `standard`, and to `usergrid` at Usergrid.
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Registers each `--redirect` as a prefix, as Socrata's Callback Prefix.
    #[arg(long)]
    redirect_prefixes: bool,
    /// The organization that the application acts in.
    #[arg(long, value_name = "NAME")]
    org: Option<String>,
    /// The application of that organization, as of Usergrid's path `/{org}/{app}/token`.
    #[arg(long, value_name = "NAME", requires = "org")]
    app: Option<String>,
}

impl App {
    pub(crate) async fn run(self, flags: &Flags) -> Result<ExitCode, BoxError> {
        self.platform.check(&self.action)?;
        let database = Database::open(flags.database.as_deref(), &flags.data).await?;
        let applications = database.verifier.store().tenant(self.platform.name())?.applications();
        let done = self.action.run(&applications).await;
        database.close().await;
        done.map(|()| ExitCode::SUCCESS)
    }
}

impl Tenant {
    const fn name(self) -> &'static str {
        match self {
            Self::Socrata => "socrata",
            Self::Usergrid => "usergrid",
            Self::Geodatahub => "geodatahub",
            Self::Opendatasoft => "opendatasoft",
        }
    }

    const fn profiles(self) -> &'static [Profile] {
        match self {
            Self::Socrata => issuing::SOCRATA,
            Self::Usergrid => issuing::USERGRID,
            Self::Geodatahub => issuing::GEODATAHUB,
            Self::Opendatasoft => issuing::OPENDATASOFT,
        }
    }

    /// Returns an error if the application would have a profile that its server does not have.
    fn check(self, action: &Action) -> Result<(), BoxError> {
        let Action::Add(registration) = action else { return Ok(()) };
        let Some(profile) = &registration.profile else { return Ok(()) };
        let names: Vec<_> = self.profiles().iter().map(|profile| profile.name).collect();
        match names.contains(&profile.as_str()) {
            true => Ok(()),
            false => {
                let (platform, names) = (self.name(), names.join(", "));
                Err(format!("the profiles of {platform} are {names}").into())
            }
        }
    }
}

impl Action {
    async fn run(self, applications: &SqlApplications) -> Result<(), BoxError> {
        match self {
            Self::Add(registration) => {
                let application = registration.application();
                let secret = match applications.register(&application).await {
                    Err(SqlError::Exists) => return Err(format!("{} is taken", application.id).into()),
                    registered => registered?,
                };
                print(&application.id, secret.as_ref())
            }
            Self::List => list(applications).await,
            Self::Rotate { id, overlap } => {
                match applications.rotate(&id, Duration::from_secs(overlap.into())).await {
                    Err(SqlError::NotFound) => Err(format!("there is no confidential {id}").into()),
                    rotated => print(&id, Some(&rotated?)),
                }
            }
            Self::Remove { id } => match applications.delete(&id).await? {
                true => Ok(()),
                false => Err(format!("there is no {id}").into()),
            },
        }
    }
}

impl Registration {
    fn application(self) -> Application {
        let application = match self.public {
            true => Application::public(self.id),
            false => Application::confidential(self.id),
        };
        let application = application.grants(self.grant).scopes(self.scope);
        let application = application.audiences(self.audience).serves(self.serves);
        let application = self.redirect.into_iter().fold(application, Application::redirect);
        let application = self.org.into_iter().fold(application, Application::org);
        let application = self.app.into_iter().fold(application, Application::app);
        let application = self.profile.into_iter().fold(application, Application::profile);
        let application = if self.redirect_prefixes { application.redirect_prefixes() } else { application };
        self.label.into_iter().fold(application, Application::label)
    }
}

fn print(id: &str, secret: Option<&Secret<'_>>) -> Result<(), BoxError> {
    let mut out = io::stdout();
    writeln!(out, "client_id {id}")?;
    if let Some(secret) = secret {
        writeln!(out, "client_secret {}", secret.expose_secret())?;
    }
    Ok(())
}

async fn list(applications: &SqlApplications) -> Result<(), BoxError> {
    let mut after = None;
    loop {
        let page = applications.list(after.as_deref(), PAGE).await?;
        let is_own = |record: &&ApplicationRecord| {
            record.application.label.as_deref().is_some_and(|label| label.starts_with(OWN))
        };
        for record in page.iter().filter(|record| !is_own(record)) {
            writeln!(io::stdout(), "{}", described(record))?;
        }
        match page.into_iter().last() {
            Some(last) => after = Some(last.application.id),
            None => return Ok(()),
        }
    }
}

fn described(record: &ApplicationRecord) -> serde_json::Value {
    let application = &record.application;
    json!({
        "id": application.id,
        "type": if application.is_confidential() { "confidential" } else { "public" },
        "label": application.label,
        "grants": application.grants.iter().map(|grant| grant.as_str()).collect::<Vec<_>>(),
        "redirects": application.redirects,
        "redirect_prefixes": application.redirect_rule == RedirectRule::Prefix,
        "profile": application.profile,
        "scopes": application.scopes.iter().collect::<Vec<_>>(),
        "audiences": application.audiences,
        "serves": application.serves,
        "org": application.org,
        "app": application.app,
        "rotating": record.previous_until.is_some_and(|until| until > std::time::SystemTime::now()),
    })
}

fn label(text: &str) -> Result<String, String> {
    if text.starts_with(OWN) {
        Err("this is a label of the portal's own".to_owned())
    } else {
        Ok(text.to_owned())
    }
}

fn grant_type(name: &str) -> Result<GrantType, String> {
    GrantType::named(name).ok_or_else(|| "this is no grant type".to_owned())
}

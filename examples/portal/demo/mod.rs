//! The demo accounts: all credentials that a client needs to try the portal. They are new at each
//! start, except bob's password.

pub(crate) mod geodatahub;
pub(crate) mod opendatasoft;
pub(crate) mod socrata;
pub(crate) mod stored;
pub(crate) mod usergrid;

use std::path::Path;
use std::time::{Duration, SystemTime};

use serde::Serialize;
use tower_principal::server::Signer;
use tower_principal::verify::sql::SqlError;

use crate::platform::Platforms;
use crate::{BoxError, private_file, random};

pub(crate) const HOUR: Duration = Duration::from_secs(60 * 60);

#[derive(Serialize)]
pub(crate) struct Demo {
    pub(crate) socrata: socrata::Credentials,
    pub(crate) usergrid: usergrid::Credentials,
    pub(crate) geodatahub: geodatahub::Credentials,
    pub(crate) opendatasoft: opendatasoft::Credentials,
}

impl Demo {
    /// Makes them. `origin` is the portal's public URL.
    pub(crate) fn new(origin: &str, signer: &Signer) -> Result<Self, BoxError> {
        Ok(Self {
            socrata: socrata::Credentials::new()?,
            usergrid: usergrid::Credentials::new()?,
            geodatahub: geodatahub::Credentials::new(&format!("{origin}/geodatahub"), signer)?,
            opendatasoft: opendatasoft::Credentials::new()?,
        })
    }

    /// Stores all of them in the database, and deletes those of the previous start. The platforms
    /// take turns: one hashes passwords while another writes.
    pub(crate) async fn store(&self, platforms: &Platforms) -> Result<(), SqlError> {
        let Platforms { socrata, usergrid, geodatahub, opendatasoft } = platforms;
        tokio::try_join!(
            stored::replace(socrata.store(), |store| self.socrata.store(store)),
            stored::replace(usergrid.store(), |store| self.usergrid.store(store)),
            stored::replace(geodatahub.store(), |store| self.geodatahub.store(store)),
            stored::replace(opendatasoft.store(), |store| self.opendatasoft.store(store)),
        )?;
        Ok(())
    }

    /// Writes `DIR/demo-credentials.json`.
    pub(crate) fn write(&self, dir: &Path) -> Result<(), BoxError> {
        let json = serde_json::to_vec_pretty(self)?;
        Ok(private_file::write(&dir.join("demo-credentials.json"), &json)?)
    }
}

#[derive(Serialize)]
pub(crate) struct Login {
    pub(crate) username: String,
    pub(crate) password: String,
}

impl Login {
    fn new(username: &str) -> Result<Self, getrandom::Error> {
        Ok(Self { username: username.to_owned(), password: random::alphanumeric(20)? })
    }
}

/// A token and, if it is valid, its user.
#[derive(Serialize)]
pub(crate) struct Token {
    pub(crate) token: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) scopes: Option<&'static [&'static str]>,
}

impl Token {
    fn of(user: &'static str, token: String) -> Self {
        Self { token, user: Some(user), scopes: None }
    }

    fn expired(token: String) -> Self {
        Self { token, user: None, scopes: None }
    }
}

fn an_hour_ago() -> SystemTime {
    SystemTime::now() - HOUR
}

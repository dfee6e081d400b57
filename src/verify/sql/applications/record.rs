//! Applications in lists.

use std::time::SystemTime;

use super::description::read;
use crate::grant::Application;
use crate::principal::Scopes;
use crate::verify::sql::names::time;
use crate::verify::sql::store::State;
use crate::verify::sql::{Row, SqlError};

/// Registered application in a list, without secrets.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use tower_principal::grant::Application;
/// use tower_principal::verify::sql::{SqlVerifier, State};
///
/// let applications = SqlVerifier::sqlite("sqlite::memory:")
///     .connect()
///     .await?
///     .store()
///     .applications();
/// applications.register(&Application::public("viewer")).await?;
/// for record in applications.list(None, 100).await? {
///     println!("{} {:?}", record.application.id, record.state);
///     assert_eq!(record.state, State::Live);
/// }
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sqlite"))]
/// # fn main() {}
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApplicationRecord {
    /// The application.
    pub application: Application,
    /// State of the application.
    pub state: State,
    /// Time at which it was registered.
    pub created_at: SystemTime,
    /// Time at which it ends.
    pub expires_at: Option<SystemTime>,
    /// Time until which the secret from before the last rotation is valid as well.
    pub previous_until: Option<SystemTime>,
}

impl ApplicationRecord {
    /// Reads a row of the columns of an application.
    pub(super) fn read(row: &mut Row) -> Result<Self, SqlError> {
        let id = row.name()?;
        let (org, app, label, scopes) = (row.name()?, row.text()?, row.text()?, row.name()?);
        let mut application = read(id, &row.name()?)?;
        application.org = Some(org).filter(|org| !org.is_empty());
        application.app = app;
        application.label = label;
        application.scopes = scopes.split(' ').collect::<Scopes>();
        Ok(Self {
            application,
            state: State::of(row.integer()?, row.integer()?),
            created_at: time(row.number()?),
            expires_at: row.integer()?.map(time),
            previous_until: row.integer()?.map(time),
        })
    }
}

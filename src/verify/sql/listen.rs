//! Listener for the changes of other nodes, by PostgreSQL's `LISTEN`.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};

use super::{Change, Hub, Listen, SqlError};

/// Listener on a channel of a server, which starts on demand.
// PostgreSQL itself announces changes, by triggers. A change by hand is therefore announced as
// well, with any search path, and also when a table is emptied. The announcements contain public
// names and digests. If a listener loses its connection, it reports that everything may have
// changed. A look-up returns topics, 64 bits for each row that the answer depends on, and a change
// has a topic as well. A key therefore ends with the owner of its client, even though it does not
// name that owner.
pub(super) struct Listening {
    options: PgConnectOptions,
    channel: String,
    task: Option<AbortHandle>,
}

/// Time for which a silent connection is trusted; it may have died without notice.
const SILENCE: Duration = Duration::from_millis(500);
const RETRY: Duration = Duration::from_millis(100);

impl Listening {
    pub(super) const fn new(options: PgConnectOptions, channel: String) -> Self {
        Self { options, channel, task: None }
    }
}

impl Listen for Listening {
    /// Starts the task. Each time it connects, for the first time or after a lost connection,
    /// everything may have changed.
    fn start(&mut self, hub: &Hub) -> Result<(), SqlError> {
        if self.task.is_some() {
            return Ok(());
        }
        let runtime = Handle::try_current()
            .map_err(|_| SqlError::Configuration("listening to changes needs a tokio runtime"))?;
        let (options, channel, hub) = (self.options.clone(), self.channel.clone(), hub.clone());
        let work = async move {
            loop {
                // A pool of one, new each time, because the end of a dead connection is not waited
                // for.
                let pool = PgPoolOptions::new()
                    .max_connections(1)
                    .acquire_timeout(SILENCE)
                    .test_before_acquire(false)
                    .idle_timeout(None)
                    .max_lifetime(None)
                    .connect_lazy_with(options.clone());
                if let Ok(mut listener) = PgListener::connect_with(&pool).await
                    && matches!(timeout(SILENCE, listener.listen(&channel)).await, Ok(Ok(())))
                {
                    hub.publish(Change::Everything);
                    listener.eager_reconnect(false);
                    receive(&mut listener, &hub).await;
                }
                sleep(RETRY).await;
            }
        };
        self.task = Some(runtime.spawn(work).abort_handle());
        Ok(())
    }
}

/// Publishes what it receives until the connection is lost.
async fn receive(listener: &mut PgListener, hub: &Hub) {
    loop {
        match timeout(SILENCE, listener.try_recv()).await {
            Ok(Ok(Some(notification))) => hub.publish(Change::announced(notification.payload())),
            Ok(Ok(None) | Err(_)) => return,
            // After a silence the server is asked for a sign of life.
            Err(_) => {
                let probe = timeout(SILENCE, sqlx::query("SELECT 1").execute(&mut *listener)).await;
                if !matches!(probe, Ok(Ok(_))) {
                    return;
                }
            }
        }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.task.iter().for_each(AbortHandle::abort);
    }
}

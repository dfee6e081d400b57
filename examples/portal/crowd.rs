//! A limit on the number of connections.
//!
//! If all places are taken, the connection that has been silent for longest is closed. Clients that
//! open connections without sending requests therefore do not block others.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

#[derive(Clone)]
pub(crate) struct Crowd {
    places: Arc<Semaphore>,
    /// The accepted connections, the oldest first. Some have since sent a request or closed.
    silent: Arc<Mutex<VecDeque<Arc<Ears>>>>,
    most: usize,
}

/// A connection's place, for as long as it is held.
pub(crate) struct Place {
    ears: Arc<Ears>,
    _permit: OwnedSemaphorePermit,
}

/// The state of a connection, and the signals to it.
#[derive(Default)]
pub(crate) struct Ears {
    spoken: AtomicBool,
    gone: AtomicBool,
    leave: Notify,
}

impl Crowd {
    pub(crate) fn new(most: usize) -> Self {
        Self { places: Arc::new(Semaphore::new(most)), silent: Arc::default(), most }
    }

    /// Waits for a free place and returns it.
    pub(crate) async fn enter(&self) -> Place {
        let permit = match Arc::clone(&self.places).try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => {
                self.make_room();
                #[allow(clippy::expect_used, reason = "the semaphore is never closed")]
                Arc::clone(&self.places).acquire_owned().await.expect("an open semaphore")
            }
        };
        let ears = Arc::<Ears>::default();
        let mut silent = self.silent.lock().unwrap_or_else(PoisonError::into_inner);
        // Most connections send a request at once; the list must not keep growing by them.
        if silent.len() >= 2 * self.most {
            silent.retain(|ears| ears.is_silent());
        }
        silent.push_back(Arc::clone(&ears));
        Place { ears, _permit: permit }
    }

    /// Asks the connection that has been silent for longest to close.
    fn make_room(&self) {
        let mut silent = self.silent.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(ears) = silent.pop_front() {
            if ears.is_silent() {
                ears.leave.notify_one();
                return;
            }
        }
    }
}

impl Place {
    pub(crate) fn ears(&self) -> Arc<Ears> {
        Arc::clone(&self.ears)
    }

    /// Completes when the connection has to make room.
    pub(crate) async fn wanted(&self) {
        self.ears.leave.notified().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.ears.gone.store(true, Ordering::Relaxed);
    }
}

impl Ears {
    /// Records that a request arrived.
    pub(crate) fn speak(&self) {
        self.spoken.store(true, Ordering::Relaxed);
    }

    pub(crate) fn has_spoken(&self) -> bool {
        self.spoken.load(Ordering::Relaxed)
    }

    fn is_silent(&self) -> bool {
        !self.has_spoken() && !self.gone.load(Ordering::Relaxed)
    }
}

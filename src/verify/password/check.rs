//! The check of a password against a stored hash, at one cost for every user.

use std::sync::{Arc, MutexGuard, PoisonError};

use super::{Passwords, Stored, UnusableHash};

impl Passwords {
    /// Checks against the stored hash. For each other format in use it also checks a dummy hash.
    pub(super) fn check(&self, password: &[u8], phc: Option<&str>) -> bool {
        let stored = phc.and_then(|phc| self.read(phc).ok());
        let (current, legacy) = match stored {
            Some(stored) if !stored.is_current() => (None, Some(stored)),
            stored => (stored, None),
        };
        let spend_time = |text: &str| {
            let stored = Stored::read(text, &self.params);
            _ = stored.map(|stored| std::hint::black_box(stored.matches(&self.memory, password)));
            false
        };
        let by_current = match current {
            Some(stored) => stored.matches(&self.memory, password),
            None => spend_time(&self.unknown_user),
        };
        let decoy = Arc::clone(&self.lock_decoy().1);
        let by_legacy = match legacy {
            Some(stored) => stored.matches(&self.memory, password),
            None if decoy.is_empty() => false,
            None => spend_time(&decoy),
        };
        (by_current || by_legacy) && !password.is_empty()
    }

    /// Parses a stored hash. Keeps the costliest other one than argon2id, for users without it.
    ///
    /// # Errors
    ///
    /// Returns [`UnusableHash`] if no password can match it, or if checking it costs too much.
    #[cfg_attr(not(any(feature = "memory", feature = "sqlite", feature = "postgres")), allow(dead_code))]
    pub(crate) fn accept(&self, phc: &str) -> Result<(), UnusableHash> {
        self.read(phc).map(drop)
    }

    /// Returns `true` if a hash can be checked but its format is no longer made.
    #[cfg_attr(not(any(feature = "sqlite", feature = "postgres")), allow(dead_code))]
    pub(crate) fn is_outdated(&self, phc: &str) -> bool {
        Stored::read(phc, &self.params).is_ok_and(|stored| !stored.is_current())
    }

    pub(super) fn lock_decoy(&self) -> MutexGuard<'_, (u64, Arc<str>)> {
        self.decoy.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

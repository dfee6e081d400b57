//! Password hashes: argon2id, off the reactor, a bounded number at a time.
//!
//! [`Passwords`] makes and checks hashes. The verifiers of this crate use it; a verifier over your
//! own user table can share its bounds. A check costs tens of milliseconds and 19 MiB on purpose,
//! so it runs on tokio's blocking pool. If too many checks wait, the answer is
//! [`PasswordError::Busy`]: an outage, and no denial.
//!
//! An unknown user costs as much as a wrong password if [`verify`](Passwords::verify) gets `None`.
//!
//! The guide has chapters on [your own tables](crate::guide::own_tables) and on
//! [passwords in debug builds](crate::guide::testing#passwords-in-debug-builds).
//!
//! # Examples
//!
//! ```
//! use tower_principal::verify::password::Passwords;
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let passwords = Passwords::new()?;
//! // At registration, off the reactor:
//! let hash = passwords.hash("correct horse")?;
//! assert!(hash.starts_with("$argon2id$"));
//!
//! // At log-in:
//! let typed = String::from("correct horse").into();
//! assert!(passwords.verify(typed, Some(hash.into())).await?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::sync::{Arc, Mutex};
use std::thread::available_parallelism;

use argon2::Params;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use self::memory::Memory;
use self::stored::Stored;
use crate::trace;

mod check;
mod error;
#[cfg(feature = "legacy-hashes")]
mod legacy;
mod memory;
mod phc;
mod stored;
mod unusable;

pub use self::error::PasswordError;
pub use self::unusable::UnusableHash;

/// Hashes and checks passwords with argon2id (RFC 9106). Defaults to 19 MiB, two passes, one lane.
///
/// Checks run on tokio's blocking pool, at a time as many as there are cores minus one. A bounded
/// queue holds the waiting ones. Memory is at most cores times 19 MiB, which is kept for later
/// checks and hashes. Cheap to clone; clones share the bounds.
#[derive(Clone, Debug)]
pub struct Passwords {
    params: Params,
    running: Arc<Semaphore>,
    admitted: Arc<Semaphore>,
    memory: Arc<Memory>,
    /// The hash that an unknown user's password is checked against, so that it takes the same time.
    unknown_user: Arc<str>,
    /// The costliest hash of another format so far, checked for all users without such a hash;
    /// empty at first. With it roughly how long a check takes.
    decoy: Arc<Mutex<(u64, Arc<str>)>>,
}

/// The number of checks that may wait for each running one.
const QUEUE: usize = 16;

impl Passwords {
    /// Uses OWASP's parameters: 19 MiB, two passes, one lane.
    ///
    /// # Errors
    ///
    /// Returns [`PasswordError::Hash`] if the operating system has no randomness.
    pub fn new() -> Result<Self, PasswordError> {
        Self::with_params(Params::DEFAULT_M_COST, Params::DEFAULT_T_COST, Params::DEFAULT_P_COST)
    }

    /// Uses other parameters: memory in KiB, passes, lanes.
    ///
    /// # Errors
    ///
    /// Returns [`PasswordError::Hash`] if argon2 refuses them or the system has no randomness.
    pub fn with_params(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, PasswordError> {
        let params = Params::new(memory_kib, passes, lanes, None).map_err(PasswordError::hash)?;
        // One core stays free, because checks on all cores would delay other work by a time slice.
        let running = available_parallelism().map_or(1, |cores| cores.get() - 1).max(1);
        let memory = Arc::new(Memory::new(params.block_count()));
        let mut passwords = Self {
            params,
            memory,
            running: Arc::new(Semaphore::new(running)),
            admitted: Arc::new(Semaphore::new(running * (1 + QUEUE))),
            unknown_user: Arc::from(""),
            decoy: Arc::new(Mutex::new((0, Arc::from("")))),
        };
        passwords.unknown_user = passwords.hash("")?.into();
        Ok(passwords)
    }

    /// Returns a password's PHC string, with a fresh salt. Takes tens of milliseconds, and much
    /// more if argon2 is built without optimization. Do not call it on the reactor.
    ///
    /// # Errors
    ///
    /// Returns [`PasswordError::Hash`] if the operating system has no randomness.
    pub fn hash(&self, password: &str) -> Result<String, PasswordError> {
        let mut salt = [0; 16];
        getrandom::fill(&mut salt).map_err(PasswordError::hash)?;
        stored::hash(&self.params, &self.memory, password.as_bytes(), &salt).map_err(PasswordError::hash)
    }

    /// Returns `true` if a password matches a stored hash; `None` takes the same time and never
    /// matches.
    ///
    /// A hash is a PHC string of argon2id. With the feature `legacy-hashes` it can also be of
    /// argon2i, argon2d, bcrypt (`$2a$`, `$2b$`, `$2y$`) or scrypt (`$scrypt$ln=..,r=..,p=..$`).
    /// After the first such hash every check takes the time of both formats, so that no check
    /// reveals which users exist. No bcrypt hash matches a password of more than 72 bytes or with a
    /// NUL. An empty password matches no hash, not even the hash of an empty password.
    ///
    /// # Errors
    ///
    /// Returns [`PasswordError::Busy`] at once if too many checks wait already.
    pub async fn verify(
        &self,
        password: Zeroizing<String>,
        phc: Option<Arc<str>>,
    ) -> Result<bool, PasswordError> {
        let admitted = Arc::clone(&self.admitted).try_acquire_owned().map_err(|_| PasswordError::Busy)?;
        let running = Arc::clone(&self.running).acquire_owned().await.map_err(|_| PasswordError::Busy)?;
        let passwords = self.clone();
        // The permits move with the work, so a caller that leaves frees no place still in use.
        let check = move || {
            let _permits = (admitted, running);
            passwords.check(password.as_bytes(), phc.as_deref())
        };
        match Handle::try_current() {
            Ok(runtime) => runtime.spawn_blocking(check).await.map_err(|_| PasswordError::Busy),
            Err(_) => Ok(check()),
        }
    }

    fn read(&self, phc: &str) -> Result<Stored, UnusableHash> {
        let stored = Stored::read(phc, &self.params).inspect_err(|_error| {
            trace::error!(reason = %_error, "stored password hash cannot be checked");
        })?;
        if !stored.is_current() {
            let weight = stored.weight();
            let mut decoy = self.lock_decoy();
            if decoy.0 < weight {
                *decoy = (weight, phc.into());
            }
        }
        Ok(stored)
    }

    /// Runs [`hash`](Self::hash) off the reactor, in turn with the checks, because each takes as
    /// much memory.
    ///
    /// # Errors
    ///
    /// Returns [`PasswordError::Busy`] if it could not run. The inner error is that of the hash.
    #[cfg_attr(not(any(feature = "sqlite", feature = "postgres")), allow(dead_code))]
    pub(crate) async fn hash_later(
        &self,
        password: Zeroizing<String>,
    ) -> Result<Result<String, PasswordError>, PasswordError> {
        let running = Arc::clone(&self.running).acquire_owned().await.map_err(|_| PasswordError::Busy)?;
        let passwords = self.clone();
        let work = move || {
            let _permit = running;
            passwords.hash(&password)
        };
        match Handle::try_current() {
            Ok(runtime) => runtime.spawn_blocking(work).await.map_err(|_| PasswordError::Busy),
            Err(_) => Ok(work()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cheap() -> Passwords {
        Passwords::with_params(64, 1, 1).unwrap()
    }

    async fn check(passwords: &Passwords, password: &str, phc: Option<&str>) -> Result<bool, PasswordError> {
        passwords.verify(Zeroizing::new(password.to_owned()), phc.map(Arc::from)).await
    }

    #[tokio::test]
    async fn only_the_very_password_matches() {
        let passwords = cheap();
        let long = "x".repeat(72);
        for password in ["pa:ss wörd", " ", long.as_str()] {
            let phc = passwords.hash(password).unwrap();
            assert_eq!(check(&passwords, password, Some(&phc)).await, Ok(true));
            for wrong in [format!("{password} "), format!(" {password}"), format!("{password}x")] {
                assert_eq!(check(&passwords, &wrong, Some(&phc)).await, Ok(false), "{wrong:?}");
            }
        }
    }

    #[test]
    fn hashes_take_the_memory_of_those_before_them() {
        let passwords = cheap();
        let kept = || passwords.memory.addresses();
        let before = kept();
        assert_eq!(before.len(), 1, "`with_params` made a hash");
        for password in ["x", "y"] {
            passwords.hash(password).unwrap();
            assert_eq!(kept(), before);
        }
    }

    #[tokio::test]
    async fn an_empty_password_does_not_match_its_own_hash() {
        let passwords = cheap();
        let of_nothing = passwords.hash("").unwrap();
        assert_eq!(check(&passwords, "", Some(&of_nothing)).await, Ok(false));
    }

    #[tokio::test]
    async fn an_unknown_user_has_no_password_and_a_broken_hash_matches_nothing() {
        let passwords = cheap();
        for password in ["", "x"] {
            assert_eq!(check(&passwords, password, None).await, Ok(false));
            for broken in ["", "x", "$argon2id$", "$2b$12$\u{e9}"] {
                assert_eq!(check(&passwords, password, Some(broken)).await, Ok(false), "{broken}");
            }
        }
    }

    #[tokio::test]
    async fn the_queue_is_bounded_and_a_place_comes_back() {
        let passwords = cheap();
        let places = passwords.admitted.available_permits();
        let held =
            Arc::clone(&passwords.admitted).acquire_many_owned(u32::try_from(places).unwrap()).await.unwrap();
        assert_eq!(check(&passwords, "x", None).await, Err(PasswordError::Busy));
        drop(held);
        assert_eq!(check(&passwords, "x", None).await, Ok(false));
        assert_eq!(passwords.admitted.available_permits(), places);
    }

    #[tokio::test]
    async fn a_caller_that_leaves_gives_everything_back() {
        let passwords = cheap();
        let places = passwords.admitted.available_permits();
        for _ in 0..20 {
            let mut call = Box::pin(check(&passwords, "x", None));
            let poll = std::future::poll_fn(|context| std::task::Poll::Ready(call.as_mut().poll(context)));
            let _ = poll.await;
        }
        while passwords.admitted.available_permits() < places {
            tokio::task::yield_now().await;
        }
    }

    /// REQ-58: no hash runs without a permit.
    #[tokio::test]
    async fn req_58_what_is_set_waits_for_its_turn_as_what_is_checked_does() {
        let passwords = cheap();
        let places = passwords.running.available_permits();
        let held =
            Arc::clone(&passwords.running).acquire_many_owned(u32::try_from(places).unwrap()).await.unwrap();
        let mut hashed = Box::pin(passwords.hash_later(Zeroizing::new("x".to_owned())));
        let soon = tokio::time::timeout(std::time::Duration::from_millis(50), hashed.as_mut());
        assert!(soon.await.is_err());
        drop(held);
        let phc = hashed.await.unwrap().unwrap();
        assert_eq!(check(&passwords, "x", Some(&phc)).await, Ok(true));
        assert_eq!(passwords.running.available_permits(), places);
    }
}

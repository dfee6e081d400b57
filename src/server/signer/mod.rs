//! Signed access tokens, and the keys that verify them.

mod claims;
mod cognito;
mod document;
mod error;
mod read;
mod ring;
mod tokens;

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

pub use self::claims::JwtContext;
pub use self::error::{InvalidSigningKey, SignError};
use self::ring::Ring;
use crate::clock::{Clock, SystemClock};
use crate::grant::{Lifetime, NewGrant};
use crate::verify::{Algorithm, SigningKey};

/// Signs access tokens as JWTs (RFC 9068), and publishes the keys that verify them (RFC 7517).
///
/// It has one key that signs. Beside it, it publishes keys that will sign, and keys that have
/// signed, so that a change of keys interrupts no service:
///
/// * [`rotate`](Self::rotate) publishes a key now, and signs with it 10 minutes later. The key
///   before it stays published until the last token that it may have signed has expired.
/// * [`with_next`](Self::with_next) does the same at a time of your choice, so that several
///   processes and a restart agree. [`with_previous`](Self::with_previous) publishes a key that
///   never signs.
/// * [`replace`](Self::replace) is for a stolen key. It signs with the new key now and publishes no
///   other, so every token that was signed before is refused.
///
/// A key is named by its thumbprint (RFC 7638). `Debug` and the published document show no private
/// part. Clones share their keys.
///
/// # Examples
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use tower_principal::server::{InvalidSigningKey, Signer};
///
/// fn signer(now: &str, next: &str) -> Result<Signer, InvalidSigningKey> {
///     let tomorrow = SystemTime::now() + Duration::from_secs(24 * 3600);
///     Signer::from_pem(now)?.with_next(next, tomorrow)
/// }
/// # let _ = signer;
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Signer {
    ring: Arc<RwLock<Ring>>,
    clock: Arc<dyn Clock>,
    lead: Duration,
    max_lifetime: Duration,
}

impl Signer {
    /// Time that a clock may differ from that of the store of grants: 5 minutes.
    const SKEW: Duration = Duration::from_secs(5 * 60);

    /// Returns a signer with this private key, as PEM.
    ///
    /// The key is PKCS#8 (`PRIVATE KEY`), `RSA PRIVATE KEY` or `EC PRIVATE KEY`, as OpenSSL writes
    /// them. An RSA key signs with `RS256`, a key on P-256 with `ES256`, on P-384 with `ES384`, on
    /// P-521 with `ES512`, and an Ed25519 key with `EdDSA`. A client can read `RS256` with
    /// certainty (RFC 9068 section 2.1).
    ///
    /// # Errors
    ///
    /// [`InvalidSigningKey`] if the text does not have exactly one private key, or if that is
    /// encrypted, damaged, of an unknown type, an RSA key of less than 2,048 bits, or one that can
    /// be factored.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::server::Signer;
    ///
    /// // openssl genpkey -algorithm ed25519, from RFC 8410 section 10.3
    /// let pem = "-----BEGIN PRIVATE KEY-----
    /// MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
    /// -----END PRIVATE KEY-----";
    /// let signer = Signer::from_pem(pem)?;
    /// assert!(signer.jwks().starts_with(br#"{"keys":[{"#));
    /// # Ok::<(), tower_principal::server::InvalidSigningKey>(())
    /// ```
    pub fn from_pem(pem: &str) -> Result<Self, InvalidSigningKey> {
        Ok(Self::of(read(pem)?))
    }

    /// Returns a signer with a new key on P-256, for tests and demonstrations. The key ends with
    /// the process, and with it every token.
    ///
    /// # Errors
    ///
    /// [`InvalidSigningKey`] if the operating system provides no randomness.
    pub fn generate() -> Result<Self, InvalidSigningKey> {
        SigningKey::generate(Algorithm::Es256).map(Self::of).map_err(InvalidSigningKey)
    }

    fn of(key: SigningKey) -> Self {
        Self {
            ring: Arc::new(RwLock::new(Ring::of(key))),
            clock: Arc::new(SystemClock),
            lead: Duration::from_secs(10 * 60),
            max_lifetime: Duration::from_secs(24 * 3600),
        }
    }

    /// Publishes a key that signs from this time on.
    ///
    /// # Errors
    ///
    /// As [`from_pem`](Self::from_pem), and if the signer has the key.
    pub fn with_next(self, pem: &str, from: SystemTime) -> Result<Self, InvalidSigningKey> {
        let key = read(pem)?;
        self.change(|ring| ring.add(key, Some(from)))?;
        Ok(self)
    }

    /// Publishes a key that has signed and does not sign now, until the process ends. Remove it
    /// from the configuration when its last token has expired.
    ///
    /// # Errors
    ///
    /// As [`from_pem`](Self::from_pem), and if the signer has the key.
    pub fn with_previous(self, pem: &str) -> Result<Self, InvalidSigningKey> {
        let key = read(pem)?;
        self.change(|ring| ring.add(key, None))?;
        Ok(self)
    }

    /// Sets the maximum lifetime of a token. Defaults to 24 h, which is the longest that
    /// [`JwtVerifier`](crate::verify::JwtVerifier) accepts by default. A key is published for this
    /// time, and 5 minutes more, after it has signed for the last time.
    pub const fn max_lifetime(mut self, lifetime: Duration) -> Self {
        self.max_lifetime = lifetime;
        self
    }

    /// Sets the time for which [`rotate`](Self::rotate) publishes a key before it signs. Defaults
    /// to 10 minutes. Services keep the [document](Self::response) for up to 5 minutes.
    pub const fn lead(mut self, lead: Duration) -> Self {
        self.lead = lead;
        self
    }

    /// Sets the clock that decides which key signs. Defaults to the operating system's.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Publishes a key now, and signs with it after the [lead](Self::lead). Returns the time from
    /// which it signs. The keys before it stay published until their tokens have expired.
    ///
    /// # Errors
    ///
    /// As [`from_pem`](Self::from_pem), and if the signer has the key.
    ///
    /// # Examples
    ///
    /// ```
    /// # use tower_principal::server::{InvalidSigningKey, Signer};
    /// // For example once a month, with a key from the service that keeps secrets.
    /// fn rotate(signer: &Signer, pem: &str) -> Result<(), InvalidSigningKey> {
    ///     let from = signer.rotate(pem)?;
    ///     println!("the new key signs from {from:?}");
    ///     Ok(())
    /// }
    /// # let _ = rotate;
    /// ```
    pub fn rotate(&self, pem: &str) -> Result<SystemTime, InvalidSigningKey> {
        let now = self.clock.now();
        let from = now.checked_add(self.lead).unwrap_or(now);
        let key = read(pem)?;
        self.change(|ring| {
            ring.forget(now, self.kept());
            ring.add(key, Some(from))
        })?;
        Ok(from)
    }

    /// Signs with this key now, and publishes no other key. Every token that another key signed is
    /// refused, as soon as services fetch the document again.
    ///
    /// # Errors
    ///
    /// As [`from_pem`](Self::from_pem). The keys stay as they are then.
    pub fn replace(&self, pem: &str) -> Result<(), InvalidSigningKey> {
        let key = read(pem)?;
        self.change(|ring| {
            *ring = Ring::of(key);
            Ok(())
        })
    }

    /// Returns the lifetime that a token of this signer has: at most the
    /// [maximum](Self::max_lifetime). A JWT always expires (RFC 9068 section 2.2).
    ///
    /// Apply it before a grant is [stored](crate::grant::NextTokens), because a token is signed
    /// afterwards.
    #[must_use]
    pub fn lifetime(&self, lifetime: Lifetime) -> Lifetime {
        match lifetime {
            Lifetime::Limited(lifetime) => Lifetime::Limited(lifetime.min(self.max_lifetime)),
            Lifetime::Unlimited => Lifetime::Limited(self.max_lifetime),
        }
    }

    /// Checks that tokens of a grant can be signed, before the grant is stored.
    ///
    /// # Errors
    ///
    /// [`SignError::Subject`] if services could take the user for the client.
    pub fn check(&self, grant: &NewGrant) -> Result<(), SignError> {
        claims::subject(grant.user.as_deref(), &grant.client)?;
        let uuid = grant.uuid.as_deref();
        uuid.map_or(Ok(()), |uuid| claims::subject(Some(uuid), &grant.client).map(drop))
    }

    /// Time for which a key is published after its last signature.
    fn kept(&self) -> Duration {
        self.max_lifetime.saturating_add(Self::SKEW)
    }

    fn read_ring<T>(&self, read: impl FnOnce(&Ring) -> T) -> T {
        read(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn change(
        &self,
        change: impl FnOnce(&mut Ring) -> Result<(), &'static str>,
    ) -> Result<(), InvalidSigningKey> {
        change(&mut self.ring.write().unwrap_or_else(PoisonError::into_inner)).map_err(InvalidSigningKey)
    }
}

fn read(pem: &str) -> Result<SigningKey, InvalidSigningKey> {
    SigningKey::from_pem(pem).map_err(InvalidSigningKey)
}

//! Counters for operators, or nothing at all where the feature `metrics` is off.
//!
//! | metric | type | labels |
//! |---|---|---|
//! | `tower_principal_attempts_total` | counter | `credential`, `carrier`, `outcome` |
//! | `tower_principal_verification_seconds` | histogram | `credential` |
//! | `tower_principal_throttled_total` | counter | `by` |
//! | `tower_principal_revocations_total` | counter | `outcome` |
//! | `tower_principal_browser_clients_total` | counter | |
//!
//! A verification is timed where it was waited for. An answer at hand takes less than reading the clock twice does.
//!
//! Every label is one of a fixed, small set: `credential` and `carrier` are `none` where there was none, `outcome` of an
//! attempt is `accepted`, `guest` or the kind of refusal. A request that was accepted and then refused by a
//! policy or an extractor counts for both.

#[cfg(feature = "metrics")]
pub(crate) use self::recording::*;
#[cfg(not(feature = "metrics"))]
pub(crate) use self::silent::*;

use crate::credential::{Carrier, CredentialKind};
use crate::kind::RejectionKind;

/// What became of a request.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(feature = "metrics"), allow(dead_code))]
pub(crate) enum Outcome {
    Accepted,
    Guest,
    Refused(RejectionKind),
}

/// Which limit an attempt was over.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(feature = "throttle"), allow(dead_code))]
pub(crate) enum ThrottledBy {
    Id,
    Client,
}

#[cfg(feature = "metrics")]
mod recording {
    use std::sync::OnceLock;
    use std::time::Instant;

    use metrics::{Key, Label, Level, Metadata, counter, with_recorder};

    use super::{Carrier, CredentialKind, Outcome, RejectionKind, ThrottledBy};

    /// Whether anything is counted.
    pub(crate) const COUNTS: bool = true;

    const METADATA: Metadata<'static> = Metadata::new(module_path!(), Level::INFO, Some(module_path!()));

    /// One more than there are, for `none`.
    const CREDENTIALS: usize = CredentialKind::Password as usize + 2;
    const CARRIERS: usize = Carrier::Body as usize + 2;
    const OUTCOMES: usize = RejectionKind::ALL.len() + 2;

    /// Made once, since every request counts.
    static ATTEMPTS: [OnceLock<Key>; CREDENTIALS * CARRIERS * OUTCOMES] =
        [const { OnceLock::new() }; CREDENTIALS * CARRIERS * OUTCOMES];
    static VERIFICATIONS: [OnceLock<Key>; CREDENTIALS] = [const { OnceLock::new() }; CREDENTIALS];

    pub(crate) fn attempt(kind: Option<CredentialKind>, carrier: Option<Carrier>, outcome: Outcome) {
        let carrier_place = carrier.map_or(0, |carrier| carrier as usize + 1);
        let place = (outcome.place() * CARRIERS + carrier_place) * CREDENTIALS + credential_place(kind);
        let Some(key) = ATTEMPTS.get(place) else { return };
        let key = key.get_or_init(|| {
            let labels = [
                Label::from_static_parts("credential", credential_name(kind)),
                Label::from_static_parts("carrier", carrier.map_or("none", Carrier::as_str)),
                Label::from_static_parts("outcome", outcome.name()),
            ];
            Key::from_parts("tower_principal_attempts_total", labels.to_vec())
        });
        with_recorder(|recorder| recorder.register_counter(key, &METADATA).increment(1));
    }

    pub(crate) fn revocation(outcome: &'static str) {
        counter!("tower_principal_revocations_total", "outcome" => outcome).increment(1);
    }

    pub(crate) fn browser_client() {
        counter!("tower_principal_browser_clients_total").increment(1);
    }

    #[cfg_attr(not(feature = "throttle"), allow(dead_code))]
    pub(crate) fn throttled(by: ThrottledBy) {
        // Words of the source, so that no key has to be made for each: this is where an attack comes by.
        match by {
            ThrottledBy::Id => counter!("tower_principal_throttled_total", "by" => "id").increment(1),
            ThrottledBy::Client => counter!("tower_principal_throttled_total", "by" => "client").increment(1),
        }
    }

    /// When a verification began.
    #[derive(Clone, Copy, Debug)]
    pub(crate) struct Started(Instant);

    impl Started {
        pub(crate) fn now() -> Self {
            Self(Instant::now())
        }

        /// The verification of a credential of this kind has ended.
        pub(crate) fn ended(self, kind: Option<CredentialKind>) {
            let Some(key) = VERIFICATIONS.get(credential_place(kind)) else { return };
            let key = key.get_or_init(|| {
                let label = Label::from_static_parts("credential", credential_name(kind));
                Key::from_parts("tower_principal_verification_seconds", vec![label])
            });
            let seconds = self.0.elapsed().as_secs_f64();
            with_recorder(|recorder| recorder.register_histogram(key, &METADATA).record(seconds));
        }
    }

    fn credential_place(kind: Option<CredentialKind>) -> usize {
        kind.map_or(0, |kind| kind as usize + 1)
    }

    fn credential_name(kind: Option<CredentialKind>) -> &'static str {
        kind.map_or("none", CredentialKind::as_str)
    }

    impl Outcome {
        const fn place(self) -> usize {
            match self {
                Self::Accepted => 0,
                Self::Guest => 1,
                Self::Refused(kind) => kind as usize + 2,
            }
        }

        const fn name(self) -> &'static str {
            match self {
                Self::Accepted => "accepted",
                Self::Guest => "guest",
                Self::Refused(kind) => kind.as_str(),
            }
        }
    }
}

#[cfg(not(feature = "metrics"))]
mod silent {
    use super::{Carrier, CredentialKind, Outcome, ThrottledBy};

    pub(crate) const COUNTS: bool = false;

    pub(crate) const fn attempt(_: Option<CredentialKind>, _: Option<Carrier>, _: Outcome) {}

    pub(crate) const fn revocation(_: &'static str) {}

    pub(crate) const fn browser_client() {}

    #[cfg_attr(not(feature = "throttle"), allow(dead_code))]
    pub(crate) const fn throttled(_: ThrottledBy) {}

    #[derive(Clone, Copy, Debug)]
    pub(crate) struct Started;

    impl Started {
        pub(crate) const fn now() -> Self {
            Self
        }

        pub(crate) const fn ended(self, _: Option<CredentialKind>) {}
    }
}

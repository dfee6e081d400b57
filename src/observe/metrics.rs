//! Counters for operators; empty functions if the feature `metrics` is off.
//!
//! | metric | type | labels |
//! |---|---|---|
//! | `tower_principal_attempts_total` | counter | `credential`, `carrier`, `syntax`, `outcome` |
//! | `tower_principal_app_tokens_beside_total` | counter | `carrier` |
//! | `tower_principal_verification_seconds` | histogram | `credential` |
//! | `tower_principal_throttled_total` | counter | `by` |
//! | `tower_principal_revocations_total` | counter | `outcome` |
//! | `tower_principal_browser_clients_total` | counter | |
//! | `tower_principal_tokens_total` | counter | `outcome`, `grant_type` |
//!
//! A verification is timed only if the request waited for it. A verifier that answers at once takes
//! less time than reading the clock twice.
//!
//! Every label has a fixed, small set of values. `credential`, `carrier` and `syntax` are `none` if
//! there was no readable credential. `outcome` of an attempt is `accepted`, `guest` or the kind of
//! refusal. A request that was accepted and then refused by a policy or an extractor counts for
//! both.
//!
//! An attempt is counted by its subject. An app token beside an accepted subject has its own
//! counter, because its carrier would otherwise not be counted.

#[cfg(feature = "metrics")]
pub(crate) use self::recording::*;
#[cfg(not(feature = "metrics"))]
pub(crate) use self::silent::*;

use crate::credential::{Carrier, CredentialKind, Source};
use crate::rejection::RejectionKind;

/// The outcome of a request.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(feature = "metrics"), allow(dead_code))]
pub(crate) enum Outcome {
    Accepted,
    Guest,
    Refused(RejectionKind),
}

/// The limit that an attempt exceeded.
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

    use super::{Carrier, CredentialKind, Outcome, RejectionKind, Source, ThrottledBy};

    /// True if metrics are counted.
    pub(crate) const COUNTS: bool = true;

    const METADATA: Metadata<'static> = Metadata::new(module_path!(), Level::INFO, Some(module_path!()));

    /// The number of credential kinds, and one for `none`.
    const CREDENTIALS: usize = CredentialKind::Password as usize + 2;
    const CARRIERS: usize = Carrier::Subprotocol as usize + 1;
    const SOURCES: usize = Source::Subprotocol as usize + 1;
    const OUTCOMES: usize = RejectionKind::ALL.len() + 2;

    /// The number of ways to present a credential, including none.
    const PRESENTED: usize = CREDENTIALS * SOURCES;

    type ByOutcome = [OnceLock<Key>; OUTCOMES];

    /// Each counter is made once, because every request counts, and on first use, because most are
    /// never used.
    static ATTEMPTS: [OnceLock<Box<ByOutcome>>; PRESENTED] = [const { OnceLock::new() }; PRESENTED];
    static APPS_BESIDE: [OnceLock<Key>; CARRIERS] = [const { OnceLock::new() }; CARRIERS];
    static VERIFICATIONS: [OnceLock<Key>; CREDENTIALS] = [const { OnceLock::new() }; CREDENTIALS];

    #[inline(never)]
    pub(crate) fn attempt(presented: Option<(CredentialKind, Source)>, outcome: Outcome) {
        let place = presented.map_or(0, |(kind, source)| (kind as usize + 1) * SOURCES + source as usize);
        let keys = ATTEMPTS.get(place).map(|keys| keys.get_or_init(none_yet));
        let Some(key) = keys.and_then(|keys| keys.get(outcome.place())) else { return };
        let key = key.get_or_init(|| attempt_key(presented, outcome));
        with_recorder(|recorder| recorder.register_counter(key, &METADATA).increment(1));
    }

    #[cold]
    fn none_yet() -> Box<ByOutcome> {
        Box::new([const { OnceLock::new() }; OUTCOMES])
    }

    #[cold]
    fn attempt_key(presented: Option<(CredentialKind, Source)>, outcome: Outcome) -> Key {
        let [credential, carrier, syntax] = match presented {
            Some((kind, source)) => [kind.as_str(), source.carrier().as_str(), source.as_str()],
            None => ["none"; 3],
        };
        let labels = [
            Label::from_static_parts("credential", credential),
            Label::from_static_parts("carrier", carrier),
            Label::from_static_parts("syntax", syntax),
            Label::from_static_parts("outcome", outcome.name()),
        ];
        Key::from_parts("tower_principal_attempts_total", labels.to_vec())
    }

    /// Counts an app token beside another credential, by this carrier.
    pub(crate) fn app_beside(carrier: Carrier) {
        let Some(key) = APPS_BESIDE.get(carrier as usize) else { return };
        let key = key.get_or_init(|| {
            let label = Label::from_static_parts("carrier", carrier.as_str());
            Key::from_parts("tower_principal_app_tokens_beside_total", vec![label])
        });
        with_recorder(|recorder| recorder.register_counter(key, &METADATA).increment(1));
    }

    pub(crate) fn revocation(outcome: &'static str) {
        counter!("tower_principal_revocations_total", "outcome" => outcome).increment(1);
    }

    pub(crate) fn browser_client() {
        counter!("tower_principal_browser_clients_total").increment(1);
    }

    /// Counts a token request of an authorization server.
    #[cfg(feature = "server")]
    pub(crate) fn tokens(outcome: &'static str, grant_type: &'static str) {
        counter!("tower_principal_tokens_total", "outcome" => outcome, "grant_type" => grant_type)
            .increment(1);
    }

    #[cfg_attr(not(feature = "throttle"), allow(dead_code))]
    pub(crate) fn throttled(by: ThrottledBy) {
        // Static strings, so that no key has to be made for each: attacks take this path.
        match by {
            ThrottledBy::Id => counter!("tower_principal_throttled_total", "by" => "id").increment(1),
            ThrottledBy::Client => counter!("tower_principal_throttled_total", "by" => "client").increment(1),
        }
    }

    /// The time at which a verification began.
    #[derive(Clone, Copy, Debug)]
    pub(crate) struct Started(Instant);

    impl Started {
        pub(crate) fn now() -> Self {
            Self(Instant::now())
        }

        /// Records that the verification of a credential of this kind has ended.
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
    use super::{Carrier, CredentialKind, Outcome, Source, ThrottledBy};

    pub(crate) const COUNTS: bool = false;

    pub(crate) const fn attempt(_: Option<(CredentialKind, Source)>, _: Outcome) {}

    pub(crate) const fn app_beside(_: Carrier) {}

    pub(crate) const fn revocation(_: &'static str) {}

    pub(crate) const fn browser_client() {}

    #[cfg(feature = "server")]
    pub(crate) const fn tokens(_: &'static str, _: &'static str) {}

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

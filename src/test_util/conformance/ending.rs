//! Checks of credentials that end elsewhere after they were verified.

use std::time::Duration;

use tokio::time::Instant;

use super::Rule;
use super::checks::Checks;
use crate::deadline::timer;
use crate::verify::Verifier;

/// The number of times a credential is shown before it ends, so that caches keep the answer.
const SHOWN: usize = 3;

/// The time within which it must be denied.
const AT_ONCE: Duration = Duration::from_secs(1);

/// The pause between two verifications.
const PAUSE: Duration = Duration::from_millis(10);

impl<V: Verifier> Checks<'_, V> {
    pub(super) async fn endings(&mut self) {
        let suite = self.suite;
        for (how, credential, end) in &suite.endings {
            let what = format!("a credential of kind {}, before {how},", credential.kind());
            for _ in 0..SHOWN {
                let seen = self.ask(&what, credential, &suite.context()).await;
                self.hold(Rule::EndsAtOnce, seen.is_good(), || format!("{what} {}", seen.describe()));
            }
            end().await;
            let (ended, what) =
                (Instant::now(), format!("a credential of kind {}, {how},", credential.kind()));
            loop {
                let seen = self.ask(&what, credential, &suite.context()).await;
                if seen.is_denied() {
                    break;
                }
                let Some(pause) = timer(PAUSE).filter(|_| ended.elapsed() < AT_ONCE) else {
                    self.hold(Rule::EndsAtOnce, false, || {
                        format!("{what} {} a second later", seen.describe())
                    });
                    break;
                };
                pause.await;
            }
        }
    }
}

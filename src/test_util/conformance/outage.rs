//! Checks of a verifier while its backend is down.

use super::Rule;
use super::checks::Checks;
use super::observation::Observation;
use crate::credential::Credential;
use crate::verify::Verifier;

impl<V: Verifier> Checks<'_, V> {
    /// Checks before the first verification, when nothing can be cached.
    pub(super) async fn outage_at_first(&mut self) {
        let suite = self.suite;
        let Some(switch) = &suite.outage else { return };
        switch(true).await;
        for (good, _) in &suite.good {
            self.while_down("a good", good, |seen| *seen == Observation::Unavailable).await;
        }
        for unknown in &suite.unknown {
            // A credential of an unsupported kind needs no backend.
            let holds =
                |seen: &Observation| matches!(seen, Observation::Unavailable | Observation::Unsupported);
            self.while_down("an unknown", unknown, holds).await;
        }
        for (how, ended) in &suite.ended {
            // An ended credential may be in a local list.
            self.while_down(how, ended, |seen| !seen.is_good()).await;
        }
        switch(false).await;
    }

    /// Checks after every verification, when cached answers may be good or denied for a while.
    pub(super) async fn outage_later(&mut self) {
        let suite = self.suite;
        let Some(switch) = &suite.outage else { return };
        switch(true).await;
        for (good, _) in &suite.good {
            self.while_down("a good", good, |seen| *seen == Observation::Unavailable || seen.is_good()).await;
        }
        let unknown = suite.unknown.iter().map(|unknown| ("an unknown", unknown));
        for (how, bad) in unknown.chain(suite.ended.iter().map(|(how, ended)| (*how, ended))) {
            self.while_down(how, bad, |seen| !seen.is_good()).await;
        }
        switch(false).await;
        for (good, _) in &suite.good {
            let what = format!("a good credential of kind {} after an outage", good.kind());
            let seen = self.ask(&what, good, &suite.context()).await;
            self.hold(Rule::GoodIsKnown, seen.is_good(), || format!("{what} {}", seen.describe()));
        }
    }

    async fn while_down(
        &mut self,
        how: &str,
        credential: &Credential<'_>,
        holds: impl Fn(&Observation) -> bool,
    ) {
        let what = format!("{how} credential of kind {} in an outage", credential.kind());
        let seen = self.ask(&what, credential, &self.suite.context()).await;
        self.hold(Rule::OutagesAreUnavailable, holds(&seen), || format!("{what} {}", seen.describe()));
    }
}

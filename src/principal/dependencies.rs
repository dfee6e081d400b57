//! The dependencies of an answer beside the principal's names.

use super::Principal;

impl Principal {
    /// Returns the topics that the answer depends on, as its verifier numbers them; `None` if they
    /// are not known.
    pub(crate) fn depends_on(&self) -> Option<&[u64]> {
        self.record().depends_on.as_deref()
    }

    /// Returns the same principal, which depends on these topics as well.
    pub(crate) fn depending_on(self, topics: &[u64]) -> Self {
        self.changed(|record| {
            let known = record.depends_on.take().unwrap_or_default();
            record.depends_on = Some(known.iter().chain(topics).copied().collect());
        })
    }
}

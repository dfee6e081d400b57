//! The names and UUIDs of a memory verifier's users, and their store.

use std::collections::HashMap;
use std::sync::Arc;

use super::{MemoryVerifierError, VerifyContext};
use crate::principal::Principal;

/// The store and the tenant of every principal.
#[derive(Clone, Debug, Default)]
pub(super) struct Stamp {
    pub(super) store: Option<Arc<str>>,
    pub(super) tenant: Option<Arc<str>>,
}

/// The user that each name and each UUID belongs to, by source.
#[derive(Debug, Default)]
pub(super) struct Names(HashMap<Box<str>, HashMap<Box<str>, Box<str>>>);

impl Stamp {
    pub(super) fn on(&self, principal: Principal) -> Principal {
        match (&self.store, &self.tenant) {
            (None, None) => principal,
            (store, tenant) => principal.known_by(store.clone(), tenant.clone()),
        }
    }

    pub(super) fn is_at(&self, context: &VerifyContext<'_>) -> bool {
        self.tenant.is_none() || self.tenant.as_deref() == context.tenant()
    }
}

impl Names {
    /// Takes the names of a principal's user. Returns an error if one of them is another user's.
    pub(super) fn claim(&mut self, principal: &Principal) -> Result<(), MemoryVerifierError> {
        let [name, uuid] = principal.user_names(principal.source());
        let of_source = self.0.entry(format!("{:?}", principal.source()).into_boxed_str()).or_default();
        let texts = || [name, uuid].into_iter().filter(|text| !text.is_empty());
        if texts().any(|text| of_source.get(text).is_some_and(|user| **user != *name)) {
            return Err(MemoryVerifierError::NameIsUuid);
        }
        for text in texts() {
            of_source.insert(text.into(), name.into());
        }
        Ok(())
    }
}

//! Revocation epochs: a revocation ends answers in every spelling of the credential.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::credential::FingerprintKey;
use crate::principal::Principal;

/// The revocations of each part, by their number in the order of all revocations.
///
/// An answer is valid only if nothing was revoked in its part since its verification began. So a
/// revocation need not look at the answers, however many there are. An answer that arrives too late
/// is invalid as well. Answers that share a part by accident are verified once more.
// A revocation follows the principal, not the spelling of the credential. One JWT can be written in
// two ways (ECDSA has two signatures of a message), and a key has two secrets while it is rotated.
// So an answer belongs to one of 8,192 parts, chosen by the principal's kind and credential id. It
// is good only if nothing was revoked in its part since its verification began. Revoking writes one
// number, whatever the number of answers.
pub(super) struct Endings {
    key: FingerprintKey,
    count: AtomicU64,
    parts: Box<[AtomicU64]>,
}

/// The part of a principal's credential: the same for every spelling of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part(u16);

/// 64 KiB of numbers, so that with 100,000 answers twelve share a part.
const PARTS: u16 = 8_192;

impl Endings {
    pub(super) fn new(key: FingerprintKey) -> Self {
        Self { key, count: AtomicU64::new(0), parts: (0..PARTS).map(|_| AtomicU64::new(0)).collect() }
    }

    /// Returns the part by kind and credential id. Without a credential id it is chosen by kind and
    /// id. Another credential of the same principal is then in the same part.
    pub(super) fn part(&self, principal: &Principal) -> Part {
        let kind = principal.kind().as_str().as_bytes();
        let named = match principal.credential_id().filter(|id| !id.is_empty()) {
            Some(id) => [&b"credential"[..], kind, id.as_bytes()],
            None => [b"principal", kind, principal.id().unwrap_or_default().as_bytes()],
        };
        let place = self.key.of(&named).spread() % u64::from(PARTS);
        Part(u16::try_from(place).unwrap_or_default())
    }

    /// Returns the number of revocations, before a verification begins.
    pub(super) fn count(&self) -> u64 {
        self.count.load(Ordering::Acquire)
    }

    /// Records a revocation. Call it after the verifier's, because earlier verifications did not
    /// see it.
    pub(super) fn end(&self, part: Part) {
        let number = self.count.fetch_add(1, Ordering::AcqRel) + 1;
        if let Some(last) = self.parts.get(usize::from(part.0)) {
            last.fetch_max(number, Ordering::AcqRel);
        }
    }

    /// Returns `true` if an answer is still valid whose verification began after `since`
    /// revocations.
    #[inline]
    pub(super) fn is_current(&self, part: Part, since: u64) -> bool {
        self.parts.get(usize::from(part.0)).is_some_and(|last| last.load(Ordering::Acquire) <= since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::principal::{ApiKey, OAuthUser};

    fn endings() -> Endings {
        Endings::new(FingerprintKey::random().unwrap())
    }

    #[test]
    fn what_began_before_an_ending_does_not_stand_and_what_began_after_does() {
        let endings = endings();
        let part = endings.part(&OAuthUser::new("otto").with_credential_id("1").into());
        let before = endings.count();
        assert!(endings.is_current(part, before));
        endings.end(part);
        assert!(!endings.is_current(part, before) && endings.is_current(part, endings.count()));
    }

    #[test]
    fn a_credential_is_its_kind_and_id() {
        let endings = endings();
        let otto = |id: Option<&str>| {
            let otto = OAuthUser::new("otto").with_org("acme");
            endings.part(&id.map_or(otto.clone(), |id| otto.with_credential_id(id)).into())
        };
        let same = OAuthUser::new("o.").with_credential_id("1");
        assert_eq!(otto(Some("1")), endings.part(&same.into()), "the id of the credential is enough");
        let plain = OAuthUser::new("otto").with_client("map");
        assert_eq!(otto(None), endings.part(&plain.into()));
        assert_eq!(otto(None), otto(Some("")), "an empty one is none");
        let others = [
            otto(Some("1")),
            otto(None),
            otto(Some("otto")),
            endings.part(&ApiKey::new("otto").with_credential_id("1").into()),
        ];
        let differ = others.iter().enumerate().all(|(at, one)| others.iter().skip(at + 1).all(|o| o != one));
        assert!(differ, "{others:?}");
    }

    #[test]
    fn one_ending_ends_next_to_nothing_else() {
        let endings = endings();
        let part = |at: u32| endings.part(&ApiKey::new(at.to_string()).into());
        endings.end(part(0));
        let ended = (1..20_000).filter(|at| !endings.is_current(part(*at), 0)).count();
        assert!(ended < 30, "{ended}");
    }
}

//! A grant in memory, with its code and its tokens.

use std::time::{Duration, SystemTime};

use crate::credential::Digest;
use crate::grant::{CodeProof, Grant, NewCode, NewGrant, NextTokens, Presented, RefreshDigests, RefreshRule};

/// Grant with the digests of its code and tokens.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) grant: Grant,
    /// Time that no token exceeds.
    ends_at: Option<SystemTime>,
    pub(super) ended_at: Option<SystemTime>,
    code: Option<Code>,
    access: Option<Access>,
    previous_access: Option<Access>,
    refresh: Option<RefreshDigests>,
    /// Refresh token before the current one, and the time of its rotation.
    rotated: Option<(Digest, SystemTime)>,
}

#[derive(Clone, Debug)]
struct Code {
    new: NewCode,
    until: Option<SystemTime>,
    is_used: bool,
}

#[derive(Clone, Copy, Debug)]
struct Access {
    digest: Digest,
    generation: u64,
    issued_at: SystemTime,
    until: Option<SystemTime>,
}

/// Position of a presented refresh token in its family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Current,
    /// The one before the current one, which may renew again.
    Recoverable,
    /// The one before the current one, in the grace window.
    JustRotated,
    Reused,
}

impl Row {
    pub(super) fn new(grant: &NewGrant, now: SystemTime) -> Self {
        Self {
            grant: Grant::from_draft(grant, now),
            ends_at: grant.lifetime.and_then(|lifetime| now.checked_add(lifetime)),
            ended_at: None,
            code: None,
            access: None,
            previous_access: None,
            refresh: None,
            rotated: None,
        }
    }

    pub(super) fn offer(&mut self, code: &NewCode, now: SystemTime) {
        let until = now.checked_add(code.lifetime);
        self.code = Some(Code { new: code.clone(), until, is_used: false });
    }

    pub(super) const fn is_live(&self) -> bool {
        self.ended_at.is_none()
    }

    pub(super) fn is_code_used(&self) -> bool {
        self.code.as_ref().is_some_and(|code| code.is_used)
    }

    /// Returns `true` if the code can be redeemed with this proof.
    pub(super) fn accepts(&self, proof: &CodeProof<'_>, now: SystemTime) -> bool {
        let matches = |code: &Code| {
            code.new.redirect_uri.as_deref() == proof.redirect()
                && code.new.challenge.as_deref() == proof.challenge()
        };
        self.is_live() && self.is_code_in_force(now) && self.code.as_ref().is_some_and(matches)
    }

    fn is_code_in_force(&self, now: SystemTime) -> bool {
        self.code.as_ref().is_some_and(|code| !code.is_used && is_before(now, code.until))
    }

    pub(super) fn is_refresh_in_force(&self, now: SystemTime) -> bool {
        self.is_live() && self.refresh.is_some() && is_before(now, self.grant.refresh_expires_at)
    }

    pub(super) fn place(&self, shown: &RefreshDigests, rule: &RefreshRule, now: SystemTime) -> Place {
        if self.refresh.is_some_and(|refresh| refresh.token == shown.token) {
            return Place::Current;
        }
        let Some((_, at)) = self.rotated.filter(|(token, _)| *token == shown.token) else {
            return Place::Reused;
        };
        // The clock of this node may be behind, or it jumped back.
        let age = now.duration_since(at).unwrap_or_else(|behind| behind.duration());
        let within = |window: Duration| age < window;
        match () {
            () if within(rule.recovery_window()) => Place::Recoverable,
            () if within(rule.grace_window()) => Place::JustRotated,
            () => Place::Reused,
        }
    }

    /// Records the first tokens.
    pub(super) fn begin(&mut self, next: &NextTokens, now: SystemTime) {
        if let Some(code) = &mut self.code {
            code.is_used = true;
        }
        self.refresh = next.refresh.map(|refresh| refresh.digests);
        self.set(next, now);
    }

    /// Records the tokens that follow the current ones.
    pub(super) fn renew(&mut self, next: &NextTokens, now: SystemTime) {
        let before = (self.grant.scopes.as_str().to_owned(), self.grant.audience.clone());
        let access = self.access;
        if let (Some(refresh), Some(current)) = (next.refresh, self.refresh.as_mut()) {
            self.rotated = Some((current.token, now));
            current.token = refresh.digests.token;
        }
        self.set(next, now);
        let is_same = before.0 == self.grant.scopes.as_str() && before.1 == self.grant.audience;
        self.previous_access = access.filter(|_| is_same);
    }

    /// Replaces the tokens that a client did not receive.
    pub(super) fn recover(&mut self, next: &NextTokens, now: SystemTime) {
        let rotated = self.rotated;
        let before = (self.grant.scopes.as_str().to_owned(), self.grant.audience.clone());
        if let (Some(refresh), Some(current)) = (next.refresh, self.refresh.as_mut()) {
            current.token = refresh.digests.token;
        }
        self.rotated = rotated;
        self.set(next, now);
        if before.0 != self.grant.scopes.as_str() || before.1 != self.grant.audience {
            self.previous_access = None;
        }
    }

    fn set(&mut self, next: &NextTokens, now: SystemTime) {
        let until = earliest(next.lifetime.from(now), self.ends_at);
        let grant = &mut self.grant;
        grant.generation += 1;
        let generation = grant.generation;
        self.access = Some(Access { digest: next.access, generation, issued_at: now, until });
        grant.issued_at = Some(now);
        grant.scopes = next.scopes.clone().unwrap_or_else(|| grant.granted_scopes.clone());
        let narrowed = next.audience.clone().filter(|names| !names.is_empty());
        grant.audience = narrowed.unwrap_or_else(|| grant.granted_audience.clone());
        grant.expires_at = until;
        if let Some(refresh) = next.refresh {
            grant.refresh_expires_at = earliest(refresh.idle.from(now), self.ends_at);
        }
        grant.has_refresh = self.refresh.is_some();
        grant.now = now;
    }

    /// Returns the grant if this token of it is in force.
    pub(super) fn found(&self, token: &Presented, now: SystemTime) -> Option<Grant> {
        if !self.is_live() {
            return None;
        }
        let mut grant = self.grant.clone();
        grant.now = now;
        grant.has_refresh = self.is_refresh_in_force(now);
        let access = |is_shown: &dyn Fn(&Access) -> bool| {
            let mut all = [self.access, self.previous_access].into_iter().flatten();
            all.find(is_shown).filter(|access| is_before(now, access.until))
        };
        let mut shown = |access: Access| {
            grant.expires_at = access.until;
            grant.issued_at = Some(access.issued_at);
        };
        match token {
            Presented::Access(digest) => shown(access(&|access| access.digest == *digest)?),
            Presented::Jwt { generation, .. } => {
                shown(access(&|access| access.generation == *generation)?);
            }
            Presented::Refresh(shown) => {
                let is_current = self.refresh.is_some_and(|refresh| refresh == *shown);
                grant.expires_at =
                    Some(grant.refresh_expires_at).filter(|_| is_current && grant.has_refresh)?;
            }
            Presented::Code(_) => {
                let code = self.code.as_ref().filter(|_| self.is_code_in_force(now));
                grant.expires_at = code?.until;
            }
            Presented::Grant(_) if access(&|_| true).is_none() && !grant.has_refresh => return None,
            Presented::Grant(_) => {}
        }
        Some(grant)
    }

    /// Returns the grant if its code or one of its tokens is in force.
    pub(super) fn listed(&self, now: SystemTime) -> Option<Grant> {
        let of_tokens = self.found(&Presented::Grant(self.grant.id.clone()), now);
        let code = self.code.as_ref().filter(|_| self.is_live() && self.is_code_in_force(now));
        of_tokens.or_else(|| code.map(|code| Grant { now, expires_at: code.until, ..self.grant.clone() }))
    }

    /// Returns `true` if this token belongs to the grant. An access token belongs to it until it
    /// expires.
    pub(super) fn owns(&self, token: &Presented, now: SystemTime) -> bool {
        let owns_access = |is_shown: &dyn Fn(&Access) -> bool| {
            let previous = self.previous_access.filter(|access| is_before(now, access.until));
            [self.access, previous].into_iter().flatten().any(|access| is_shown(&access))
        };
        match token {
            Presented::Access(digest) => owns_access(&|access| access.digest == *digest),
            Presented::Jwt { grant, generation } => {
                self.grant.id == *grant && owns_access(&|access| access.generation == *generation)
            }
            Presented::Refresh(shown) => self.refresh.is_some_and(|refresh| refresh.family == shown.family),
            Presented::Code(digest) => self.code.as_ref().is_some_and(|code| code.new.digest == *digest),
            Presented::Grant(id) => self.grant.id == *id,
        }
    }

    /// Returns `true` if the grant ended at this time or before.
    pub(super) fn is_over(&self, at: SystemTime) -> bool {
        let over = |until: Option<SystemTime>| until.is_some_and(|until| until <= at);
        let code = self.code.as_ref().is_none_or(|code| code.is_used || over(code.until));
        let access = self.access.is_none_or(|access| over(access.until));
        let refresh = self.refresh.is_none() || over(self.grant.refresh_expires_at);
        over(self.ended_at) || (code && access && refresh)
    }

    pub(super) fn digests(&self) -> impl Iterator<Item = Digest> {
        let code = self.code.as_ref().map(|code| code.new.digest);
        let access = [self.access, self.previous_access].into_iter().flatten().map(|access| access.digest);
        let refresh = self.refresh.map(|refresh| [refresh.family, refresh.token]);
        code.into_iter().chain(access).chain(refresh.into_iter().flatten())
    }
}

fn is_before(now: SystemTime, until: Option<SystemTime>) -> bool {
    until.is_none_or(|until| now < until)
}

fn earliest(one: Option<SystemTime>, other: Option<SystemTime>) -> Option<SystemTime> {
    [one, other].into_iter().flatten().min()
}

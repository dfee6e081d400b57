//! A policy that requires one of two policies to allow.

use super::{Forbidden, Policy};
use crate::principal::Principal;
use crate::request::RequestHead;

/// Allows if one of the policies allows; made by [`Policy::or`].
#[derive(Clone, Debug)]
pub struct Or<A, B> {
    first: A,
    second: B,
}

impl<A, B> Or<A, B> {
    pub(super) const fn new(first: A, second: B) -> Self {
        Self { first, second }
    }
}

impl<A: Policy, B: Policy> Policy for Or<A, B> {
    fn check(&self, principal: &Principal, head: &RequestHead<'_>) -> Result<(), Forbidden> {
        let Err(first) = self.first.check(principal, head) else { return Ok(()) };
        let Err(second) = self.second.check(principal, head) else { return Ok(()) };
        let (answer, other) = if first.needed().is_empty() { (second, first) } else { (first, second) };
        Err(answer.beside(&other))
    }
}

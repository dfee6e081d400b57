//! A policy that requires two policies to allow.

use super::{Forbidden, Policy};
use crate::principal::Principal;
use crate::request::RequestHead;

/// Allows if both policies allow; made by [`Policy::and`].
#[derive(Clone, Debug)]
pub struct And<A, B> {
    first: A,
    second: B,
}

impl<A, B> And<A, B> {
    pub(super) const fn new(first: A, second: B) -> Self {
        Self { first, second }
    }
}

impl<A: Policy, B: Policy> Policy for And<A, B> {
    fn check(&self, principal: &Principal, head: &RequestHead<'_>) -> Result<(), Forbidden> {
        match (self.first.check(principal, head), self.second.check(principal, head)) {
            (Ok(()), second) => second,
            (first, Ok(())) => first,
            (Err(first), Err(second)) => {
                let needed = first.needed().iter().chain(second.needed().iter()).collect();
                Err(Forbidden::needing(needed).beside(&first).beside(&second))
            }
        }
    }
}

//! The way of a refusal out of the pipeline: it is recorded and rendered, each once.

use std::net::IpAddr;

use bytes::Bytes;
use http::Response;

use super::Pipeline;
use crate::observe::audit;
use crate::rejection::Rejection;
use crate::rejection::render::AnswerFacts;
use crate::request::RequestHead;

/// The facts about a request that are kept for its refusal.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestFacts {
    facts: AnswerFacts,
    /// The client's address for the log, if logging is enabled.
    client: Option<IpAddr>,
}

impl Pipeline {
    #[inline(always)]
    pub(crate) fn facts(&self, head: RequestHead<'_>) -> RequestFacts {
        let client = if audit::is_on() { self.guard.transport().client(head) } else { None };
        RequestFacts { facts: AnswerFacts::of(head), client }
    }

    /// Records a refusal from any source and renders it.
    pub(crate) fn refuse(&self, rejection: Rejection, facts: RequestFacts) -> Response<Bytes> {
        audit::refused(self.name, &rejection, facts.client);
        self.answers.render(rejection, facts.facts)
    }
}

//! Reads the corpus, starts what it is run against, sends, and judges the answers.

mod afterwards;
mod answers;
pub(crate) mod case;
mod fixture;
mod http2;
mod leak;
mod portal;
mod route;
pub(crate) mod run;
mod template;
mod wire;

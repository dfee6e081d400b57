//! Reads the corpus, starts the servers, sends the requests and checks the answers.

mod afterwards;
mod answers;
pub(crate) mod case;
mod example;
mod fixture;
mod http2;
pub(crate) mod leak;
mod pages;
pub(crate) mod portal;
pub(crate) mod route;
pub(crate) mod run;
pub(crate) mod sent;
pub(crate) mod site;
pub(crate) mod template;
pub(crate) mod wire;

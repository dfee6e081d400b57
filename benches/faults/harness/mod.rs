//! The shared parts of the experiments: a child process, clients, servers that fail, figures.

pub(crate) mod child;
pub(crate) mod client;
pub(crate) mod databases;
pub(crate) mod faked;
pub(crate) mod numbers;
pub(crate) mod portal;
pub(crate) mod probe;
pub(crate) mod publisher;
pub(crate) mod report;
pub(crate) mod server;

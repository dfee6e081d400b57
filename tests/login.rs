//! The example `login`, as a process that logs in to an authorization server of the crate. The test
//! plays the browser.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

#[path = "corpus_runner/example.rs"]
mod example;
mod login_command;

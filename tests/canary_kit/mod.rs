//! Canaries, their places in requests, and the search for them.

pub(crate) mod capture;
pub(crate) mod faults;
pub(crate) mod inputs;
pub(crate) mod labels;
pub(crate) mod needles;
pub(crate) mod shown;

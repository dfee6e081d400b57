//! Canaries, what they are put into, and where they are looked for.

pub(crate) mod capture;
pub(crate) mod faults;
pub(crate) mod inputs;
pub(crate) mod labels;
pub(crate) mod needles;
pub(crate) mod shown;

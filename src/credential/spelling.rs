//! The spellings of credentials.

use super::{Carrier, Syntax};

/// The carrier and the syntax of the row that was read. It distinguishes the spellings of one
/// credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spelling {
    pub(crate) carrier: Carrier,
    pub(crate) syntax: Syntax,
    /// The rank of the row. Of two credentials for one role the one with the higher rank counts.
    pub(crate) rank: u8,
}

impl Spelling {
    pub(crate) const fn new(carrier: Carrier, syntax: Syntax) -> Self {
        Self { carrier, syntax, rank: 0 }
    }

    /// Returns a spelling of the `Authorization` header.
    pub(crate) const fn authorization(syntax: Syntax) -> Self {
        Self::new(Carrier::Authorization, syntax)
    }

    /// Returns the spelling with the rank of its row.
    pub(crate) const fn ranked(self, rank: u8) -> Self {
        Self { rank, ..self }
    }

    /// Returns the spelling for a grammar of the service's own at the same place.
    pub(crate) const fn custom(self) -> Self {
        Self { syntax: Syntax::Custom, ..self }
    }
}

//! Where a credential stands and how it is written there.

use super::{Carrier, Syntax};

/// A carrier and a syntax: what tells the spellings of one credential apart. It is of the row that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spelling {
    pub(crate) carrier: Carrier,
    pub(crate) syntax: Syntax,
    /// The rank of the row: of two credentials for one role the higher one counts.
    pub(crate) rank: u8,
}

impl Spelling {
    pub(crate) const fn new(carrier: Carrier, syntax: Syntax) -> Self {
        Self { carrier, syntax, rank: 0 }
    }

    /// Of the `Authorization` header.
    pub(crate) const fn authorization(syntax: Syntax) -> Self {
        Self::new(Carrier::Authorization, syntax)
    }

    /// By a row of this rank.
    pub(crate) const fn ranked(self, rank: u8) -> Self {
        Self { rank, ..self }
    }

    /// At the same place, in a grammar of the service's own.
    pub(crate) const fn custom(self) -> Self {
        Self { syntax: Syntax::Custom, ..self }
    }
}

//! The rows of a dialect as data: the place, the syntax and the meaning of a credential.

use super::custom::{CustomOptionalParser, CustomParser};
use super::meaning::{PairMeaning, TokenMeaning};
use super::subprotocol::Subprotocol;
use crate::credential::{CredentialKind, Source};

#[derive(Clone, Copy, Debug)]
pub(crate) enum Row {
    Scheme { word: &'static str, colon: bool, value: TokenSyntax },
    Basic(PairMeaning),
    Bare(TokenMeaning),
    Header { name: &'static str, value: TokenSyntax },
    Query { name: &'static str, value: TokenSyntax },
    QueryPair { id: &'static str, secret: &'static str, classify: PairMeaning },
    Body { name: &'static str, value: TokenSyntax, lenient: bool },
    Cookie { name: &'static str, value: TokenSyntax, origins: &'static [&'static str] },
    Subprotocol { at: Subprotocol, classify: TokenMeaning },
}

impl Row {
    /// Returns the kind of credential that the row reads, if that does not depend on the value.
    pub(crate) const fn kind(&self) -> Option<CredentialKind> {
        match self {
            Self::Scheme { value, .. }
            | Self::Header { value, .. }
            | Self::Query { value, .. }
            | Self::Body { value, .. }
            | Self::Cookie { value, .. } => value.kind(),
            Self::Bare(classify) | Self::Subprotocol { classify, .. } => Some(classify.kind),
            Self::Basic(classify) | Self::QueryPair { classify, .. } => Some(classify.kind()),
        }
    }
}

/// The syntax of one value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum TokenSyntax {
    Token(TokenMeaning),
    Custom(CustomParser),
    Optional(CustomOptionalParser),
}

impl TokenSyntax {
    /// Returns the source of its credentials at a place: the second one for a custom grammar.
    pub(crate) const fn source(&self, usual: Source, custom: Source) -> Source {
        match self {
            Self::Token(_) => usual,
            Self::Custom(_) | Self::Optional(_) => custom,
        }
    }

    /// Returns the kind of credential that it makes, if that does not depend on the value.
    pub(crate) const fn kind(&self) -> Option<CredentialKind> {
        match self {
            Self::Token(classify) => Some(classify.kind),
            Self::Custom(_) | Self::Optional(_) => None,
        }
    }
}

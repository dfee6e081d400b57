//! The checks and logging of row options that relax a default.

use super::token;
use crate::dialect::DialectError;
use crate::dialect::form::CredentialForm;
use crate::dialect::meaning::{Characters, TokenMeaning};
use crate::dialect::row::{Row, TokenSyntax};
use crate::request::grammar::is_token;
use crate::trace;

/// The maximum of a configured token length, in bytes.
const LONGEST: usize = 64 * 1024;

/// Checks the options of a row and logs each one that it uses.
pub(super) fn check(dialect: &'static str, form: &CredentialForm) -> Result<(), DialectError> {
    if let Some(name) = form.challenge
        && !is_token(name)
    {
        return Err(DialectError::Name { what: "challenge", name });
    }
    match &form.row {
        Row::Scheme { value, .. }
        | Row::Header { value, .. }
        | Row::Query { value, .. }
        | Row::Cookie { value, .. } => check_value(dialect, value),
        Row::Body { name, value, .. } => {
            if form.rank != 0 {
                return Err(DialectError::Rank(name));
            }
            check_value(dialect, value)
        }
        Row::Bare(classify) | Row::Subprotocol { classify, .. } => check_token(dialect, classify),
        Row::Basic(classify) => {
            classify.tokens.iter().try_for_each(|convention| check_token(dialect, &convention.token))
        }
        Row::QueryPair { .. } => Ok(()),
    }
}

fn check_value(dialect: &'static str, value: &TokenSyntax) -> Result<(), DialectError> {
    match value {
        TokenSyntax::Token(classify) => check_token(dialect, classify),
        TokenSyntax::Custom(_) | TokenSyntax::Optional(_) => Ok(()),
    }
}

fn check_token(_dialect: &'static str, classify: &TokenMeaning) -> Result<(), DialectError> {
    if let Characters::TokenAnd(characters) = classify.characters {
        let separates = |byte: u8| matches!(byte, b',' | b'"') || !byte.is_ascii_graphic();
        if characters.bytes().any(separates) {
            return Err(DialectError::TokenCharacters(characters));
        }
        trace::warn!(dialect = _dialect, characters, "danger_also_allow: tokens may contain more characters");
    }
    if let Some(bytes) = classify.max_length {
        if !(token::MAX_LENGTH..=LONGEST).contains(&bytes) {
            return Err(DialectError::TokenLength(bytes));
        }
        trace::warn!(dialect = _dialect, bytes, "danger_max_length: tokens may be longer");
    }
    Ok(())
}

//! Rows of the parameters of one carrier.

use super::names::Names;
use super::token::MAX_LENGTH;
use super::urlencoded;
use crate::credential::{Credentials, Pair, Presented, ReadError, Source};
use crate::dialect::DialectError;
use crate::dialect::PairMeaning;
use crate::dialect::row::TokenSyntax;

/// The parameters of one carrier: their names, and the reading of each row.
#[derive(Clone, Debug, Default)]
pub(super) struct Parameters {
    names: Names,
    rows: Vec<Parameter>,
}

#[derive(Clone, Copy, Debug)]
enum Parameter {
    One { at: usize, value: TokenSyntax, source: Source, rank: u8 },
    Pair { id: usize, secret: usize, classify: PairMeaning, source: Source, rank: u8 },
}

impl Parameters {
    pub(super) const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(super) fn add_one(
        &mut self,
        name: &'static str,
        value: TokenSyntax,
        source: Source,
        rank: u8,
    ) -> Result<(), DialectError> {
        let at = self.add_name(name)?;
        self.rows.push(Parameter::One { at, value, source, rank });
        Ok(())
    }

    pub(super) fn add_pair(
        &mut self,
        id: &'static str,
        secret: &'static str,
        classify: PairMeaning,
        source: Source,
        rank: u8,
    ) -> Result<(), DialectError> {
        let (id, secret) = (self.add_name(id)?, self.add_name(secret)?);
        self.rows.push(Parameter::Pair { id, secret, classify, source, rank });
        Ok(())
    }

    fn add_name(&mut self, name: &'static str) -> Result<usize, DialectError> {
        if name.is_empty() || name.contains(['&', '=', '%', '+']) {
            return Err(DialectError::Name { what: "parameter", name });
        }
        if self.names.contains(name) {
            return Err(DialectError::Repeated { what: "parameter", name });
        }
        let place = self.names.add(name).filter(|place| *place < urlencoded::MAX_NAMES);
        place.ok_or(DialectError::TooManyParameters(urlencoded::MAX_NAMES))
    }

    /// Returns the path and query without these parameters. Returns `None` if it has none of them.
    pub(super) fn cut_from(&self, path: &str, query: &str) -> Option<String> {
        urlencoded::cut(&self.names, path, query)
    }

    /// Reads all parameters that have a row.
    #[inline(never)]
    pub(super) fn read<'r>(
        &self,
        text: &'r [u8],
        credentials: &mut Credentials<'r>,
    ) -> Result<(), ReadError> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let found = urlencoded::find(&self.names, text)?;
        let raw = |at: &usize| found.get(*at).copied().flatten();
        for row in &self.rows {
            let (presented, rank) = match row {
                Parameter::One { at, value, source, rank } => match raw(at) {
                    Some(raw) => (one(raw, *value, *source)?, *rank),
                    None => continue,
                },
                Parameter::Pair { id, secret, classify, source, rank } => match (raw(id), raw(secret)) {
                    (Some(id), Some(secret)) => (Some(pair(id, secret, *classify, *source)?), *rank),
                    (None, None) => continue,
                    _ => return Err(ReadError::Malformed),
                },
            };
            if let Some(presented) = presented {
                credentials.add(presented, rank)?;
            }
        }
        Ok(())
    }
}

fn one(raw: &[u8], value: TokenSyntax, source: Source) -> Result<Option<Presented<'_>>, ReadError> {
    match urlencoded::value(raw, value.max_length())? {
        Some(text) => value.read(text, source),
        None => value.too_long(source),
    }
}

fn pair<'r>(
    id: &'r [u8],
    secret: &'r [u8],
    classify: PairMeaning,
    source: Source,
) -> Result<Presented<'r>, ReadError> {
    let value = |raw| urlencoded::value(raw, MAX_LENGTH);
    let (Some(id), Some(secret)) = (value(id)?, value(secret)?) else {
        return Ok(Presented::malformed_value(source, classify.kind()));
    };
    if [&id, &secret].into_iter().any(|half| half.is_blank() || half.holds_control()) {
        return Err(ReadError::Malformed);
    }
    Ok(Presented::new(source, classify.classify(Pair::new(id, secret))))
}

//! Values of statements and rows.

use super::SqlError;

/// Value of one of the three types that the schema has.
#[derive(Clone)]
pub(super) enum Value {
    Integer(Option<i64>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
}

/// Values of a row, read in order from the first.
#[derive(Clone)]
pub(super) struct Row(std::vec::IntoIter<Value>);

impl Row {
    pub(super) fn of(values: Vec<Value>) -> Self {
        Self(values.into_iter())
    }

    pub(super) fn integer(&mut self) -> Result<Option<i64>, SqlError> {
        match self.0.next() {
            Some(Value::Integer(integer)) => Ok(integer),
            // A null has no type in SQLite.
            Some(Value::Text(None) | Value::Bytes(None)) => Ok(None),
            _ => Err(SqlError::Unreadable),
        }
    }

    pub(super) fn text(&mut self) -> Result<Option<String>, SqlError> {
        match self.0.next() {
            Some(Value::Text(text)) => Ok(text),
            Some(Value::Integer(None) | Value::Bytes(None)) => Ok(None),
            _ => Err(SqlError::Unreadable),
        }
    }

    /// Reads a text that is not null.
    pub(super) fn name(&mut self) -> Result<String, SqlError> {
        self.text()?.ok_or(SqlError::Unreadable)
    }

    /// Reads a number that is not null.
    pub(super) fn number(&mut self) -> Result<i64, SqlError> {
        self.integer()?.ok_or(SqlError::Unreadable)
    }
}

impl From<i64> for Value {
    fn from(integer: i64) -> Self {
        Self::Integer(Some(integer))
    }
}

impl From<Option<i64>> for Value {
    fn from(integer: Option<i64>) -> Self {
        Self::Integer(integer)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(Some(text.to_owned()))
    }
}

impl From<Option<String>> for Value {
    fn from(text: Option<String>) -> Self {
        Self::Text(text)
    }
}

impl From<super::Digest> for Value {
    fn from(digest: super::Digest) -> Self {
        Self::Bytes(Some(digest.as_bytes().to_vec()))
    }
}

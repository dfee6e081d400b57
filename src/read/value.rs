//! Reading of a row's value.

use super::{scheme, token};
use crate::credential::{Credential, CredentialKind, Presented, ReadError, Secret, Source};
use crate::dialect::meaning::{Characters, TokenMeaning};
use crate::dialect::row::TokenSyntax;
use crate::request::grammar::is_printable;

/// A value, or `None` if the grammar found no credential in it.
type Read<'r> = Result<Option<Presented<'r>>, ReadError>;

impl TokenSyntax {
    /// Reads the value of a header, or the part of it after a scheme.
    #[inline]
    pub(crate) fn read_raw<'r>(&self, raw: &'r [u8], source: Source) -> Read<'r> {
        match self {
            Self::Token(classify) => {
                let token = match scheme::token68(raw) {
                    Ok(Some(token)) => Some(token),
                    // Not a token by the standard, but possibly by the additional characters of
                    // this row.
                    unusual => match wider(classify, raw) {
                        Some(token) => Some(token),
                        None => unusual?,
                    },
                };
                Ok(Some(classify.present(token, source)))
            }
            Self::Custom(_) | Self::Optional(_) => self.read(printable(raw)?, source),
        }
    }

    /// Reads decoded text.
    pub(crate) fn read<'r>(&self, text: Secret<'r>, source: Source) -> Read<'r> {
        match self {
            Self::Token(classify) => Ok(Some(present(classify, text, source))),
            Self::Custom(_) | Self::Optional(_) if text.holds_control() => Err(ReadError::Malformed),
            Self::Custom(parse) => custom(parse(text).map(Some), source),
            Self::Optional(parse) => custom(parse(text), source),
        }
    }

    /// Returns the credential for a value that is too long to be genuine.
    pub(crate) fn too_long(&self, source: Source) -> Read<'static> {
        let kind = self.kind().ok_or(ReadError::Malformed)?;
        Ok(Some(Presented::malformed_value(source, kind)))
    }

    /// Returns the maximum length of a value that is decoded, in bytes.
    pub(crate) fn max_length(&self) -> usize {
        match self {
            Self::Token(classify) => classify.max_length.unwrap_or(token::MAX_LENGTH),
            Self::Custom(_) | Self::Optional(_) => token::MAX_LENGTH,
        }
    }

    /// Reads the value from a dedicated header, in which API keys are any visible ASCII.
    pub(crate) const fn in_own_header(self) -> Self {
        match self {
            Self::Token(classify) if matches!(classify.kind, CredentialKind::ApiKey) => {
                Self::Token(TokenMeaning { characters: Characters::Visible, ..classify })
            }
            other => other,
        }
    }
}

/// Presents decoded text as a token, or as a value that no genuine token has.
pub(crate) fn present<'r>(classify: &TokenMeaning, text: Secret<'r>, source: Source) -> Presented<'r> {
    let raw = text.expose_secret_bytes();
    let usual = raw.len() <= token::MAX_LENGTH && token::is_b64token(raw);
    let possible = usual || is_wider(classify, raw);
    classify.present(possible.then_some(text), source)
}

/// Reads a token without a scheme.
pub(crate) fn read_bare(word: &[u8], classify: TokenMeaning) -> Result<Option<Secret<'_>>, ReadError> {
    if let Some(token) = token::parse(word)
        && !scheme::is_scheme(word)
    {
        return Ok(Some(token));
    }
    let also = match classify.characters {
        Characters::TokenAnd(also) => also,
        Characters::Token | Characters::Visible => "",
    };
    if scheme::may_be_bare(word, also) { Ok(wider(&classify, word)) } else { Err(ReadError::Malformed) }
}

fn custom(
    read: Result<Option<Credential<'_>>, crate::dialect::custom::Malformed>,
    source: Source,
) -> Read<'_> {
    let credential = read.map_err(|_| ReadError::Malformed)?;
    Ok(credential.map(|credential| Presented::new(source, credential)))
}

#[cold]
fn wider<'r>(classify: &TokenMeaning, raw: &'r [u8]) -> Option<Secret<'r>> {
    if !is_wider(classify, raw) {
        return None;
    }
    std::str::from_utf8(raw).ok().map(Secret::borrowed)
}

/// Returns true if a value is a token only by the options of its row.
fn is_wider(classify: &TokenMeaning, raw: &[u8]) -> bool {
    raw.len() <= classify.max_length.unwrap_or(token::MAX_LENGTH)
        && match classify.characters {
            Characters::Token => classify.max_length.is_some() && token::is_b64token(raw),
            Characters::TokenAnd(also) => token::is_made_of(raw, also),
            Characters::Visible => !raw.is_empty() && raw.iter().all(u8::is_ascii_graphic),
        }
}

fn printable(raw: &[u8]) -> Result<Secret<'_>, ReadError> {
    if raw.is_empty() || raw.len() > token::MAX_LENGTH || !is_printable(raw) {
        return Err(ReadError::Malformed);
    }
    std::str::from_utf8(raw).map(Secret::borrowed).map_err(|_| ReadError::Malformed)
}

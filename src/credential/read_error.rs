//! Errors in the way that a request presents its credentials.

/// Error of a request whose credentials cannot be read. It is no decision about a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReadError {
    /// No row of the dialect has the scheme.
    UnknownScheme,
    /// The value does not follow the grammar of its place.
    Malformed,
    /// There are two credentials for one role.
    Ambiguous,
    /// Another site may have made the browser send the credential.
    CrossSite,
}

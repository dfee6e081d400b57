//! Text that must not leak.

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::request::grammar::{has_ascii_control, has_control};

/// A token, key, password or other text that must not leak.
///
/// It borrows from the request if possible; a copy is wiped on drop. It has no `Display`, `Clone`,
/// `PartialEq` or serialization. Its `Debug` is redacted, so types that hold a secret may derive
/// theirs. [`expose_secret`](Self::expose_secret) is the only access.
///
/// # Examples
///
/// ```
/// use tower_principal::Secret;
///
/// let secret = Secret::borrowed("s3cr3t");
/// assert_eq!(format!("{secret:?}"), "Secret(..)");
/// assert!(secret.ct_eq(&Secret::owned("s3cr3t")));
/// assert_eq!(secret.expose_secret(), "s3cr3t");
/// ```
///
/// Code that could leak it does not compile. Examples are printing it,
///
/// ```compile_fail,E0277
/// println!("{}", tower_principal::Secret::borrowed("s3cr3t"));
/// ```
///
/// comparing it byte by byte,
///
/// ```compile_fail,E0369
/// # use tower_principal::Secret;
/// let same = Secret::borrowed("s3cr3t") == Secret::borrowed("s3cr3t");
/// ```
///
/// or copying it implicitly.
///
/// ```compile_fail,E0599
/// # use tower_principal::Secret;
/// let other = Secret::borrowed("s3cr3t").clone();
/// ```
pub struct Secret<'r>(Text<'r>);

enum Text<'r> {
    Borrowed(&'r str),
    /// ASCII that is borrowed. It becomes text only if a verifier takes it as text.
    Ascii(&'r [u8]),
    Owned(Zeroizing<String>),
}

impl<'r> Secret<'r> {
    /// Wraps text that is stored elsewhere, usually in the request's head. Nothing is copied.
    pub const fn borrowed(text: &'r str) -> Self {
        Self(Text::Borrowed(text))
    }

    /// Wraps bytes that a grammar has found to be ASCII. Nothing is copied.
    pub(crate) const fn of_ascii(bytes: &'r [u8]) -> Self {
        Self(Text::Ascii(bytes))
    }

    /// Takes ownership of text; it is wiped on drop.
    pub fn owned(text: impl Into<String>) -> Secret<'static> {
        Secret::wiped(Zeroizing::new(text.into()))
    }

    /// Takes ownership of text that is already wiped on drop.
    pub(crate) const fn wiped(text: Zeroizing<String>) -> Self {
        Self(Text::Owned(text))
    }

    /// Takes ownership of bytes that are wiped on drop. Returns `None` if they are not UTF-8.
    pub(crate) fn from_utf8(mut bytes: Zeroizing<Vec<u8>>) -> Option<Secret<'static>> {
        let text = String::from_utf8(std::mem::take(&mut *bytes));
        let text = text.map_err(|error| Zeroizing::new(error.into_bytes()));
        text.ok().map(|text| Secret::wiped(Zeroizing::new(text)))
    }

    /// Returns the text. This is the only access, so a search for this name finds every use.
    pub fn expose_secret(&self) -> &str {
        match &self.0 {
            Text::Borrowed(text) => text,
            Text::Ascii(bytes) => text_of(bytes),
            Text::Owned(text) => text,
        }
    }

    /// Returns the bytes of the text, which cost less than the text. Only for fingerprints.
    #[inline]
    pub(crate) fn expose_secret_bytes(&self) -> &[u8] {
        match &self.0 {
            Text::Borrowed(text) => text.as_bytes(),
            Text::Ascii(bytes) => bytes,
            Text::Owned(text) => text.as_bytes(),
        }
    }

    /// Returns the bytes that [`of_ascii`](Self::of_ascii) wrapped.
    pub(crate) const fn ascii(&self) -> Option<&'r [u8]> {
        match self.0 {
            Text::Ascii(bytes) => Some(bytes),
            Text::Borrowed(_) | Text::Owned(_) => None,
        }
    }

    /// Returns the same secret, borrowed from this one.
    pub fn reborrow(&self) -> Secret<'_> {
        match &self.0 {
            Text::Ascii(bytes) => Secret::of_ascii(bytes),
            Text::Borrowed(text) => Secret::borrowed(text),
            Text::Owned(text) => Secret::borrowed(text),
        }
    }

    /// Returns `true` if the text is empty.
    pub(crate) fn is_empty(&self) -> bool {
        self.expose_secret_bytes().is_empty()
    }

    /// Returns `true` if it holds a control character, which is invalid in every credential.
    pub(crate) fn holds_control(&self) -> bool {
        match &self.0 {
            Text::Ascii(bytes) => has_ascii_control(bytes),
            Text::Borrowed(text) => has_control(text),
            Text::Owned(text) => has_control(text),
        }
    }

    /// Returns `true` if it holds nothing but whitespace.
    pub(crate) fn is_blank(&self) -> bool {
        match &self.0 {
            Text::Ascii(bytes) => bytes.iter().all(|byte| matches!(byte, b' ' | b'\t'..=b'\r')),
            Text::Borrowed(text) => text.trim().is_empty(),
            Text::Owned(text) => text.trim().is_empty(),
        }
    }

    /// Returns both sides of the first separator, or `None` if there is no separator. Borrowed text
    /// is not copied.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::Secret;
    ///
    /// let (id, secret) =
    ///     Secret::borrowed("key-1.its-secret").split_once('.').unwrap();
    /// assert_eq!(id.expose_secret(), "key-1");
    /// assert_eq!(secret.expose_secret(), "its-secret");
    /// assert!(Secret::borrowed("no separator").split_once('.').is_none());
    /// ```
    pub fn split_once(self, separator: char) -> Option<(Self, Self)> {
        let halves = |text: &'r str| {
            let (before, after) = text.split_once(separator)?;
            Some((Self::borrowed(before), Self::borrowed(after)))
        };
        match self.0 {
            Text::Borrowed(text) => halves(text),
            Text::Ascii(bytes) => halves(text_of(bytes)),
            Text::Owned(text) => text
                .split_once(separator)
                .map(|(before, after)| (Secret::owned(before), Secret::owned(after))),
        }
    }

    /// Returns a copy that outlives the request; it is wiped on drop.
    pub fn into_owned(self) -> Secret<'static> {
        match self.0 {
            Text::Borrowed(text) => Secret::owned(text),
            Text::Ascii(bytes) => Secret::owned(text_of(bytes)),
            Text::Owned(text) => Secret::wiped(text),
        }
    }

    /// Returns `true` if both are the same text, in a time that depends only on their lengths.
    pub fn ct_eq(&self, other: &Secret<'_>) -> bool {
        self.expose_secret_bytes().ct_eq(other.expose_secret_bytes()).into()
    }
}

/// Returns ASCII as text.
fn text_of(ascii: &[u8]) -> &str {
    std::str::from_utf8(ascii).unwrap_or_default()
}

impl fmt::Debug for Secret<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use static_assertions::{assert_impl_all, assert_not_impl_any};

    use super::*;

    assert_not_impl_any!(Secret<'static>: std::fmt::Display, Clone, PartialEq<Secret<'static>>, Into<String>, AsRef<str>);
    assert_impl_all!(Secret<'static>: Send, Sync);

    #[test]
    fn debug_shows_nothing_of_the_text() {
        let shown = format!("{:?} {:?}", Secret::borrowed("hunter2"), Secret::owned("hunter2"));
        assert_eq!(shown, "Secret(..) Secret(..)");
    }

    #[test]
    fn comparison_is_by_text_and_not_by_ownership() {
        assert!(Secret::borrowed("a").ct_eq(&Secret::owned("a")));
        assert!(!Secret::borrowed("a").ct_eq(&Secret::borrowed("b")));
        assert!(!Secret::borrowed("a").ct_eq(&Secret::borrowed("ab")));
    }

    #[test]
    fn blanks_and_controls_are_the_same_for_text_and_for_ascii() {
        for text in ["", " ", "\t\u{b}\r \n\u{c}", "a", " a ", "\0", "\u{1c}", "\u{7f}", "12345678\u{1f}"] {
            let secrets = [Secret::borrowed(text), Secret::of_ascii(text.as_bytes()), Secret::owned(text)];
            for secret in secrets {
                assert_eq!(secret.is_blank(), text.trim().is_empty(), "{text:?}");
                assert_eq!(secret.holds_control(), text.contains(char::is_control), "{text:?}");
            }
        }
        assert!(Secret::borrowed("\u{3000}").is_blank() && !Secret::borrowed("\u{3000}").holds_control());
        assert!(Secret::borrowed("a\u{85}").holds_control());
    }

    #[test]
    fn an_owned_copy_is_the_same_text() {
        assert_eq!(Secret::borrowed("a").into_owned().expose_secret(), "a");
        assert_eq!(Secret::owned("b").reborrow().expose_secret(), "b");
        assert_eq!(Secret::of_ascii(b"c").reborrow().into_owned().expose_secret(), "c");
    }

    #[test]
    fn the_first_separator_splits() {
        for secret in [Secret::borrowed("a/b/c"), Secret::of_ascii(b"a/b/c"), Secret::owned("a/b/c")] {
            let (before, after) = secret.split_once('/').unwrap();
            assert_eq!((before.expose_secret(), after.expose_secret()), ("a", "b/c"));
        }
        assert!(Secret::borrowed("abc").split_once('/').is_none());
    }
}

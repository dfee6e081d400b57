//! Denials of credentials, as values: the source of the log line and of a token's explanation.
#![cfg_attr(not(feature = "tracing"), allow(unused_variables))]
// Without the feature `tracing` nothing reads a denial. Without verifiers of tokens some reasons do
// not occur.
#![cfg_attr(not(all(feature = "tracing", any(feature = "introspection", feature = "jwt"))), allow(dead_code))]

use std::fmt::{self, Write as _};

use super::DenialReason;
use crate::credential::CredentialKind;
use crate::trace;

/// The cause of a credential's denial.
///
/// It holds neither a secret nor a personal claim. It holds names that services agree on (issuer,
/// audience, algorithm, `typ`, `kid`), differences of clocks, and fixed texts.
// Why a credential is denied is a value. The log line and `JwtVerifier::explain` are written from
// it. It borrows the parts that it names and allocates nothing. It is apart from `VerifyError`,
// because a client's answer is made from `VerifyError`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Denial<'v> {
    pub(crate) check: Check,
    pub(crate) reason: DenialReason,
    pub(crate) why: &'static str,
    pub(crate) expected: Value<'v>,
    pub(crate) received: Value<'v>,
    /// The setting that would accept the credential, if a safe one exists.
    pub(crate) setting: Option<&'static str>,
}

/// The subject of a check, in the order of a JWT's verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Check {
    /// The form in which the request carries the credential.
    Reading,
    Transport,
    Format,
    Header,
    Issuer,
    Key,
    Signature,
    Use,
    Audience,
    Claims,
    Time,
    Revocation,
    Policy,
    /// The entry in a table, a database or another server.
    Record,
}

/// A value in a log line. It is escaped and cut to [`SHOWN`] characters when it is written.
#[derive(Clone, Copy)]
pub(crate) enum Value<'v> {
    /// The line does not name a value.
    Unsaid,
    /// The credential has no such value.
    Absent,
    Text(&'v str),
    /// A text that the sender chose and that is not signed. It is written only if it is a name.
    Sent(&'v str),
    Names(&'v [Box<str>]),
    Any(&'v dyn fmt::Display),
    List(&'v dyn fmt::Debug),
    /// A difference of times in seconds.
    Seconds(f64),
}

impl<'v> Denial<'v> {
    /// Returns a denial with the reason *unknown*.
    pub(crate) const fn new(check: Check, why: &'static str) -> Self {
        let (expected, received) = (Value::Unsaid, Value::Unsaid);
        Self { check, reason: DenialReason::Unknown, why, expected, received, setting: None }
    }

    /// Returns the denial of a credential that was looked up.
    pub(crate) fn of(reason: DenialReason, kind: CredentialKind) -> Self {
        let why = match reason {
            DenialReason::Unknown => "unknown credential, or wrong secret",
            DenialReason::Expired => "expired",
            DenialReason::Revoked => "revoked",
            DenialReason::Disabled => "the credential or its principal is disabled",
            DenialReason::Throttled(_) => "too many failed attempts",
        };
        Self::new(Check::Record, why).because(reason).received(kind.as_str())
    }

    pub(crate) const fn because(mut self, reason: DenialReason) -> Self {
        self.reason = reason;
        self
    }

    pub(crate) fn expected(mut self, value: impl Into<Value<'v>>) -> Self {
        self.expected = value.into();
        self
    }

    pub(crate) fn received(mut self, value: impl Into<Value<'v>>) -> Self {
        self.received = value.into();
        self
    }

    /// Names the setting that would accept the credential.
    pub(crate) const fn setting(mut self, setting: &'static str) -> Self {
        self.setting = Some(setting);
        self
    }

    /// Writes the log line, a single one at DEBUG with the target `tower_principal::denial`.
    pub(crate) fn log(&self, verifier: &'static str) {
        self.write(verifier, "credential denied");
    }

    /// Writes the log line with this outcome.
    pub(crate) fn write(&self, verifier: &'static str, outcome: &'static str) {
        let Self { check, reason, why, expected, received, setting } = self;
        trace::debug!(
            target: "tower_principal::denial",
            verifier,
            check = check.as_str(),
            reason = reason.as_str(),
            why,
            expected = expected.shown(),
            received = received.shown(),
            setting,
            "{outcome}"
        );
    }
}

/// Writes the reason, and the expected and the received value.
impl fmt::Display for Denial<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.why)?;
        let values = [("expected", self.expected), ("received", self.received)];
        let mut values = values.into_iter().filter(|(_, value)| !matches!(value, Value::Unsaid));
        values.try_for_each(|(name, value)| write!(f, "; {name}: {value}"))
    }
}

impl Check {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Reading => "reading",
            Self::Transport => "transport",
            Self::Format => "format",
            Self::Issuer => "issuer",
            Self::Header => "header",
            Self::Key => "key",
            Self::Signature => "signature",
            Self::Use => "use",
            Self::Audience => "audience",
            Self::Claims => "claims",
            Self::Time => "time",
            Self::Revocation => "revocation",
            Self::Policy => "policy",
            Self::Record => "record",
        }
    }
}

impl Value<'_> {
    #[cfg(feature = "tracing")]
    fn shown(&self) -> Option<trace::DisplayValue<&Self>> {
        (!matches!(self, Self::Unsaid)).then(|| trace::display(self))
    }
}

impl<'v> From<&'v str> for Value<'v> {
    fn from(text: &'v str) -> Self {
        Self::Text(text)
    }
}

impl<'v> From<Option<&'v str>> for Value<'v> {
    fn from(text: Option<&'v str>) -> Self {
        text.map_or(Self::Absent, Self::Text)
    }
}

impl<'v> From<&'v [Box<str>]> for Value<'v> {
    fn from(names: &'v [Box<str>]) -> Self {
        Self::Names(names)
    }
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut cut = Cut { out: f, left: SHOWN };
        let written = match self {
            Self::Unsaid => Ok(()),
            Self::Absent => cut.write_str("none"),
            Self::Sent(text) if !is_name(text) => cut.write_str(NO_NAME),
            Self::Text(text) | Self::Sent(text) => cut.write_str(text),
            Self::Names(names) => names.iter().enumerate().try_for_each(|(at, name)| {
                let comma = if at == 0 { "" } else { ", " };
                write!(cut, "{comma}{name}")
            }),
            Self::Any(value) => write!(cut, "{value}"),
            Self::List(values) => write!(cut, "{values:?}"),
            Self::Seconds(seconds) => write!(cut, "{seconds:.0} s"),
        };
        match written {
            Err(_) if cut.left == 0 => f.write_str("…"),
            written => written,
        }
    }
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A writer that escapes its text, and fails after a number of characters.
struct Cut<'f, 'o> {
    out: &'f mut fmt::Formatter<'o>,
    left: usize,
}

impl fmt::Write for Cut<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            self.left = self.left.checked_sub(1).ok_or(fmt::Error)?;
            write!(self.out, "{}", character.escape_debug())?;
        }
        Ok(())
    }
}

/// Returns `true` if a text looks like the name of a key, an algorithm or a service: visible ASCII,
/// without quotes.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"'\\<>".contains(&byte))
}

const NO_NAME: &str = "a text that is not a name";

/// The maximum number of characters of a value in a log line.
const SHOWN: usize = 96;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_escaped_and_cut() {
        let text = |value: Value<'_>| value.to_string();
        assert_eq!(text(Value::Text("a\r\n\u{1b}[31m\u{202e}b")), r"a\r\n\u{1b}[31m\u{202e}b");
        let long = text(Value::Text(&"x".repeat(SHOWN + 1)));
        assert_eq!(long, format!("{}…", "x".repeat(SHOWN)));
        assert_eq!(text(Value::Text(&"x".repeat(SHOWN))), "x".repeat(SHOWN));
        assert_eq!(text(Value::Sent("https://issuer.example/a")), "https://issuer.example/a");
        for sent in ["", "a b", "a\r\nb", "\u{1b}[31m", "\"a\"", "é"] {
            assert_eq!(text(Value::Sent(sent)), NO_NAME, "{sent:?}");
        }
        let names = ["a".into(), "b\n".into()];
        assert_eq!(text(Value::Names(&names)), r"a, b\n");
        assert_eq!(text(Value::from(None)), "none");
        assert_eq!(text(Value::Seconds(-31.4)), "-31 s");
    }
}

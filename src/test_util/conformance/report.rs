//! What a verifier does not hold, and what nobody looked at.

use std::fmt;

use super::Rule;

/// What a verifier does not hold, if anything, and what was not checked.
#[derive(Clone, Debug)]
#[must_use]
pub struct Report {
    pub(super) violations: Vec<Violation>,
    pub(super) unchecked: Vec<&'static str>,
}

/// A rule that is not held, and where that was seen. It quotes no credential.
#[derive(Clone, Debug)]
pub struct Violation {
    pub(super) rule: Rule,
    pub(super) seen: String,
}

impl Report {
    /// Whether every rule is held that was checked.
    pub const fn holds(&self) -> bool {
        self.violations.is_empty()
    }

    /// What is not held, in the order it was found.
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// What could not be checked, since the suite has no credential or no switch for it; in words. It is no violation.
    pub fn unchecked(&self) -> &[&'static str] {
        &self.unchecked
    }

    /// Fails a test where a rule is not held, and names every one.
    ///
    /// # Panics
    ///
    /// When there is one.
    #[allow(clippy::panic, reason = "for tests, which a panic fails")]
    pub fn assert_holds(&self) {
        if !self.holds() {
            panic!("{self}");
        }
    }
}

impl Violation {
    /// The rule.
    pub const fn rule(&self) -> Rule {
        self.rule
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule, self.seen)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.holds() {
            "the verifier holds every rule"
        } else {
            "the verifier breaks rules:"
        })?;
        self.violations.iter().try_for_each(|violation| write!(f, "\n  {violation}"))?;
        self.unchecked.iter().try_for_each(|what| write!(f, "\nnot checked: {what}"))
    }
}

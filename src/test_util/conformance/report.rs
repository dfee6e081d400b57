//! The violated rules, and the checks that were not possible.

use std::fmt;

use super::Rule;

/// The violated rules, if any, and the checks that were not possible.
#[derive(Clone, Debug)]
#[must_use]
pub struct Report {
    pub(super) violations: Vec<Violation>,
    pub(super) unchecked: Vec<&'static str>,
}

/// A violated rule, and where it was seen. It contains no credential.
#[derive(Clone, Debug)]
pub struct Violation {
    pub(super) rule: Rule,
    pub(super) seen: String,
}

impl Report {
    /// Returns true if every checked rule holds.
    pub const fn holds(&self) -> bool {
        self.violations.is_empty()
    }

    /// Returns the violations in the order they were found.
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// Describes the checks that were not possible because the suite has no credential or switch
    /// for them. They are not violations.
    pub fn unchecked(&self) -> &[&'static str] {
        &self.unchecked
    }

    /// Panics if a rule is violated, and lists every violation.
    ///
    /// # Panics
    ///
    /// Panics if there is a violation.
    #[allow(clippy::panic, reason = "for tests, which a panic fails")]
    pub fn assert_holds(&self) {
        if !self.holds() {
            panic!("{self}");
        }
    }
}

impl Violation {
    /// Returns the rule.
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
            "the verifier keeps every rule"
        } else {
            "the verifier breaks rules:"
        })?;
        self.violations.iter().try_for_each(|violation| write!(f, "\n  {violation}"))?;
        self.unchecked.iter().try_for_each(|what| write!(f, "\nnot checked: {what}"))
    }
}

//! The violated rules, and the checks that were not possible.

use std::fmt;

use super::Rule;

/// The violated rules, if any, and the checks that were not possible.
///
/// `R` is the kind of rule: [`Rule`] for verifiers, and `GrantRule` or `SessionRule` for stores.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use tower_principal::test_util::conformance::{Rule, Suite};
/// use tower_principal::verify::MemoryVerifier;
///
/// let verifier = MemoryVerifier::builder().build()?;
/// let report = Suite::new().check(&verifier).await;
/// // Nothing was shown that could be good, so nothing is proved.
/// assert!(!report.holds());
/// assert_eq!(report.violations()[0].rule(), Rule::GoodIsShown);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Report<R = Rule> {
    /// What was checked, for the text of the report.
    pub(super) subject: &'static str,
    pub(super) violations: Vec<Violation<R>>,
    pub(super) unchecked: Vec<&'static str>,
}

/// A violated rule, and where it was seen. It contains no credential and no token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation<R = Rule> {
    pub(super) rule: R,
    pub(super) seen: String,
}

impl<R> Report<R> {
    /// Returns true if every checked rule holds.
    pub const fn holds(&self) -> bool {
        self.violations.is_empty()
    }

    /// Returns the violations in the order they were found.
    pub fn violations(&self) -> &[Violation<R>] {
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
    pub fn assert_holds(&self)
    where
        R: fmt::Display,
    {
        if !self.holds() {
            panic!("{self}");
        }
    }
}

impl<R: Copy> Violation<R> {
    /// Returns the rule.
    pub const fn rule(&self) -> R {
        self.rule
    }
}

impl<R: fmt::Display> fmt::Display for Violation<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule, self.seen)
    }
}

impl<R: fmt::Display> fmt::Display for Report<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outcome = if self.holds() { "keeps every rule" } else { "breaks rules:" };
        write!(f, "the {} {outcome}", self.subject)?;
        self.violations.iter().try_for_each(|violation| write!(f, "\n  {violation}"))?;
        self.unchecked.iter().try_for_each(|what| write!(f, "\nnot checked: {what}"))
    }
}

//! The figures of an experiment, beside their targets.

use std::fmt;

/// Figures in the order in which they were measured.
#[derive(Default)]
pub(crate) struct Report {
    rows: Vec<Row>,
}

struct Row {
    name: String,
    value: String,
    target: Option<Target>,
}

struct Target {
    text: String,
    met: bool,
}

impl Report {
    /// Adds a figure without a target, or a note on how another one was measured.
    pub(crate) fn note(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.rows.push(Row { name: name.into(), value: value.into(), target: None });
    }

    /// Adds a figure with a target, and whether it was met.
    pub(crate) fn target(
        &mut self,
        name: impl Into<String>,
        value: impl Into<String>,
        target: impl Into<String>,
        met: bool,
    ) {
        let target = Some(Target { text: target.into(), met });
        self.rows.push(Row { name: name.into(), value: value.into(), target });
    }

    /// Adds a number that must equal its target.
    pub(crate) fn exactly(&mut self, name: impl Into<String>, value: usize, target: usize) {
        self.target(name, value.to_string(), target.to_string(), value == target);
    }

    /// Returns true if there was a target and every target was met.
    pub(crate) fn holds(&self) -> bool {
        let mut targets = self.rows.iter().filter_map(|row| row.target.as_ref()).peekable();
        targets.peek().is_some() && targets.all(|target| target.met)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Row { name, value, target } in &self.rows {
            match target {
                None => writeln!(f, "   -       {name}: {value}")?,
                Some(Target { text, met }) => {
                    let verdict = if *met { "ok    " } else { "MISSED" };
                    writeln!(f, "   {verdict}  {name}: {value}  (target: {text})")?;
                }
            }
        }
        Ok(())
    }
}

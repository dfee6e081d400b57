//! Checks the language of the documentation: counts words in doc comments, comments, log lines,
//! errors and markdown, and measures their lines.
//!
//! The limits are a floor. CONTRIBUTING.md has the rules behind them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::fs;
use std::path::{Path, PathBuf};

/// The maximum width of a line of a comment or of markdown, in characters.
const PROSE_WIDTH: usize = 100;

/// The maximum width of Rust code on a page of rustdoc, which cuts off the rest.
const EXAMPLE_WIDTH: usize = 80;

/// Words that stand for a person or a thing without naming it.
const UNNAMED: &[&str] = &["who", "whom", "whoever", "nobody", "anybody", "somebody", "everybody"];

/// Words that make a program speak.
const SPEAKING: &[&str] = &["told", "tell", "tells", "say", "says", "said"];

/// Words that introduce a condition, a cause, a result or a default.
const CONDITIONS: &[&str] = &["if", "when", "because", "returns", "default", "defaults"];

/// A line of prose or of example code, and its place.
struct Line {
    place: String,
    text: String,
    width: usize,
}

/// The prose of a set of files, without the code blocks.
#[derive(Default)]
struct Prose {
    lines: Vec<Line>,
    examples: Vec<Line>,
}

impl Prose {
    /// Reads the comments of one Rust file.
    fn add_rust(&mut self, path: &Path, source: &str) {
        let mut fence = None;
        for (number, line) in source.lines().enumerate() {
            let place = format!("{}:{}", path.display(), number + 1);
            let trimmed = line.trim_start();
            let doc = trimmed.strip_prefix("///").or_else(|| trimmed.strip_prefix("//!"));
            let Some(text) = doc.or_else(|| trimmed.strip_prefix("//")) else {
                fence = None;
                continue;
            };
            let text = text.strip_prefix(' ').unwrap_or(text);
            if let Some(language) = text.trim_start().strip_prefix("```").filter(|_| doc.is_some()) {
                fence = if fence.is_some() { None } else { Some(is_rust(language)) };
                continue;
            }
            match fence {
                None => {
                    // An indented block is a command or a drawing.
                    let width = if text.starts_with("    ") { 0 } else { line.chars().count() };
                    self.lines.push(Line { place, text: text.to_owned(), width });
                }
                Some(true) => self.add_example(place, text),
                Some(false) => {}
            }
        }
    }

    /// Reads the texts of log lines and errors in one Rust file.
    fn add_texts(&mut self, path: &Path, source: &str) {
        for start in [
            "trace::trace!(",
            "trace::debug!(",
            "trace::info!(",
            "trace::warn!(",
            "trace::error!(",
            "#[error(",
        ] {
            for (at, _) in source.match_indices(start) {
                let place = format!("{}:{}", path.display(), source[..at].lines().count());
                for text in texts(&source[at + start.len()..]) {
                    self.lines.push(Line { place: place.clone(), text, width: 0 });
                }
            }
        }
    }

    /// Reads one markdown file. Rows of tables and link definitions have no width limit, because
    /// markdown cannot wrap them.
    fn add_markdown(&mut self, path: &Path, source: &str) {
        let mut fence = None;
        for (number, line) in source.lines().enumerate() {
            if let Some(language) = line.trim_start().strip_prefix("```") {
                fence = if fence.is_some() { None } else { Some(is_rust(language)) };
            } else if fence == Some(true) {
                self.add_example(format!("{}:{}", path.display(), number + 1), line);
            } else if fence.is_none() {
                // An indented block is code or a drawing.
                let wraps = !line.trim_start().starts_with('|')
                    && ["[", "    "].iter().all(|start| !line.starts_with(start));
                self.lines.push(Line {
                    place: format!("{}:{}", path.display(), number + 1),
                    text: line.to_owned(),
                    width: if wraps { line.chars().count() } else { 0 },
                });
            }
        }
    }

    /// Adds a line of example code. A line that rustdoc hides has no width limit.
    fn add_example(&mut self, place: String, text: &str) {
        let is_hidden = text.trim_start().starts_with("# ");
        let width = if is_hidden { 0 } else { text.chars().count() };
        self.examples.push(Line { place, text: text.to_owned(), width });
    }

    fn words(&self) -> impl Iterator<Item = (&str, &str)> {
        self.lines.iter().flat_map(|line| {
            let apart = |c: char| !(c.is_ascii_alphabetic() || matches!(c, '\'' | '_' | '-'));
            let words = line.text.split(apart).filter(|word| !word.is_empty());
            words.map(|word| (line.place.as_str(), word))
        })
    }

    /// Returns the number of these words in a thousand words, and the places of the first ones.
    fn per_thousand(&self, wanted: &[&str]) -> (f64, Vec<String>) {
        let is_wanted = |word: &str| wanted.iter().any(|one| one.eq_ignore_ascii_case(word));
        let found: Vec<_> = self.words().filter(|(_, word)| is_wanted(word)).collect();
        #[allow(clippy::cast_precision_loss, reason = "counts of words are small")]
        let rate = 1000.0 * found.len() as f64 / self.words().count().max(1) as f64;
        (rate, found.iter().take(20).map(|(place, word)| format!("{place} {word}")).collect())
    }

    fn phrase(&self, phrase: &str) -> Vec<&str> {
        let lines = self.lines.iter();
        lines
            .filter(|line| line.text.to_ascii_lowercase().contains(phrase))
            .map(|line| line.place.as_str())
            .collect()
    }
}

/// Returns the string literals of a macro call or an attribute, from its opening parenthesis on.
fn texts(source: &str) -> Vec<String> {
    let (mut found, mut open, mut quoted) = (Vec::new(), 1, None::<String>);
    let mut rest = source.chars();
    while let (true, Some(c)) = (open > 0, rest.next()) {
        match (c, &mut quoted) {
            ('"', text) => match text.take() {
                Some(text) => found.push(text),
                None => quoted = Some(String::new()),
            },
            ('\\', Some(text)) => text.extend(rest.next().map(|_| ' ')),
            (c, Some(text)) => text.push(c),
            ('(', None) => open += 1,
            (')', None) => open -= 1,
            _ => {}
        }
    }
    found
}

/// Returns true if rustdoc takes a code block of this language for Rust.
fn is_rust(language: &str) -> bool {
    let mut words = language.split(',').map(str::trim).filter(|word| !word.is_empty());
    words.all(|word| {
        ["rust", "no_run", "ignore", "should_panic", "edition2024"].contains(&word)
            || word.starts_with("compile_fail")
    })
}

/// Collects the files below a folder that have one of these endings.
fn files(folder: &str, ending: &str, found: &mut Vec<PathBuf>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let Ok(entries) = fs::read_dir(root.join(folder)) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        let relative = path.strip_prefix(root).unwrap().to_path_buf();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            let skipped = ["target", "node_modules"].contains(&name.as_str());
            if !skipped && !name.starts_with('.') {
                files(relative.to_str().unwrap(), ending, found);
            }
        } else if name.ends_with(ending) {
            found.push(relative);
        }
    }
}

fn read(folders: &[&str], ending: &str, mut add: impl FnMut(&Path, &str)) {
    let mut found = Vec::new();
    folders.iter().for_each(|folder| files(folder, ending, &mut found));
    assert!(!found.is_empty(), "no {ending} files in {folders:?}");
    for path in found {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(&path);
        add(&path, &fs::read_to_string(source).unwrap());
    }
}

/// Returns everything that a user, an operator or a contributor reads.
fn everything() -> Prose {
    let mut prose = Prose::default();
    read(&["src", "examples"], ".rs", |path, source| {
        prose.add_rust(path, source);
        prose.add_texts(path, source);
    });
    read(&[""], ".md", |path, source| prose.add_markdown(path, source));
    prose
}

fn at_most(limit: f64, words: &[&str]) {
    let (rate, places) = everything().per_thousand(words);
    assert!(rate <= limit, "{rate:.2} of {words:?} in 1,000 words, at most {limit}: {places:#?}");
}

#[test]
fn prose_names_its_subjects() {
    at_most(0.5, UNNAMED);
}

#[test]
fn programs_do_not_speak() {
    at_most(0.5, SPEAKING);
}

#[test]
fn prose_has_conditions_causes_and_defaults() {
    let (rate, _) = everything().per_thousand(CONDITIONS);
    assert!(rate >= 10.0, "{rate:.2} of {CONDITIONS:?} in 1,000 words, at least 10");
}

#[test]
fn defaults_are_named() {
    let prose = everything();
    for phrase in ["unless said", "unless told", "unless it is told", "unless you say"] {
        assert_eq!(prose.phrase(phrase), [""; 0], "{phrase}");
    }
}

#[test]
fn prose_is_wrapped() {
    let mut prose = everything();
    read(&["tests", "benches"], ".rs", |path, source| prose.add_rust(path, source));
    let wide = prose.lines.iter().filter(|line| line.width > PROSE_WIDTH);
    let wide: Vec<_> = wide.map(|line| line.place.as_str()).collect();
    assert_eq!(wide, [""; 0], "wider than {PROSE_WIDTH} characters");
}

#[test]
fn examples_fit_the_page() {
    let prose = everything();
    assert!(prose.examples.len() > 1000, "{} lines of examples", prose.examples.len());
    let wide = prose.examples.iter().filter(|line| line.width > EXAMPLE_WIDTH);
    let wide: Vec<_> = wide.map(|line| line.place.as_str()).collect();
    assert_eq!(wide, [""; 0], "wider than {EXAMPLE_WIDTH} characters");
}

#[test]
fn log_lines_and_errors_name_their_subjects_and_do_not_speak() {
    let mut prose = Prose::default();
    read(&["src"], ".rs", |path, source| prose.add_texts(path, source));
    assert!(prose.lines.len() > 150, "{} texts", prose.lines.len());
    for words in [UNNAMED, SPEAKING] {
        let (rate, places) = prose.per_thousand(words);
        assert!(rate <= 0.5, "{rate:.2} of {words:?} in 1,000 words: {places:#?}");
    }
}

#[test]
fn the_counter_counts_comments_and_no_code() {
    let mut prose = Prose::default();
    let source =
        "/// Says whom.\n/// ```\n/// let who = 1;\n/// ```\nlet nobody = 1; // trailing\n// told if\n";
    prose.add_rust(Path::new("x.rs"), source);
    prose.add_markdown(Path::new("x.md"), "Somebody\n```text\nwho\n```\n| who |\n");
    let words: Vec<_> = prose.words().map(|(_, word)| word).collect();
    assert_eq!(words, ["Says", "whom", "told", "if", "Somebody", "who"]);
    assert_eq!(prose.examples.len(), 1);
    assert_eq!(prose.per_thousand(UNNAMED).1.len(), 3);
    let source = "trace::warn!(x = f(\"one\"), \"two \\\"three\\\" (four\"); \"five\"; #[error(\"six\")]";
    prose.add_texts(Path::new("x.rs"), source);
    let texts: Vec<_> = prose.lines.iter().rev().take(3).map(|line| line.text.trim()).collect();
    assert_eq!(texts, ["six", "two  three  (four", "one"]);
}

//! Texts that must not appear anywhere, and the search for them in every common encoding.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use memchr::memmem;

/// The canaries of one run. All start and end with the same text, so that one search finds every
/// canary, and also a half of one.
pub(crate) struct Canaries {
    start: String,
    end: String,
    made: AtomicU64,
    needles: Vec<Needle>,
}

struct Needle {
    writing: &'static str,
    text: Vec<u8>,
}

/// The number of finds in a report.
const SHOWN: usize = 5;
/// The length of the text that a report shows on both sides of a find.
const AROUND: usize = 120;

impl Canaries {
    pub(crate) fn new() -> Self {
        let (start, end) = (hex(), hex());
        let needles = [&start, &end].into_iter().flat_map(|part| needles(part.as_bytes())).collect();
        Self { start, end, made: AtomicU64::new(0), needles }
    }

    /// Returns a canary: 32 unique hexadecimal digits.
    pub(crate) fn fresh(&self) -> String {
        format!("{}{:012x}{}", self.start, self.made.fetch_add(1, Ordering::Relaxed), self.end)
    }

    pub(crate) fn made(&self) -> u64 {
        self.made.load(Ordering::Relaxed)
    }

    /// Returns the places where a text contains a canary, and in which encoding. Ignores the case
    /// of letters.
    pub(crate) fn find(&self, place: &str, text: &[u8]) -> Vec<String> {
        let text = text.to_ascii_lowercase();
        let finds = self.needles.iter().flat_map(|needle| {
            memmem::find_iter(&text, &needle.text).map(|at| {
                let around = &text[at.saturating_sub(AROUND)..(at + AROUND).min(text.len())];
                let around = String::from_utf8_lossy(around);
                format!("{place} shows a secret ({}): {around:?}", needle.writing)
            })
        });
        finds.take(SHOWN).collect()
    }
}

/// Returns ten digits.
fn hex() -> String {
    let mut bytes = [0; 5];
    getrandom::fill(&mut bytes).unwrap();
    write_each(&bytes, |byte| format!("{byte:02x}"))
}

fn write_each(bytes: &[u8], write: impl Fn(u8) -> String) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{}", write(*byte));
        text
    })
}

fn needles(part: &[u8]) -> Vec<Needle> {
    let list = |between: &str| write_each(part, |byte| format!("{byte}{between}"));
    let list = |between: &str| list(between).trim_end_matches(between).to_owned();
    let mut writings = vec![
        ("as it is", String::from_utf8(part.to_vec()).unwrap()),
        ("hexadecimal", write_each(part, |byte| format!("{byte:02x}"))),
        ("percent", write_each(part, |byte| format!("%{byte:02x}"))),
        ("percent twice", write_each(part, |byte| format!("%25{byte:02x}"))),
        ("JSON escapes", write_each(part, |byte| format!("\\u{byte:04x}"))),
        ("escapes", write_each(part, |byte| format!("\\x{byte:02x}"))),
        // Logs and metrics also escape backslashes.
        ("JSON escapes", write_each(part, |byte| format!("\\\\u{byte:04x}"))),
        ("escapes", write_each(part, |byte| format!("\\\\x{byte:02x}"))),
        ("HTML escapes", write_each(part, |byte| format!("&#{byte};"))),
        ("a list of bytes", list(", ")),
        ("a list of bytes", list(",")),
    ];
    for offset in 0..3 {
        // Only whole groups, because the text before and after changes the others.
        let skipped = (3 - offset) % 3;
        let whole = &part[skipped..part.len() - (part.len() - skipped) % 3];
        writings.push(("base64", STANDARD_NO_PAD.encode(whole)));
        writings.push(("base64url", URL_SAFE_NO_PAD.encode(whole)));
    }
    let needle = |(writing, text): (_, String)| Needle { writing, text: text.to_ascii_lowercase().into() };
    writings.into_iter().map(needle).collect()
}

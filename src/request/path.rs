//! Plain paths, and the path patterns of guest rules and policies.

use std::borrow::Cow;

use thiserror::Error;

use super::percent;

/// A path whose segments every downstream program reads in the same way.
///
/// It starts with `/`. It contains no empty segment except the last, no dot segment, slash, `;`,
/// `\`, `?`, `#` or control character. That holds for raw, percent-encoded and twice
/// percent-encoded characters. It contains no raw non-ASCII character, and its encoded bytes are
/// UTF-8.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PlainPath<'r>(&'r str);

/// A path pattern such as `/{org}/sandbox/**`. It has literal segments, captures of one segment,
/// and optionally a last `/**` for the path itself and everything below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PathPattern {
    segments: Vec<Segment>,
    open: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Literal(String),
    Capture(String),
}

/// The match of a pattern: the captured segments and the rest below them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Matched<'p, 'r> {
    pattern: &'p PathPattern,
    path: &'r str,
    rest: &'r str,
}

/// A path pattern that is not of the form `/{org}/sandbox/**`.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct InvalidPattern(String);

impl<'r> PlainPath<'r> {
    pub(crate) fn new(path: &'r str) -> Option<Self> {
        let segments = path.strip_prefix('/')?;
        let mut previous = b'/';
        let mut encoded = false;
        for byte in segments.bytes() {
            if !is_plain(byte) || !byte.is_ascii() || (byte == b'/' && previous == b'/') {
                return None;
            }
            encoded |= byte == b'%';
            previous = byte;
        }
        let segment_is_plain = |segment: &str| match encoded {
            false => !is_dots(segment.as_bytes()),
            true => decodes_plainly(segment),
        };
        segments.split('/').all(segment_is_plain).then_some(Self(path))
    }

    /// Returns the percent-decoded path, with the same segments.
    pub(crate) fn decoded(path: &'r str) -> Option<Cow<'r, str>> {
        let Self(path) = Self::new(path)?;
        if !path.contains('%') {
            return Some(Cow::Borrowed(path));
        }
        std::str::from_utf8(&percent::decode(path.as_bytes(), b'+')?)
            .ok()
            .map(|path| Cow::Owned(path.to_owned()))
    }
}

/// Returns true if a segment can be compared: it has no encoding and no unusual character.
fn is_deciding(segment: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'~' | b'-');
    !segment.is_empty() && segment.bytes().all(plain)
}

fn is_plain(byte: u8) -> bool {
    !byte.is_ascii_control() && !matches!(byte, b';' | b'\\' | b'?' | b'#')
}

fn is_dots(segment: &[u8]) -> bool {
    matches!(segment, b"." | b"..")
}

fn decodes_plainly(segment: &str) -> bool {
    let plain =
        |decoded: &[u8]| !is_dots(decoded) && decoded.iter().all(|byte| is_plain(*byte) && *byte != b'/');
    let Some(once) = percent::decode(segment.as_bytes(), b'+') else { return false };
    // In the second decoding, an invalid encoding stays unchanged, as in lenient programs: `100%25`
    // is a valid name.
    plain(segment.as_bytes())
        && plain(&once)
        && std::str::from_utf8(&once).is_ok()
        && plain(&percent::decode_leniently(&once))
}

impl PathPattern {
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidPattern> {
        let invalid = || InvalidPattern::new(text, "is not a path pattern such as `/{org}/sandbox/**`");
        let (body, open) = match text.strip_suffix("/**") {
            Some(body) => (body, true),
            None => (text, false),
        };
        if body.is_empty() && open {
            return Ok(Self { segments: Vec::new(), open });
        }
        let segments = body.strip_prefix('/').ok_or_else(invalid)?.split('/');
        let segments = segments.map(Segment::parse).collect::<Option<Vec<_>>>().ok_or_else(invalid)?;
        Ok(Self { segments, open })
    }

    /// Returns the index of the segment `{name}`, from 0.
    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        self.segments.iter().position(|segment| matches!(segment, Segment::Capture(known) if known == name))
    }

    /// Returns true if each of its captures has the same name and index in the other pattern. If
    /// not, a literal such as `sandbox` could be the name of any organization there.
    pub(crate) fn agrees(&self, other: &Self) -> bool {
        self.segments.iter().enumerate().all(|(at, segment)| match segment {
            Segment::Literal(_) => true,
            Segment::Capture(name) => other.position(name) == Some(at),
        })
    }

    /// Matches whole segments. Only plain paths match, and all segments that decide must be plain.
    pub(crate) fn matches<'p, 'r>(&'p self, path: &'r str) -> Option<Matched<'p, 'r>> {
        PlainPath::new(path)?;
        let mut rest = path;
        for segment in &self.segments {
            let (name, below) = first_segment(rest)?;
            if !is_deciding(name) || !segment.matches(name) {
                return None;
            }
            rest = below;
        }
        (self.open || rest.is_empty()).then_some(Matched { pattern: self, path, rest })
    }
}

impl InvalidPattern {
    pub(crate) fn new(pattern: &str, why: &str) -> Self {
        Self(format!("`{pattern}` {why}"))
    }
}

impl Segment {
    fn parse(text: &str) -> Option<Self> {
        match text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
            Some(name) => is_deciding(name).then(|| Self::Capture(name.to_owned())),
            None => (is_deciding(text) && !is_dots(text.as_bytes())).then(|| Self::Literal(text.to_owned())),
        }
    }

    fn matches(&self, name: &str) -> bool {
        match self {
            Self::Literal(literal) => literal == name,
            Self::Capture(_) => true,
        }
    }
}

impl<'p, 'r> Matched<'p, 'r> {
    /// Returns the segment captured as `{name}`.
    pub(crate) fn capture(&self, name: &str) -> Option<&'r str> {
        let mut rest = self.path;
        for segment in &self.pattern.segments {
            let (captured, below) = first_segment(rest)?;
            if matches!(segment, Segment::Capture(known) if known == name) {
                return Some(captured);
            }
            rest = below;
        }
        None
    }

    /// Returns the part below the pattern, which is empty or starts with `/`.
    pub(crate) fn rest(&self) -> &'r str {
        self.rest
    }

    /// Returns the part that the pattern matched, without the part below it.
    pub(crate) fn prefix(&self) -> &'r str {
        self.path.strip_suffix(self.rest).unwrap_or_default()
    }

    /// Returns the whole path and the pattern.
    pub(crate) const fn whole(&self) -> (&'r str, &'p PathPattern) {
        (self.path, self.pattern)
    }
}

/// Splits `/a/b/c` into `a` and `/b/c`.
fn first_segment(path: &str) -> Option<(&str, &str)> {
    let path = path.strip_prefix('/')?;
    Some(path.split_at(path.find('/').unwrap_or(path.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_path_has_one_reading() {
        for plain in
            ["/", "/a", "/a/", "/a/b.c/~d", "/a/%41", "/caf%C3%A9", "/100%25", "/a/b:c,d", "/a/...", "/a=b"]
        {
            assert!(PlainPath::new(plain).is_some(), "{plain}");
        }
        for odd in [
            "",
            "a",
            "*",
            "//a",
            "/a//b",
            "/a/./b",
            "/a/..",
            "/a/..;/b",
            "/a;x",
            "/a\\b",
            "/a/%2e%2e/b",
            "/a/.%2E/b",
            "/a/%252e%252e/b",
            "/a%2fb",
            "/a%252fb",
            "/a%5cb",
            "/a%00",
            "/a%3f",
            "/a%23",
            "/a/%25%252f..%252f..",
            "/a/x%25%2500",
            "/a%0a",
            "/a%2500",
            "/a%3b",
            "/a%253b",
            "/a%",
            "/a%2",
            "/a%zz",
            "/a\u{0}",
            "/a\u{7f}",
            "/ѕ",
            "/%c0%ae%c0%ae/b",
            "/%ff",
        ] {
            assert!(PlainPath::new(odd).is_none(), "{odd:?}");
        }
    }

    #[test]
    fn a_pattern_matches_whole_plain_segments() {
        let sandbox = PathPattern::parse("/{org}/sandbox/**").unwrap();
        for (path, rest) in [
            ("/o/sandbox", ""),
            ("/o/sandbox/", "/"),
            ("/o/sandbox/a/b", "/a/b"),
            ("/sandbox/sandbox/x", "/x"),
        ] {
            let matched = sandbox.matches(path).unwrap();
            assert_eq!(matched.rest(), rest, "{path}");
            assert_eq!(matched.capture("org"), path.split('/').nth(1));
            assert_eq!(matched.capture("app"), None);
        }
        for path in [
            "/o",
            "/o/",
            "/o/sandboxes",
            "/o/SANDBOX/x",
            "/o/s%61ndbox/x",
            "/%6f/sandbox/x",
            "/o/app/sandbox",
            "/sandbox/x",
            "//sandbox/x",
        ] {
            assert!(sandbox.matches(path).is_none(), "{path}");
        }
        let exact = PathPattern::parse("/a/{b}").unwrap();
        assert!(exact.matches("/a/x").is_some());
        assert!(exact.matches("/a/x/").is_none() && exact.matches("/a/x/y").is_none());
        assert!(PathPattern::parse("/**").unwrap().matches("/any/where").is_some());
    }

    #[test]
    fn a_pattern_that_could_never_match_is_an_error() {
        for bad in ["", "a", "/", "/a//b", "/a/**/b", "/*", "/{}", "/a%62", "/a/..", "/{a"] {
            assert!(PathPattern::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn decoding_keeps_the_segments() {
        assert_eq!(PlainPath::decoded("/users/b%C3%B6b").as_deref(), Some("/users/böb"));
        assert_eq!(PlainPath::decoded("/users/bob").as_deref(), Some("/users/bob"));
        assert_eq!(PlainPath::decoded("/users/..%2feve"), None);
    }
}

//! Parameters of queries and form bodies, in a strict reading of the WHATWG URL standard's
//! urlencoded grammar.

use crate::credential::{ReadError, Secret};
use crate::request::percent;

/// The maximum number of names of one carrier.
pub(crate) const MAX_NAMES: usize = 8;

/// The raw values found, by the index of their name.
pub(crate) type Found<'q> = [Option<&'q [u8]>; MAX_NAMES];

/// The parameter names of one carrier.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    names: Vec<&'static str>,
    /// True for each first byte of a name, which rules out most segments.
    starts: [bool; 256],
}

impl Names {
    pub(crate) fn contains(&self, name: &str) -> bool {
        self.names.contains(&name)
    }

    /// Adds a name and returns its index. Returns `None` if the limit is reached.
    pub(crate) fn add(&mut self, name: &'static str) -> Option<usize> {
        let place = self.names.len();
        let start = self.starts.get_mut(usize::from(*name.as_bytes().first()?))?;
        if place == MAX_NAMES {
            return None;
        }
        *start = true;
        self.names.push(name);
        Some(place)
    }

    /// Finds the parameters with these names. One that occurs twice is ambiguous.
    ///
    /// Names are compared after percent-decoding, because the handler's parser decodes them too.
    /// Only a name that contains `%` or `+` is decoded. Nothing else is allocated, however long the
    /// query is.
    pub(crate) fn find<'q>(&self, query: &'q [u8]) -> Result<Found<'q>, ReadError> {
        let mut found = Found::default();
        let may_be_encoded = memchr::memchr2(b'%', b'+', query).is_some();
        let mut start = 0;
        for end in memchr::memchr_iter(b'&', query) {
            if may_be_encoded || self.may_start(query.get(start)) {
                self.look_at(query.get(start..end).unwrap_or_default(), may_be_encoded, &mut found)?;
            }
            start = end + 1;
        }
        self.look_at(query.get(start..).unwrap_or_default(), may_be_encoded, &mut found)?;
        Ok(found)
    }

    #[inline]
    fn may_start(&self, first: Option<&u8>) -> bool {
        first.is_some_and(|first| self.starts.get(usize::from(*first)) == Some(&true))
    }

    /// Returns the path and query without the parameters of these names. Returns `None` if it has
    /// none of them.
    pub(crate) fn cut_from(&self, path: &str, query: &str) -> Option<String> {
        let may_be_encoded = memchr::memchr2(b'%', b'+', query.as_bytes()).is_some();
        let mut target = None;
        // Kept parameters are copied in runs, each up to the next removed parameter.
        let (mut kept, mut start) = (0, 0);
        for end in memchr::memchr_iter(b'&', query.as_bytes()).chain([query.len()]) {
            let segment = query.as_bytes().get(start..end).unwrap_or_default();
            let named = (may_be_encoded || self.may_start(segment.first()))
                && self.recognize(segment, may_be_encoded).is_some();
            if named {
                let target = target.get_or_insert_with(|| begun(path, query.len()));
                push_run(target, path, query.get(kept..start).and_then(|run| run.strip_suffix('&')));
                kept = end + 1;
            }
            start = end + 1;
        }
        let mut target = target?;
        push_run(&mut target, path, query.get(kept..));
        Some(target)
    }

    fn look_at<'q>(
        &self,
        segment: &'q [u8],
        may_be_encoded: bool,
        found: &mut Found<'q>,
    ) -> Result<(), ReadError> {
        let Some((place, value)) = self.recognize(segment, may_be_encoded) else { return Ok(()) };
        match found.get_mut(place) {
            Some(place @ None) => *place = Some(value),
            _ => return Err(ReadError::Ambiguous),
        }
        Ok(())
    }

    /// Returns the index of the name that a segment has, and its raw value.
    fn recognize<'q>(&self, segment: &'q [u8], may_be_encoded: bool) -> Option<(usize, &'q [u8])> {
        if may_be_encoded {
            let equals = memchr::memchr(b'=', segment).unwrap_or(segment.len());
            let (name, value) = segment.split_at(equals);
            if memchr::memchr2(b'%', b'+', name).is_some() {
                let name = percent::decode(name, b' ')?;
                let place = self.names.iter().position(|known| known.as_bytes() == &**name)?;
                return Some((place, value.strip_prefix(b"=").unwrap_or_default()));
            }
        }
        self.names.iter().enumerate().find_map(|(place, known)| {
            match segment.strip_prefix(known.as_bytes())? {
                [] => Some((place, &[][..])),
                [b'=', value @ ..] => Some((place, value)),
                _ => None,
            }
        })
    }
}

impl Default for Names {
    fn default() -> Self {
        Self { names: Vec::new(), starts: [false; 256] }
    }
}

fn begun(path: &str, query_length: usize) -> String {
    let mut target = String::with_capacity(path.len() + 1 + query_length);
    target.push_str(path);
    target
}

/// Adds a run of parameters to a target with this path.
fn push_run(target: &mut String, path: &str, run: Option<&str>) {
    if let Some(run) = run {
        target.push(if target.len() == path.len() { '?' } else { '&' });
        target.push_str(run);
    }
}

/// Returns the decoded value of a found parameter. Returns `None` if it is longer than `max_length`
/// bytes. An empty value, an invalid `%` or invalid UTF-8 is malformed.
pub(crate) fn value(raw: &[u8], max_length: usize) -> Result<Option<Secret<'_>>, ReadError> {
    if raw.is_empty() {
        return Err(ReadError::Malformed);
    }
    if raw.len() > 3 * max_length {
        return Ok(None);
    }
    if memchr::memchr2(b'%', b'+', raw).is_none() {
        if raw.len() > max_length {
            return Ok(None);
        }
        // Checking for ASCII costs less than checking for UTF-8.
        if raw.is_ascii() {
            return Ok(Some(Secret::of_ascii(raw)));
        }
        let text = std::str::from_utf8(raw).map_err(|_| ReadError::Malformed)?;
        return Ok(Some(Secret::borrowed(text)));
    }
    let decoded = percent::decode(raw, b' ').ok_or(ReadError::Malformed)?;
    if decoded.len() > max_length {
        return Ok(None);
    }
    Secret::from_utf8(decoded).map(Some).ok_or(ReadError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::token::MAX_LENGTH;

    fn texts(query: &str) -> Result<Vec<(usize, String)>, ReadError> {
        let mut names = Names::default();
        for (place, name) in ["access_token", "client_id", "$$app_token"].into_iter().enumerate() {
            assert_eq!(names.add(name), Some(place));
        }
        let found = names.find(query.as_bytes())?;
        let present = found.iter().enumerate().filter_map(|(place, raw)| Some((place, (*raw)?)));
        Ok(present.map(|(place, raw)| (place, String::from_utf8_lossy(raw).into_owned())).collect())
    }

    #[test]
    fn names_are_found_plain_or_encoded_and_nothing_else_is() {
        for (query, expected) in [
            ("access_token=t", vec![(0, "t")]),
            ("%61ccess_token=t", vec![(0, "t")]),
            ("access%5Ftoken=t", vec![(0, "t")]),
            ("&&access_token=t&", vec![(0, "t")]),
            ("x=%20&access_token=t", vec![(0, "t")]),
            ("$$app_token=a&client_id=c", vec![(1, "c"), (2, "a")]),
            ("%24%24app_token=a", vec![(2, "a")]),
            ("access_token", vec![(0, "")]),
            ("access_token=", vec![(0, "")]),
            ("access_token=a=b", vec![(0, "a=b")]),
            ("", vec![]),
            ("&", vec![]),
            ("access_token[]=t", vec![]),
            ("$app_token=a", vec![]),
            ("Access_Token=t", vec![]),
            ("access_token2=t&xaccess_token=t", vec![]),
            ("access+token=t", vec![]),
            ("access_toke%zz=t", vec![]),
            ("a=access_token=t", vec![]),
        ] {
            let expected: Vec<_> =
                expected.into_iter().map(|(place, text)| (place, text.to_owned())).collect();
            assert_eq!(texts(query), Ok(expected), "{query:?}");
        }
    }

    #[test]
    fn credentials_are_cut_out_and_the_rest_stays_as_it_is() {
        let mut names = Names::default();
        assert_eq!(names.add("access_token"), Some(0));
        for (query, cut) in [
            ("access_token=t", Some("/x")),
            ("a=1&access_token=t&b=%20", Some("/x?a=1&b=%20")),
            ("a&%61ccess_token=t&&b", Some("/x?a&&b")),
            ("&a&access_token=t", Some("/x?&a")),
            ("access_token", Some("/x")),
            ("access_token=t&", Some("/x?")),
            ("&access_token=t", Some("/x?")),
            ("a&access_token=t&", Some("/x?a&")),
            ("&&access_token=t&&b&&access_token&c", Some("/x?&&&b&&c")),
            ("access_token=1&access_token=2&a&access_token=3&b", Some("/x?a&b")),
            ("a=1&access_tokens=t", None),
            ("", None),
        ] {
            assert_eq!(names.cut_from("/x", query).as_deref(), cut, "{query}");
        }
    }

    #[test]
    fn a_repeated_parameter_is_ambiguous() {
        for query in
            ["access_token=a&access_token=a", "access_token=a&access%5ftoken=b", "access_token&access_token="]
        {
            assert_eq!(texts(query), Err(ReadError::Ambiguous), "{query:?}");
        }
    }

    #[test]
    fn values_are_decoded_strictly() {
        for (raw, expected) in [("t", "t"), ("a%2Bb", "a+b"), ("a+b", "a b"), ("%c3%bc", "ü"), ("%74", "t")]
        {
            assert_eq!(
                value(raw.as_bytes(), MAX_LENGTH).unwrap().unwrap().expose_secret(),
                expected,
                "{raw}"
            );
        }
        for raw in [&b""[..], b"t%", b"t%2", b"t%zz", b"%FF%FE", b"\xff", b"%+1"] {
            assert_eq!(value(raw, MAX_LENGTH).err(), Some(ReadError::Malformed), "{raw:?}");
        }
        assert!(matches!(value(&vec![b'a'; 3 * MAX_LENGTH + 1], MAX_LENGTH), Ok(None)));
    }
}

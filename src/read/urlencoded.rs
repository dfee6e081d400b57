//! Parameters of queries and form bodies, in a strict reading of the WHATWG URL standard's
//! urlencoded grammar.

use std::convert::Infallible;

use super::names::{Named, Names};
use crate::credential::{ReadError, Secret};
use crate::request::percent;

/// The maximum number of names of one carrier.
pub(crate) const MAX_NAMES: usize = 8;

/// The raw values found, by the index of their name.
pub(super) type Found<'q> = [Option<&'q [u8]>; MAX_NAMES];

/// Finds the parameters with these names. One that occurs twice is ambiguous.
pub(super) fn find<'q>(names: &Names, query: &'q [u8]) -> Result<Found<'q>, ReadError> {
    let mut found = Found::default();
    names.each(query, |Named { place, value, end, .. }| match found.get_mut(place) {
        Some(place @ None) => {
            *place = query.get(value..end);
            Ok(())
        }
        _ => Err(ReadError::Ambiguous),
    })?;
    Ok(found)
}

/// Returns the path and query without the parameters of these names. Returns `None` if it has none
/// of them.
pub(super) fn cut(names: &Names, path: &str, query: &str) -> Option<String> {
    let Removed { first, last, length } = removed(names, query.as_bytes())?;
    // The exact length, because a longer buffer costs a second allocation when it is shared.
    let mut target = String::with_capacity(path.len() + query.len() + 1 - length);
    target.push_str(path);
    // Kept parameters are copied in runs, each up to the next removed parameter.
    let (mut kept, mut start) = (0, first);
    while let Some(rest) = query.as_bytes().get(start..last) {
        let end = start + memchr::memchr(b'&', rest).unwrap_or(rest.len());
        if start == first || end == last || names.are_of(query.as_bytes().get(start..end).unwrap_or_default())
        {
            push_run(&mut target, path, query.get(kept..start).and_then(|run| run.strip_suffix('&')));
            kept = end + 1;
        }
        start = end + 1;
    }
    push_run(&mut target, path, query.get(kept..));
    Some(target)
}

/// The parameters that are removed from a query.
struct Removed {
    /// The start of the first one.
    first: usize,
    /// The end of the last one.
    last: usize,
    /// The length of all, each with one separator.
    length: usize,
}

/// Returns the parameters that have one of the names.
fn removed(names: &Names, query: &[u8]) -> Option<Removed> {
    let mut removed = Removed { first: query.len(), last: 0, length: 0 };
    let Ok(()) = names.each(query, |Named { start, end, .. }| {
        removed.first = start.min(removed.first);
        removed.last = end.max(removed.last);
        removed.length += end - start + 1;
        Ok::<_, Infallible>(())
    });
    (removed.length > 0).then_some(removed)
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
    use proptest::prelude::*;

    use super::*;
    use crate::read::token::MAX_LENGTH;

    fn texts(query: &str) -> Result<Vec<(usize, String)>, ReadError> {
        let mut names = Names::default();
        for (place, name) in ["access_token", "client_id", "$$app_token"].into_iter().enumerate() {
            assert_eq!(names.add(name), Some(place));
        }
        let found = find(&names, query.as_bytes())?;
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
        names.add("access_token");
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
            let target = super::cut(&names, "/x", query);
            assert!(target.as_ref().is_none_or(|target| target.len() == target.capacity()), "{query}");
            assert_eq!(target.as_deref(), cut, "{query}");
        }
    }

    proptest! {
        /// The parts are a token, a similar name, and others of different lengths.
        #[test]
        fn a_cut_query_is_all_other_parameters_in_their_order(
            parts in prop::collection::vec("access_token=t|access_token|%61ccess_token=t|access_tokens|b=[c+%]{0,99}|", 1..9),
        ) {
            let mut names = Names::default();
            names.add("access_token");
            let is_kept = |part: &&String| !matches!(part.as_str(), "access_token=t" | "access_token" | "%61ccess_token=t");
            let kept: Vec<_> = parts.iter().filter(is_kept).map(String::as_str).collect();
            let rest = if kept.is_empty() { String::new() } else { format!("?{}", kept.join("&")) };
            let expected = (kept.len() < parts.len()).then(|| format!("/x{rest}"));
            prop_assert_eq!(cut(&names, "/x", &parts.join("&")), expected);
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

//! The search for parameters by their names.

use super::blocks::{self, BLOCK};
use super::candidates::ByFirstByte;
use crate::request::percent;

/// Names of parameters.
///
/// They are compared after percent-decoding, because the handler's parser decodes them too. Only a
/// name that contains `%` or `+` is decoded. Nothing else is allocated, however long the query is.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    names: Vec<&'static str>,
    /// The names that a parameter can only have encoded.
    odd: Vec<&'static str>,
    by_first_byte: ByFirstByte,
    /// The bits that differ between the first bytes, and the others as they are in all of them.
    differ: u8,
    start: u8,
}

/// A parameter that has one of the names, by its offsets in the query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Named {
    /// The index of the name.
    pub(super) place: usize,
    pub(super) start: usize,
    /// The start of the raw value, or the end if there is no `=`.
    pub(super) value: usize,
    pub(super) end: usize,
}

/// The minimum length of a query that is searched in blocks, because a shorter one costs more so.
const LONG: usize = 3 * BLOCK;

impl Names {
    pub(super) fn contains(&self, name: &str) -> bool {
        self.iter().any(|known| known == name)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &'static str> {
        self.names.iter().chain(&self.odd).copied()
    }

    /// Adds a name, and returns its index if a parameter can have it unencoded.
    pub(super) fn add(&mut self, name: &'static str) -> Option<usize> {
        if name.is_empty() || name.contains(['&', '=', '%', '+']) {
            self.odd.push(name);
            return None;
        }
        let first = name.bytes().next().unwrap_or_default();
        self.by_first_byte.add(first, self.names.len());
        if self.names.is_empty() {
            self.start = first;
        }
        self.differ |= self.start ^ first;
        self.start &= !self.differ;
        self.names.push(name);
        self.names.len().checked_sub(1)
    }

    /// Passes each parameter that has one of the names: first those whose name is not encoded.
    #[inline]
    pub(super) fn each<E>(
        &self,
        query: &[u8],
        mut found: impl FnMut(Named) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut start = if query.len() < LONG { 0 } else { self.each_in_blocks(query, &mut found)? };
        let from = start;
        for end in memchr::memchr_iter(b'&', query.get(from..).unwrap_or_default()) {
            self.plain_in(query, start, from + end).map_or(Ok(()), &mut found)?;
            start = from + end + 1;
        }
        self.plain_in(query, start, query.len()).map_or(Ok(()), &mut found)?;
        match memchr::memchr2(b'%', b'+', query) {
            Some(first) => self.each_encoded(query, first, &mut found),
            None => Ok(()),
        }
    }

    /// Returns true if this parameter has one of the names.
    pub(super) fn are_of(&self, parameter: &[u8]) -> bool {
        let end = parameter.len();
        self.plain_in(parameter, 0, end).is_some() || self.encoded_in(parameter, 0, end).is_some()
    }

    #[inline]
    fn may_start(&self, first: Option<&u8>) -> bool {
        !self.by_first_byte.of(first).are_none()
    }

    /// Passes each parameter with an unencoded name that starts in a whole block. Returns the start
    /// of the first parameter after them.
    #[inline(never)]
    fn each_in_blocks<E>(
        &self,
        query: &[u8],
        found: &mut dyn FnMut(Named) -> Result<(), E>,
    ) -> Result<usize, E> {
        let after = |at| query.get(at..).unwrap_or_default();
        let next = |at| memchr::memchr(b'&', after(at)).map_or(query.len(), |length| at + length);
        let mut look_at = |start| match self.plain_name(after(start)) {
            Some(_) => self.plain_in(query, start, next(start)).map_or(Ok(()), &mut *found),
            None => Ok(()),
        };
        look_at(0)?;
        let (blocks, _) = query.as_chunks();
        let (shifted, _) = after(1).as_chunks();
        let mut from = 0;
        for (block, shifted) in blocks.iter().zip(shifted) {
            if blocks::may_start_in(block, shifted, !self.differ, self.start) {
                blocks::separators_in(block, |at| match self.may_start(query.get(from + at + 1)) {
                    true => look_at(from + at + 1),
                    false => Ok(()),
                })?;
            }
            from += BLOCK;
        }
        Ok(next(from) + 1)
    }

    /// Returns the parameter between these offsets, if it has one of the names unencoded.
    #[inline]
    fn plain_in(&self, query: &[u8], start: usize, end: usize) -> Option<Named> {
        let place = self.plain_name(query.get(start..end)?)?;
        let value = start + self.names.get(place)?.len() + 1;
        Some(Named { place, start, value: value.min(end), end })
    }

    /// Returns the index of the name that the first of these parameters has unencoded.
    #[inline]
    fn plain_name(&self, parameters: &[u8]) -> Option<usize> {
        let candidates = self.by_first_byte.of(parameters.first());
        if candidates.are_none() {
            return None;
        }
        // What follows a name rules out most candidates.
        let ends = |name: &str| matches!(parameters.get(name.len()), None | Some(b'=' | b'&'));
        let is = |(place, name): &(usize, &&str)| {
            candidates.may_include(*place) && ends(name) && parameters.starts_with(name.as_bytes())
        };
        self.names.iter().enumerate().find(is).map(|(place, _)| place)
    }

    /// Passes each parameter that has one of the names encoded; `first` is the first encoded byte.
    #[inline(never)]
    fn each_encoded<E>(
        &self,
        query: &[u8],
        first: usize,
        found: &mut dyn FnMut(Named) -> Result<(), E>,
    ) -> Result<(), E> {
        let after = |at| query.get(at..).unwrap_or_default();
        let (mut from, mut encoded) = (0, Some(first));
        while let Some(at) = encoded {
            let end = memchr::memchr(b'&', after(at)).map_or(query.len(), |length| at + length);
            let before = query.get(from..at).unwrap_or_default();
            // The last separator before it. An equals sign means that the value is encoded.
            let last = memchr::memrchr2(b'&', b'=', before);
            if last.is_none_or(|last| before.get(last) == Some(&b'&'))
                && let Some(named) = self.encoded_in(query, last.map_or(from, |last| from + last + 1), end)
            {
                found(named)?;
            }
            from = end + 1;
            encoded = memchr::memchr2(b'%', b'+', after(from)).map(|at| from + at);
        }
        Ok(())
    }

    /// Returns the parameter between these offsets, if it has one of the names after decoding.
    fn encoded_in(&self, query: &[u8], start: usize, end: usize) -> Option<Named> {
        let parameter = query.get(start..end)?;
        let equals = memchr::memchr(b'=', parameter);
        let name = percent::decode(parameter.get(..equals.unwrap_or(parameter.len()))?, b' ')?;
        let place = self.iter().position(|known| known.as_bytes() == &**name)?;
        Some(Named { place, start, value: equals.map_or(end, |equals| start + equals + 1), end })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NAMES: [&str; 6] = ["access_token", "client_id", "client_secret", "$$app_token", "a", "a b"];

    fn names(count: usize) -> Names {
        let mut names = Names::default();
        for (place, name) in NAMES.into_iter().enumerate().take(count) {
            assert_eq!(names.add(name), Some(place));
        }
        names
    }

    fn found(names: &Names, query: &[u8]) -> Vec<Named> {
        let mut found = Vec::new();
        let all = names.each(query, |named| {
            found.push(named);
            Ok::<_, ()>(())
        });
        assert_eq!(all, Ok(()));
        found.sort_unstable_by_key(|named| named.start);
        found
    }

    /// Looks at each parameter by itself, and decodes each name.
    fn expected(count: usize, query: &[u8]) -> Vec<Named> {
        let mut found = Vec::new();
        let mut start = 0;
        for parameter in query.split(|byte| *byte == b'&') {
            let end = start + parameter.len();
            let name = parameter.split(|byte| *byte == b'=').next().unwrap();
            let is_name = |name: Vec<u8>| NAMES.iter().take(count).position(|known| known.as_bytes() == name);
            if let Some(place) = percent::decode(name, b' ').and_then(|name| is_name(name.to_vec())) {
                found.push(Named { place, start, value: end.min(start + name.len() + 1), end });
            }
            start = end + 1;
        }
        found
    }

    /// Generates queries of words that are names, similar to names, or separators.
    fn queries() -> impl Strategy<Value = Vec<u8>> {
        let words = prop::sample::select(vec![
            "access_token",
            "client_id",
            "client_secret",
            "$$app_token",
            "a",
            "a+b",
            "a%20b",
            "a b",
            "access%5Ftoken",
            "%61ccess_token",
            "access_toke",
            "xaccess_token",
            "%24%24app_token",
            "cli%65nt_id",
            "a%zz",
            "&",
            "&",
            "&",
            "&",
            "=",
            "=",
            "%",
            "+",
            ";",
            "key=value",
            "a+b+c",
            "some_long_value_of_words",
            "\u{e9}",
        ]);
        prop::collection::vec(words, 0..90).prop_map(|words| words.concat().into_bytes())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_search_in_blocks_finds_what_a_walk_over_all_parameters_finds(
            query in queries(), count in 1..=NAMES.len(),
        ) {
            prop_assert_eq!(found(&names(count), &query), expected(count, &query));
        }
    }

    #[test]
    fn a_name_is_found_wherever_it_stands_in_a_block() {
        for length in 0..3 * BLOCK {
            for parameter in
                ["access_token=t", "access_token", "access%5Ftoken=t", "xaccess_token=t", "access_tokens"]
            {
                for after in ["", "&", "&b=c", &"&access=token".repeat(20)] {
                    let query = format!("{}&{parameter}{after}", "x".repeat(length));
                    let expected = expected(1, query.as_bytes());
                    assert_eq!(found(&names(1), query.as_bytes()), expected, "{query}");
                    let is_token = !parameter.starts_with('x') && !parameter.ends_with('s');
                    assert_eq!(expected.len(), usize::from(is_token), "{query}");
                }
            }
        }
    }

    #[test]
    fn a_name_with_a_separator_is_found_only_encoded() {
        let mut names = Names::default();
        assert_eq!(names.add("a&b"), None);
        assert_eq!(names.add("ab"), Some(0));
        for (query, count) in [("a&b=1", 0), ("a%26b=1", 1), ("ab=1&a%26b", 2)] {
            assert_eq!(found(&names, query.as_bytes()).len(), count, "{query}");
        }
    }
}

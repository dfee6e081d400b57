//! The headers that a table looks for, found in one pass.

use http::HeaderMap;
use http::header::{AUTHORIZATION, HeaderName};

/// The names of all headers that a row reads or that a guest's request must not have.
#[derive(Clone, Debug)]
pub(super) struct HeaderNames {
    names: Vec<Name>,
    /// A bit for the mark of each name.
    marks: u64,
    /// The bits that the presence of `Authorization` sets, which is read even without a row for it.
    of_authorization: u64,
}

#[derive(Clone, Debug)]
struct Name {
    name: HeaderName,
    mark: u8,
    /// The bits that its presence sets in [`PresentHeaders`].
    bits: u64,
}

/// The headers of a request that a table looks for.
// The rows of more headers than there are bits share one. A shared bit costs a look-up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PresentHeaders(u64);

const AUTHORIZATION_BIT: u64 = 1;
const MISPLACED_BIT: u64 = 1 << 63;

impl HeaderNames {
    /// Adds the header of the row with this index.
    pub(super) fn add_row(&mut self, name: &HeaderName, index: usize) {
        self.add(name, row_bit(index));
    }

    /// Adds the name of a credential that no row reads as a header.
    pub(super) fn add_misplaced(&mut self, name: &HeaderName) {
        self.add(name, MISPLACED_BIT);
    }

    fn add(&mut self, name: &HeaderName, bit: u64) {
        let mark = mark(name);
        self.marks |= 1 << mark;
        if *name == AUTHORIZATION {
            self.of_authorization |= bit;
        }
        match self.names.iter_mut().find(|known| known.name == *name) {
            Some(known) => known.bits |= bit,
            None => self.names.push(Name { name: name.clone(), mark, bits: bit }),
        }
    }

    /// Finds these names. One pass over the marks costs less than a look-up for each name.
    #[inline]
    pub(super) fn present_in(&self, headers: &HeaderMap) -> PresentHeaders {
        let mut present = 0;
        for name in headers.keys() {
            let mark = mark(name);
            if self.marks >> mark & 1 != 0 {
                present |= self.bits_of(name, mark);
            }
        }
        PresentHeaders(present)
    }

    #[inline]
    fn bits_of(&self, name: &HeaderName, mark: u8) -> u64 {
        if *name == AUTHORIZATION { self.of_authorization } else { self.bits_of_other(name, mark) }
    }

    fn bits_of_other(&self, name: &HeaderName, mark: u8) -> u64 {
        let known = self.names.iter().find(|known| known.mark == mark && known.name == *name);
        known.map_or(0, |known| known.bits)
    }
}

impl Default for HeaderNames {
    /// Returns `Authorization` alone.
    fn default() -> Self {
        let mut names = Self { names: Vec::new(), marks: 0, of_authorization: 0 };
        names.add(&AUTHORIZATION, AUTHORIZATION_BIT);
        names
    }
}

impl PresentHeaders {
    pub(super) const fn has_authorization(self) -> bool {
        self.0 & AUTHORIZATION_BIT != 0
    }

    /// Returns false if no row has its header.
    pub(super) const fn may_have_rows(self) -> bool {
        self.0 & !(AUTHORIZATION_BIT | MISPLACED_BIT) != 0
    }

    /// Returns false if the header of the row with this index is absent.
    pub(super) fn may_have_row(self, index: usize) -> bool {
        self.0 & row_bit(index) != 0
    }

    /// Returns true if a header that no row reads has the name of a credential.
    pub(super) const fn has_misplaced(self) -> bool {
        self.0 & MISPLACED_BIT != 0
    }
}

#[inline]
fn row_bit(index: usize) -> u64 {
    2 << index.min(61)
}

/// Returns a number below 64 by a name's length and last byte, which differs for most names.
#[inline]
fn mark(name: &HeaderName) -> u8 {
    let name = name.as_str().as_bytes();
    ((name.len() as u8).wrapping_mul(5) ^ name.last().copied().unwrap_or_default()) & 63
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn name(text: &str) -> HeaderName {
        HeaderName::from_bytes(text.as_bytes()).unwrap()
    }

    fn headers(names: &[&str]) -> HeaderMap {
        names.iter().map(|text| (name(text), HeaderValue::from_static("line"))).collect()
    }

    #[test]
    fn one_pass_finds_each_header_by_its_name_and_not_by_its_mark() {
        let mut names = HeaderNames::default();
        names.add_row(&name("x-app-token"), 0);
        names.add_row(&name("x-api-key"), 1);
        names.add_misplaced(&name("x-api-key"));
        names.add_misplaced(&name("access_token"));
        let all = |present: PresentHeaders| {
            let rows = [0, 1].map(|index| present.may_have_row(index));
            assert_eq!(present.may_have_rows(), rows != [false, false]);
            (present.has_authorization(), rows, present.has_misplaced())
        };
        for (sent, expected) in [
            (&[][..], (false, [false, false], false)),
            (&["host", "authorizazion", "x-bpp-token", "y-api-key"], (false, [false, false], false)),
            (&["Authorization"], (true, [false, false], false)),
            (&["host", "X-App-Token", "accept"], (false, [true, false], false)),
            (&["x-api-key"], (false, [false, true], true)),
            (&["Access_Token", "authorization"], (true, [false, false], true)),
        ] {
            assert_eq!(all(names.present_in(&headers(sent))), expected, "{sent:?}");
        }
    }

    #[test]
    fn no_row_is_missed_however_many_there_are_and_however_long_their_names() {
        let mut names = HeaderNames::default();
        let texts: Vec<String> = (0..80).map(|index| format!("x-{index}-{}", "n".repeat(index))).collect();
        for (index, text) in texts.iter().enumerate() {
            names.add_row(&name(text), index);
        }
        for (index, text) in texts.iter().enumerate() {
            let sent = headers(&["host", text]);
            let present = names.present_in(&sent);
            assert!(present.may_have_row(index) && !present.has_misplaced() && !present.has_authorization());
        }
    }

    #[test]
    fn a_parameter_with_the_name_of_the_header_makes_the_header_misplaced_too() {
        let mut names = HeaderNames::default();
        names.add_misplaced(&AUTHORIZATION);
        let present = names.present_in(&headers(&["host", "authorization"]));
        assert!(present.has_authorization() && present.has_misplaced() && !present.may_have_rows());
        assert!(!names.present_in(&headers(&["host"])).has_misplaced());
    }
}

//! The names that a parameter may have by its first byte.

/// For each byte, the names that start with it.
// One look-up rules out most parameters, and most names for the others. The eighth name and all
// after it share a bit.
#[derive(Clone, Debug)]
pub(super) struct ByFirstByte([u8; 256]);

/// The names that start with one byte.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidates(u8);

impl ByFirstByte {
    /// Adds the name with this index.
    pub(super) fn add(&mut self, first: u8, place: usize) {
        if let Some(places) = self.0.get_mut(usize::from(first)) {
            *places |= bit(place);
        }
    }

    #[inline]
    pub(super) fn of(&self, first: Option<&u8>) -> Candidates {
        let places = first.and_then(|first| self.0.get(usize::from(*first)));
        Candidates(places.copied().unwrap_or_default())
    }
}

impl Default for ByFirstByte {
    fn default() -> Self {
        Self([0; 256])
    }
}

impl Candidates {
    #[inline]
    pub(super) const fn are_none(self) -> bool {
        self.0 == 0
    }

    /// Returns false if the name with this index starts with another byte.
    #[inline]
    pub(super) fn may_include(self, place: usize) -> bool {
        self.0 & bit(place) != 0
    }
}

#[inline]
fn bit(place: usize) -> u8 {
    1 << place.min(7)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_candidate_for_its_first_byte_however_many_there_are() {
        let mut names = ByFirstByte::default();
        (0..20).for_each(|place| names.add(b'a' + place as u8, place));
        for first in 0..=u8::MAX {
            let candidates = names.of(Some(&first));
            let place = usize::from(first.wrapping_sub(b'a'));
            assert_eq!(candidates.are_none(), place >= 20, "{first}");
            for other in 0..20 {
                let expected = place < 20 && (other == place || other.min(place) >= 7);
                assert_eq!(candidates.may_include(other), expected, "{first} {other}");
            }
        }
        assert!(names.of(None).are_none());
    }
}

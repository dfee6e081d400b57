//! The starts of parameters in a long query, which is searched in blocks.

/// The number of bytes that are looked at together.
pub(super) const BLOCK: usize = 64;

/// Returns true if a parameter starts in `shifted` with a byte that has the value `start` in the
/// bits of `alike`. `shifted` is the block without its first byte and with the byte after it.
// The compiler compares 16 bytes at once, because there is no early exit.
#[inline]
pub(super) fn may_start_in(block: &[u8; BLOCK], shifted: &[u8; BLOCK], alike: u8, start: u8) -> bool {
    let may_start = |byte: u8, next: u8| (byte == b'&') & (next & alike == start);
    let pairs = block.iter().zip(shifted);
    pairs.fold(0, |any, (byte, next)| any | u8::from(may_start(*byte, *next))) != 0
}

/// Passes the offset of each `&`, of which a short block has several.
// Searching for each of them costs more than looking at eight bytes at once.
#[inline]
pub(super) fn separators_in<E>(
    block: &[u8; BLOCK],
    mut found: impl FnMut(usize) -> Result<(), E>,
) -> Result<(), E> {
    const LOW: u64 = u64::from_ne_bytes([0x7f; 8]);
    let (words, _) = block.as_chunks();
    for (index, word) in words.iter().enumerate() {
        let other = u64::from_le_bytes(*word) ^ u64::from_ne_bytes([b'&'; 8]);
        // The highest bit of each byte that is zero, and no other bit.
        let mut equal = !(((other & LOW) + LOW) | other | LOW);
        while equal != 0 {
            found(8 * index + equal.trailing_zeros() as usize / 8)?;
            equal &= equal - 1;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn separators(block: &[u8; BLOCK]) -> Vec<usize> {
        let mut found = Vec::new();
        let all = separators_in(block, |at| {
            found.push(at);
            Ok::<_, ()>(())
        });
        assert_eq!(all, Ok(()));
        found
    }

    #[test]
    fn each_separator_is_found_beside_any_other_byte() {
        for other in 0..=u8::MAX {
            for at in 0..BLOCK {
                let mut block = [other; BLOCK];
                block[at] = b'&';
                block[BLOCK - 1 - at] = b'&';
                let expected: Vec<_> = (0..BLOCK).filter(|at| block[*at] == b'&').collect();
                assert_eq!(separators(&block), expected, "{other:#x}");
            }
        }
    }

    #[test]
    fn a_start_is_a_separator_and_a_byte_that_has_these_bits() {
        for next in 0..=u8::MAX {
            for at in 0..BLOCK {
                let (mut block, mut shifted) = ([b'x'; BLOCK], [b'x'; BLOCK]);
                (block[at], shifted[at]) = (b'&', next);
                // The bits that `a` and `c` share.
                let expected = matches!(next, b'a' | b'c');
                assert_eq!(may_start_in(&block, &shifted, 0xfd, b'a'), expected, "{next:#x}");
                assert!(!may_start_in(&shifted, &block, 0xff, b'a'));
            }
        }
    }
}

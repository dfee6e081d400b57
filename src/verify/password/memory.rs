//! Memory that password hashes and checks reuse.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use argon2::Block;

/// Memory of finished checks. It never exceeds the memory of the checks that have run at a time.
///
/// Without reuse the allocator keeps freed memory of this size, once for each thread that ever ran
/// a check. Instead of 19 MiB a core it would grow to many times that.
// Passwords are argon2id and are checked on tokio's blocking pool, with a bounded queue before the
// checks. The number of simultaneous checks is the number of cores less one. An unknown user costs
// the same. Each check leaves its memory to the next. If it were freed, it would stay with the
// allocator once for each thread.
pub(super) struct Memory {
    free: Mutex<Vec<Vec<Block>>>,
    /// The maximum number of blocks to keep. Larger memory is freed.
    blocks: usize,
}

impl Memory {
    /// Keeps memory of up to `blocks` blocks of 1 KiB for each check.
    pub(super) const fn new(blocks: usize) -> Self {
        Self { free: Mutex::new(Vec::new()), blocks }
    }

    /// Lends memory of `blocks` blocks. argon2's first pass overwrites the last check's content.
    pub(super) fn lend<T>(&self, blocks: usize, work: impl FnOnce(&mut [Block]) -> T) -> T {
        let kept = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut memory = kept.unwrap_or_default();
        if memory.len() < blocks {
            memory.resize(blocks, Block::new());
        }
        let done = work(&mut memory);
        if memory.len() <= self.blocks {
            self.free.lock().unwrap_or_else(PoisonError::into_inner).push(memory);
        }
        done
    }

    /// Returns where the memory that is kept lies.
    #[cfg(test)]
    pub(super) fn addresses(&self) -> Vec<*const Block> {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        free.iter().map(|blocks| blocks.as_ptr()).collect()
    }
}

/// Shows no content, because the memory was derived from passwords.
impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_comes_back_unless_it_is_larger_than_usual() {
        let memory = Memory::new(16);
        let kept = || memory.free.lock().unwrap().iter().map(Vec::len).collect::<Vec<_>>();
        memory.lend(16, |one| {
            assert_eq!(one.len(), 16);
            assert_eq!(memory.lend(8, |other| other.len()), 8);
        });
        assert_eq!(kept(), [8, 16]);
        memory.lend(16, |_| assert_eq!(kept(), [8]));
        memory.lend(17, |_| ());
        assert_eq!(kept(), [8]);
    }
}

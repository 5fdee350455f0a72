//! Numbers that decide.

/// Choices still to be made. Where there are no numbers left, each is the plainest.
#[derive(Debug)]
pub struct Choices<'n> {
    numbers: &'n [u8],
}

impl<'n> Choices<'n> {
    #[must_use]
    pub fn new(numbers: &'n [u8]) -> Self {
        Self { numbers }
    }

    /// A number below `count`, which is at most 256; a smaller number gives a smaller one.
    pub fn below(&mut self, count: usize) -> usize {
        debug_assert!(count <= 256, "one number has 256 values");
        let (first, rest) = self.numbers.split_first().unwrap_or((&0, &[]));
        self.numbers = rest;
        usize::from(*first) * count / 256
    }

    /// Yes once in `count` times.
    pub fn one_in(&mut self, count: usize) -> bool {
        self.below(count) + 1 == count
    }

    /// One of them; the plainest is the first.
    pub fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
}

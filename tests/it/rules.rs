//! What rules of a copy may say, judged by Traefik's own parser and muxer: no name and no chart can widen one,
//! and what `devstack explain --request` foretells is what the router does.

mod adversary;
mod foretold;
mod meant;
mod names;
mod never;
mod real;
mod table;
mod words;

use std::thread;

/// Threads among which the cases of a test are divided.
const THREADS: usize = 2;

/// Has each thread run its part, by a seed of its own.
fn parts<T: Send + 'static>(run: fn(u64) -> T) -> Vec<T> {
    let seeds = (1..).take(THREADS);
    let threads: Vec<_> = seeds.map(|seed| thread::spawn(move || run(seed))).collect();
    threads.into_iter().map(|part| part.join().expect("a part of the cases")).collect()
}

/// Numbers for choices, the same in every run.
struct Numbers(u64);

impl Numbers {
    fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next().to_be_bytes()[0]).collect()
    }

    /// Splitmix.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

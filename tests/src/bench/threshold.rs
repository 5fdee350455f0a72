//! What must hold, in figures, and whether it did.

use std::fmt;

use super::{Measured, tool::Tool};

/// The streams of about so many bytes are those on which others are compared.
const AT: usize = 5_000_000;
/// How often devstack's time goes into that of kustomize, and of yq.
const KUSTOMIZE: f64 = 20.0;
const YQ: f64 = 8.0;
/// `helm template | devstack` in times of `helm template` alone.
const PIPE: f64 = 1.10;
/// Ten times the stream in its time: linear, and room for the noise of large memory.
const TENFOLD: f64 = 15.0;
/// Peak memory in bytes: so many times the input, and so many besides.
const MEMORY: (u64, u64) = (4, 10_000_000);
/// From start to finish on the smallest stream, in milliseconds.
const SMALLEST: f64 = 5.0;

/// One threshold, and what was measured.
#[derive(Debug)]
pub struct Verdict {
    pub what: String,
    pub limit: String,
    pub got: String,
    pub met: bool,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}, {} was measured", self.what, self.limit, self.got)
    }
}

/// Every threshold, in the order in which they are told.
#[must_use]
pub fn verdicts(measured: &[Measured]) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    let at = || measured.iter().filter(|each| each.stream.recipe.bytes == AT);
    for (tool, name, limit) in [(Tool::Kustomize, "kustomize", KUSTOMIZE), (Tool::Yq, "yq", YQ)] {
        for each in at() {
            let ratio = each.ratio(tool).expect("it was run at this size");
            verdicts.push(Verdict {
                what: format!("{name} / devstack, {}", each.stream.recipe.name),
                limit: format!("at least {limit}"),
                got: format!("{ratio:.1}"),
                met: ratio >= limit,
            });
        }
    }
    for each in at() {
        let [alone, piped] = each.helm.expect("it was measured at this size");
        let ratio = piped.div_duration_f64(alone);
        verdicts.push(Verdict {
            what: format!("`helm template` into devstack / alone, {}", each.stream.recipe.name),
            limit: format!("at most {PIPE:.2}"),
            got: format!("{ratio:.2}"),
            met: ratio <= PIPE,
        });
    }
    verdicts.push(tenfold(measured));
    verdicts.extend(measured.iter().map(memory));
    let smallest = measured.iter().min_by_key(|each| each.stream.bytes).expect("a stream");
    let milliseconds = smallest.ours().as_secs_f64() * 1e3;
    verdicts.push(Verdict {
        what: format!("from start to finish, {}", smallest.stream.recipe.name),
        limit: format!("at most {SMALLEST} ms"),
        got: format!("{milliseconds:.1} ms"),
        met: milliseconds <= SMALLEST,
    });
    verdicts
}

fn tenfold(measured: &[Measured]) -> Verdict {
    let recipe = |each: &Measured| (each.stream.recipe.bytes, each.stream.recipe.crds);
    let large = measured.iter().find(|each| recipe(each).0 == 10 * AT).expect("a stream of this size");
    let small =
        measured.iter().find(|each| recipe(each) == (AT, recipe(large).1)).expect("one of the same mix");
    let ratio = large.ours().div_duration_f64(small.ours());
    Verdict {
        what: format!("time of {} / {}", large.stream.recipe.name, small.stream.recipe.name),
        limit: format!("at most {TENFOLD}"),
        got: format!("{ratio:.1}"),
        met: ratio <= TENFOLD,
    }
}

fn memory(each: &Measured) -> Verdict {
    let (times, besides) = MEMORY;
    let [peak, _] = each.peaks;
    let limit = times * each.stream.bytes + besides;
    Verdict {
        what: format!("peak memory, {}", each.stream.recipe.name),
        limit: format!("at most {times} times the input and {} MB", besides / 1_000_000),
        got: format!("{} MB of {} MB", megabytes(peak), megabytes(limit)),
        met: peak <= limit,
    }
}

/// With one decimal.
pub fn megabytes(bytes: u64) -> String {
    let tenths = (bytes + 50_000) / 100_000;
    format!("{}.{}", tenths / 10, tenths % 10)
}

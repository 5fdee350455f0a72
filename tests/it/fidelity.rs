//! The promise on any YAML: what Helm reads from a rendering is what it reads from the input and what
//! is injected; without what is injected the input is there again, byte for byte; twice is once.
//!
//! The streams are `tests/yaml`, written after the chapters of the YAML 1.2.2 specification, and the
//! inputs of `tests/golden`. Where Helm's parser and ours differ, the stream stands in `docs/yaml.md`.

mod differences;
mod injected;
mod intended;
mod oracle;

use std::{
    collections::BTreeMap,
    fs,
    panic::{self, AssertUnwindSafe},
    path::Path,
    sync::LazyLock,
};

use acceptance::{oracle::Oracle, repo};
use post_renderer::FeatureCopy;
use serde_json::Value;

use self::differences::{Difference, Outcome};

type Read = Vec<Result<Value, String>>;

#[test]
fn helm_reads_the_input_and_what_is_injected_or_the_page_says_what_differs() {
    let mut oracle = Oracle::start();
    let mut found = BTreeMap::new();
    for (file, input) in streams() {
        let before = oracle.read(&input);
        let helm_reads = before.iter().all(Result::is_ok);
        let devstack = match render(&file, &input) {
            None => Outcome::Refuses,
            Some(output) => outcome(&before, &oracle.read(&output)),
        };
        let refused = before.iter().flatten().any(intended::is_refused);
        let expected = if helm_reads && !refused { Outcome::Renders } else { Outcome::Refuses };
        if devstack != expected {
            found.insert(file, Difference { helm: differences::helm(&before), devstack });
        }
    }
    differences::check(&found);
}

#[test]
fn without_what_is_injected_the_input_is_there_again_and_twice_is_once() {
    let mut oracle = Oracle::start();
    let mut faults = Vec::new();
    let (mut inserted, mut replaced) = (0, 0);
    for (file, input) in streams() {
        let Some(output) = render(&file, &input) else { continue };
        if render(&file, &output).as_ref() != Some(&output) {
            faults.push(format!("{file}: twice is not once"));
        }
        // What stood under our keys before is gone, and cannot be found again.
        if oracle.read(&input).iter().flatten().any(intended::is_replaced) {
            replaced += 1;
        } else if injected::is_injected_into(&input, &output) {
            inserted += 1;
        } else {
            faults.push(format!("{file}: more than an insertion:\n{}", String::from_utf8_lossy(&output)));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(inserted > 200 && replaced < 20, "{inserted} streams with insertions, {replaced} with more");
}

#[test]
fn a_stream_that_is_cut_off_anywhere_is_refused_or_rendered_faithfully() {
    let mut oracle = Oracle::start();
    let mut faults = Vec::new();
    let mut is_misread = |file: &str, input: &[u8]| {
        let Some(output) = render(file, input) else { return false };
        if render(file, &output).as_ref() != Some(&output) {
            faults.push(format!("the first {} bytes of {file}: twice is not once", input.len()));
        }
        outcome(&oracle.read(input), &oracle.read(&output)) == Outcome::Misreads
    };
    let mut misread = Vec::new();
    // What is long has nothing but more of the same.
    for (file, input) in folder("yaml").into_iter().filter(|(_, input)| input.len() < 500) {
        // The page speaks of the whole.
        if !is_misread(&file, &input) {
            let ends = (0..input.len()).filter(|end| is_misread(&file, &input[..*end]));
            misread.extend(ends.map(|end| format!("the first {end} bytes of {file}: misread")));
        }
    }
    faults.extend(misread);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn helm_reads_what_every_golden_render_added() {
    let mut oracle = Oracle::start();
    for (file, input) in inputs() {
        let output = repo::root().join("tests").join(&file).with_file_name("output.yaml");
        // What is refused has no output.
        let Ok(output) = fs::read(output) else { continue };
        if oracle.read(&input).iter().all(Result::is_ok) {
            let after = oracle.read(&output);
            assert!(after.iter().all(Result::is_ok), "{file}: {after:?}");
        }
    }
}

fn outcome(before: &Read, after: &Read) -> Outcome {
    let is_as_intended =
        |(before, after): (&Result<Value, String>, &Result<Value, String>)| match (before, after) {
            (Ok(before), Ok(after)) => intended::intended(before.clone()) == *after,
            (Err(_), Err(_)) => true,
            _ => false,
        };
    if before.len() == after.len() && before.iter().zip(after).all(is_as_intended) {
        Outcome::Renders
    } else if before.iter().any(Result::is_err) && after.iter().all(Result::is_ok) {
        Outcome::Mends
    } else {
        Outcome::Misreads
    }
}

/// What a minimal rendering of the stream is, if it is not refused.
fn render(file: &str, input: &[u8]) -> Option<Vec<u8>> {
    static COPY: LazyLock<FeatureCopy> =
        LazyLock::new(|| FeatureCopy::from_flags(intended::FLAGS).expect("the flags of a minimal rendering"));
    let rendering = panic::catch_unwind(AssertUnwindSafe(|| {
        post_renderer::render(input, &COPY).ok().map(|rendering| rendering.to_vec())
    }));
    rendering.unwrap_or_else(|_| panic!("{file}: the renderer panicked"))
}

fn streams() -> Vec<(String, Vec<u8>)> {
    let mut streams = folder("yaml");
    assert!(streams.len() > 150, "{} streams of tests/yaml", streams.len());
    streams.extend(inputs());
    streams
}

/// The inputs of the golden cases.
fn inputs() -> Vec<(String, Vec<u8>)> {
    folder("golden").into_iter().filter(|(file, _)| file.ends_with("/input.yaml")).collect()
}

/// The YAML files of a folder of `tests` and below it, by their path from there.
fn folder(name: &str) -> Vec<(String, Vec<u8>)> {
    let tests = repo::root().join("tests");
    let mut files = Vec::new();
    let mut folders = vec![tests.join(name)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "yaml") {
                let file = path.strip_prefix(&tests).map(Path::to_string_lossy).expect("a path below tests");
                files.push((file.into_owned(), fs::read(&path).expect("a file that is there")));
            }
        }
    }
    assert!(!files.is_empty(), "no file in tests/{name}");
    files.sort();
    files
}

//! What holds for every stream, in whatever notation: what comes out is what came in and what was
//! injected, as Helm's own parser reads it and byte for byte.
//!
//! A stream that fails is kept in `property.proptest-regressions` and tried first from then on.

mod cases;
mod intended;
mod remainder;

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use acceptance::{
    generate::{Shape, Stream, visible},
    oracle::Oracle,
};
use post_renderer::{FeatureCopy, RenderError};
use proptest::{
    prelude::Strategy,
    test_runner::{Config, FileFailurePersistence, TestCaseError, TestCaseResult, TestRunner},
};
use serde_json::Value;

use cases::{Bytes, Case};
use intended::{Nothing, Wanted};
use remainder::Words;

static WANTED: LazyLock<Vec<Wanted>> = LazyLock::new(Wanted::all);

/// What a refusal may say, and of which notation.
const REFUSALS: [(&str, Shape); 18] = [
    ("a change inside an anchored value that an alias repeats", Shape::Alias),
    // A value that is missing counts as standing where the next key does.
    ("a change inside an anchored value that an alias repeats", Shape::AnchoredKey),
    // One with an anchor or a tag of its own.
    ("a key without a colon is not supported", Shape::ExplicitNull),
    ("a key without a colon is not supported", Shape::KeyAlone),
    ("adding behind a merge key whose value is neither an alias nor in brackets", Shape::Merge),
    ("adding beside an anchored mapping that is not deeper than its key by two", Shape::Alias),
    ("adding to an alias is not supported", Shape::Alias),
    ("adding to annotations, which comes from a merge key,", Shape::Merge),
    ("adding to labels, which comes from a merge key,", Shape::Merge),
    ("adding to metadata, which comes from a merge key,", Shape::Merge),
    ("an anchored mapping without a key of its own", Shape::Alias),
    ("changing an entry of an anchored mapping that an alias repeats", Shape::OwnKeyUnderAnchor),
    // Labels, annotations, or one of their entries, over which it wins.
    ("changing ", Shape::Merge),
    ("replacing a block scalar", Shape::BlockScalar),
    ("replacing a value that is tagged", Shape::DecoratedOwnValue),
    // A value that is no string cannot be looked for among the strings: it is refused as one that differs.
    ("--label=", Shape::OwnKey),
    // Notation that Helm's parser reads and YAML 1.2 does not have.
    ("this cannot be read: invalid indentation in multiline quoted scalar", Shape::QuotedAtColumnZero),
    ("this cannot be read: tabs disallowed within this context", Shape::Tab),
];

fn run<S: Strategy>(cases: u32, strategy: &S, test: impl Fn(S::Value) -> TestCaseResult) {
    let mut runner = TestRunner::new(Config {
        cases,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("proptest-regressions"))),
        source_file: Some(file!()),
        ..Config::default()
    });
    if let Err(error) = runner.run(strategy, test) {
        panic!("{error}");
    }
}

fn copy(wanted: &Wanted) -> FeatureCopy {
    let flags: Vec<&str> = wanted.flags.iter().map(String::as_str).collect();
    FeatureCopy::from_flags(flags).expect("the flags are good")
}

/// What failed, legibly; the input is printed by proptest.
fn fail(what: &str, output: &[u8], difference: &str) -> TestCaseError {
    let output = visible(&String::from_utf8_lossy(output));
    TestCaseError::fail(format!("{what}\n{difference}\n--- output\n{output}---\n"))
}

#[test]
fn a_generated_stream_is_what_it_says() {
    let oracle = RefCell::new(Oracle::start());
    let (all, right, shapes) = (Cell::new(0), Cell::new(0), RefCell::new(BTreeMap::new()));
    run(2_000, &cases::cases(&WANTED), |case| {
        let read = oracle.borrow_mut().read(case.stream.text.as_bytes());
        let said = &case.stream.documents;
        let same = read.iter().zip(said).filter(|(read, said)| read.as_ref().ok() == said.as_ref());
        right.set(right.get() + same.count());
        all.set(all.get() + read.len().max(said.len()));
        for shape in case.stream.shapes {
            *shapes.borrow_mut().entry(shape).or_insert(0) += 1;
        }
        Ok(())
    });
    let (all, right) = (all.get(), right.get());
    assert!(right * 1_000 >= all * 999, "of {all} documents {right} are what they say");
    let rare: Vec<&Shape> = Shape::ALL.iter().filter(|shape| !shapes.borrow().contains_key(shape)).collect();
    assert!(rare.is_empty(), "never seen: {rare:?}");
}

#[test]
fn what_comes_out_is_what_came_in_and_what_was_injected() {
    const CASES: u32 = 6_000;
    let oracle = RefCell::new(Oracle::start());
    let renderers: Vec<Renderer> = WANTED.iter().map(Renderer::new).collect();
    let refused = RefCell::new(BTreeMap::<&str, u32>::new());
    run(CASES, &cases::cases(&WANTED), |Case { wanted, stream, .. }| {
        if let Some(phrase) = renderers[wanted].keeps_the_promise(&stream, &mut oracle.borrow_mut())? {
            *refused.borrow_mut().entry(phrase).or_default() += 1;
        }
        Ok(())
    });
    let refused = refused.into_inner();
    let all: u32 = refused.values().sum();
    assert!(all * 12 <= CASES, "of {CASES} streams {all} are refused: {refused:?}");
}

/// A set of flags, and what they come to.
struct Renderer {
    wanted: &'static Wanted,
    copy: FeatureCopy,
    words: Words,
}

impl Renderer {
    fn new(wanted: &'static Wanted) -> Self {
        Self { wanted, copy: copy(wanted), words: Words::new(&wanted.own()) }
    }

    fn render(&self, stream: &[u8]) -> Result<Vec<u8>, RenderError> {
        post_renderer::render(stream, &self.copy).map(|rendering| rendering.to_vec())
    }

    /// What ought to be read of the documents of a stream after a render.
    fn expected(&self, stream: &[u8], oracle: &mut Oracle) -> Vec<Result<Value, Nothing>> {
        let read = oracle.read(stream).into_iter();
        read.map(|document| self.wanted.of(&document.map_err(|_| Nothing::Unread)?)).collect()
    }

    /// Checks all of the promise, or says by which phrase the stream is refused.
    fn keeps_the_promise(
        &self,
        stream: &Stream,
        oracle: &mut Oracle,
    ) -> Result<Option<&'static str>, TestCaseError> {
        let expected = self.expected(stream.text.as_bytes(), oracle);
        let output = match self.render(stream.text.as_bytes()) {
            Ok(output) => output,
            // What Helm cannot read may be refused for whatever there is.
            Err(_) if expected.iter().any(Result::is_err) => return Ok(None),
            Err(error) => {
                let phrase = allowed(&error, &stream.shapes);
                return phrase.map(Some).ok_or_else(|| fail("refused", b"", &error.to_string()));
            }
        };
        same_values(&expected, &oracle.read(&output), &output)?;
        self.same_bytes(stream, &output)?;
        let again = self.render(&output);
        if again.as_ref().ok() != Some(&output) {
            let again = match again {
                Ok(again) => visible(&String::from_utf8_lossy(&again)),
                Err(error) => error.to_string(),
            };
            return Err(fail("twice is not once", &output, &again));
        }
        if self.render(stream.text.as_bytes()).ok().as_ref() != Some(&output) {
            return Err(fail("two runs differ", &output, ""));
        }
        Ok(None)
    }

    fn same_bytes(&self, stream: &Stream, output: &[u8]) -> TestCaseResult {
        let text =
            str::from_utf8(output).map_err(|error| fail("it is text no more", output, &error.to_string()))?;
        self.words.leave(&stream.text, text, &stream.replaceable).map_err(|stuck| {
            let near = |text: &str, at: usize| -> String {
                text[text.floor_char_boundary(at)..].chars().take(60).collect()
            };
            let came = (near(&stream.text, stuck.input), near(text, stuck.output));
            let difference = format!("came in  {:?}\ncame out {:?}", came.0, came.1);
            fail("a byte changed that was not injected", output, &difference)
        })
    }
}

/// The words of a refusal that this notation may meet.
fn allowed(error: &RenderError, shapes: &BTreeSet<Shape>) -> Option<&'static str> {
    let error = error.to_string();
    let known = REFUSALS
        .iter()
        .find(|(words, shape)| error.contains(&format!(": {words}")) && shapes.contains(shape));
    known.map(|(words, _)| *words)
}

fn same_values(
    expected: &[Result<Value, Nothing>],
    read: &[Result<Value, String>],
    output: &[u8],
) -> TestCaseResult {
    if expected.len() != read.len() {
        let difference = format!("{} came in, {} came out", expected.len(), read.len());
        return Err(fail("the number of documents changed", output, &difference));
    }
    for (index, (want, got)) in expected.iter().zip(read).enumerate() {
        let difference = match (want, got) {
            (Err(Nothing::Unread | Nothing::Unclear), _) => continue,
            (Ok(want), Ok(got)) if want == got => continue,
            (Ok(want), Ok(got)) => difference(want, got, "").unwrap_or_default(),
            (Ok(_), Err(error)) => format!("Helm refuses it: {error}"),
            (Err(Nothing::Refused), _) => "it ought to be refused".to_owned(),
        };
        return Err(fail(&format!("document {} is not what it ought to be", index + 1), output, &difference));
    }
    Ok(())
}

/// Where two values first differ.
fn difference(want: &Value, got: &Value, path: &str) -> Option<String> {
    match (want, got) {
        _ if want == got => None,
        (Value::Object(wants), Value::Object(gots)) => {
            let keys: BTreeSet<&String> = wants.keys().chain(gots.keys()).collect();
            keys.into_iter().find_map(|key| {
                let path = format!("{path}.{key}");
                match (wants.get(key), gots.get(key)) {
                    (Some(want), Some(got)) => difference(want, got, &path),
                    (want, got) => Some(format!("{path}: want {want:?}, got {got:?}")),
                }
            })
        }
        (Value::Array(wants), Value::Array(gots)) if wants.len() == gots.len() => {
            let mut items = wants.iter().zip(gots).enumerate();
            items.find_map(|(index, (want, got))| difference(want, got, &format!("{path}[{index}]")))
        }
        _ => Some(format!("{path}: want {want}, got {got}")),
    }
}

#[test]
fn a_stream_that_was_tampered_with_is_refused_with_its_place_or_rendered_whole() {
    survive(2_500, &cases::mutated(WANTED[0].own()));
}

#[test]
fn any_bytes_are_refused_with_their_place_or_rendered_whole() {
    survive(1_500, &cases::bytes());
}

/// Never a panic; and what Helm reads before, it reads after, with what was injected.
fn survive(count: u32, strategy: &impl Strategy<Value = Bytes>) {
    let oracle = RefCell::new(Oracle::start());
    let renderer = Renderer::new(&WANTED[0]);
    run(count, strategy, |Bytes(bytes)| match renderer.render(&bytes) {
        Ok(output) => {
            let expected = renderer.expected(&bytes, &mut oracle.borrow_mut());
            same_values(&expected, &oracle.borrow_mut().read(&output), &output)
        }
        Err(error) if names_a_place(&error.to_string()) => Ok(()),
        Err(error) => Err(fail("an error without a place", b"", &error.to_string())),
    });
}

fn names_a_place(error: &str) -> bool {
    let number =
        |word: &str| error.split(word).skip(1).any(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    number("line ") && number("column ")
}

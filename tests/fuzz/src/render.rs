//! The renderer: any bytes, under one of a handful of settings.

use std::sync::LazyLock;

use post_renderer::{Edit, FeatureCopy, OnError};

use crate::{Outcome, documents::documents, meaning};

/// The key of the label and the annotation that the settings here add.
pub const ADDED_KEY: &str = "example.com/added";

/// How a stream is rendered. The first byte of the bytes names one by its digit, or what follows the digits.
struct Setting {
    /// Beside [`ONLY_ADDS`] where those are given.
    flags: &'static [&'static str],
    /// Whether labels and annotations are all that is changed.
    only_adds: bool,
}

/// With these nothing else is changed.
const ONLY_ADDS: [&str; 5] =
    ["--feature=feat1", "--isolate=off", "--router=none", "--cluster-scoped=keep", "--keep=claims"];

const SETTINGS: [Setting; 12] = [
    Setting { flags: &[], only_adds: true },
    Setting {
        flags: &[
            "--ttl=forever",
            "--janitor",
            "--by=alice",
            "--source=https://git.example.com/orders/pull/12",
            "--label=example.com/added=y",
            "--annotation=example.com/added=0777 # no comment",
            "--pod-path=Fleet=spec.groups[].template.metadata",
        ],
        only_adds: true,
    },
    Setting { flags: &["--on-error=pass"], only_adds: true },
    Setting {
        flags: &[
            "--feature=feat1",
            "--isolate=off",
            "--router=none",
            "--cluster-scoped=drop",
            "--env=api:QUEUE_URL=secret/demo-feat1/QUEUE_URL",
            "--env=FEATURE=value:\"quoted\" $(X)",
        ],
        only_adds: false,
    },
    Setting { flags: &["--feature=feat1", "--release=demo-feat1"], only_adds: false },
    Setting {
        flags: &["--feature=feat1", "--release=demo-feat1", "--entry=shop.example.com=shop:http"],
        only_adds: false,
    },
    Setting { flags: &["--feature=feat1", "--isolate=off", "--router=none", "--lean"], only_adds: false },
    Setting {
        flags: &[
            "--feature=feat1",
            "--isolate=off",
            "--lean",
            "--keep=HorizontalPodAutoscaler",
            "--keep=claims",
        ],
        only_adds: false,
    },
    Setting {
        flags: &[
            "--feature=feat1",
            "--isolate=off",
            "--router=none",
            "--base-namespace=demo",
            "--swap=secret/orders=orders-feat1",
            "--swap=configmap/settings=settings-feat1",
        ],
        only_adds: false,
    },
    Setting {
        flags: &[
            "--feature=feat1",
            "--isolate=off",
            "--namespace=shop",
            "--router=traefik-v2",
            "--preview-host={feature}.{host}",
        ],
        only_adds: false,
    },
    Setting {
        flags: &["--feature=feat1", "--isolate=off", "--router=gateway-api", "--gateway=infra/web"],
        only_adds: false,
    },
    Setting {
        flags: &[
            "--feature=feat1",
            "--isolate=off",
            "--tls",
            "--route=shop-feat1:http=shop.example.com/cart",
        ],
        only_adds: false,
    },
];

static COPIES: LazyLock<Vec<FeatureCopy>> = LazyLock::new(|| {
    let copy = |setting: &Setting| {
        let common = if setting.only_adds { &ONLY_ADDS[..] } else { &[] };
        FeatureCopy::from_flags(common.iter().chain(setting.flags).copied())
    };
    SETTINGS.iter().map(|setting| copy(setting).expect("the flags are legal")).collect()
});

/// Renders all but the first byte, which chooses the settings.
///
/// Beside what [`check`] says: where labels and annotations are all that is added, each document of the
/// input is still one, means what it meant to a parser that is not ours, and its length changes nothing.
#[must_use]
pub fn render(data: &[u8]) -> Outcome {
    let (choice, input) = data.split_first().map_or((0, data), |(first, rest)| (usize::from(*first), rest));
    let chosen = choice % SETTINGS.len();
    let (setting, copy) = (&SETTINGS[chosen], &COPIES[chosen]);
    let Some(output) = check(input, copy) else { return Outcome::Refused };
    if setting.only_adds
        && let (Ok(input), Ok(output)) = (std::str::from_utf8(input), std::str::from_utf8(&output))
    {
        check_documents(input, output);
        // What cannot be read passes whole where it is small, and is not looked at where it is large.
        if copy.on_error == OnError::Fail {
            check_large(input, copy);
        }
    }
    Outcome::Taken
}

/// Renders `input`; `None` where it is refused.
///
/// A refusal has something to say. What is rendered is the input with the edits applied, renders to itself,
/// and can be reported.
pub fn check(input: &[u8], copy: &FeatureCopy) -> Option<Vec<u8>> {
    let rendering = match post_renderer::render(input, copy) {
        Ok(rendering) => rendering,
        Err(error) => {
            let said = error.to_string();
            assert!(!said.trim().is_empty(), "a refusal without a word");
            assert!(crate::is_shown_safely(&said), "a terminal would obey: {said:?}");
            return None;
        }
    };
    let output = rendering.to_vec();
    check_edits(input, rendering.edits(), &output);
    let report = rendering.report();
    serde_json::to_string(&report).expect("a report is JSON");
    assert!(crate::is_shown_safely(&report.text()), "a terminal would obey: {:?}", report.text());
    match post_renderer::render(&output, copy) {
        Ok(again) => assert_same("rendered twice", &output, &again.to_vec()),
        Err(error) => panic!("what was rendered is refused: {error}\n{}", String::from_utf8_lossy(&output)),
    }
    Some(output)
}

/// The edits are disjoint, sorted and in the text, and the output is the input with them: so what they
/// do not name is there byte for byte.
fn check_edits(input: &[u8], edits: &[Edit], output: &[u8]) {
    let mut built = Vec::with_capacity(output.len());
    let mut done = 0;
    for Edit { at, text } in edits {
        assert!(
            done <= at.start && at.start <= at.end && at.end <= input.len(),
            "edits overlap or leave the text"
        );
        built.extend_from_slice(&input[done..at.start]);
        built.extend_from_slice(text.as_bytes());
        done = at.end;
    }
    built.extend_from_slice(&input[done..]);
    // What a route or an entry adds follows as documents of their own.
    assert_same("the input with the edits", &built, output.get(..built.len()).unwrap_or(output));
}

fn check_documents(input: &str, output: &str) {
    let (before, after) = (documents(input), documents(output));
    assert_eq!(before.len(), after.len(), "documents of the input and of\n{output}");
    for (before, after) in before.into_iter().zip(after) {
        // The parser expands aliases, which takes its time.
        if before == after || before.matches('*').count() > 20 {
            continue;
        }
        if let Some(meant) = meaning::without_additions(before) {
            let means = meaning::without_additions(after);
            assert_eq!(means.as_ref(), Some(&meant), "before\n{before}\nafter\n{after}");
        }
    }
}

/// A large document is not always read to its end: with a comment that makes it one, it is changed as before.
fn check_large(input: &str, copy: &FeatureCopy) {
    if documents(input).len() > 1 {
        return;
    }
    let end = if input.ends_with(['\n', '\r']) { "" } else { "\n" };
    let large = format!("{input}{end}#{}\n", "-".repeat(8 << 10));
    let edits = |stream: &str| {
        let rendering = post_renderer::render(stream.as_bytes(), copy);
        rendering.map(|rendering| rendering.edits().to_vec()).map_err(|error| error.to_string())
    };
    assert_eq!(edits(&large), edits(input), "with a long comment behind\n{input}");
}

fn assert_same(what: &str, want: &[u8], got: &[u8]) {
    let [shown, got_shown] = [want, got].map(String::from_utf8_lossy);
    assert!(want == got, "{what}:\n{shown}\n--- but\n{got_shown}");
}

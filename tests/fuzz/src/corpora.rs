//! Replays the corpora without libFuzzer, so that they never rot.

use std::{fs, panic, path::Path};

use crate::Outcome;

/// Hands every file of a corpus to its target. A file whose name starts with `refused-` must be, all
/// others must be taken: one that changes sides no longer tries what it was written for.
fn replay(target: fn(&[u8]) -> Outcome, corpus: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(corpus);
    let mut files: Vec<_> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("read the corpus {}: {error}", folder.display()))
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no file in {}", folder.display());
    let mut wrong = Vec::new();
    for file in files {
        let name = file.file_name().expect("a file").to_string_lossy();
        let want = if name.starts_with("refused-") { Outcome::Refused } else { Outcome::Taken };
        let data = fs::read(&file).expect("a readable file");
        match panic::catch_unwind(|| target(&data)) {
            Ok(outcome) if outcome == want => {}
            Ok(outcome) => wrong.push(format!("{corpus}/{name} was {outcome:?}, not {want:?}")),
            Err(_) => wrong.push(format!("{corpus}/{name} broke a promise, which stands above")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_corpus_of_streams_keeps_every_promise() {
    replay(crate::render, "render");
}

#[test]
fn the_corpus_of_the_post_renderers_config_keeps_every_promise() {
    replay(crate::feature_copy_config, "feature-copy-config");
}

#[test]
fn the_corpus_of_the_hooks_config_keeps_every_promise() {
    replay(crate::feature_resources_config, "feature-resources-config");
}

//! What a wrong file is told: each `bad-config/<case>.yaml` has its message beside it.

use std::{fs, path::Path};

#[test]
fn a_wrong_file_is_told_where_what_and_what_was_meant() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad-config");
    let mut cases: Vec<_> = fs::read_dir(&folder)
        .expect("the cases are beside this file")
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    cases.sort();
    assert!(!cases.is_empty(), "no case in {}", folder.display());
    let mut wrong = Vec::new();
    for case in cases {
        let name = case.file_name().expect("a file").to_string_lossy();
        let expected = fs::read_to_string(case.with_extension("txt")).unwrap_or_default();
        let text = fs::read_to_string(&case).expect("readable");
        let said = match provision::config::read(&name, &text) {
            Ok(_) => "nothing is wrong".to_owned(),
            Err(error) => error.to_string(),
        };
        if said.trim_end() != expected.trim_end() {
            wrong.push(format!("--- {name} says\n{said}\n--- but was to say\n{expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

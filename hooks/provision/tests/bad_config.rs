//! What a wrong file is told: each `bad-config/<folder>/<case>.yaml` has its message beside it.
//!
//! `text` is what no reader of YAML takes or should, `structure` what the JSON Schema refuses too, and
//! `meaning` what only the hooks can know. `BAD_CONFIG=write` writes the messages, for review.

#![forbid(unsafe_code)]

use std::collections::BTreeSet;

mod cases;

const FOLDERS: [&str; 3] = ["text", "structure", "meaning"];

fn all() -> impl Iterator<Item = cases::Case> {
    FOLDERS.iter().flat_map(|folder| cases::of(&format!("bad-config/{folder}")))
}

fn said(case: &cases::Case) -> Result<String, String> {
    match provision::config::read(&case.name, &case.text) {
        Ok(_) => Err(format!("{}: nothing is wrong", case.name)),
        Err(error) => Ok(error.to_string()),
    }
}

#[test]
fn a_wrong_file_is_told_where_what_and_what_was_meant() {
    let compared =
        all().filter_map(|case| said(&case).and_then(|said| case.compare(&said, "BAD_CONFIG")).err());
    let wrong: Vec<_> = compared.collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_of_at_least_sixty_wrong_files_is_refused_with_its_place() {
    let mut names = BTreeSet::new();
    for case in all() {
        let said = said(&case).expect("refused");
        let last = said.lines().last().expect("a line");
        assert!(said.lines().count() == 2 || case.text.trim().is_empty(), "no line is quoted: {said}");
        let mut parts = last.splitn(4, ':');
        assert_eq!(parts.next(), Some(case.name.as_str()), "{said}");
        let place = [parts.next(), parts.next()].map(|part| part.and_then(|part| part.parse::<usize>().ok()));
        assert!(place.iter().all(|number| number.is_some_and(|number| number > 0)), "{said}");
        assert!(parts.next().is_some_and(|cause| cause.len() > 1), "{said}");
        assert!(names.insert(case.name), "two cases of one name: {said}");
    }
    assert!(names.len() >= 60, "{} cases", names.len());
}

#[test]
fn no_message_holds_a_password() {
    let cases = all().filter(|case| case.text.contains("hunter2"));
    let told: Vec<_> = cases.map(|case| said(&case).expect("refused")).collect();
    assert!(told.len() >= 5, "{} cases with a password", told.len());
    for said in told {
        assert!(!said.contains("hunter2"), "{said}");
    }
}

#[test]
fn what_breaks_the_structure_is_refused_by_the_schema_and_what_breaks_the_meaning_is_not() {
    let schema = cases::schema();
    let mut wrong = Vec::new();
    for case in cases::of("bad-config/structure") {
        if case.refusals(&schema).is_empty() {
            wrong.push(format!("{} is taken", case.name));
        }
    }
    wrong.extend(cases::of("bad-config/meaning").iter().map(|case| case.refusals(&schema)));
    wrong.retain(|said| !said.is_empty());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

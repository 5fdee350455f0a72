//! Whole files that are right: each `good-config/<case>.yaml` is read, is taken by the JSON Schema too, and
//! has beside it what it asks for. `GOOD_CONFIG=write` writes that, for review.

mod cases;

#[test]
fn a_right_file_asks_for_what_it_says() {
    let mut wrong = Vec::new();
    for case in cases::of("good-config") {
        let config = match provision::config::read(&case.name, &case.text) {
            Ok(config) => config,
            Err(error) => {
                wrong.push(error.to_string());
                continue;
            }
        };
        let things: Vec<_> = config.things().collect();
        assert!(!things.is_empty(), "{} asks for nothing", case.name);
        wrong.extend(case.compare(&things.join("\n"), "GOOD_CONFIG").err());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_schema_takes_what_the_hooks_take() {
    let schema = cases::schema();
    for case in cases::of("good-config") {
        assert_eq!(case.refusals(&schema), "");
    }
}

//! Each case of `charts-golden` renders what it did, with both Helms, and both take it for a good chart. `GOLDEN=write`
//! writes what comes out, for review.

use std::fs;

use acceptance::{
    charts,
    helm::{Helm, Version},
    process,
};

#[test]
fn every_case_renders_as_it_did_and_both_helms_render_the_same() {
    let mut failures = Vec::new();
    for version in Version::BOTH {
        let helm = Helm::without_plugins(version);
        for case in charts::cases() {
            let got = case.template(&helm);
            if version == Version::Three && std::env::var_os("GOLDEN").is_some_and(|word| word == "write") {
                fs::write(case.output(), &got).expect("the golden file is written");
            }
            let want = fs::read_to_string(case.output()).unwrap_or_default();
            if want != got {
                failures.push(format!("{} with {version}\n--- want\n{want}\n--- got\n{got}", case.name()));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn both_helms_lint_every_case_without_a_warning() {
    for version in Version::BOTH {
        let helm = Helm::without_plugins(version);
        for case in charts::cases() {
            let said = process::output_of(&mut case.command(&helm, &["lint", "--strict"]));
            assert!(!said.contains("[WARNING]"), "{} with {version}: {said}", case.name());
        }
    }
}

#[test]
fn the_hooks_take_every_file_that_is_rendered_for_them() {
    let mut files = 0;
    for case in charts::cases() {
        let objects = case.objects();
        let texts = objects.iter().filter_map(|object| object["data"]["resources.yaml"].as_str());
        for text in texts {
            files += 1;
            provision::config::read(&case.name(), text).unwrap_or_else(|error| panic!("{error}"));
        }
    }
    assert!(files >= 6, "{files} files");
}

#[test]
fn what_the_chart_of_the_hooks_cannot_take_it_refuses_with_a_reason() {
    let cases = [
        ("feature=", "the feature is empty"),
        ("feature=Feature/x", "'/feature': 'Feature/x' does not match pattern"),
        ("feature=a-name-of-thirty-one-characters", "'/feature': maxLength: got 31, want 30"),
        ("feature=base", "'/feature': 'not' failed"),
        ("base=true", "base: true and a feature exclude each other"),
        ("enabled=false", "enabled"),
        ("sqs=null", "no hook has a section"),
        ("seperate=true", "seperate"),
        ("timeout=120", "timeout"),
        ("image.tag=", "tag"),
    ];
    for version in Version::BOTH {
        let helm = Helm::without_plugins(version);
        for (setting, reason) in cases {
            let case = charts::cases().into_iter().find(|case| case.name() == "devstack-hooks/outputs-only");
            let mut command = case.expect("the case").command(&helm, &["template", charts::RELEASE]);
            let output = process::run(command.arg(format!("--set={setting}")));
            let said = process::said(&command, &output);
            assert!(!output.status.success() && said.contains(reason), "{reason} is not said: {said}");
        }
    }
}

#[test]
fn the_example_of_a_copy_says_what_a_feature_may_be_called() {
    let helm = Helm::without_plugins(Version::Four);
    for feature in ["Feature/x", "a--b", "-a", "a-name-of-thirty-one-characters", "base"] {
        let mut command = helm.helmfile("feature", Some(feature));
        let output = process::run(command.arg("template"));
        let said = process::said(&command, &output);
        assert!(!output.status.success() && said.contains(&format!("FEATURE is {feature:?}: ")), "{said}");
    }
}

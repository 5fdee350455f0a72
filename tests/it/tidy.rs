//! The sources themselves: one place for each name that shows outside, and docs that are true.

use std::{fs, path::PathBuf, process::Command};

use acceptance::{cluster, helm::Helm, process, repo};

/// The files that git knows or would add, below the repository's root.
fn files(ends: &str) -> Vec<(PathBuf, String)> {
    let mut git = Command::new("git");
    git.current_dir(repo::root()).args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"]);
    let files: Vec<(PathBuf, String)> = process::output_of(&mut git)
        .split('\0')
        .filter(|path| path.ends_with(ends) && repo::root().join(path).is_file())
        .map(|path| (PathBuf::from(path), fs::read_to_string(repo::root().join(path)).expect("a text")))
        .collect();
    assert!(!files.is_empty(), "no file ends in {ends}");
    files
}

#[test]
fn the_domain_of_our_names_stands_in_one_source_file() {
    let domain = feature::words::FEATURE.split_once('/').expect("a prefixed label").0;
    let found: Vec<PathBuf> =
        files(".rs").into_iter().filter(|(_, text)| text.contains(domain)).map(|(path, _)| path).collect();
    assert_eq!(found, [PathBuf::from("hooks/feature/src/words.rs")]);
}

#[test]
fn every_make_target_that_the_docs_name_exists() {
    let makefile = fs::read_to_string(repo::root().join("Makefile")).expect("the Makefile");
    let mut named = 0;
    for (path, text) in files(".md") {
        for (_, rest) in text.match_indices("make ").map(|(at, word)| text.split_at(at + word.len())) {
            let target: String = rest.chars().take_while(|c| c.is_ascii_lowercase() || *c == '-').collect();
            let quoted =
                text[..text.len() - rest.len()].trim_end_matches("make ").ends_with(['`', '\n', '$', ' ']);
            if quoted && rest[target.len()..].starts_with(['`', '\n']) {
                named += 1;
                assert!(makefile.contains(&format!("\n{target}:")), "{}: make {target}", path.display());
            }
        }
    }
    assert!(named >= 2, "the docs name {named} targets");
}

#[test]
fn every_yaml_block_of_the_docs_is_what_it_says() {
    let mut blocks = 0;
    for (path, text) in files(".md") {
        for block in fenced(&text, "yaml") {
            blocks += 1;
            let value: serde_yaml::Value = serde_yaml::from_str(block)
                .unwrap_or_else(|error| panic!("{}: {error} in\n{block}", path.display()));
            if value.get("kind").is_some_and(|kind| kind == "FeatureResources") {
                let read = provision::config::read(&path.display().to_string(), block);
                read.unwrap_or_else(|error| panic!("{error}"));
            }
            if value.get("kind").is_some_and(|kind| kind == "FeatureCopy") {
                let read = post_renderer::config::read(&path.display().to_string(), block);
                let copy = read.unwrap_or_else(|error| panic!("{error}")).copy();
                assert!(copy.unwrap_or_else(|error| panic!("{error}")).is_some(), "{}", path.display());
            }
            for release in
                value.get("releases").and_then(serde_yaml::Value::as_sequence).into_iter().flatten()
            {
                let flags = release["postRendererArgs"].as_sequence().expect("a copy has flags");
                let flags: Vec<&str> = flags.iter().filter_map(serde_yaml::Value::as_str).collect();
                let output = process::run(
                    Command::new(repo::devstack()).args(&flags).stdin(std::process::Stdio::null()),
                );
                assert!(output.status.success(), "{}: {flags:?}", path.display());
            }
        }
    }
    assert!(blocks >= 2, "the docs have {blocks} blocks of YAML");
}

crate::stage::with_both_helms! {
    fn every_command_of_the_docs_runs(stage) {
        let mut commands = 0;
        // A Helm of its own, into which the README installs the plugin.
        let helm = Helm::without_plugins(stage.helm().version);
        let install = tempfile::tempdir().expect("a temporary folder");
        for (path, text) in files(".md") {
            // The README's commands are what runs this.
            for block in fenced(&text, "sh").into_iter().filter(|block| !block.starts_with("make ")) {
                commands += 1;
                let output = process::run(helm.shell().env("CARGO_INSTALL_ROOT", install.path()).args(["-euc", block]).current_dir(repo::root()));
                assert!(output.status.success(), "{}: {}", path.display(), cluster::text(&output));
            }
        }
        assert!(commands >= 2, "the docs have {commands} commands");
        let mut helm = helm.helm();
        let _ = process::output_of(helm.args(["uninstall", "demo-docs", "--namespace", cluster::NAMESPACE, "--wait"]));
    }
}

/// The blocks of a language in a page.
pub fn fenced<'t>(text: &'t str, language: &str) -> Vec<&'t str> {
    let open = format!("```{language}\n");
    text.split(&open).skip(1).map(|rest| rest.split("```").next().unwrap_or_default()).collect()
}

#[test]
fn every_link_in_the_docs_leads_somewhere() {
    for (path, text) in files(".md") {
        for (at, _) in text.match_indices("](") {
            let link: String = text[at + 2..].chars().take_while(|c| *c != ')').collect();
            let target = link.split('#').next().unwrap_or_default();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            let file = repo::root().join(&path).parent().expect("a folder").join(target);
            assert!(file.exists(), "{}: {link}", path.display());
        }
    }
}

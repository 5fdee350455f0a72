//! The post-renderer's config file, kind `FeatureCopy`.

use crate::Outcome;

const FILE: &str = "copy.yaml";

const STREAM: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: a}
spec: {template: {spec: {containers: [{name: a}]}}}
";

/// Reads the bytes as the file that `--config` names.
///
/// A refusal names the file. What is taken asks for a copy or says why not, and a copy renders: a stream
/// may be refused under its settings, but never renders to one that is refused or renders to another.
#[must_use]
pub fn feature_copy_config(data: &[u8]) -> Outcome {
    let Ok(text) = std::str::from_utf8(data) else { return Outcome::Refused };
    let settings = match post_renderer::config::read(FILE, text) {
        Ok(settings) => settings,
        Err(error) => {
            let said = error.to_string();
            assert!(said.starts_with(FILE), "the file is not named: {said}");
            assert!(crate::is_shown_safely(&said), "a terminal would obey: {said:?}");
            return Outcome::Refused;
        }
    };
    match settings.copy() {
        Ok(Some(copy)) => {
            crate::render::check(STREAM.as_bytes(), &copy);
        }
        Ok(None) => {}
        Err(said) => assert!(crate::is_shown_safely(&said), "a terminal would obey: {said:?}"),
    }
    Outcome::Taken
}

//! Folders of cases: a `.yaml` is a file of a hook's, and the `.txt` beside it is what is said of it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use jsonschema::Validator;
use serde_json::Value;

pub struct Case {
    path: PathBuf,
    /// Its name with the ending, as errors call it.
    pub name: String,
    pub text: String,
}

/// The cases of a folder below `tests`, in the order of their names.
pub fn of(folder: &str) -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder);
    let mut cases: Vec<_> = fs::read_dir(&folder)
        .expect("the cases are beside the tests")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .map(|path| Case {
            name: path.file_name().expect("a file").to_string_lossy().into_owned(),
            text: fs::read_to_string(&path).expect("text"),
            path,
        })
        .collect();
    cases.sort_by(|one, other| one.path.cmp(&other.path));
    assert!(!cases.is_empty(), "no case in {}", folder.display());
    cases
}

impl Case {
    /// Compares with the text beside the case, after writing it where `variable` says `write`.
    pub fn compare(&self, said: &str, variable: &str) -> Result<(), String> {
        let golden = self.path.with_extension("txt");
        if std::env::var_os(variable).is_some_and(|word| word == "write") {
            fs::write(&golden, format!("{}\n", said.trim_end())).expect("the golden text is written");
        }
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        if said.trim_end() == expected.trim_end() {
            return Ok(());
        }
        Err(format!("--- {} says\n{said}\n--- but was to say\n{expected}", self.name))
    }

    /// What the schema has against the case, empty where it takes it.
    pub fn refusals(&self, schema: &Validator) -> String {
        let value: Value = serde_yaml::from_str(&self.text).expect("YAML");
        let refusals: Vec<_> = schema
            .iter_errors(&value)
            .map(|error| format!("{}: {}: {error}", self.name, error.instance_path()))
            .collect();
        refusals.join("\n")
    }
}

/// The schema that a hook prints.
pub fn schema() -> Validator {
    let schema: Value = serde_json::from_str(&provision::config::schema()).expect("a schema is JSON");
    jsonschema::validator_for(&schema).expect("a legal schema")
}

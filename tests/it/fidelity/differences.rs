//! The list of streams that Helm and devstack take differently, as `docs/yaml.md` has it.

use std::{collections::BTreeMap, fmt, fs};

use acceptance::repo;

const PAGE: &str = "docs/yaml.md";
const HEAD: &str = "| file | Helm | devstack | for the user |";

/// What the two do with one stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub helm: String,
    pub devstack: Outcome,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It fails and writes nothing.
    Refuses,
    /// Helm reads of each document what is intended, or refuses it as it refused the input.
    Renders,
    /// Helm refuses the input and reads the output.
    Mends,
    /// Helm reads something else than is intended.
    Misreads,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refuses => "refuses",
            Self::Renders => "renders",
            Self::Mends => "mends",
            Self::Misreads => "misreads",
        })
    }
}

/// What Helm does, in the words of the page: a cell of a table, in which Markdown leaves it alone.
pub fn helm(read: &[Result<serde_json::Value, String>]) -> String {
    match read.iter().find_map(|document| document.as_ref().err()) {
        None => "reads".to_owned(),
        Some(error) => {
            let error: String =
                error.chars().map(|c| if c.is_control() || c == '`' { '\'' } else { c }).collect();
            format!("refuses: `{}`", error.trim_start_matches("yaml: ").replace('|', "\\|"))
        }
    }
}

/// Compares what was found with the rows of the page.
///
/// # Panics
/// With every row that is missing or wrong there, as it has to be, and every one that is too many.
pub fn check(found: &BTreeMap<String, Difference>) {
    let listed = listed();
    let mut faults = Vec::new();
    for (file, difference) in found {
        let Difference { helm, devstack } = difference;
        let row = format!("| {file} | {helm} | {devstack} |");
        match listed.get(file) {
            Some(cells) if *cells == [helm.clone(), devstack.to_string()] => {}
            Some(_) => faults.push(format!("another row: {row}")),
            None => faults.push(format!("no row:      {row}")),
        }
    }
    let gone = listed.keys().filter(|file| !found.contains_key(*file));
    faults.extend(gone.map(|file| format!("no difference any more: {file}")));
    assert!(faults.is_empty(), "{PAGE}:\n{}", faults.join("\n"));
}

/// The rows of the page's tables by their file: what Helm does, what devstack does.
fn listed() -> BTreeMap<String, [String; 2]> {
    let page = fs::read_to_string(repo::root().join(PAGE)).expect("the page");
    let mut rows = BTreeMap::new();
    for table in page.split(HEAD).skip(1) {
        for row in table.lines().skip(2).take_while(|line| line.starts_with('|')) {
            let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
            let [file, helm, devstack, user] = cells[..] else { panic!("{PAGE}: four cells: {row}") };
            assert!(!user.is_empty(), "{PAGE}: what happens for the user: {row}");
            let before = rows.insert(file.to_owned(), [helm.to_owned(), devstack.to_owned()]);
            assert!(before.is_none(), "{PAGE}: a row stands twice: {file}");
        }
    }
    assert!(!rows.is_empty(), "{PAGE} has no table that starts with {HEAD}");
    rows
}

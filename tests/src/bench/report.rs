//! The tables, for the terminal and for the page.

use std::{fs, path::Path, process::Command, thread, time::Duration};

use super::{
    Measured,
    threshold::{Verdict, megabytes},
    tool::Tool,
};
use crate::process;

/// Between these the page is written by the benchmark, and by nobody else.
const BEGIN: &str = "<!-- `BENCH=write make bench` writes what follows -->\n";
const END: &str = "<!-- `BENCH=write make bench` wrote this -->\n";

/// All that was measured, as Markdown.
#[must_use]
pub fn tables(measured: &[Measured], hooks: &[String], verdicts: &[Verdict], load: &str) -> String {
    [
        conditions(measured, load),
        times(measured),
        pipes(measured),
        memory(measured),
        hooks.join("\n"),
        thresholds(verdicts),
    ]
    .join("\n")
}

/// # Panics
/// When the page is not there, or has no place for the tables.
pub fn write(page: &Path, tables: &str) {
    let text = fs::read_to_string(page).unwrap_or_else(|error| panic!("read {}: {error}", page.display()));
    let parts = text.split_once(BEGIN).and_then(|(head, rest)| Some((head, rest.split_once(END)?.1)));
    let (head, tail) = parts.unwrap_or_else(|| panic!("{}: it lacks {BEGIN} or {END}", page.display()));
    fs::write(page, format!("{head}{BEGIN}\n{tables}\n{END}{tail}"))
        .unwrap_or_else(|error| panic!("write {}: {error}", page.display()));
}

fn conditions(measured: &[Measured], load: &str) -> String {
    let stream = &measured.first().expect("a stream").stream;
    let mut versions: Vec<String> = Tool::ALL.iter().map(|tool| tool.version(stream)).collect();
    let helm = process::output_of(Command::new("helm4").args(["version", "--template={{.Version}}"]));
    versions.push(format!("helm {}", helm.trim_start_matches('v')));
    let cores = thread::available_parallelism().expect("a number of processors");
    format!("{}. {cores} processors; the load before was {load}.\n", versions.join(", "))
}

fn times(measured: &[Measured]) -> String {
    let mut table = "| stream | bytes | objects | rounds | devstack | cat | sed | yq | kustomize |\n\
                     | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n"
        .to_owned();
    for each in measured {
        let stream = &each.stream;
        let recipe = stream.recipe;
        let rounds = match recipe.of_kustomize {
            fewer if fewer < recipe.rounds => format!("{} ({fewer})", recipe.rounds),
            _ => recipe.rounds.to_string(),
        };
        let (name, ours) = (recipe.name, milliseconds(each.ours()));
        table += &format!("| {name} | {} | {} | {rounds} | {ours}", stream.bytes, stream.objects);
        for tool in [Tool::Cat, Tool::Sed, Tool::Yq, Tool::Kustomize] {
            table += &match each.ratio(tool) {
                None => " | not run".to_owned(),
                Some(ratio) if ratio < 1.0 => format!(" | {ratio:.2}"),
                Some(ratio) => format!(" | {ratio:.1}"),
            };
        }
        table += " |\n";
    }
    table
}

fn pipes(measured: &[Measured]) -> String {
    let mut table = "| stream | helm template | helm template \\| devstack | ratio |\n\
                     | --- | ---: | ---: | ---: |\n"
        .to_owned();
    for each in measured {
        if let Some([alone, piped]) = each.helm {
            table += &format!(
                "| {} | {} | {} | {:.2} |\n",
                each.stream.recipe.name,
                milliseconds(alone),
                milliseconds(piped),
                piped.div_duration_f64(alone)
            );
        }
    }
    table
}

fn memory(measured: &[Measured]) -> String {
    let mut table = "| stream | input | devstack | yq |\n| --- | ---: | ---: | ---: |\n".to_owned();
    for each in measured {
        table += &format!("| {} | {} MB", each.stream.recipe.name, megabytes(each.stream.bytes));
        for peak in each.peaks {
            table += &format!(" | {} MB", megabytes(peak));
        }
        table += " |\n";
    }
    table
}

fn thresholds(verdicts: &[Verdict]) -> String {
    let mut table = "| what | threshold | measured | |\n| --- | --- | ---: | --- |\n".to_owned();
    for Verdict { what, limit, got, met } in verdicts {
        table += &format!("| {what} | {limit} | {got} | {} |\n", if *met { "met" } else { "MISSED" });
    }
    table
}

fn milliseconds(time: Duration) -> String {
    let milliseconds = time.as_secs_f64() * 1e3;
    if milliseconds < 10.0 { format!("{milliseconds:.1} ms") } else { format!("{milliseconds:.0} ms") }
}

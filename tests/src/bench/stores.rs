//! The hooks of Kafka and PostgreSQL, at the lab's: fifty topics, and a template of a gigabyte beside `pg_dump` into
//! `psql`, which is what people do without a template.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use tempfile::TempDir;

use super::{
    measure::{Act, medians, peak, time},
    threshold::{Verdict, megabytes},
};
use crate::{hook, process, repo};

/// How often topics are made.
const ROUNDS: usize = 5;
/// How often a gigabyte is copied in each way.
const COPIES: usize = 3;
const TOPICS: usize = 50;
/// The most seconds that a first and a second apply of the topics may take.
const APPLY: f64 = 5.0;
const AGAIN: f64 = 2.0;
/// Peak memory of each hook in bytes.
const MEMORY: u64 = 50_000_000;
/// Rows of 1,000 bytes in the template.
const ROWS: u32 = 900_000;

const TEMPLATE: &str = "bench_template";

/// What was measured of kafka-hook and database-hook.
pub struct Stores {
    /// The first apply of the topics, and one that finds nothing to do.
    topics: [Duration; 2],
    /// The database from the template: as `auto` chooses, through the log, as files, and by a dump.
    databases: [Duration; 4],
    /// Bytes of the template.
    size: u64,
    /// Bytes of each hook.
    peaks: [u64; 2],
}

/// Starts the lab's Kafka and PostgreSQL, and measures.
///
/// # Panics
/// When they are not there.
#[must_use]
pub fn measured() -> Stores {
    let lab = Command::new(repo::root().join("tests/lab/lab")).args(["up", "kafka", "postgres"]).status();
    assert!(lab.expect("the lab's script starts").success(), "tests/lab/lab up kafka postgres");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let topics = topics(&folder);
    fs::write(folder.path().join("url"), format!("{}?sslmode=disable", url())).expect("the URL is written");
    let size = template();
    let databases = databases(&folder);
    let held = |hook: &dyn Fn(&str) -> Command| {
        let held = peak(nothing(), &hook("apply"));
        let _ = time(nothing(), vec![hook("delete")]);
        held
    };
    let peaks = [held(&|verb| kafka(verb, &folder)), held(&|verb| database(verb, "auto", &folder))];
    sql("postgres", &format!("ALTER DATABASE {TEMPLATE} IS_TEMPLATE false"));
    sql("postgres", &format!("DROP DATABASE {TEMPLATE}"));
    Stores { topics, databases, size, peaks }
}

fn topics(folder: &TempDir) -> [Duration; 2] {
    let run = |verb: &str| time(nothing(), vec![kafka(verb, folder)]);
    let first = || {
        let took = run("apply");
        run("delete");
        took
    };
    let first = medians(&[Act { rounds: ROUNDS, run: Box::new(first) }]);
    run("apply");
    let again = medians(&[Act { rounds: ROUNDS, run: Box::new(|| run("apply")) }]);
    run("delete");
    [first[0].expect("there are rounds"), again[0].expect("there are rounds")]
}

/// Makes the template; its size.
fn template() -> u64 {
    sql("postgres", &format!("CREATE DATABASE {TEMPLATE}"));
    sql(
        TEMPLATE,
        &format!(
            "CREATE TABLE orders AS SELECT id, repeat(md5(id::text), 31) AS what FROM generate_series(1, {ROWS}) id; \
             ALTER TABLE orders ADD PRIMARY KEY (id)"
        ),
    );
    sql("postgres", &format!("ALTER DATABASE {TEMPLATE} IS_TEMPLATE true; CHECKPOINT"));
    sql("postgres", &format!("SELECT pg_database_size('{TEMPLATE}')")).trim().parse().expect("a size")
}

fn databases(folder: &TempDir) -> [Duration; 4] {
    let ours = |strategy: &'static str| {
        move || {
            let took = time(nothing(), vec![database("apply", strategy, folder)]);
            let _ = time(nothing(), vec![database("delete", strategy, folder)]);
            took
        }
    };
    let dumped = || {
        sql("postgres", "CREATE DATABASE bench_dumped");
        let mut dump = Command::new("pg_dump");
        dump.arg(format!("--dbname={}", at(TEMPLATE)));
        let mut load = Command::new("psql");
        load.args(["--quiet", "--no-psqlrc"]).arg(at("bench_dumped"));
        let took = time(nothing(), vec![dump, load]);
        sql("postgres", "DROP DATABASE bench_dumped");
        took
    };
    let acts = [
        Act { rounds: COPIES, run: Box::new(ours("auto")) },
        Act { rounds: COPIES, run: Box::new(ours("walLog")) },
        Act { rounds: COPIES, run: Box::new(ours("fileCopy")) },
        Act { rounds: COPIES, run: Box::new(dumped) },
    ];
    let times = medians(&acts);
    [0, 1, 2, 3].map(|place| times[place].expect("there are rounds"))
}

fn kafka(verb: &str, folder: &TempDir) -> Command {
    let brokers = env::var("KAFKA_BOOTSTRAP").expect("KAFKA_BOOTSTRAP: where Kafka is");
    let topics: String = (0..TOPICS)
        .map(|number| {
            format!("    - {{name: bench{number}, partitions: 3, config: {{retention.ms: 86400000}}}}\n")
        })
        .collect();
    run("kafka-hook", verb, folder, &format!("kafka:\n  bootstrapServers: {brokers}\n  topics:\n{topics}"))
}

fn database(verb: &str, strategy: &str, folder: &TempDir) -> Command {
    let url = folder.path().join("url");
    let section = format!(
        "database:\n  adminUrl: {{file: {}}}\n  databases: [{{name: bench, template: {TEMPLATE}, strategy: {strategy}}}]\n",
        url.display()
    );
    run("database-hook", verb, folder, &section)
}

fn run(hook: &str, verb: &str, folder: &TempDir, section: &str) -> Command {
    let path: PathBuf = folder.path().join(format!("{hook}.yaml"));
    fs::write(&path, hook::file("bench", section)).expect("the file is written");
    let mut command = Command::new(repo::image_binaries().join(hook));
    command.args([verb, "--timeout=10m", "--config"]).arg(path).env_clear();
    command
}

fn sql(database: &str, statements: &str) -> String {
    let mut psql = Command::new("psql");
    psql.args(["--quiet", "--no-psqlrc", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"]);
    process::output_of(psql.arg(format!("--command={statements}")).arg(at(database)))
}

fn url() -> String {
    env::var("POSTGRES_URL").expect("POSTGRES_URL: where PostgreSQL is")
}

/// The same server's other database.
fn at(database: &str) -> String {
    let url = url();
    let (server, _) = url.rsplit_once('/').expect("a URL with a database");
    format!("{server}/{database}")
}

fn nothing() -> &'static Path {
    Path::new("/dev/null")
}

/// The thresholds of the numbers, and what was measured.
#[must_use]
pub fn verdicts(stores: &Stores) -> Vec<Verdict> {
    let Stores { topics, databases: _, size: _, peaks } = stores;
    let times =
        [("first", topics[0], APPLY), ("second", topics[1], AGAIN)].map(|(which, took, most)| Verdict {
            what: format!("the {which} apply of {TOPICS} topics"),
            limit: format!("at most {most} s"),
            got: format!("{:.2} s", took.as_secs_f64()),
            met: took.as_secs_f64() <= most,
        });
    let held = ["kafka-hook", "database-hook"].iter().zip(peaks).map(|(hook, peak)| Verdict {
        what: format!("peak memory of the first apply of {hook}"),
        limit: format!("at most {} MB", megabytes(MEMORY)),
        got: format!("{} MB", megabytes(*peak)),
        met: *peak <= MEMORY,
    });
    times.into_iter().chain(held).collect()
}

/// The table of the times, as Markdown.
#[must_use]
pub fn table(stores: &Stores) -> String {
    let [auto, log, files, dump] = stores.databases.map(|took| took.as_secs_f64());
    let mut table = format!(
        "| a template of {} MB | time | of `pg_dump` into `psql` |\n| --- | ---: | ---: |\n",
        megabytes(stores.size)
    );
    for (what, took) in [
        ("database-hook, `strategy: auto`", auto),
        ("database-hook, `strategy: walLog`", log),
        ("database-hook, `strategy: fileCopy`", files),
        ("`pg_dump` into `psql`", dump),
    ] {
        table += &format!("| {what} | {took:.2} s | {:.2} |\n", took / dump);
    }
    table
}

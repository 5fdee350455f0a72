//! Golden renders: a folder below `golden/` is a case, with `args`, `input.yaml`, and `output.yaml`
//! or, below `golden/refused/`, `error.txt`, and `stderr.txt` where something is said. Where there is an `explain.txt` or a `report.json`, what
//! `devstack explain` prints, or `--report` writes, is compared too. `GOLDEN=write` writes what comes
//! out, for review.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use acceptance::repo;

/// Exit code, stdout, stderr.
type Outcome = (Option<i32>, Vec<u8>, String);

fn devstack(args: &[&str], input: &[u8], helm4: bool) -> Outcome {
    let mut command = Command::new(repo::devstack());
    command
        .args(args)
        .env_clear()
        .current_dir(repo::root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if helm4 {
        command.envs([("HELM_PLUGIN_NAME", "devstack"), ("HELM_PLUGIN_DIR", "/plugins/devstack")]);
    }
    let mut child = command.spawn().expect("devstack starts");
    let mut stdin = child.stdin.take().expect("stdin is a pipe");
    let input = input.to_vec();
    let writer = std::thread::spawn(move || match stdin.write_all(&input) {
        // A refused flag ends the process before it reads.
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => panic!("write to devstack: {error}"),
        _ => {}
    });
    let output = child.wait_with_output().expect("devstack ends");
    writer.join().expect("the input is written");
    (output.status.code(), output.stdout, String::from_utf8(output.stderr).expect("stderr is text"))
}

fn cases(folder: &str) -> Vec<PathBuf> {
    let folder = repo::root().join("tests/golden").join(folder);
    let mut cases: Vec<PathBuf> = fs::read_dir(&folder)
        .expect("the folder of the cases")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.join("args").is_file())
        .collect();
    cases.sort();
    assert!(!cases.is_empty(), "no case in {}", folder.display());
    cases
}

fn arguments(case: &Path) -> Vec<String> {
    let text = fs::read_to_string(case.join("args")).expect("args");
    text.lines().map(str::to_owned).collect()
}

/// Compares with the golden file, after writing it where that is asked for.
fn check_or_write(path: &Path, got: &[u8], failures: &mut Vec<String>) {
    if std::env::var_os("GOLDEN").is_some_and(|word| word == "write") {
        fs::write(path, got).expect("the golden file is written");
    }
    check(path, got, failures);
}

fn check(path: &Path, got: &[u8], failures: &mut Vec<String>) {
    let want = fs::read(path).unwrap_or_default();
    if want != got {
        let (want, got) = (String::from_utf8_lossy(&want), String::from_utf8_lossy(got));
        failures.push(format!("{}\n--- want\n{want}\n--- got\n{got}", path.display()));
    }
}

#[test]
fn every_golden_stream_renders_as_it_did_and_twice_is_once() {
    let mut failures = Vec::new();
    for case in cases("") {
        let args = arguments(&case);
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let input = fs::read(case.join("input.yaml")).expect("input.yaml");
        let (code, output, stderr) = devstack(&args, &input, false);
        assert_eq!(code, Some(0), "{}: {stderr}", case.display());
        if stderr.is_empty() {
            assert!(!case.join("stderr.txt").exists(), "{} says nothing on stderr", case.display());
        } else {
            check_or_write(&case.join("stderr.txt"), stderr.as_bytes(), &mut failures);
        }
        check_or_write(&case.join("output.yaml"), &output, &mut failures);
        let (code, again, stderr) = devstack(&args, &output, false);
        assert_eq!(code, Some(0), "{}, rendered twice: {stderr}", case.display());
        check(&case.join("output.yaml"), &again, &mut failures);
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn what_is_explained_and_reported_is_what_was_explained_and_reported() {
    let mut failures = Vec::new();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let report = folder.path().join("report.json");
    let (mut explained, mut reported) = (0, 0);
    for case in cases("") {
        let mut args = arguments(&case);
        let input = fs::read(case.join("input.yaml")).expect("input.yaml");
        if case.join("explain.txt").is_file() {
            explained += 1;
            let mut args: Vec<&str> = args.iter().map(String::as_str).collect();
            args.insert(0, "explain");
            let (code, text, stderr) = devstack(&args, &input, false);
            assert_eq!((code, stderr.as_str()), (Some(0), ""), "{}", case.display());
            check_or_write(&case.join("explain.txt"), &text, &mut failures);
            // Under a Helm that runs it as a plugin, words stay words.
            let (code, again, _) = devstack(&args, &input, true);
            assert_eq!((code, again), (Some(0), text), "{}", case.display());
        }
        if case.join("report.json").is_file() {
            reported += 1;
            args.push(format!("--report={}", report.display()));
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            let (code, output, stderr) = devstack(&args, &input, false);
            assert_eq!((code, stderr.as_str()), (Some(0), ""), "{}", case.display());
            check(&case.join("output.yaml"), &output, &mut failures);
            let text = fs::read(&report).expect("the report is written");
            check_or_write(&case.join("report.json"), &text, &mut failures);
        }
    }
    assert!(explained >= 5 && reported >= 1, "{explained} explained, {reported} reported");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn what_is_refused_says_what_where_and_what_to_do_and_writes_nothing() {
    let mut failures = Vec::new();
    for case in cases("refused") {
        let args = arguments(&case);
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let input = fs::read(case.join("input.yaml")).expect("input.yaml");
        let (code, output, stderr) = devstack(&args, &input, false);
        assert!(output.is_empty(), "{} wrote to stdout", case.display());
        check_or_write(
            &case.join("error.txt"),
            format!("exit code {code:?}\n{stderr}").as_bytes(),
            &mut failures,
        );
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn as_a_plugin_of_helm_4_an_error_is_one_separator_that_helm_shows() {
    for case in cases("refused") {
        let args = arguments(&case);
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let input = fs::read(case.join("input.yaml")).expect("input.yaml");
        let (code, output, stderr) = devstack(&args, &input, true);
        let output = String::from_utf8(output).expect("text");
        assert_eq!((code, stderr.as_str()), (Some(0), ""), "{}", case.display());
        let line = output.strip_prefix("\n--- devstack: error: ").expect("a separator");
        assert_eq!(line.find('\n'), Some(line.len() - 1), "one line: {line}");
    }
}

//! Streams that nobody would write in good faith: each ends with a result or an error within seconds
//! and in bounded memory.

use std::{
    fs::File,
    io::{Seek, Write},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use acceptance::repo;

const HEAD: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a-b\n";
const POD_HEAD: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: a-b\n";
const MIB: usize = 1 << 20;

/// However slow the machine is at the moment: what is quadratic here takes hours.
const MOST_TIME: Duration = Duration::from_secs(30);

/// Ways to ask for a copy of these streams, and whether what cannot be read may pass.
const FLAGS: &[(&[&str], bool)] = &[
    (&["--feature=b", "--release=a-b", "--router=none", "--cluster-scoped=drop"], false),
    (&["--feature=a", "--isolate=off", "--router=none", "--on-error=pass"], true),
];

/// A kind of stream, and what devstack says to it: nothing, or an error with these words.
struct Case {
    name: &'static str,
    stream: fn() -> Vec<u8>,
    says: Option<&'static str>,
    /// The most memory, in multiples of the stream, beside the 300 MiB that a million values may take.
    most_memory: usize,
}

const CASES: &[Case] = &[
    Case {
        name: "a document of 100 MiB in one block scalar",
        stream: || long(HEAD, "data:\n  a: |\n", "    line of text\n"),
        says: None,
        most_memory: 2,
    },
    Case {
        name: "a document of 100 MiB in small entries",
        stream: || long(HEAD, "data:\n", "  a: b\n"),
        says: None,
        most_memory: 2,
    },
    Case {
        name: "a workload of 100 MiB in one block scalar",
        stream: || long(POD_HEAD, "spec:\n  a: |\n", "    line of text\n"),
        says: None,
        most_memory: 5,
    },
    Case {
        name: "a workload of 100 MiB in small entries",
        stream: || long(POD_HEAD, "spec:\n", "  a: b\n"),
        says: Some("more than 1000000 values"),
        most_memory: 5,
    },
    Case {
        name: "a document of 100 MiB in brackets",
        stream: || long("", "[", "1,"),
        says: Some("more than 1000000 values"),
        most_memory: 5,
    },
    Case {
        name: "a document of 100 MiB that is one plain text",
        stream: || long("", "", "a text "),
        says: None,
        most_memory: 5,
    },
    Case { name: "100 MiB of comments", stream: || long("", "", "# c\n"), says: None, most_memory: 5 },
    Case {
        name: "100 MiB of markers",
        stream: || long("", "", "---\n"),
        says: Some("documents, and at most 1000000 are read"),
        most_memory: 8,
    },
    Case {
        name: "a million documents of nothing",
        stream: || "---\n".repeat(1_000_000).into_bytes(),
        says: None,
        most_memory: 100,
    },
    Case {
        name: "a line of 1 MiB",
        stream: || format!("{POD_HEAD}  annotations: {{a: \"{}\"}}\n", "x".repeat(MIB)).into_bytes(),
        says: None,
        most_memory: 8,
    },
    Case {
        name: "a line of 1 MiB that is wrong at its end",
        stream: || format!("{POD_HEAD}  annotations: {{a: \"{}\n", "x".repeat(MIB)).into_bytes(),
        says: Some("document 1, line 5 column"),
        most_memory: 8,
    },
    Case {
        name: "a key of 1 MiB",
        stream: || format!("{POD_HEAD}  {}: b\n", "x".repeat(MIB)).into_bytes(),
        says: Some("document 1, line 5 column"),
        most_memory: 8,
    },
    Case {
        name: "a Service whose name is 1 MiB",
        stream: || named("v1", "Service", &format!("a-b-{}", "x".repeat(MIB))),
        says: None,
        most_memory: 8,
    },
    Case {
        name: "a Secret whose name is no name",
        stream: || named("v1", "Secret", "a-b-`\\\") || ${X} {{ x }}\\n\u{202e}\\0"),
        says: None,
        most_memory: 8,
    },
    Case {
        name: "a label whose value is 1 MiB",
        stream: || format!("{POD_HEAD}  labels: {{a: \"{}\"}}\n", "x".repeat(MIB)).into_bytes(),
        says: None,
        most_memory: 8,
    },
    Case {
        name: "10000 levels of brackets",
        stream: || format!("{POD_HEAD}  x: {}{}\n", "[".repeat(10_000), "]".repeat(10_000)).into_bytes(),
        says: Some("recursion limit exceeded"),
        most_memory: 8,
    },
    Case {
        name: "10000 levels of brackets that are not looked into",
        stream: || format!("{HEAD}x: {}{}\n", "[".repeat(10_000), "]".repeat(10_000)).into_bytes(),
        says: None,
        most_memory: 8,
    },
    Case {
        name: "10000 levels of indentation",
        stream: || {
            format!(
                "{POD_HEAD}  x:\n{}",
                (1..10_000).map(|n| format!("{}a:\n", " ".repeat(n + 2))).collect::<String>()
            )
            .into_bytes()
        },
        says: Some("recursion limit exceeded"),
        most_memory: 8,
    },
    Case {
        name: "10000 levels of dashes",
        stream: || format!("{POD_HEAD}  x:\n    {}a\n", "- ".repeat(10_000)).into_bytes(),
        says: Some("recursion limit exceeded"),
        most_memory: 8,
    },
    Case {
        name: "aliases that multiply",
        stream: || bomb("[*a{}, *a{}, *a{}, *a{}, *a{}, *a{}, *a{}, *a{}, *a{}]"),
        says: None,
        most_memory: 8,
    },
    Case {
        name: "merge keys that multiply",
        stream: || bomb("{<<: [*a{}, *a{}, *a{}, *a{}, *a{}, *a{}, *a{}, *a{}, *a{}]}"),
        says: Some("merge keys that take over more than 1000 mappings"),
        most_memory: 8,
    },
    Case {
        name: "merge keys in a row",
        stream: || chain(100_000),
        says: Some("aliases of aliases, more than 100 deep"),
        most_memory: 400,
    },
    Case {
        name: "aliases in a row",
        stream: || two(&row(100_000)),
        says: Some("aliases of aliases, more than 100 deep"),
        most_memory: 100,
    },
    Case {
        name: "a list whose items repeat one label map",
        stream: || items(50_000, "labels: *l"),
        says: None,
        most_memory: 100,
    },
    Case {
        name: "a list whose items anchor their labels",
        stream: || items(50_000, "labels: &a {a: b}, annotations: *a"),
        says: None,
        most_memory: 100,
    },
    Case {
        name: "many quoted texts with line separators",
        stream: || {
            format!("{POD_HEAD}  annotations:\n{}", "    a: \"\u{2028}\"\n".repeat(200_000)).into_bytes()
        },
        says: None,
        most_memory: 100,
    },
    Case {
        name: "an alias of what it is in",
        stream: || format!("{POD_HEAD}  labels: &l {{<<: *l}}\n").into_bytes(),
        says: None,
        most_memory: 8,
    },
    Case {
        name: "anchors in one another",
        stream: || nest(200, 10_000),
        says: Some("more than 1000000 values"),
        most_memory: 8,
    },
    Case {
        name: "bytes that are no text",
        stream: || (0..=u8::MAX).cycle().take(MIB).collect(),
        says: Some("it is not UTF-8"),
        most_memory: 8,
    },
    Case {
        name: "nothing but NUL",
        stream: || vec![0; MIB],
        says: Some("document 1, line 1 column 1"),
        most_memory: 8,
    },
    Case {
        name: "UTF-16",
        stream: || HEAD.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        says: Some("document 1, line 1 column"),
        most_memory: 8,
    },
    Case {
        name: "half a million times one key",
        stream: || format!("{POD_HEAD}  labels:\n{}", "    a: b\n".repeat(600_000)).into_bytes(),
        says: Some("more than 1000000 values"),
        most_memory: 40,
    },
    Case {
        name: "a hundred thousand labels",
        stream: || {
            format!(
                "{POD_HEAD}  labels:\n{}",
                (0..100_000).map(|n| format!("    a{n}: b\n")).collect::<String>()
            )
            .into_bytes()
        },
        says: None,
        most_memory: 40,
    },
    Case {
        name: "a hundred thousand containers",
        stream: || containers(100_000),
        says: None,
        most_memory: 100,
    },
];

#[test]
fn hostile_streams_end_in_time_and_in_bounded_memory() {
    let mut failures = Vec::new();
    for Case { name, stream, says, most_memory } in CASES {
        let stream = stream();
        let most = stream.len() * most_memory + 300 * MIB;
        for (flags, passes) in FLAGS {
            let (code, stderr, took) = run(&stream, flags, most);
            let right = match says {
                None => code == Some(0) && stderr.is_empty(),
                Some(words) if code == Some(1) => stderr.contains(words) && stderr.len() < 2000,
                // What cannot be read passes, and is talked of.
                Some(_) => *passes && code == Some(0) && stderr.len() < 2000,
            };
            if !right || took > MOST_TIME {
                let said: String = stderr.chars().take(300).collect();
                failures.push(format!("{name}, {flags:?}: exit code {code:?} after {took:?}: {said}"));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// A document of 100 MiB: the head, and one part again and again.
fn long(head: &str, start: &str, part: &str) -> Vec<u8> {
    let mut text = format!("{head}{start}");
    text.push_str(&part.repeat(100 * MIB / part.len()));
    text.into_bytes()
}

/// An object of this name, in double quotes.
fn named(version: &str, kind: &str, name: &str) -> Vec<u8> {
    format!("apiVersion: {version}\nkind: {kind}\nmetadata:\n  name: \"{name}\"\n").into_bytes()
}

/// Twenty anchors, each of which is made of the one before.
fn bomb(form: &str) -> Vec<u8> {
    let line = |n: usize| format!("  a{n}: &a{n} {}\n", form.replace("{}", &(n - 1).to_string()));
    let lines: String = (1..20).map(line).collect();
    format!("{HEAD}x:\n  a0: &a0 {{a: b}}\n{lines}").into_bytes()
}

fn chain(length: usize) -> Vec<u8> {
    let line = |n: usize| format!("  a{n}: &a{n} {{<<: *a{}}}\n", n - 1);
    let lines: String = (1..length).map(line).collect();
    format!("{HEAD}x:\n  a0: &a0 {{a: b}}\n{lines}").into_bytes()
}

/// Anchors of which each repeats the one before.
fn row(length: usize) -> String {
    let lines: String = (1..length).map(|n| format!("  a{n}: &a{n} [*a{}]\n", n - 1)).collect();
    format!("{POD_HEAD}x:\n  a0: &a0 [q]\n{lines}")
}

/// A document behind another: the other processors have stacks of their own.
fn two(document: &str) -> Vec<u8> {
    let first = format!("{POD_HEAD}x: |\n{}", "  text\n".repeat(document.len() / 6));
    format!("{first}---\n{document}").into_bytes()
}

fn items(count: usize, metadata: &str) -> Vec<u8> {
    let item = |n: usize| {
        format!("  - {{apiVersion: v1, kind: ConfigMap, metadata: {{name: a-b-{n}, {metadata}}}}}\n")
    };
    let items: String = (0..count).map(item).collect();
    format!("apiVersion: v1\nkind: List\nx: &l {{a: b}}\nitems:\n{items}").into_bytes()
}

/// Anchors around one another, which are kept for their aliases.
fn nest(depth: usize, length: usize) -> Vec<u8> {
    let anchors: String = (0..depth).map(|n| format!("&a{n} [")).collect();
    format!("{POD_HEAD}x: {anchors}{}{}\n", "1,".repeat(length), "]".repeat(depth)).into_bytes()
}

fn containers(count: usize) -> Vec<u8> {
    let items: String = (0..count).map(|n| format!("        - name: a{n}\n")).collect();
    format!("{POD_HEAD}spec:\n  template:\n    spec:\n      containers:\n{items}").into_bytes()
}

/// Exit code, stderr and duration of a rendering that gets no more than `most` bytes of memory.
fn run(stream: &[u8], flags: &[&str], most: usize) -> (Option<i32>, String, Duration) {
    let mut input = tempfile::tempfile().expect("a temporary file");
    input.write_all(stream).and_then(|()| input.rewind()).expect("the stream is written");
    let mut stderr = tempfile::tempfile().expect("a temporary file");
    let start = Instant::now();
    let status = Command::new("sh")
        .args(["-c", "ulimit -v \"$0\"; exec \"$@\"", &(most / 1024).to_string()])
        .arg(repo::devstack())
        .args(flags)
        .env_clear()
        // What the allocator reserves for each processor is no memory that is used.
        .env("MALLOC_ARENA_MAX", "1")
        .stdin(Stdio::from(input))
        .stdout(Stdio::from(File::create("/dev/null").expect("there is /dev/null")))
        .stderr(Stdio::from(stderr.try_clone().expect("a second handle")))
        .status()
        .expect("devstack ends");
    let took = start.elapsed();
    stderr.rewind().expect("a file can be read again");
    (status.code(), std::io::read_to_string(stderr).expect("stderr is text"), took)
}

//! What charts have in their values: strings that are hard to write, scalars that are not what they
//! look like.

use serde_json::{Value, json};

/// Strings that no notation but a careful one survives. A byte order mark is not among them: Helm's
/// parser looks for one at the start of its buffer, wherever it reads, so that it misreads a document
/// with one inside by chance.
pub(super) const TEXTS: &[&str] = &[
    "some words of text",
    "http://example.com:8080/a?b=c&d=e#f",
    "with: colon",
    "key: \"unbalanced",
    "- dash",
    "# hash",
    "a #b and no comment",
    "[a, {b: ' ",
    "}]",
    "it's \"quoted\" \\ twice",
    " leading and trailing ",
    "---",
    "--- # c",
    "... and more words",
    "%TAG and @at and `tick`",
    "*star",
    "&ampersand and *star",
    "!bang",
    "| pipe",
    "? question",
    "{{ .Values.x }}",
    "a\ttab",
    "\u{fc}n\u{ef}c\u{f6}de \u{2603} \u{6f22}\u{5b57} \u{1f600}",
    "a line separator\u{2028}and a paragraph's\u{2029}end",
    "next\u{85}line",
    "null",
    "~",
    "",
    "yes",
    "on",
    "0777",
    "1e3",
    "12:30:45",
    "2001-12-14",
    "<<",
    "=",
    "labels: {}",
    "over - lines | > \"one 'two {three [four &five *six !seven ? eight % nine @ten - | eleven",
    "many words that go on and on so that there is enough to be folded over several lines of text",
];

/// Strings of several lines, which block scalars are for.
pub(super) const BLOCKS: &[&str] = &[
    "one line\n",
    "two\nlines\n",
    "no\nnewline at the end",
    "an empty\n\nline\n",
    "kept\nnewlines\n\n\n",
    "---\nkind: Deployment\nmetadata:\n  labels:\n    a: b\n---\n# Source: x\n",
    "  more indented\nthan what follows\n",
    "first\n  more indented\n\n    and more\nfirst\n",
    "key: \"\nother: '\n[ {\n",
    "# no comment\n#!/bin/sh\nset -eu\necho \"$A\" # c\n",
    "{\"json\": [1, 2,\n  {\"kind\": \"Deployment\"}]}\n",
    "...\n--- {a: b}\n",
    "\u{fc}ber\n\u{6f22}\u{5b57}\n",
    "labels:\n  <<: *l\nkey: &l\n",
    "tab\tin it\nend\n",
    "metadata:\n  name: a",
];

/// What there is a lot of in a large document.
pub(super) const LARGE: &str = "kind: |\nmetadata:\n  \"labels\": {'\n- it's\n    # {a: b\n\n? x\n";

/// Values that labels and annotations have.
pub(super) const LABELS: &[&str] = &["web", "demo-web", "Helm", "1.2.3", "demo-0.1.0", "a_b.c", "true", "x"];

/// Scalars as they are written, and what Helm reads.
pub(super) fn raw(index: usize) -> (&'static str, Value) {
    let all = [
        ("12", json!(12)),
        ("true", json!(true)),
        ("y", json!(true)),
        ("No", json!(false)),
        ("on", json!(true)),
        ("OFF", json!(false)),
        ("0777", json!(511)),
        ("0o17", json!(15)),
        ("0x1F", json!(31)),
        ("0b101", json!(5)),
        ("1_000", json!(1000)),
        ("1e3", json!(1000)),
        ("1.10", json!(1.1)),
        ("-1", json!(-1)),
        ("+12", json!(12)),
        ("08", json!(8)),
        (".5", json!(0.5)),
        ("12:30:45", json!("12:30:45")),
        ("2001-12-14", json!("2001-12-14")),
        ("1.2.3", json!("1.2.3")),
        ("12345678901234567890", json!(12_345_678_901_234_567_890_u64)),
        ("123456789012345678901234", json!(123_456_789_012_345_678_901_234_f64)),
        ("!!str 123", json!("123")),
        ("!!int \"7\"", json!(7)),
        ("-a", json!("-a")),
        (":a", json!(":a")),
        ("?a", json!("?a")),
        ("a:b", json!("a:b")),
        ("\"\\u00fc\\x41\\N\\L\\P\\_\\e\\0\"", json!("\u{fc}A\u{85}\u{2028}\u{2029}\u{a0}\u{1b}\0")),
        ("\"a\u{85}b\"", json!("a b")),
        ("'a\u{2028}b'", json!("a\u{2028}b")),
        ("=", json!("=")),
    ];
    all[index % all.len()].clone()
}

/// How many [`raw`] scalars there are.
pub(super) const RAW: usize = 32;

/// Keys as they are written, and what Helm reads.
pub(super) const KEYS: &[(&str, &str)] = &[
    ("on", "true"),
    ("12", "12"),
    ("0x10", "16"),
    ("\"<<\"", "<<"),
    ("'it''s'", "it's"),
    ("\"a b\"", "a b"),
    ("-a", "-a"),
    ("\"\"", ""),
    ("!!str off", "off"),
    ("example.com/a", "example.com/a"),
];

/// What stands in comments.
pub(super) const COMMENTS: &[&str] = &[
    "#",
    "# a comment",
    "#a: b",
    "# it's \"unbalanced [ {",
    "# ---",
    "# labels: {}",
    "# - a: |",
    "# \u{fc}ber &a *b",
    "## kind: Deployment",
    "#\ttab",
];

//! The oracle itself: it reads as Helm is known to read, and nothing that it is asked ends it.

use acceptance::oracle::Oracle;
use serde_json::{Value, json};

#[test]
fn it_reads_as_helm_does_and_whatever_it_is_asked_the_next_stream_is_answered() {
    let line = |level: u32| {
        format!("l{}: &l{} [{}]\n", level + 1, level + 1, vec![format!("*l{level}"); 10].join(","))
    };
    let bomb = format!("l0: &l0 x\n{}", (0..9).map(line).collect::<String>());
    let deep = "[".repeat(20_000);
    let refused = [&b"a: [1\n"[..], b"\xff\0", bomb.as_bytes(), deep.as_bytes(), b"? {a: 1}\n: 2\n"];
    let cases: [(&str, &[Value]); 9] = [
        ("", &[]),
        ("# nothing\n", &[Value::Null]),
        ("---\na: 1\n---\n# nothing\n---\nb: 2", &[json!({"a": 1}), Value::Null, json!({"b": 2})]),
        (
            "a: yes\nb: 0777\nc: 12:30:45\nd: 1e3\n",
            &[json!({"a": true, "b": 511, "c": "12:30:45", "d": 1000})],
        ),
        ("a: 18446744073709551615\nb: -9223372036854775808\n", &[json!({"a": u64::MAX, "b": i64::MIN})]),
        ("a: 12345678901234567890123\n", &[json!({"a": 12_345_678_901_234_567_890_123_f64})]),
        ("a: 0.1234567890123456789\n", &[json!({"a": 0.123_456_789_012_345_68})]),
        ("a: 1\na: 2\n", &[json!({"a": 2})]),
        ("x: &x {a: 1}\nz: {<<: *x, b: 2}\n", &[json!({"x": {"a": 1}, "z": {"a": 1, "b": 2}})]),
    ];
    let mut oracle = Oracle::start();
    for _ in 0..3 {
        for stream in refused {
            let read = oracle.read(stream);
            assert!(matches!(&read[..], [Err(_)]), "{read:?}");
        }
        for (stream, want) in cases {
            let read: Result<Vec<Value>, String> = oracle.read(stream.as_bytes()).into_iter().collect();
            assert_eq!(read.as_deref(), Ok(want), "{stream:?}");
        }
    }
}

#[test]
fn where_a_stream_cannot_be_cut_its_reading_ends() {
    let read = Oracle::start().read(b"a: 1\n--- b: 2\n---\nc: 3\n");
    assert_eq!(read, [Err("invalid Yaml document separator: b: 2".to_owned())]);
}

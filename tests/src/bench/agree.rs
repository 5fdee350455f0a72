//! That the tools do the same work: what Helm reads of their outputs is the same, object for object.

use std::{fs::File, process::Stdio};

use feature::words;
use serde_json::Value;

use super::{stream::Stream, tool::Tool};
use crate::{
    oracle::Oracle,
    process::{run, said},
};

/// # Panics
/// With the first object on which two tools differ, or when nothing was done.
pub fn check(stream: &Stream) {
    let mut oracle = Oracle::start();
    let [devstack, yq, kustomize] = Tool::PARSERS.map(|tool| objects(&mut oracle, tool, stream));
    assert_eq!(devstack.len(), stream.objects, "objects out of devstack, and objects in the stream");
    for object in &devstack {
        assert!(object["metadata"]["labels"][words::FEATURE].is_string(), "devstack left out {object}");
    }
    for (name, theirs) in [("yq", yq), ("kustomize", kustomize)] {
        assert_eq!(devstack.len(), theirs.len(), "objects out of devstack, and out of {name}");
        for (ours, theirs) in devstack.iter().zip(theirs) {
            assert!(*ours == theirs, "devstack:\n{ours:#}\n\n{name}:\n{theirs:#}");
        }
    }
}

fn objects(oracle: &mut Oracle, tool: Tool, stream: &Stream) -> Vec<Value> {
    let mut command = tool.command(stream);
    command.stdin(File::open(&stream.file).expect("the stream")).stderr(Stdio::piped());
    let output = run(&mut command);
    assert!(output.status.success(), "{}", said(&command, &output));
    let documents = oracle.read(&output.stdout).into_iter();
    let objects = documents.map(|document| document.unwrap_or_else(|error| panic!("{tool:?}: {error}")));
    objects.filter(|object| !object.is_null()).collect()
}

//! Programs of the lab's that answer one question after the other: a frame on stdin, a frame on stdout.
//! It knows nothing of what is asked.

use std::{
    io::{Read, Write},
    path::PathBuf,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use crate::{process, repo};

/// A process that answers. It ends when the value is dropped.
#[derive(Debug)]
pub struct Frames {
    name: &'static str,
    child: Child,
    /// Nothing only while it is being dropped.
    questions: Option<ChildStdin>,
    answers: ChildStdout,
}

impl Frames {
    /// Starts the program, which the lab builds with one of its components.
    ///
    /// # Panics
    /// When the lab has not built it, with the command that does.
    #[must_use]
    pub fn start(name: &'static str, component: &str) -> Self {
        let program = program(name);
        assert!(program.is_file(), "{}: not there: tests/lab/lab build {component}", program.display());
        let mut child = Command::new(&program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("start {}: {error}", program.display()));
        let questions = child.stdin.take();
        let answers = child.stdout.take().expect("stdout is a pipe");
        Self { name, child, questions, answers }
    }

    /// The answer to one question.
    ///
    /// # Panics
    /// When the process breaks down.
    pub fn ask(&mut self, question: &[u8]) -> Vec<u8> {
        let name = self.name;
        let questions = self.questions.as_mut().expect("it has not been dropped");
        let length = u32::try_from(question.len()).expect("a question of less than 4 GiB");
        questions
            .write_all(&length.to_be_bytes())
            .and_then(|()| questions.write_all(question))
            .unwrap_or_else(|error| panic!("{name} takes no question: {error}"));
        let mut length = [0; 4];
        self.answers
            .read_exact(&mut length)
            .unwrap_or_else(|error| panic!("{name} gives no answer: {error}"));
        let mut answer = vec![0; u32::from_be_bytes(length) as usize];
        self.answers
            .read_exact(&mut answer)
            .unwrap_or_else(|error| panic!("{name} does not end its answer: {error}"));
        answer
    }
}

impl Drop for Frames {
    fn drop(&mut self) {
        // The end of its input is the end of it.
        drop(self.questions.take());
        let status = self.child.wait().expect("the process is our child");
        assert!(std::thread::panicking() || status.success(), "{}: {status}", self.name);
    }
}

/// Beside the other tools that the lab builds; where that is only the lab knows.
fn program(name: &str) -> PathBuf {
    let mut shell = Command::new("bash");
    shell
        .args(["-euc", r#"eval "$("$0" env)"; printf '%s/%s' "${HELM3%/*}" "$1""#])
        .arg(repo::root().join("tests/lab/lab"))
        .arg(name);
    process::output_of(&mut shell).into()
}

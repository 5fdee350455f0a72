//! The exit codes of every hook. Scripts and Jobs read them: they are never given another meaning.

use std::process::ExitCode;

/// An exit code of a hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code(u8);

/// Done; also a plan without `--exit-code`, and a delete that had to leave something to sweep.
pub const DONE: Code = Code(0);
/// A fault of the hook itself, or it was told to stop.
pub const INTERNAL: Code = Code(1);
/// The command line or the config file is wrong; nothing was connected to.
pub const CONFIG: Code = Code(2);
/// `plan --exit-code` found changes.
pub const CHANGES: Code = Code(3);
/// The back end could not be reached, or not within the timeout.
pub const UNREACHABLE: Code = Code(4);
/// Refused: the thing is somebody else's, or the back end does not allow it. Trying again does not help.
pub const REFUSED: Code = Code(5);

impl Code {
    /// The code that a hook ended with, if it is one of these.
    #[must_use]
    pub fn of(number: i32) -> Option<Self> {
        let code = Self(u8::try_from(number).ok()?);
        [DONE, INTERNAL, CONFIG, CHANGES, UNREACHABLE, REFUSED].contains(&code).then_some(code)
    }
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> Self {
        Self::from(code.0)
    }
}

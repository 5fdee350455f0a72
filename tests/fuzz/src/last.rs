//! The input that is being tried, in a file: where recursion has filled the stack, the process ends by a
//! signal that libFuzzer cannot catch without a stack, and the input would be lost.

use std::{env, fs::File, os::unix::fs::FileExt, sync::LazyLock};

/// Behind ten digits that say how long it is, so that one write does for each input.
static LAST: LazyLock<Option<File>> =
    LazyLock::new(|| env::var_os("FUZZ_LAST").map(|path| File::create(path).expect("FUZZ_LAST is a file")));

/// Notes the input, where the variable `FUZZ_LAST` names a file.
pub fn note(data: &[u8]) {
    if let Some(file) = &*LAST {
        let noted = [format!("{:010}\n", data.len()).as_bytes(), data].concat();
        file.write_all_at(&noted, 0).expect("FUZZ_LAST can be written");
    }
}

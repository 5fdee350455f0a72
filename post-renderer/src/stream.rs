//! Cuts a stream of manifests into parts and says where in it something stands. Reads bytes: whether
//! a part is text, and YAML, is found part by part.

use std::{fmt, ops::Range};

use memchr::memmem;

/// A place in the stream, for errors and reports.
#[derive(Clone, Debug)]
pub struct Place {
    /// The template that Helm rendered it from, or else which document it is.
    pub file: String,
    pub line: usize,
    column: usize,
    of_stream: bool,
    /// The line itself, unless it may be a secret.
    text: Option<String>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, line {} column {}", self.file, self.line, self.column)?;
        if self.of_stream {
            f.write_str(" of the stream")?;
        }
        self.text.iter().try_for_each(|text| write!(f, ", `{text}`"))
    }
}

impl Place {
    pub fn new(file: String, stream: &[u8], offset: usize, secret: bool) -> Self {
        let offset = offset.min(stream.len());
        let start = memchr::memrchr(b'\n', &stream[..offset]).map_or(0, |newline| newline + 1);
        let end = memchr::memchr(b'\n', &stream[offset..]).map_or(stream.len(), |newline| offset + newline);
        // A line may be a megabyte long.
        let shown = String::from_utf8_lossy(&stream[start..end.min(start + 512)]);
        Self {
            file,
            line: line_of(stream, offset),
            of_stream: true,
            column: String::from_utf8_lossy(&stream[start..offset]).chars().count() + 1,
            text: (!secret).then(|| shown.trim().chars().take(120).collect()),
        }
    }

    /// The same in a file of its own.
    pub fn of_file(file: String, text: &[u8], offset: usize) -> Self {
        Self { of_stream: false, ..Self::new(file, text, offset, false) }
    }
}

/// The number of the line that `offset` is in, from 1.
pub fn line_of(stream: &[u8], offset: usize) -> usize {
    memchr::memchr_iter(b'\n', &stream[..offset]).count() + 1
}

/// The parts between lines that start a document: `---` alone or before white space, which YAML
/// reads as a marker wherever it stands at a line's start. Together they are the whole stream.
pub fn parts(stream: &[u8]) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let mut start = 0;
    let inner = memmem::find_iter(stream, b"\n---").map(|newline| newline + 1);
    for marker in stream.starts_with(b"---").then_some(0).into_iter().chain(inner) {
        let ends = stream.get(marker + 3).is_none_or(|byte| b" \t\r\n".contains(byte));
        // Directives belong to the document that follows.
        if ends && marker > start && !only_directives(&stream[start..marker]) {
            parts.push(start..marker);
            start = marker;
        }
    }
    parts.push(start..stream.len());
    parts
}

fn only_directives(part: &[u8]) -> bool {
    let mut lines = part.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    let mut directives = false;
    lines.all(|line| {
        directives |= line[0] == b'%';
        matches!(line[0], b'%' | b'#')
    }) && directives
}

/// Helm 3 heads each document with `# Source: <template>`.
pub fn helm_source(part: &[u8]) -> Option<String> {
    let mut lines = part.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end);
    let head = lines.find(|line| !line.is_empty() && *line != b"---")?;
    head.strip_prefix(b"# Source: ").map(|file| String::from_utf8_lossy(file).into_owned())
}

/// How the lines of a text end.
pub fn end_of_line(text: &str) -> &'static str {
    match memchr::memchr(b'\n', text.as_bytes()) {
        Some(at) if text[..at].ends_with('\r') => "\r\n",
        _ => "\n",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_cut_at_markers_and_nowhere_else() {
        let cases: [(&str, &[&str]); 9] = [
            ("a: 1\n", &["a: 1\n"]),
            ("---\na: 1\n---\nb: 2\n", &["---\na: 1\n", "---\nb: 2\n"]),
            ("---\r\na: 1\r\n---\r\nb: 2", &["---\r\na: 1\r\n", "---\r\nb: 2"]),
            ("a: |\n  ---\n  x\n--- # c\nb: 2", &["a: |\n  ---\n  x\n", "--- # c\nb: 2"]),
            ("--- {a: b}\n---x: 1\n", &["--- {a: b}\n---x: 1\n"]),
            ("%YAML 1.2\n---\na: 1\n", &["%YAML 1.2\n---\na: 1\n"]),
            ("a: 1\n...\n%YAML 1.2\n---\nb: 1\n", &["a: 1\n...\n%YAML 1.2\n", "---\nb: 1\n"]),
            ("# c\n---\na: 1\n---", &["# c\n", "---\na: 1\n", "---"]),
            ("", &[""]),
        ];
        for (stream, want) in cases {
            let parts = parts(stream.as_bytes());
            let got: Vec<&str> = parts.into_iter().map(|part| &stream[part]).collect();
            assert_eq!(got, want);
        }
    }

    #[test]
    fn a_place_is_counted_from_one_and_shows_its_line() {
        let stream = b"a: 1\n  b: \xff2\nc";
        let place = |offset, secret| Place::new("f".to_owned(), stream, offset, secret).to_string();
        assert_eq!(place(7, false), "f, line 2 column 3 of the stream, `b: \u{fffd}2`");
        assert_eq!(place(7, true), "f, line 2 column 3 of the stream");
        assert_eq!(place(99, false), "f, line 3 column 2 of the stream, `c`");
    }
}

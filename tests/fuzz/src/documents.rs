//! The documents of a stream, cut by its lines as Helm cuts it, and by no parser of ours.

/// The parts of `stream` between lines that are `---`, or start with it and white space.
pub fn documents(stream: &str) -> Vec<&str> {
    let mut documents = Vec::new();
    let (mut start, mut at) = (0, 0);
    for line in stream.split_inclusive('\n') {
        if line
            .strip_prefix("---")
            .is_some_and(|rest| rest.trim_start().len() < rest.len() || rest.is_empty())
        {
            documents.push(&stream[start..at]);
            start = at;
        }
        at += line.len();
    }
    documents.push(&stream[start..]);
    documents
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_has_a_part_more_than_it_has_separators() {
        assert_eq!(documents(""), [""]);
        assert_eq!(
            documents("---\na: 1\n--- # x\n---b: 2\n---"),
            ["", "---\na: 1\n", "--- # x\n---b: 2\n", "---"]
        );
    }
}

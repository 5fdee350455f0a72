//! The grammars that several kinds of settings share.

/// Letters, digits and `-_.`, the first and the last a letter or a digit.
pub fn is_word(text: &str, most: usize) -> bool {
    let legal = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    let edge = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_alphanumeric());
    text.len() <= most
        && text.bytes().all(legal)
        && edge(text.bytes().next())
        && edge(text.bytes().next_back())
}

/// A text as far as an error shows it.
pub fn shown(text: &str) -> String {
    text.chars().take(80).collect()
}

/// The release name as Helm takes it.
pub fn release(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err("the release is empty: in helmfile write {{ .Release.Name }}".to_owned());
    }
    if text.len() > 53 {
        return Err("a release name has at most 53 characters".to_owned());
    }
    name_of_object(text)
}

/// A person or a link, as it is to stand in an annotation.
pub fn note(text: &str) -> Result<String, String> {
    // The hooks' file has the same rule.
    if text.is_empty() || text.chars().count() > 256 || text.chars().any(char::is_control) {
        return Err("1 to 256 characters without control characters are expected".to_owned());
    }
    Ok(text.to_owned())
}

/// A DNS-1123 subdomain, which is what Kubernetes takes as a name.
pub fn name_of_object(text: &str) -> Result<String, String> {
    let label = |label: &str| {
        let bytes = label.as_bytes();
        let edge = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        (1..=63).contains(&bytes.len())
            && bytes.iter().all(|&b| edge(b) || b == b'-')
            && edge(bytes[0])
            && edge(bytes[bytes.len() - 1])
    };
    if text.len() > 253 || !text.split('.').all(label) {
        return Err(format!(
            "{:?} is no name: lower-case letters, digits, dashes, and dots between them",
            shown(text)
        ));
    }
    Ok(text.to_owned())
}

//! A line of the file, or a message about it, without what nobody but its writer should see.
//!
//! Rather too much is hidden than too little: the line's number says where to look. Nothing here knows
//! what is wrong with the line.

/// Keys whose values are never in the file itself; if they are, it is a mistake that is not repeated.
const SECRET: [&str; 5] = ["accessKeyId", "secretAccessKey", "sessionToken", "credentials", "adminUrl"];

/// How properties of a client and keys of a Secret end whose values are secrets, such as `sasl.password`; those of a
/// Secret are often in capitals.
const SECRET_ENDS: [&str; 6] = ["password", "passphrase", "client.secret", "key.pem", "jaas.config", "token"];

/// What stands for what is hidden.
pub(super) const HIDDEN: &str = "***";

/// The line without passwords of URLs, and without the keys that credentials are.
pub(super) fn line(line: &str) -> String {
    let secret = SECRET.iter().chain(&SECRET_ENDS).filter_map(|key| secret(line, key)).min();
    let shown = words(&line[..secret.unwrap_or(line.len())], word);
    if secret.is_some() { shown + HIDDEN } else { shown }
}

/// The message without passwords of URLs.
pub(super) fn message(message: &str) -> String {
    words(message, |word| url(word).unwrap_or_else(|| word.to_owned()))
}

/// Whether the name of a property says that its value is a secret.
pub(super) fn is_secret(property: &str) -> bool {
    SECRET_ENDS.iter().any(|end| property.ends_with(end))
}

/// Whether a key is meant whose value is a secret.
pub(super) fn is_nearly_secret(key: &str) -> bool {
    let lower = key.to_lowercase();
    is_secret(key)
        || ["pass", "pwd"].iter().any(|part| lower.contains(part))
        || SECRET.iter().any(|secret| strsim::jaro_winkler(key, secret) > 0.8)
}

/// Where a text stands that is the value of `key`.
fn secret(line: &str, key: &str) -> Option<usize> {
    // As many bytes as the line has, letter by letter.
    line.to_ascii_lowercase().match_indices(&key.to_ascii_lowercase()).find_map(|(at, _)| {
        let rest = line[at + key.len()..].trim_start_matches(['"', '\'', ' ']).strip_prefix(':')?;
        let value = rest.trim_start();
        let is_text = !value.is_empty() && !value.starts_with(['{', '#']);
        is_text.then_some(line.len() - value.len())
    })
}

/// Each word of the line, and each text between quotes, as `shown`.
fn words(line: &str, shown: impl Fn(&str) -> String) -> String {
    let mut masked = String::new();
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let end = match first {
            '"' | '\'' => rest[1..].find(first).map(|end| end + 2),
            '[' | '{' | ',' => Some(1),
            _ if first.is_whitespace() => Some(first.len_utf8()),
            _ => rest.find(char::is_whitespace),
        };
        let (word, after) = rest.split_at(end.unwrap_or(rest.len()));
        masked += &shown(word);
        rest = after;
    }
    masked
}

/// The word without what could be a password: of a URL, of one whose scheme was forgotten, or by its name.
fn word(word: &str) -> String {
    let lower = word.to_ascii_lowercase();
    if let Some((at, name)) =
        ["password=", "passwd="].iter().find_map(|name| lower.find(name).zip(Some(name)))
    {
        return url(&word[..at]).unwrap_or_else(|| word[..at].to_owned()) + name + HIDDEN;
    }
    url(word).unwrap_or_else(|| match word.rfind('@') {
        Some(at) if word[..at].contains(':') => HIDDEN.to_owned() + &word[at..],
        _ => word.to_owned(),
    })
}

fn url(word: &str) -> Option<String> {
    let (scheme, rest) = word.split_once("://")?;
    let (_, host) = rest.rsplit_once('@')?;
    Some(format!("{scheme}://{HIDDEN}@{host}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_hides_what_could_be_a_password() {
        let cases = [
            ("ttl: 6h", "ttl: 6h"),
            ("url: http://x:1/a", "url: http://x:1/a"),
            ("url: http://x:1/a@b", "url: http://***@b"),
            ("url: http://u:p@ss@x:1", "url: http://***@x:1"),
            ("url: http://u:p/ss@x:1", "url: http://***@x:1"),
            ("url: http://u:p\"'ss@x:1", "url: http://***@x:1"),
            ("url: 'http://u:p ss@x:1'", "url: 'http://***@x:1'"),
            ("url: u:p@x:1", "url: ***@x:1"),
            ("url: host=x password=a b", "url: host=x password=*** b"),
            ("url: 'host=x Password=a b'", "url: 'host=x password=***"),
            ("url: jdbc:x://u:p@h?password=a", "url: jdbc:x://***@h?password=***"),
            ("to: ops@example.com # not alice@example.com", "to: ops@example.com # not alice@example.com"),
            ("a: [\"http://u:p@x\", \"https://v:q@y\"]", "a: [\"http://***@x\", \"https://***@y\"]"),
            ("secretAccessKey: abc", "secretAccessKey: ***"),
            ("\"sessionToken\" : 'a b'", "\"sessionToken\" : ***"),
            (
                "{ accessKeyId: { env: A }, secretAccessKey: a b }",
                "{ accessKeyId: { env: A }, secretAccessKey: ***",
            ),
            ("{ sasl.username: a, sasl.password: b c }", "{ sasl.username: a, sasl.password: ***"),
            ("\"ssl.key.pem\": |", "\"ssl.key.pem\": ***"),
            ("sasl.password: { env: A }", "sasl.password: { env: A }"),
            ("credentials: # of the emulator", "credentials: # of the emulator"),
        ];
        for (text, shown) in cases {
            assert_eq!(line(text), shown);
        }
    }

    #[test]
    fn a_message_hides_urls_and_nothing_else() {
        assert_eq!(message("queue \"http://u:p@x\" is none"), "queue \"http://***@x\" is none");
        assert_eq!(message("any of _.:/=+-@, as a tag"), "any of _.:/=+-@, as a tag");
    }
}

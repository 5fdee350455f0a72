//! As much of SQL's words as it takes to see what a file has that is not for the server, or would end its
//! transaction: texts, names and comments are passed over. Pure; knows no statement.

/// What is foreign to a file of seed, and where.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Foreign {
    /// From 1 on.
    pub(super) line: usize,
    pub(super) what: What,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum What {
    /// A command of psql's.
    Psql,
    /// The first word of a statement that begins or ends a transaction. `END` is none of them: it ends bodies too.
    Transaction(&'static str),
}

const WORDS: [&str; 6] = ["BEGIN", "START", "COMMIT", "ROLLBACK", "ABORT", "SAVEPOINT"];

/// The first such thing of a text.
pub(super) fn foreign(text: &str) -> Option<Foreign> {
    let mut at = 0;
    let mut begins = true;
    while let Some(next) = text[at..].chars().next() {
        let rest = &text[at..];
        let line = || text[..at].matches('\n').count() + 1;
        let (length, is_space) = match next {
            '-' if rest.starts_with("--") => (rest.find('\n').unwrap_or(rest.len()), true),
            '/' if rest.starts_with("/*") => (comment(rest), true),
            '\'' => (quoted(rest, '\'', text[..at].ends_with(['e', 'E'])), false),
            '"' => (quoted(rest, '"', false), false),
            '$' => (dollars(rest), false),
            '\\' => return Some(Foreign { line: line(), what: What::Psql }),
            c if c.is_whitespace() => (c.len_utf8(), true),
            c if c.is_alphabetic() || c == '_' => {
                let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
                let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                let word = WORDS.iter().find(|word| begins && word.eq_ignore_ascii_case(&rest[..end]));
                if let Some(word) = word {
                    return Some(Foreign { line: line(), what: What::Transaction(word) });
                }
                (end, false)
            }
            c => (c.len_utf8(), false),
        };
        begins = next == ';' || begins && is_space;
        at += length;
    }
    None
}

/// The length of a comment, in which others may stand.
fn comment(rest: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// The length of a quoted text; a quote that is there twice is one that does not end it, and so is one behind a
/// backslash where those escape.
fn quoted(rest: &str, quote: char, escapes: bool) -> usize {
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if escapes && c == '\\' {
            chars.next();
        } else if c == quote {
            if chars.peek().is_some_and(|(_, next)| *next == quote) {
                chars.next();
            } else {
                return at + 1;
            }
        }
    }
    rest.len()
}

/// The length of a text between dollars, `$tag$…$tag$`, or of a dollar that begins none.
fn dollars(rest: &str) -> usize {
    let Some(end) = rest[1..].find('$').map(|end| end + 2) else { return 1 };
    let tag = &rest[..end];
    let is_tag = |c: char| c.is_alphanumeric() || c == '_';
    if !tag[1..end - 1].chars().all(is_tag) {
        return 1;
    }
    rest[end..].find(tag).map_or(rest.len(), |found| end + found + end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_for_the_server_is_seen_where_it_is() {
        let psql = |line| Some(Foreign { line, what: What::Psql });
        let word = |line, word| Some(Foreign { line, what: What::Transaction(word) });
        let cases = [
            ("\\connect x", psql(1)),
            ("SELECT 1;\n  \\set a 1", psql(2)),
            ("SELECT 1 \\gexec", psql(1)),
            ("INSERT INTO a VALUES (1);\ncommit;", word(2, "COMMIT")),
            ("-- first\n/* BEGIN; */ begin;", word(2, "BEGIN")),
            ("SELECT 1; ROLLBACK TO a", word(1, "ROLLBACK")),
            ("START TRANSACTION", word(1, "START")),
        ];
        for (text, found) in cases {
            assert_eq!(foreign(text), found, "{text}");
        }
    }

    #[test]
    fn what_only_looks_so_is_passed_over() {
        for text in [
            "SELECT '\\connect; COMMIT;'",
            "SELECT E'it\\'s; COMMIT; \\\\';",
            "SELECT 'it''s \\'",
            "CREATE TABLE \"a; COMMIT; \\\" (begin int, \"commit\" int)",
            "DO $$ BEGIN COMMIT; END $$;",
            "DO $x$ BEGIN $$\\connect$$ ; COMMIT; END $x$; SELECT 1",
            "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END;",
            "/* /* COMMIT; */ \\x */ SELECT 1 -- \\y",
            "SELECT $1, a$b, 1 AS start",
            "SELECT '\\",
            "/*",
            "$$",
            "",
        ] {
            assert_eq!(foreign(text), None, "{text}");
        }
    }
}

//! A Traefik rule as far as it must be understood: which hosts it names, and where.
//!
//! A rule is Go's expression syntax over calls of matchers: `Host(...) && !PathPrefix(...)`. It is
//! read to spans; whatever is not understood is an error, never a guess.

use std::ops::Range;

/// A literal host of a rule: the argument of a `Host` that is not negated.
#[derive(Debug, PartialEq, Eq)]
pub struct HostLiteral {
    pub host: String,
    /// The literal with its quotes.
    pub span: Range<usize>,
}

/// What a rule says of hosts.
#[derive(Debug, PartialEq, Eq)]
pub struct Hosts {
    pub literals: Vec<HostLiteral>,
    /// Whether every request that the rule takes has one of the literal hosts: no alternative goes
    /// without, no host is a pattern.
    pub all: bool,
}

/// How deep brackets and negations may stand in one another.
const DEEPEST: usize = 100;

/// The hosts that `rule` names.
pub fn hosts(rule: &str) -> Result<Hosts, String> {
    let mut reader = Reader { rule, at: 0, depth: 0, literals: Vec::new() };
    let all = reader.any(false)?;
    match reader.peek() {
        None => Ok(Hosts { literals: reader.literals, all }),
        Some(_) => Err(reader.expected("&&, || or the end")),
    }
}

struct Reader<'a> {
    rule: &'a str,
    at: usize,
    /// How many brackets and negations are open.
    depth: usize,
    literals: Vec<HostLiteral>,
}

/// Each method says whether what it read pins the host to a literal.
impl Reader<'_> {
    fn any(&mut self, negated: bool) -> Result<bool, String> {
        let mut pinned = self.all(negated)?;
        while self.take("||") {
            pinned &= self.all(negated)?;
        }
        Ok(pinned)
    }

    fn all(&mut self, negated: bool) -> Result<bool, String> {
        let mut pinned = self.one(negated)?;
        while self.take("&&") {
            pinned |= self.one(negated)?;
        }
        Ok(pinned)
    }

    fn one(&mut self, negated: bool) -> Result<bool, String> {
        if self.depth > DEEPEST {
            return Err(format!("no more than {DEEPEST} brackets and negations in one another are expected"));
        }
        self.depth += 1;
        let pinned = if self.take("!") {
            self.one(!negated).map(|_| false)
        } else if self.take("(") {
            let pinned = self.any(negated)?;
            if self.take(")") { Ok(pinned) } else { Err(self.expected("a closing bracket")) }
        } else {
            self.call(negated)
        };
        self.depth -= 1;
        pinned
    }

    fn call(&mut self, negated: bool) -> Result<bool, String> {
        self.peek();
        let rest = &self.rule[self.at..];
        let length = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let name = &rest[..length];
        if name.is_empty() {
            return Err(self.expected("a matcher"));
        }
        self.at += length;
        if !self.take("(") {
            return Err(self.expected("an opening bracket"));
        }
        let mut pinned = false;
        while !self.take(")") {
            let (text, span) = self.literal()?;
            // Traefik takes a matcher's name in any case.
            if name.eq_ignore_ascii_case("Host") && !negated {
                pinned = !text.contains('*');
                if pinned {
                    self.literals.push(HostLiteral { host: text, span });
                }
            }
            if !self.take(",") && self.peek() != Some(')') {
                return Err(self.expected("a comma or a closing bracket"));
            }
        }
        Ok(pinned)
    }

    fn literal(&mut self) -> Result<(String, Range<usize>), String> {
        let quote = self.peek().filter(|quote| matches!(quote, '`' | '"'));
        let quote = quote.ok_or_else(|| self.expected("a quoted text"))?;
        let start = self.at;
        let mut escaped = false;
        for (offset, c) in self.rule[start..].char_indices().skip(1) {
            if escaped {
                escaped = false;
            } else if c == '\\' && quote == '"' {
                escaped = true;
            } else if c == quote {
                let end = start + offset + 1;
                self.at = end;
                let inner = &self.rule[start + 1..end - 1];
                let text = match quote {
                    '"' => serde_json::from_str(&self.rule[start..end]).map_err(|error| {
                        format!("the text {} cannot be read: {error}", &self.rule[start..end])
                    })?,
                    _ => inner.to_owned(),
                };
                return Ok((text, start..end));
            }
        }
        Err(format!(
            "the text that begins at character {} has no end",
            self.rule[..start].chars().count() + 1
        ))
    }

    /// Steps over white space to what comes next.
    fn peek(&mut self) -> Option<char> {
        let rest = self.rule[self.at..].trim_start();
        self.at = self.rule.len() - rest.len();
        rest.chars().next()
    }

    fn take(&mut self, token: &str) -> bool {
        self.peek();
        let here = self.rule[self.at..].starts_with(token);
        if here {
            self.at += token.len();
        }
        here
    }

    fn expected(&mut self, what: &str) -> String {
        self.peek();
        format!("{what} is expected at character {}", self.rule[..self.at].chars().count() + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literal_hosts_are_found_where_they_stand() {
        let cases: [(&str, &[&str], bool); 11] = [
            ("host(`a.com`)", &["a.com"], true),
            ("Host(`a.com`)", &["a.com"], true),
            ("Host(\"a.com\") && PathPrefix(`/x`)", &["a.com"], true),
            ("(Host(`a.com`) || Host(`b.com`)) && !Path(`/`)", &["a.com", "b.com"], true),
            ("Host(`a.com`, `b.com`)", &["a.com", "b.com"], true),
            ("Host(`a.com`) || Path(`/x`)", &["a.com"], false),
            ("!Host(`a.com`)", &[], false),
            ("!(Host(`a.com`) && Path(`/`))", &[], false),
            ("HostRegexp(`.*`) && Path(`)`)", &[], false),
            ("Host(`*.a.com`)", &[], false),
            ("PathPrefix(`/`)", &[], false),
        ];
        for (rule, literals, all) in cases {
            let hosts = hosts(rule).expect(rule);
            let found: Vec<&str> = hosts.literals.iter().map(|literal| literal.host.as_str()).collect();
            assert_eq!((found.as_slice(), hosts.all), (literals, all), "{rule}");
            for literal in &hosts.literals {
                assert_eq!(rule[literal.span.clone()].trim_matches(['`', '"']), literal.host);
            }
        }
    }

    #[test]
    fn what_is_no_rule_is_an_error() {
        for bad in [
            "",
            "Host",
            "Host(",
            "Host(`a",
            "Host(a)",
            "Host(`a`) &&",
            "Host(`a`) Host(`b`)",
            "(Host(`a`)",
            "&&",
        ] {
            assert!(hosts(bad).is_err(), "{bad}");
        }
        for deep in ["(", "!"] {
            assert!(hosts(&format!("{}Host(`a`)", deep.repeat(100_000))).is_err(), "{deep}");
        }
    }
}

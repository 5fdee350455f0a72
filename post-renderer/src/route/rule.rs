//! A Traefik rule: Go's expression syntax over calls of matchers, `Host(...) && !PathPrefix(...)`.
//!
//! It is read to a tree with spans; whatever is not understood is an error, never a guess.

use std::ops::Range;

/// A rule, with the places of its texts.
#[derive(Debug, PartialEq, Eq)]
pub enum Rule {
    All(Vec<Rule>),
    Any(Vec<Rule>),
    Not(Box<Rule>),
    Call(Call),
}

/// A matcher and what it is asked.
#[derive(Debug, PartialEq, Eq)]
pub struct Call {
    /// In lower case: Traefik takes a matcher's name in any.
    pub name: String,
    pub arguments: Vec<Literal>,
}

/// A text of a rule.
#[derive(Debug, PartialEq, Eq)]
pub struct Literal {
    pub text: String,
    /// The literal with its quotes.
    pub span: Range<usize>,
}

/// What a rule says of hosts.
#[derive(Debug, PartialEq, Eq)]
pub struct Hosts<'r> {
    /// The arguments of every `Host` that is not negated.
    pub literals: Vec<&'r Literal>,
    /// Whether every request that the rule takes has one of the literal hosts: no alternative goes
    /// without, no host is a pattern.
    pub all: bool,
}

/// How deep brackets and negations may stand in one another.
const DEEPEST: usize = 100;

/// Reads a rule of either syntax: they differ in their matchers only.
pub fn parse(text: &str) -> Result<Rule, String> {
    let mut reader = Reader { rule: text, at: 0, depth: 0 };
    let rule = reader.any()?;
    match reader.peek() {
        None => Ok(rule),
        Some(_) => Err(reader.expected("&&, || or the end")),
    }
}

impl Rule {
    pub fn hosts(&self) -> Hosts<'_> {
        let mut literals = Vec::new();
        let all = self.pins(false, &mut literals);
        Hosts { literals, all }
    }

    /// Whether every request that the rule takes satisfies `call`, by the rule's own words.
    pub fn demands(&self, call: &Rule) -> bool {
        match (self, call) {
            (Self::Call(one), Self::Call(other)) => one.name == other.name && texts(one).eq(texts(other)),
            (Self::All(parts), _) => parts.iter().any(|part| part.demands(call)),
            (Self::Any(parts), _) => parts.iter().all(|part| part.demands(call)),
            _ => false,
        }
    }

    /// Whether it pins the host to a literal.
    fn pins<'r>(&'r self, negated: bool, literals: &mut Vec<&'r Literal>) -> bool {
        match self {
            // No short cut: each part's literals are wanted.
            Self::All(parts) => {
                parts.iter().fold(false, |pinned, part| part.pins(negated, literals) | pinned)
            }
            Self::Any(parts) => parts.iter().fold(true, |pinned, part| part.pins(negated, literals) & pinned),
            Self::Not(part) => {
                part.pins(!negated, literals);
                false
            }
            Self::Call(Call { name, arguments }) => {
                let plain = |literal: &&Literal| !literal.text.contains('*');
                if name != "host" || negated {
                    return false;
                }
                literals.extend(arguments.iter().filter(plain));
                !arguments.is_empty() && arguments.iter().all(|literal| plain(&literal))
            }
        }
    }
}

fn texts(call: &Call) -> impl Iterator<Item = &str> {
    call.arguments.iter().map(|literal| literal.text.as_str())
}

struct Reader<'a> {
    rule: &'a str,
    at: usize,
    /// How many brackets and negations are open.
    depth: usize,
}

impl Reader<'_> {
    fn any(&mut self) -> Result<Rule, String> {
        let mut parts = vec![self.all()?];
        while self.take("||") {
            parts.push(self.all()?);
        }
        Ok(alone(parts, Rule::Any))
    }

    fn all(&mut self) -> Result<Rule, String> {
        let mut parts = vec![self.one()?];
        while self.take("&&") {
            parts.push(self.one()?);
        }
        Ok(alone(parts, Rule::All))
    }

    fn one(&mut self) -> Result<Rule, String> {
        if self.depth > DEEPEST {
            return Err(format!("no more than {DEEPEST} brackets and negations in one another are expected"));
        }
        self.depth += 1;
        let rule = if self.take("!") {
            Rule::Not(Box::new(self.one()?))
        } else if self.take("(") {
            let rule = self.any()?;
            if !self.take(")") {
                return Err(self.expected("a closing bracket"));
            }
            rule
        } else {
            Rule::Call(self.call()?)
        };
        self.depth -= 1;
        Ok(rule)
    }

    fn call(&mut self) -> Result<Call, String> {
        self.peek();
        let rest = &self.rule[self.at..];
        let length = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let name = rest[..length].to_ascii_lowercase();
        if name.is_empty() {
            return Err(self.expected("a matcher"));
        }
        self.at += length;
        if !self.take("(") {
            return Err(self.expected("an opening bracket"));
        }
        let mut arguments = Vec::new();
        while !self.take(")") {
            let (text, span) = self.literal()?;
            arguments.push(Literal { text, span });
            if !self.take(",") && self.peek() != Some(')') {
                return Err(self.expected("a comma or a closing bracket"));
            }
        }
        Ok(Call { name, arguments })
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

/// The only part itself, or all of them together.
fn alone(mut parts: Vec<Rule>, together: fn(Vec<Rule>) -> Rule) -> Rule {
    match parts.len() {
        1 => parts.remove(0),
        _ => together(parts),
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
            let parsed = parse(rule).expect(rule);
            let hosts = parsed.hosts();
            let found: Vec<&str> = hosts.literals.iter().map(|literal| literal.text.as_str()).collect();
            assert_eq!((found.as_slice(), hosts.all), (literals, all), "{rule}");
            for literal in &hosts.literals {
                assert_eq!(rule[literal.span.clone()].trim_matches(['`', '"']), literal.text);
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
            assert!(parse(bad).is_err(), "{bad}");
        }
        for deep in ["(", "!"] {
            assert!(parse(&format!("{}Host(`a`)", deep.repeat(100_000))).is_err(), "{deep}");
        }
    }

    #[test]
    fn a_rule_demands_what_no_alternative_goes_without() {
        let call = parse("Header(`k`, `f`)").expect("a rule");
        let cases = [
            ("(Host(`a`)) && Header(`k`, `f`)", true),
            ("Host(`a`) && (header(\"k\", \"f\"))", true),
            ("Host(`a`) || Host(`b`) && Header(`k`, `f`)", false),
            ("Host(`a`) && Header(`k`, `f`) || Header(`k`, `f`)", true),
            ("!Header(`k`, `f`)", false),
            ("Header(`k`, `g`)", false),
            ("HeaderRegexp(`k`, `f`)", false),
            ("Host(`Header(`) && Path(`k`, `f`)", false),
        ];
        for (rule, want) in cases {
            assert_eq!(parse(rule).expect(rule).demands(&call), want, "{rule}");
        }
    }
}

//! A request, and whether a rule takes it: Traefik's matchers, as its muxer compares. What cannot be told
//! from a request alone, or what the router would rewrite first, is an error, never a guess.

use std::str::FromStr;

use regex::Regex;

use super::{
    matchers::Syntax,
    rule::{Call, Rule},
};

/// `METHOD http://HOST[:PORT]/PATH[?QUERY]`, and its headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub method: String,
    /// In lower case, without a port.
    pub host: String,
    pub path: String,
    query: Vec<(String, String)>,
    /// One for each line; names in lower case.
    headers: Vec<(String, String)>,
}

impl Request {
    /// Adds one header line, `NAME: VALUE`.
    pub fn header(&mut self, line: &str) -> Result<(), String> {
        let (name, value) =
            line.split_once(':').ok_or_else(|| format!("{line:?} is no header: expected NAME: VALUE"))?;
        let legal = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
        if name.is_empty() || !name.bytes().all(legal) || value.chars().any(|c| c.is_control() && c != '\t') {
            return Err(format!("{line:?} is no header: expected NAME: VALUE"));
        }
        let name = name.to_ascii_lowercase();
        if name == "host" {
            return Err("the host of a request stands in its URL".to_owned());
        }
        self.headers.push((name, value.trim_matches([' ', '\t']).to_owned()));
        Ok(())
    }

    /// Whether `rule` takes it.
    pub fn fits(&self, rule: &Rule, syntax: Syntax) -> Result<bool, String> {
        match rule {
            Rule::All(parts) => {
                parts.iter().try_fold(true, |fits, part| Ok(fits && self.fits(part, syntax)?))
            }
            Rule::Any(parts) => {
                parts.iter().try_fold(false, |fits, part| Ok(fits || self.fits(part, syntax)?))
            }
            Rule::Not(part) => self.fits(part, syntax).map(|fits| !fits),
            Rule::Call(call) => self.matches(call, syntax),
        }
    }

    fn matches(&self, call: &Call, syntax: Syntax) -> Result<bool, String> {
        let texts: Vec<&str> = call.arguments.iter().map(|literal| literal.text.as_str()).collect();
        let path = |text: &str| match syntax {
            Syntax::V2 if text.contains('{') => Err(format!("the template {text} is not predicted")),
            _ => Ok(()),
        };
        let values = |name: &str| self.headers_of(name).collect::<Vec<&str>>();
        match (syntax, call.name.as_str(), texts.as_slice()) {
            (Syntax::V3, "host", [host]) => Ok(self.is_host(&host.to_ascii_lowercase(), true)),
            (Syntax::V2, "host" | "hostheader", hosts) if !hosts.is_empty() => {
                Ok(hosts.iter().any(|host| self.is_host(&host.to_ascii_lowercase(), false)))
            }
            (Syntax::V3, "hostregexp", [pattern]) => Ok(regex(pattern)?.is_match(&self.host)),
            (_, "method", methods) if !methods.is_empty() && (syntax == Syntax::V2 || methods.len() == 1) => {
                Ok(methods.iter().any(|method| method.eq_ignore_ascii_case(&self.method)))
            }
            (Syntax::V3, "path", [text]) => Ok(self.path == *text),
            (Syntax::V3, "pathprefix", [text]) => Ok(self.path.starts_with(text)),
            (Syntax::V3, "pathregexp", [pattern]) => Ok(regex(pattern)?.is_match(&self.path)),
            (Syntax::V2, "path", texts) if !texts.is_empty() => {
                texts.iter().try_for_each(|text| path(text))?;
                Ok(texts.contains(&self.path.as_str()))
            }
            (Syntax::V2, "pathprefix", texts) if !texts.is_empty() => {
                texts.iter().try_for_each(|text| path(text))?;
                Ok(texts.iter().any(|text| self.path.starts_with(text)))
            }
            (Syntax::V3, "header", [name, value]) | (Syntax::V2, "headers", [name, value]) => {
                Ok(values(name).contains(value))
            }
            (Syntax::V3, "headerregexp", [name, pattern])
            | (Syntax::V2, "headersregexp", [name, pattern]) => {
                let pattern = regex(pattern)?;
                Ok(values(name).iter().any(|value| pattern.is_match(value)))
            }
            (Syntax::V3, "query" | "queryregexp", [key]) => Ok(self.queries_of(key).any(str::is_empty)),
            (Syntax::V3, "query", [key, value]) => Ok(self.queries_of(key).any(|own| own == *value)),
            (Syntax::V3, "queryregexp", [key, pattern]) => {
                let pattern = regex(pattern)?;
                Ok(self.queries_of(key).any(|own| pattern.is_match(own)))
            }
            (_, name, _) => Err(format!("the matcher {name} with {} values is not predicted", texts.len())),
        }
    }

    /// As Traefik compares: a trailing dot counts for nothing, and `*.` of version 3 for one label.
    fn is_host(&self, host: &str, patterns: bool) -> bool {
        if patterns && host == "*" {
            return true;
        }
        let host = host.strip_suffix('.').unwrap_or(host);
        let own = self.host.strip_suffix('.').unwrap_or(&self.host);
        match host.strip_prefix("*.").filter(|_| patterns) {
            Some(domain) => {
                own.split_once('.').is_some_and(|(label, rest)| !label.is_empty() && rest == domain)
            }
            None => own == host,
        }
    }

    fn headers_of(&self, name: &str) -> impl Iterator<Item = &str> {
        let named = move |(own, _): &&(String, String)| own.eq_ignore_ascii_case(name);
        self.headers.iter().filter(named).map(|(_, value)| value.as_str())
    }

    fn queries_of(&self, key: &str) -> impl Iterator<Item = &str> {
        self.query.iter().filter(move |(own, _)| own == key).map(|(_, value)| value.as_str())
    }
}

impl FromStr for Request {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const FORM: &str = "expected 'METHOD http://HOST/PATH'";
        let (method, url) = text.split_once(' ').unwrap_or(("GET", text));
        let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://")).ok_or(FORM)?;
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (host, path) = place.find('/').map_or((place, "/"), |slash| place.split_at(slash));
        let host = host.rsplit_once(':').map_or(host, |(host, _)| host).to_ascii_lowercase();
        let word = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_uppercase());
        let name = host.strip_suffix('.').unwrap_or(&host);
        if !word(method) || crate::copy::name_of_object(name).is_err() {
            return Err(FORM.to_owned());
        }
        let plain =
            text.bytes().all(|b| b.is_ascii_graphic() || b == b' ') && !rest.contains(['%', '#', ' ', '+']);
        let rewritten = path.contains("//") || path.split('/').any(|part| matches!(part, "." | ".."));
        if !plain || rewritten {
            return Err(
                "a path or query with escapes, //, . or .. is rewritten by routers before they look, \
                        and is not predicted"
                    .to_owned(),
            );
        }
        let query = query.split('&').filter(|pair| !pair.is_empty());
        let pair = |pair: &str| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (key.to_owned(), value.to_owned())
        };
        Ok(Self {
            method: method.to_owned(),
            host,
            path: path.to_owned(),
            query: query.map(pair).collect(),
            headers: Vec::new(),
        })
    }
}

/// A pattern in Go's syntax, which is this one's as far as rules go.
fn regex(pattern: &str) -> Result<Regex, String> {
    Regex::new(pattern).map_err(|_| format!("the pattern {pattern} is not predicted"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::route::rule;

    fn request(line: &str, headers: &[&str]) -> Request {
        let mut request: Request = line.parse().expect(line);
        for line in headers {
            request.header(line).expect(line);
        }
        request
    }

    #[test]
    fn a_request_fits_as_the_router_compares() {
        let plain = request("GET http://a.b.com:8080/x/y?k=v&e", &["H: v", "h: w", "Baggage: a=1, k=f;p=1"]);
        let cases = [
            (Syntax::V3, "Host(`A.b.com`) && PathPrefix(`/x`)", true),
            (Syntax::V3, "Host(`*.b.com`)", true),
            (Syntax::V3, "Host(`*.com`)", false),
            (Syntax::V3, "Host(`a.b.com.`)", true),
            (Syntax::V3, "HostRegexp(`^a\\..*$`) && !Path(`/x`)", true),
            (Syntax::V3, "Path(`/x/y`) && Method(`get`)", true),
            (Syntax::V3, "PathRegexp(`y$`) && (Header(`H`, `w`) && Header(`h`, `v`))", true),
            (Syntax::V3, "Header(`H`, `V`) || Query(`k`, `w`)", false),
            (Syntax::V3, "Query(`k`, `v`) && Query(`e`) && QueryRegexp(`k`, `^v`)", true),
            (
                Syntax::V3,
                "HeaderRegexp(`baggage`, `^(.*,)?[ \\t]*k[ \\t]*=[ \\t]*f[ \\t]*(;[^,]*)?(,.*)?$`)",
                true,
            ),
            (Syntax::V2, "Host(`c`, `a.b.com`) && Headers(`h`, `w`)", true),
            (Syntax::V2, "Host(`*.b.com`) || Method(`POST`, `PUT`)", false),
        ];
        for (syntax, text, want) in cases {
            assert_eq!(plain.fits(&rule::parse(text).expect(text), syntax), Ok(want), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_told_is_said() {
        let plain = request("GET http://a/", &[]);
        for (syntax, text) in [
            (Syntax::V3, "ClientIP(`::1`)"),
            (Syntax::V2, "HostRegexp(`{a:.*}`)"),
            (Syntax::V2, "Path(`/{a}`)"),
        ] {
            assert!(plain.fits(&rule::parse(text).expect(text), syntax).is_err(), "{text}");
        }
        for bad in [
            "",
            "GET a",
            "get http://a/",
            "GET http:///",
            "GET http://a/%41",
            "GET http://a/../b",
            "GET http://a//",
        ] {
            assert!(bad.parse::<Request>().is_err(), "{bad}");
        }
    }
}

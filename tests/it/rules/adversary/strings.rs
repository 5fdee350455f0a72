//! Strings that nobody would write in good faith: words of rules, quotes, brackets, operators, escapes, control
//! and Unicode characters, in any order or within what is legal.

use acceptance::generate::Choices;

use super::super::words;

/// What the advisories are about: a text from a user that ends the literal which a provider of Traefik's had put
/// it in, and goes on as a rule.
pub const PAYLOADS: [(&str, &str); 10] = [
    ("CVE-2026-32695, a host", "tenant.example.com`) || Host(`victim.example.com"),
    ("CVE-2026-32695, a host and anything", "x`) || Host(`victim.example.com`) || Host(`y"),
    ("CVE-2026-32695, the value of a header", "tenant`) || PathPrefix(`/"),
    ("CVE-2026-32695, a path", "/x`) || (Host(`victim.example.com`) && PathPrefix(`/"),
    ("CVE-2026-32695, an Ingress, which is quoted otherwise", "x\") || Host(\"victim.example.com"),
    ("CVE-2026-32695, an Ingress, by an escape", "x\\\") || PathPrefix(\"/"),
    ("GHSA-8q2w-wr49-whqj, the value of a header", "poc`) || HeaderRegexp(`x`, `.*"),
    ("GHSA-8q2w-wr49-whqj, the value of a query", "poc`) || PathPrefix(`/admin`) || Query(`a`, `b"),
    ("GHSA-8q2w-wr49-whqj, the name of a header", "x`, `y`) || Host(`victim.example.com`) || Header(`x"),
    ("GHSA-8q2w-wr49-whqj, brackets that end", "x`)) || ((PathPrefix(`/"),
];

const TOKENS: [&str; 62] = [
    "`",
    "`",
    "\"",
    "'",
    "(",
    ")",
    "))",
    ",",
    "!",
    "&&",
    "||",
    ") || ",
    "`) || Host(`",
    "\") || Host(\"",
    "\\",
    "\\\"",
    "\\x60",
    "\\u0060",
    "\\n",
    "\\`",
    "//",
    "/*",
    "*/",
    ";",
    "\n",
    "\r\n",
    "\r",
    "\t",
    "\0",
    "\u{7f}",
    "{",
    "}",
    "${HOST}",
    "{{ .Values.host }}",
    "{feature}",
    "{label}",
    "{domain}",
    "{host}",
    "\u{202e}",
    "\u{200f}",
    "\u{feff}",
    "\u{a0}",
    "\u{2028}",
    "\u{85}",
    "é",
    "\u{1f600}",
    "\u{ff40}",
    "%60",
    "%22",
    "*",
    "*.",
    ".",
    "--",
    "-",
    "/",
    " ",
    "Host(`",
    "PathPrefix(`/`)",
    "Header(`x`, `y`)",
    "HeaderRegexp(`baggage`, `.*`)",
    ".*",
    "|",
];

/// What is legal somewhere.
const LEGAL: [&str; 24] = [
    "feat1",
    "pr-12",
    "x",
    "a-b-c",
    "web.example.com",
    "example.com",
    "*.example.com",
    "a.b.c.example.com",
    "localhost",
    "x-tenant",
    "x_y.z~1",
    "x|y$z",
    "!#$%&'*+",
    "/",
    "/a/b",
    "/a b",
    "/it's(fine);a=b,c&d",
    "/{id:[0-9]+}",
    "{label}--{feature}.{domain}",
    "{feature}--{host}",
    "{feature}.{label}.preview.test",
    "^[a-z]+\\.example\\.com$",
    "^/(a|b)/?$",
    "Host(`web.example.com`) && PathPrefix(`/`)",
];

/// Any of them, never longer than a few lines.
pub fn any(choices: &mut Choices<'_>) -> String {
    match choices.below(8) {
        0..=1 => choices.of(&LEGAL).to_owned(),
        2..=3 => {
            let legal = choices.of(&LEGAL);
            changed(choices, legal.to_owned())
        }
        4 => words::rule(choices, false, 2),
        5 => {
            let v2 = choices.one_in(2);
            let rule = words::rule(choices, v2, 2);
            changed(choices, rule)
        }
        6 => {
            let (_, payload) = choices.of(&PAYLOADS);
            changed(choices, payload.to_owned())
        }
        _ => (0..=choices.below(8)).map(|_| choices.of(&TOKENS)).collect(),
    }
}

/// With something put in, taken out or repeated, once to three times.
fn changed(choices: &mut Choices<'_>, mut text: String) -> String {
    for _ in 0..=choices.below(3) {
        let places: Vec<usize> =
            text.char_indices().map(|(at, _)| at).chain([text.len()]).take(200).collect();
        let at = places[choices.below(places.len())];
        match choices.below(8) {
            0 if at < text.len() => drop(text.remove(at)),
            1 => {
                let again = text[at..].to_owned();
                text.push_str(&again);
            }
            _ => text.insert_str(at, choices.of(&TOKENS)),
        }
    }
    text
}

//! Rules and requests out of few words, so that they meet often.

use acceptance::generate::Choices;

pub const HOSTS: [&str; 9] = [
    "shop.example.com",
    "api.example.com",
    "example.com",
    "shop--feat1.example.com",
    "feat1.example.com",
    "shop--feat2.example.com",
    "feat2.example.com",
    "api--feat12.example.com",
    "a.shop.example.com",
];
pub const PATHS: [&str; 8] =
    ["/", "/cart", "/cart/items", "/cartoon", "/cart/", "/a", "/a/b", "/a/b/c/d/e/f/g/h/i"];
const METHODS: [&str; 3] = ["GET", "POST", "PUT"];
const FEATURES: [&str; 5] = ["feat1", "feat2", "feat12", "feat", "pr-1"];
const KEY: &str = "uber-ctx-key";

/// A rule in the syntax, with some freedom in how it is written.
pub fn rule(choices: &mut Choices<'_>, v2: bool, depth: usize) -> String {
    if depth > 0 && choices.one_in(2) {
        let (left, right) = (rule(choices, v2, depth - 1), rule(choices, v2, depth - 1));
        return match choices.below(8) {
            0..=3 => format!("{left} && {right}"),
            4 => format!("{left}&&({right})"),
            5 => format!("({left} || {right})"),
            6 => format!("{left} || {right}"),
            _ => format!("!({left} && {right})"),
        };
    }
    let call = matcher(choices, v2);
    if choices.one_in(8) { format!("!{call}") } else { call }
}

fn matcher(choices: &mut Choices<'_>, v2: bool) -> String {
    let (name, arguments): (&str, Vec<String>) = match choices.below(if v2 { 12 } else { 14 }) {
        0..=3 if v2 => ("Host", (0..=choices.below(2)).map(|_| host(choices)).collect()),
        0..=2 => ("Host", vec![host(choices)]),
        3 => ("Host", vec![choices.of(&["*.example.com", "*.shop.example.com", "*"]).to_owned()]),
        4..=5 => ("PathPrefix", vec![choices.of(&PATHS).to_owned()]),
        6 => ("Path", vec![choices.of(&PATHS).to_owned()]),
        7 => ("Method", vec![choices.of(&METHODS).to_owned()]),
        8..=9 => {
            let name = if v2 { "Headers" } else { "Header" };
            (name, vec![choices.of(&[KEY, "x-kind"]).to_owned(), choices.of(&FEATURES).to_owned()])
        }
        10 => {
            let name = if v2 { "HeadersRegexp" } else { "HeaderRegexp" };
            let pattern = choices.of(&["^feat[0-9]+$", "feat1", "(^|,)[ \\t]*uber-ctx-key=feat1(;|,|$)"]);
            (name, vec![choices.of(&["baggage", KEY, "x-kind"]).to_owned(), pattern.to_owned()])
        }
        11 if v2 => ("HostHeader", vec![host(choices)]),
        11 => (
            "HostRegexp",
            vec![choices.of(&["^[a-z]+\\.example\\.com$", "example", "--feat1\\."]).to_owned()],
        ),
        12 => ("PathRegexp", vec![choices.of(&["^/cart(/|$)", "[ab]", "/$"]).to_owned()]),
        _ => {
            let key = choices.of(&["k", "page"]).to_owned();
            match choices.below(3) {
                0 => ("Query", vec![key]),
                1 => ("Query", vec![key, choices.of(&["v", "1"]).to_owned()]),
                _ => ("QueryRegexp", vec![key, choices.of(&["^[0-9]$", "v"]).to_owned()]),
            }
        }
    };
    let name = match choices.below(12) {
        9 => name.to_lowercase(),
        10 => name.to_uppercase(),
        11 => format!("{}{}", &name[..1], name[1..].to_lowercase()),
        _ => name.to_owned(),
    };
    let quoted = |text: String| if choices.one_in(4) { format!("{text:?}") } else { format!("`{text}`") };
    let arguments: Vec<String> = arguments.into_iter().map(quoted).collect();
    format!("{name}({})", arguments.join(if choices.one_in(4) { " ,  " } else { ", " }))
}

fn host(choices: &mut Choices<'_>) -> String {
    let host = choices.of(&HOSTS);
    match choices.below(20) {
        18 => host.to_uppercase(),
        19 => format!("{host}."),
        _ => host.to_owned(),
    }
}

/// A request, as the command line of `devstack explain` has it.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: String,
    pub host: String,
    /// With the query.
    pub path: String,
    /// A line each, `NAME: VALUE` with any white space that may stand around the value.
    pub headers: Vec<String>,
}

impl Asked {
    pub fn any(choices: &mut Choices<'_>) -> Self {
        let query = match choices.below(8) {
            5 => "?k=v",
            6 => "?page=1&k",
            7 => "?k=&page=22",
            _ => "",
        };
        Self {
            method: choices.of(&METHODS).to_owned(),
            host: choices.of(&HOSTS).to_owned(),
            path: format!("{}{query}", choices.of(&PATHS)),
            headers: headers(choices, &FEATURES),
        }
    }

    /// What `--request` takes.
    pub fn line(&self) -> String {
        format!("{} http://{}{}", self.method, self.host, self.path)
    }

    /// As it comes over the wire.
    pub fn wire(&self) -> String {
        let headers: String = self.headers.iter().map(|line| format!("{line}\r\n")).collect();
        let Self { method, host, path, .. } = self;
        format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\r\n")
    }

    /// Whether a line of the header or a member of the baggage says the feature, read by what W3C says of
    /// baggage and by nothing of ours.
    pub fn is_of(&self, feature: &str) -> bool {
        self.headers.iter().any(|line| {
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            let member = |member: &str| {
                let pair = member.split(';').next().unwrap_or_default();
                pair.split_once('=').is_some_and(|(key, value)| key.trim() == KEY && value.trim() == feature)
            };
            match name.to_ascii_lowercase().as_str() {
                KEY => value.trim() == feature,
                "baggage" => value.split(',').any(member),
                _ => false,
            }
        })
    }
}

/// Header lines that name features or look as if: none often, and two features at times.
pub fn headers(choices: &mut Choices<'_>, features: &[&str]) -> Vec<String> {
    let mut lines = Vec::new();
    if choices.one_in(3) {
        let name = choices.of(&[KEY, "Uber-Ctx-Key", "UBER-CTX-KEY"]);
        let value = value(choices, features);
        lines.push(format!("{name}:{}{value}{}", space(choices), space(choices)));
    }
    for _ in 0..choices.of(&[0, 0, 1, 1, 2]) {
        let members: Vec<String> = (0..=choices.below(3)).map(|_| member(choices, features)).collect();
        let name = choices.of(&["baggage", "Baggage"]);
        lines.push(format!("{name}:{}{}", space(choices), members.join(",")));
    }
    if choices.one_in(4) {
        lines.push(format!("x-kind: {}", value(choices, features)));
    }
    if choices.one_in(2) {
        lines.reverse();
    }
    lines
}

fn member(choices: &mut Choices<'_>, features: &[&str]) -> String {
    let key = choices.of(&[KEY, KEY, KEY, "tenant", "x-uber-ctx-key", "uber-ctx-key-x"]);
    let value = value(choices, features);
    let properties = match choices.below(6) {
        4 => format!("{};ttl=1", space(choices)),
        5 => ";a; b=uber-ctx-key".to_owned(),
        _ => String::new(),
    };
    let spaces = [space(choices), space(choices), space(choices), space(choices)];
    format!("{}{key}{}={}{value}{properties}{}", spaces[0], spaces[1], spaces[2], spaces[3])
}

fn value(choices: &mut Choices<'_>, features: &[&str]) -> String {
    let feature = features[choices.below(features.len())];
    match choices.below(16) {
        13 => format!("{feature}x"),
        14 => feature.to_uppercase(),
        15 => "unknown".to_owned(),
        _ => feature.to_owned(),
    }
}

fn space(choices: &mut Choices<'_>) -> &'static str {
    choices.of(&["", "", "", " ", " ", "\t", " \t "])
}

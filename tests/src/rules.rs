//! What Traefik reads of rules, and which of them takes a request, asked from Traefik's own packages
//! (`tests/lab/go/traefik/traefik-rules`).
//!
//! It says what is there, never what ought to be.

use serde::{Deserialize, Serialize};

use crate::frames::Frames;

/// A process that answers one table of rules after the other. It ends when the value is dropped.
#[derive(Debug)]
pub struct Rules(Frames);

/// One rule as a router has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Route {
    pub rule: String,
    /// v2 or v3.
    pub syntax: &'static str,
    /// What is written; 0 is the length of the rule.
    pub priority: i64,
}

/// What is read of one rule. The leaves carry the negations.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "PascalCase")]
pub struct Tree {
    /// A matcher, or `and`, or `or`.
    pub matcher: String,
    pub not: bool,
    pub value: Option<Vec<String>>,
    pub rule_left: Option<Box<Tree>>,
    pub rule_right: Option<Box<Tree>>,
}

/// What becomes of one request, by the places of routes in the table.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Outcome {
    /// Every route that takes it, alone.
    pub takes: Vec<usize>,
    /// The one that the whole table leads it to; -1 is none.
    winner: isize,
    /// Why it is no request.
    pub error: Option<String>,
}

#[derive(Serialize)]
struct Question<'q> {
    routes: &'q [Route],
    requests: &'q [String],
    trees: bool,
}

#[derive(Deserialize)]
struct Answer {
    rules: Vec<Reading>,
    requests: Vec<Outcome>,
}

#[derive(Deserialize)]
struct Reading {
    tree: Option<Tree>,
    error: Option<String>,
}

impl Rules {
    /// # Panics
    /// When the lab has not built it, with the command that does.
    #[must_use]
    pub fn start() -> Self {
        Self(Frames::start("traefik-rules", "traefik"))
    }

    /// The tree of each rule, or why there is none. Arguments that a matcher does not take are no matter of
    /// the tree.
    pub fn trees(&mut self, routes: &[Route]) -> Vec<Result<Tree, String>> {
        let read = self.ask(&Question { routes, requests: &[], trees: true }).rules.into_iter();
        read.map(|read| read.tree.ok_or_else(|| read.error.unwrap_or_default())).collect()
    }

    /// Why the router leaves a route out, for each; and what becomes of requests, which are given as they come
    /// over the wire.
    pub fn lead(&mut self, routes: &[Route], requests: &[String]) -> (Vec<Option<String>>, Vec<Outcome>) {
        let Answer { rules, requests } = self.ask(&Question { routes, requests, trees: false });
        (rules.into_iter().map(|read| read.error).collect(), requests)
    }

    fn ask(&mut self, question: &Question<'_>) -> Answer {
        let question = serde_json::to_vec(question).expect("a question is JSON");
        serde_json::from_slice(&self.0.ask(&question)).expect("the answer is JSON")
    }
}

impl Tree {
    /// One matcher and its arguments.
    #[must_use]
    pub fn leaf(matcher: &str, values: &[&str]) -> Self {
        let value = Some(values.iter().map(|value| (*value).to_owned()).collect());
        Self { matcher: matcher.to_owned(), not: false, value, rule_left: None, rule_right: None }
    }

    #[must_use]
    pub fn and(left: Self, right: Self) -> Self {
        Self::of("and", left, right)
    }

    #[must_use]
    pub fn or(left: Self, right: Self) -> Self {
        Self::of("or", left, right)
    }

    fn of(word: &str, left: Self, right: Self) -> Self {
        let (rule_left, rule_right) = (Some(Box::new(left)), Some(Box::new(right)));
        Self { matcher: word.to_owned(), not: false, value: None, rule_left, rule_right }
    }

    /// Both sides of an `and` or an `or`.
    #[must_use]
    pub fn sides(&self) -> Option<(&Self, &Self)> {
        self.rule_left.as_deref().zip(self.rule_right.as_deref())
    }
}

impl Outcome {
    #[must_use]
    pub fn winner(&self) -> Option<usize> {
        usize::try_from(self.winner).ok()
    }
}

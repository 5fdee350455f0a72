//! What the emulators cannot do, as the page about them has it; that it is so, the other tests of the tables see.
//! `EMULATORS=write` writes it.

use std::fs;

use acceptance::repo;

use super::cases::{Case, Limit, QUEUES, SUBSCRIPTIONS, TOPICS};

const PAGE: &str = "docs/emulators.md";

/// Between these the page is written by the test, and by nobody else.
const BEGIN: &str = "<!-- with `EMULATORS=write`, the test `hooks::attributes` writes what follows -->\n";
const END: &str = "<!-- with `EMULATORS=write`, the test `hooks::attributes` wrote this -->\n";

#[test]
fn what_an_emulator_cannot_do_stands_on_the_page_of_the_emulators() {
    let page = repo::root().join(PAGE);
    let text = fs::read_to_string(&page).expect(PAGE);
    let parts = text.split_once(BEGIN).and_then(|(head, rest)| Some((head, rest.split_once(END)?)));
    let (head, (written, tail)) = parts.unwrap_or_else(|| panic!("{PAGE} lacks {BEGIN} or {END}"));
    let seen = format!("\n{}\n", table());
    if std::env::var_os("EMULATORS").is_some_and(|word| word == "write") {
        fs::write(&page, format!("{head}{BEGIN}{seen}{END}{tail}")).expect("the page is written");
    } else {
        assert_eq!(written, seen, "{PAGE} (EMULATORS=write writes what the tables say)");
    }
}

fn table() -> String {
    let mut table = "| of a | attribute | LocalStack | moto |\n| --- | --- | --- | --- |\n".to_owned();
    for (thing, cases) in [("queue", QUEUES), ("topic", TOPICS), ("subscription", SUBSCRIPTIONS)] {
        for Case { row, localstack, moto, .. } in cases {
            let (localstack, moto) = (words(localstack), words(moto));
            if localstack.is_some() || moto.is_some() {
                let cell = |words: Option<String>| words.unwrap_or_else(|| "as AWS".to_owned());
                table += &format!("| {thing} | `{row}` | {} | {} |\n", cell(localstack), cell(moto));
            }
        }
    }
    table
}

fn words(limit: &Limit) -> Option<String> {
    Some(match limit {
        Limit::None | Limit::Fixed => return None,
        Limit::Unread => "never reported: left alone once the topic is made".to_owned(),
        Limit::Forgotten => "never reported: each apply writes it".to_owned(),
        Limit::Renamed(name) => format!("reported as `{name}`"),
        Limit::Refused(code) => format!("refused: `{code}`"),
        Limit::Turns => "somebody else can change it; the hook refuses the thing then".to_owned(),
    })
}

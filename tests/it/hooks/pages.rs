//! More things than one answer of a back end holds: what stands on its second page is there too.

use std::thread;

use acceptance::{
    emulator::{Emulator, REGION},
    hook::{self, Ended, Hook},
};

use super::kind::Kind;

/// Where nobody else lists so many.
const CROWDED: &str = "eu-central-1";
/// Makers at once, of a back end that has two processors.
const MAKERS: usize = 4;

#[test]
fn what_stands_behind_a_full_page_is_found_kept_pruned_and_deleted() {
    for (kind, page) in [(Kind::Queue, 1000), (Kind::Topic, 100)] {
        for (emulator, at) in [(Emulator::localstack(), "ls"), (Emulator::moto(), "moto")] {
            let emulator = emulator.in_region(CROWDED);
            let feature = format!("pages-{}-{at}", kind.section());
            let _swept = emulator.swept(&format!("pages-{}", kind.section()));
            let run = |verb: &str, things: &[&str]| -> Ended {
                let sections = kind.sections(emulator.url(), "", things).replace(REGION, CROWDED);
                kind.hook().run(verb, &hook::file(&feature, &sections), &[]).ends_with(0)
            };
            fill(kind, &emulator, page);
            let both = ["{name: a}", "{name: b}"];
            let _ = run("apply", &both);
            assert_eq!(kind.there(&emulator, &feature).len(), 2);
            let kept = run("apply", &both);
            assert!(kept.report().iter().all(|line| line.starts_with("keep ")), "{}", kept.said());
            let named = run("marks", &[]);
            let named =
                named.report().into_iter().map(|line| line.split_whitespace().nth(1).map(str::to_owned));
            let both_of_them = ["a", "b"].map(|name| Some(format!("{}/{name}-{feature}", kind.section())));
            assert_eq!(named.collect::<Vec<_>>(), both_of_them);
            let pruned = run("apply", &both[..1]);
            assert_eq!(kind.there(&emulator, &feature), [format!("a-{feature}")], "{}", pruned.said());
            let deleted = run("delete", &both[..1]);
            assert_eq!(kind.there(&emulator, &feature), Vec::<String>::new(), "{}", deleted.said());
        }
    }
}

fn fill(kind: Kind, emulator: &Emulator, count: usize) {
    thread::scope(|scope| {
        for maker in 0..MAKERS {
            scope.spawn(move || {
                for n in (maker..=count).step_by(MAKERS) {
                    kind.make(emulator, &format!("a-filler-{n}-of-pages-{}", kind.section()), &[]);
                }
            });
        }
    });
}

#[test]
fn a_part_in_bases_topic_is_found_behind_a_hundred_others() {
    for (emulator, at) in [(Emulator::localstack(), "ls"), (Emulator::moto(), "moto")] {
        let feature = format!("crowd-{at}");
        let _swept = emulator.swept(&feature);
        let base = format!("{feature}-base");
        Kind::Topic.make(&emulator, &base, &[]);
        let arn = emulator.topic_arn(&base);
        for n in 0..=100 {
            let endpoint = format!("arn:aws:sqs:{REGION}:000000000000:other-{n}");
            emulator.sns("Subscribe", &[("TopicArn", &arn), ("Protocol", "sqs"), ("Endpoint", &endpoint)]);
        }
        let before = emulator.subscriptions(&base);
        assert_eq!(before.len(), 101);
        let access = format!("endpointUrl: {}\n  region: {REGION}", emulator.url());
        let part = format!("subscriptions: [{{topic: {base}, filterBy: feature, queue: mails}}]");
        let config =
            hook::file(&feature, &format!("sqs:\n  {access}\n  queues: [{{name: mails}}]\nsns:\n  {part}"));
        for hook in [Hook::sqs(), Hook::sns()] {
            hook.does("apply", &config, &[]);
        }
        assert_eq!(emulator.subscriptions(&base).len(), 102);
        let again = Hook::sns().run("apply", &config, &[]).ends_with(0);
        assert!(again.report().iter().all(|line| line.starts_with("keep ")), "{}", again.said());
        for hook in [Hook::sns(), Hook::sqs()] {
            hook.does("delete", &config, &[]);
        }
        assert_eq!(emulator.subscriptions(&base), before);
    }
}

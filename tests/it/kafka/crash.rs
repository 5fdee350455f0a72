//! A hook that is killed or told to stop around any write: the next run ends where one would that nobody disturbed.

use std::{
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use acceptance::{
    hook::{self, Hook, Running},
    kafka::{Broker, Call, Gate, Hold, Swept},
};

use super::{section, state};

/// What is there before, for an apply that makes, changes and deletes.
const BEFORE: &str = "  topics:
    - {name: a, partitions: 2, config: {retention.ms: 5000}}
    - {name: old}
  consumerGroups:
    - {name: g}
    - {name: gone}";

const AFTER: &str = "  topics:
    - {name: a, partitions: 3, config: {retention.ms: 6000}}
    - {name: b, cloneFrom: FEATURE-base}
  consumerGroups:
    - {name: g, offsets: [{topic: FEATURE-base, from: earliest}]}
    - {name: new, offsets: [{topic: b-FEATURE, from: latest}]}";

/// The gate, and how many runs come by it at once: each is a client of its own name, which is its feature's.
struct Stage<'b> {
    gate: Gate,
    broker: &'b Broker,
    word: &'static str,
    _swept: Swept<'b>,
}

/// A run that is disturbed at one of its writes.
struct Turn<'s> {
    stage: &'s Stage<'s>,
    verb: &'static str,
    feature: String,
    /// The name of the write, its number, and when its sender is held.
    at: (String, usize, Hold),
}

const AT_ONCE: usize = 8;
const BOTH: [Hold; 2] = [Hold::Before, Hold::After];

impl<'b> Stage<'b> {
    fn new(broker: &'b Broker, word: &'static str) -> Self {
        let gate = Gate::open();
        Self { gate, broker, word, _swept: broker.swept(word) }
    }

    /// Disturbs an apply and a delete, each at every write: `when` says how, by its name and its number. The
    /// producer's number is no write that anybody sees, but for the connection that it comes by.
    fn each(&self, when: impl Fn(&str, usize) -> Vec<Hold>, act: impl Fn(&Turn<'_>) + Sync) {
        let mut turns = Vec::new();
        let mut meant = Vec::new();
        for verb in ["apply", "delete"] {
            let whole = self.turn(verb, "whole", (String::new(), 0, Hold::After));
            whole.set();
            let _ = Hook::kafka().does(verb, &whole.file(&self.gate.bootstrap(), AFTER), &[]);
            meant.push((verb, whole.state()));
            let calls = self.gate.calls();
            let writes: Vec<&Call> =
                calls.iter().filter(|call| call.writes && call.client == whole.feature).collect();
            assert!(writes.len() > 5, "{writes:?}");
            for (i, call) in writes.iter().enumerate() {
                for hold in when(&call.api, i) {
                    let name = format!("{i:02}-{hold:?}").to_lowercase();
                    turns.push(self.turn(verb, &name, (call.api.clone(), i + 1, hold)));
                }
            }
        }
        let left = Mutex::new(turns);
        let next = || left.lock().expect("nobody fails who has it").pop();
        thread::scope(|scope| {
            for _ in 0..AT_ONCE {
                scope.spawn(|| {
                    while let Some(turn) = next() {
                        turn.set();
                        act(&turn);
                        let of_verb = meant.iter().find(|(verb, _)| *verb == turn.verb);
                        assert_eq!(Some(&turn.state()), of_verb.map(|(_, state)| state), "{}", turn.what());
                    }
                });
            }
        });
    }

    fn turn(&self, verb: &'static str, name: &str, at: (String, usize, Hold)) -> Turn<'_> {
        Turn { stage: self, verb, feature: format!("{}-{verb}-{name}", self.word), at }
    }
}

impl Turn<'_> {
    /// Everything as it is before the run.
    fn set(&self) {
        self.stage.broker.make(&format!("{}-base", self.feature), 2, &[("segment.ms", "60000")]);
        let before = if self.verb == "apply" { BEFORE } else { AFTER };
        let _ = Hook::kafka().does("apply", &self.file(self.stage.broker.bootstrap(), before), &[]);
    }

    fn file(&self, bootstrap: &str, rest: &str) -> String {
        let named = format!("  clientConfig: {{client.id: {}}}\n", self.feature);
        let rest = named + &rest.replace("FEATURE", &self.feature);
        hook::file(&self.feature, &section(bootstrap, &rest))
    }

    /// The run through the gate, where it is held now; and in which request.
    fn held(&self) -> Running {
        let (gate, (_, nth, hold)) = (&self.stage.gate, &self.at);
        gate.hold_of(&self.feature, *nth, *hold);
        let running = Hook::kafka().spawn(self.verb, &self.file(&gate.bootstrap(), AFTER), &[]);
        match gate.held_of(&self.feature, || running.is_running()) {
            Some(_) => running,
            None => panic!("{} ended before it: {}", self.what(), running.wait().said()),
        }
    }

    /// What a run does that comes later.
    fn finish(&self) {
        self.stage.gate.clear_of(&self.feature);
        let _ = Hook::kafka().does(self.verb, &self.file(&self.stage.gate.bootstrap(), AFTER), &[]);
    }

    /// What there is of the feature, whatever it is called.
    fn state(&self) -> Vec<String> {
        let lines = state(self.stage.broker, &self.feature);
        lines.into_iter().map(|line| line.replace(&self.feature, "FEATURE")).collect()
    }

    fn what(&self) -> String {
        let Self { verb, at: (api, nth, hold), .. } = self;
        format!("{verb}, {hold:?} write {nth}, {api}")
    }
}

#[test]
fn a_hook_that_is_killed_around_any_write_is_finished_by_the_next_run() {
    let broker = Broker::lab();
    let stage = Stage::new(&broker, "kk-kill");
    // Before a write the broker is as it was after the one before.
    let when = |api: &str, i: usize| match (i, api) {
        (0, _) => BOTH.to_vec(),
        (_, "InitProducerId") => Vec::new(),
        _ => vec![Hold::After],
    };
    stage.each(when, |turn| {
        let ended = turn.held().kill();
        assert_eq!(ended.code, None, "{}: {}", turn.what(), ended.said());
        turn.finish();
    });
}

#[test]
fn a_hook_that_is_told_to_stop_ends_soon_and_says_what_is_not_done() {
    let broker = Broker::lab();
    let stage = Stage::new(&broker, "kk-stop");
    let when = |_: &str, i: usize| vec![BOTH[i % 2]];
    stage.each(when, |turn| {
        let running = turn.held();
        let told = Instant::now();
        running.signal("TERM");
        let ended = running.wait().ends_with(1);
        let what = format!("{}: {}", turn.what(), ended.said());
        assert!(told.elapsed() < Duration::from_secs(5), "after {:?}: {what}", told.elapsed());
        assert!(ended.last_line().contains("stopped by SIGTERM; not done: "), "{what}");
        turn.finish();
    });
}

#[test]
fn a_connection_that_breaks_around_any_write_is_made_again_by_the_same_run() {
    let broker = Broker::lab();
    let stage = Stage::new(&broker, "kk-cut");
    stage.each(
        |_, _| BOTH.to_vec(),
        |turn| {
            let running = turn.held();
            turn.stage.gate.clear_of(&turn.feature);
            let ended = running.wait();
            assert_eq!(ended.code, Some(0), "{}: {}", turn.what(), ended.said());
        },
    );
}

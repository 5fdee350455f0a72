//! The laws, in words and in deeds.

use std::collections::BTreeSet;

use super::{Bench, Subject, Variant, killed};
use crate::{Provider, exit};

/// The laws in words, in the order of their numbers.
pub const LAWS: [&str; 16] = [
    "what is not there is to be created, and nothing is written by a plan",
    "after an apply a new connection finds nothing to do",
    "a second apply tells the application the same",
    "two applies at once both succeed",
    "a changed want is an update that names the field, and is kept afterwards",
    "what somebody else has changed is seen and repaired",
    "what cannot be had is refused before anything is written",
    "after a delete nothing is there",
    "a second delete succeeds",
    "an apply after a delete succeeds",
    "a delete leaves other features and base as they were",
    "killed anywhere, the next run comes to the same",
    "a back end that is down is said by its address, in time",
    "what is wrong with the command is said before anybody is contacted",
    "no secret is told",
    "all that bears a mark is named, whosever it is, and nothing else, and nothing is written by that",
];

const ONE: Option<&str> = Some("law1");
const TWO: Option<&str> = Some("law2");

type Verdict = Result<(), String>;

impl<S: Subject> Bench<'_, S> {
    pub(super) async fn check(&self, number: usize) -> Verdict {
        match number {
            1 => Box::pin(self.a_plan_writes_nothing()).await,
            2 => Box::pin(self.applied_is_kept()).await,
            3 => Box::pin(self.told_twice_alike()).await,
            4 => Box::pin(self.two_at_once()).await,
            5 => Box::pin(self.changed()).await,
            6 => Box::pin(self.drifted()).await,
            7 => Box::pin(self.refused()).await,
            8 => Box::pin(self.deleted()).await,
            9 => Box::pin(self.deleted_twice()).await,
            10 => Box::pin(self.born_again()).await,
            11 => Box::pin(self.others_stay()).await,
            12 => Box::pin(self.killed_anywhere()).await,
            13 => Box::pin(self.down()).await,
            14 => self.not_contacted(),
            15 => Box::pin(self.silent()).await,
            _ => Box::pin(self.all_named()).await,
        }
    }

    async fn a_plan_writes_nothing(&self) -> Verdict {
        let before = self.subject.state(ONE).await;
        done(self.plan(ONE, Variant::Plain).await)?;
        let told = self.heard();
        let words: Vec<&str> = told.lines().filter_map(|line| line.split_whitespace().next()).collect();
        must(!words.is_empty() && words.iter().all(|word| *word == "create"), || {
            format!("plan says {told}")
        })?;
        let after = self.subject.state(ONE).await;
        must(before == after, || format!("plan made of {before:?} this: {after:?}"))
    }

    async fn applied_is_kept(&self) -> Verdict {
        done(self.apply(ONE, Variant::Plain).await)?;
        must(!self.subject.state(ONE).await.is_empty(), || "apply made nothing".to_owned())?;
        self.keeps(Variant::Plain).await
    }

    async fn told_twice_alike(&self) -> Verdict {
        done(self.apply(ONE, Variant::Plain).await)?;
        let first = done(self.outputs("law1").await)?;
        done(self.apply(ONE, Variant::Plain).await)?;
        let second = done(self.outputs("law1").await)?;
        must(!first.is_empty() && first.iter().all(|output| output.value.is_some()), || {
            "nothing is told".to_owned()
        })?;
        let alike = first.len() == second.len()
            && first
                .iter()
                .zip(&second)
                .all(|(one, other)| one.place == other.place && one.value == other.value);
        must(alike, || "the second apply tells something else".to_owned())
    }

    async fn two_at_once(&self) -> Verdict {
        let (one, other) = tokio::join!(self.apply(ONE, Variant::Plain), self.apply(ONE, Variant::Plain));
        done(one)?;
        done(other)?;
        self.keeps(Variant::Plain).await
    }

    async fn changed(&self) -> Verdict {
        done(self.apply(ONE, Variant::Plain).await)?;
        self.heard();
        done(self.plan(ONE, Variant::Changed).await)?;
        let told = self.heard();
        must(told.contains("update") && told.contains(S::FIELD), || format!("plan says {told}"))?;
        done(self.apply(ONE, Variant::Changed).await)?;
        self.keeps(Variant::Changed).await
    }

    async fn drifted(&self) -> Verdict {
        done(self.apply(ONE, Variant::Plain).await)?;
        let before = self.subject.state(ONE).await;
        self.subject.drift("law1").await;
        must(self.subject.state(ONE).await != before, || "the subject cannot drift".to_owned())?;
        self.heard();
        done(self.plan(ONE, Variant::Plain).await)?;
        let told = self.heard();
        must(told.contains("update") && told.contains(S::FIELD), || format!("plan says {told}"))?;
        done(self.apply(ONE, Variant::Plain).await)?;
        let after = self.subject.state(ONE).await;
        must(before == after, || format!("apply made of it {after:?}, and it was {before:?}"))
    }

    async fn refused(&self) -> Verdict {
        let before = self.subject.state(ONE).await;
        let outcome = self.apply(ONE, Variant::Impossible).await;
        let code = outcome.as_ref().err().map(crate::error::Error::exit);
        must(code == Some(exit::REFUSED), || format!("apply ends with {outcome:?}"))?;
        let after = self.subject.state(ONE).await;
        must(before == after, || format!("apply wrote {after:?}"))
    }

    async fn deleted(&self) -> Verdict {
        done(self.apply(ONE, Variant::Plain).await)?;
        done(self.delete("law1").await)?;
        let left = self.subject.state(ONE).await;
        must(left.is_empty(), || format!("left: {left}"))
    }

    async fn deleted_twice(&self) -> Verdict {
        done(self.apply(ONE, Variant::Plain).await)?;
        done(self.delete("law1").await)?;
        done(self.delete("law1").await)?;
        Ok(())
    }

    async fn born_again(&self) -> Verdict {
        done(self.apply(ONE, Variant::Plain).await)?;
        done(self.delete("law1").await)?;
        done(self.apply(ONE, Variant::Plain).await)?;
        self.keeps(Variant::Plain).await
    }

    async fn others_stay(&self) -> Verdict {
        for feature in [None, ONE, TWO] {
            done(self.apply(feature, Variant::Plain).await)?;
        }
        let before = (self.subject.state(TWO).await, self.subject.state(None).await);
        done(self.delete("law1").await)?;
        let after = (self.subject.state(TWO).await, self.subject.state(None).await);
        must(before == after, || format!("of {before:?} it left {after:?}"))
    }

    async fn killed_anywhere(&self) -> Verdict {
        done(self.apply(ONE, Variant::Plain).await)?;
        let whole = self.subject.state(ONE).await;
        for waits in 0.. {
            self.subject.clean().await;
            let ended = killed(self.apply(ONE, Variant::Plain), waits).await;
            done(self.apply(ONE, Variant::Plain).await).map_err(|why| format!("killed at {waits}: {why}"))?;
            let state = self.subject.state(ONE).await;
            must(state == whole, || format!("killed at {waits}: {state:?} is not {whole:?}"))?;
            if ended.is_some() {
                break;
            }
        }
        Ok(())
    }

    async fn down(&self) -> Verdict {
        let section = self.subject.section(ONE, Variant::Down);
        let endpoint = S::Provider::endpoint(&section);
        let began = tokio::time::Instant::now();
        let outcome = self.apply(ONE, Variant::Down).await;
        let took = began.elapsed();
        must(took <= super::SHORT * 2, || format!("it took {took:?}"))?;
        match outcome {
            Err(error)
                if error.exit() == exit::UNREACHABLE
                    && !endpoint.is_empty()
                    && error.to_string().contains(&endpoint) =>
            {
                Ok(())
            }
            other => Err(format!("apply ends with {other:?}")),
        }
    }

    fn not_contacted(&self) -> Verdict {
        let before = self.subject.contacts();
        let only = ["nobody".to_owned()];
        let mark = super::mark(ONE);
        let section = self.subject.section(ONE, Variant::Plain);
        let report = crate::report::Report::new(
            crate::report::Format::Text,
            Box::new(std::io::sink()),
            Box::new(std::io::sink()),
        );
        let now = jiff::Timestamp::UNIX_EPOCH;
        let engine =
            super::Engine::<S::Provider>::new(&mark, &section, &report, super::SHORT, now).only(&only);
        let code = engine.err().map(|error| error.exit());
        must(code == Some(exit::CONFIG), || "a name that is not in the file is taken".to_owned())?;
        let after = self.subject.contacts();
        must(before == after, || format!("contacted {} times", after - before))
    }

    /// Whatever fails is told too: every error that the other laws meet comes by here.
    async fn silent(&self) -> Verdict {
        for variant in [Variant::Plain, Variant::Changed, Variant::Impossible, Variant::Down] {
            let _ = self.plan(ONE, variant).await;
            let _ = self.apply(ONE, variant).await;
        }
        self.subject.drift("law1").await;
        let _ = self.apply(ONE, Variant::Plain).await;
        let _ = self.delete("law1").await;
        let told = self.said.borrow();
        must(!told.contains(S::SECRET), || format!("a secret is in: {told}"))
    }

    async fn all_named(&self) -> Verdict {
        self.subject.stranger().await;
        let mut expected = BTreeSet::new();
        self.names(&expected).await?;
        for feature in [None, ONE, TWO] {
            done(self.apply(feature, Variant::Plain).await)?;
            let marked = done(self.marked(feature).await)?;
            must(!marked.is_empty(), || format!("nothing of {feature:?} bears a mark"))?;
            expected.extend(marked);
        }
        let whole = self.states().await;
        self.names(&expected).await?;
        let after = self.states().await;
        must(whole == after, || format!("of {whole:?} it made {after:?}"))?;
        let gone = done(self.marked(ONE).await)?;
        done(self.delete("law1").await)?;
        expected.retain(|thing| !gone.contains(thing));
        self.names(&expected).await
    }

    async fn states(&self) -> [String; 3] {
        let subject = self.subject;
        [subject.state(None).await, subject.state(ONE).await, subject.state(TWO).await]
    }

    async fn names(&self, expected: &BTreeSet<String>) -> Verdict {
        let named = done(self.marks().await)?;
        must(named == *expected, || format!("named are {named:?}, and marked {expected:?}"))
    }

    async fn keeps(&self, variant: Variant) -> Verdict {
        self.heard();
        let changes = done(self.plan(ONE, variant).await)?;
        must(!changes, || format!("plan says {}", self.heard()))
    }
}

fn done<T>(outcome: Result<T, crate::error::Error>) -> Result<T, String> {
    outcome.map_err(|error| error.to_string())
}

fn must(holds: bool, why: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { Err(why()) }
}

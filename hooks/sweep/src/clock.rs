//! When a copy is due: one clock for all releases of a feature in a namespace. Pure: the moment is a parameter.
//!
//! A copy is due when of all its releases the newest deploy, plus its ttl, has passed: whoever deploys only the
//! application keeps the database of its hooks' release. What somebody has said on the records since (extend, keep,
//! expire) Helm carries on from one revision to the next; so a word must not hold longer than it is meant to.

use std::{fmt, str::FromStr, time::Duration};

use feature::Ttl;
use jiff::Timestamp;

use crate::release::Release;

/// What somebody has said of a copy's end, as the label on a record has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// Not before somebody says so: `never`.
    Never,
    /// Not before this second, and not before its ttl is over: `1796000000`.
    Until(i64),
    /// Now, unless something is deployed after this second: `expired-1796000000`.
    Expired(i64),
}

/// When a copy goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Due {
    At(Timestamp),
    Never(Why),
}

/// Why a copy is never due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Why {
    Kept,
    Forever,
    /// No release and no object of it says a ttl.
    NoTtl,
    /// Somebody has said something on a record that is no word of ours: better too late than too early.
    Unread,
}

/// What `Said` is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotSaid;

const NEVER: &str = "never";
const EXPIRED: &str = "expired-";

impl FromStr for Said {
    type Err = NotSaid;

    fn from_str(text: &str) -> Result<Self, NotSaid> {
        if text == NEVER {
            return Ok(Self::Never);
        }
        let second = |text: &str| {
            let second = text.parse().map_err(|_| NotSaid)?;
            Timestamp::from_second(second).map(|_| second).map_err(|_| NotSaid)
        };
        match text.strip_prefix(EXPIRED) {
            Some(text) => second(text).map(Self::Expired),
            None => second(text).map(Self::Until),
        }
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never => f.write_str(NEVER),
            Self::Until(second) => write!(f, "{second}"),
            Self::Expired(second) => write!(f, "{EXPIRED}{second}"),
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kept => "kept",
            Self::Forever => "forever",
            Self::NoTtl => "nobody said how long it lives",
            Self::Unread => "a label says until when, and cannot be read",
        })
    }
}

/// When the copy of these releases is due; there is at least one.
pub(crate) fn due(releases: &[Release]) -> Due {
    if releases.iter().any(|release| release.said == Some(Ok(Said::Never))) {
        return Due::Never(Why::Kept);
    }
    if releases.iter().any(|release| release.said == Some(Err(NotSaid))) {
        return Due::Never(Why::Unread);
    }
    let newest = newest(releases);
    let expired = releases.iter().find_map(|release| match release.said {
        // Whatever came after it makes it void.
        Some(Ok(Said::Expired(second))) if newest.as_second() <= second => Some(newest),
        _ => None,
    });
    if let Some(at) = expired {
        return Due::At(at);
    }
    if releases.iter().filter_map(|release| release.ttl.as_ref()).any(|ttl| ttl.lasts().is_none()) {
        return Due::Never(Why::Forever);
    }
    // A release that says no ttl lives as long as the others.
    let longest = releases.iter().filter_map(|release| release.ttl.as_ref()?.lasts()).max();
    let lasts = |release: &Release| release.ttl.as_ref().and_then(Ttl::lasts).or(longest);
    let ends = releases.iter().filter_map(|release| Some(after(release.head.began, lasts(release)?)));
    let until = releases.iter().filter_map(|release| match release.said {
        Some(Ok(Said::Until(second))) => Timestamp::from_second(second).ok(),
        _ => None,
    });
    ends.chain(until).max().map_or(Due::Never(Why::NoTtl), Due::At)
}

/// What to say so that the copy of these releases lives until this second, or for ever where there is none, and never shorter
/// than it would have; nothing where it is never due anyway.
pub(crate) fn extended(releases: &[Release], end: Option<i64>) -> Option<Said> {
    if let Due::Never(_) = due(releases) {
        return None;
    }
    let until = releases.iter().filter_map(|release| match release.said {
        Some(Ok(Said::Until(second))) => Some(second),
        _ => None,
    });
    let end = end.map_or(Said::Never, |end| Said::Until(until.fold(end, i64::max)));
    // A copy that has been expired and would else live for ever has no end that could be later.
    let ends = |release: &Release| release.ttl.as_ref().is_none_or(|ttl| ttl.lasts().is_some());
    (end == Said::Never || releases.iter().all(ends)).then_some(end)
}

/// When the copy was last deployed.
pub(crate) fn newest(releases: &[Release]) -> Timestamp {
    releases.iter().map(|release| release.head.began).max().unwrap_or(Timestamp::UNIX_EPOCH)
}

/// The moment a while after another; the end of all times where there is none.
pub(crate) fn after(moment: Timestamp, lasts: Duration) -> Timestamp {
    moment.checked_add(lasts).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use feature::words;
    use provision::marks::Tags;

    use super::*;
    use crate::record::{Body, Head, Status};

    /// A release that began at this second, with the ttl and the word of its labels.
    fn release(began: i64, ttl: &str, said: &str) -> Release {
        let label = |key: &str, value: &str| (!value.is_empty()).then(|| (key.to_owned(), value.to_owned()));
        let mut labels = Tags::from([(words::FEATURE.to_owned(), "feat1".to_owned())]);
        labels.extend(label(words::TTL, ttl));
        labels.extend(label(words::DUE, said));
        let head = Head {
            object: "r".into(),
            uid: "u".into(),
            resource_version: "1".into(),
            namespace: "demo".into(),
            release: format!("r{began}"),
            revision: 1,
            status: Status::Installed,
            began: at(began),
            labels,
        };
        Release::read(head, Ok(Body { objects: vec![], hooks: vec![] }.into())).expect("a copy's")
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    #[test]
    fn the_clock_of_a_copy() {
        let cases = [
            ("its ttl after its deploy", vec![(100, "1h", "")], Due::At(at(3700))),
            ("the newest deploy counts", vec![(100, "1h", ""), (900, "1h", "")], Due::At(at(4500))),
            ("each by its own ttl", vec![(100, "2h", ""), (900, "1h", "")], Due::At(at(7300))),
            (
                "who says none lives as long as others",
                vec![(100, "1h", ""), (900, "", "")],
                Due::At(at(4500)),
            ),
            ("one forever is enough", vec![(100, "1h", ""), (0, "forever", "")], Due::Never(Why::Forever)),
            ("nobody says a ttl", vec![(100, "", "")], Due::Never(Why::NoTtl)),
            ("what is no ttl is none", vec![(100, "1h30m", "")], Due::Never(Why::NoTtl)),
            ("kept", vec![(100, "1h", "never"), (900, "1h", "")], Due::Never(Why::Kept)),
            ("extended", vec![(100, "1h", "9000")], Due::At(at(9000))),
            ("extended to what is earlier than its ttl", vec![(100, "1h", "200")], Due::At(at(3700))),
            ("extended without a ttl", vec![(100, "", "9000")], Due::At(at(9000))),
            (
                "extended, and the end has passed by a later deploy",
                vec![(9500, "1h", "9000")],
                Due::At(at(13100)),
            ),
            ("expired", vec![(100, "1h", "expired-900"), (900, "1h", "expired-900")], Due::At(at(900))),
            ("expired, though forever", vec![(100, "forever", "expired-100")], Due::At(at(100))),
            (
                "expired, and deployed again",
                vec![(100, "1h", "expired-100"), (101, "1h", "expired-100")],
                Due::At(at(3701)),
            ),
            ("what is no word", vec![(100, "1h", "soon")], Due::Never(Why::Unread)),
            ("what is no second", vec![(100, "1h", "1796000000000000")], Due::Never(Why::Unread)),
        ];
        for (name, releases, expected) in cases {
            let releases: Vec<_> =
                releases.into_iter().map(|(began, ttl, said)| release(began, ttl, said)).collect();
            assert_eq!(due(&releases), expected, "{name}");
        }
    }

    #[test]
    fn an_application_that_is_deployed_for_five_ttls_keeps_its_hooks_release_alive() {
        let hour = 3600;
        for deploy in 0..=5 {
            let releases = [release(0, "1h", ""), release(deploy * hour, "1h", "")];
            assert_eq!(due(&releases), Due::At(at((deploy + 1) * hour)));
        }
    }

    #[test]
    fn an_extension_never_shortens_whatever_each_of_the_releases_says() {
        let cases = [
            ("nothing was said", vec![(100, "1h", "")], Some(9000), Some(Said::Until(9000))),
            ("for ever", vec![(100, "1h", "")], None, Some(Said::Never)),
            (
                "a later end of one",
                vec![(100, "1h", "9999"), (200, "1h", "")],
                Some(9000),
                Some(Said::Until(9999)),
            ),
            (
                "an earlier one",
                vec![(100, "1h", "8000"), (200, "1h", "")],
                Some(9000),
                Some(Said::Until(9000)),
            ),
            ("one is kept", vec![(100, "1h", "never"), (200, "1h", "")], Some(9000), None),
            ("no ttl", vec![(100, "", "")], Some(9000), None),
            ("one lives for ever", vec![(100, "forever", ""), (200, "1h", "")], Some(9000), None),
            ("one is expired and lived for ever", vec![(100, "forever", "expired-100")], Some(9000), None),
            ("an expired one", vec![(100, "1h", "expired-100")], Some(9000), Some(Said::Until(9000))),
            ("a word that cannot be read", vec![(100, "1h", "soon")], Some(9000), None),
        ];
        for (name, releases, end, expected) in cases {
            let releases: Vec<_> =
                releases.into_iter().map(|(began, ttl, said)| release(began, ttl, said)).collect();
            assert_eq!(extended(&releases, end), expected, "{name}");
        }
    }

    #[test]
    fn a_word_is_written_as_it_is_read() {
        for said in [Said::Never, Said::Until(1_796_000_000), Said::Expired(1_796_000_000)] {
            assert_eq!(said.to_string().parse(), Ok(said));
        }
        for no in ["", "Never", "expired-", "1h", "expired-x", "1796000000000000"] {
            assert_eq!(no.parse::<Said>(), Err(NotSaid), "{no}");
        }
    }
}

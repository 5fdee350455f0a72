//! What somebody says of a copy's end: a label on Helm's records of its releases, on every revision, since a rollback takes
//! the labels of the one that it goes back to. No back end is asked.

use feature::Ttl;
use jiff::Timestamp;
use provision::{error::Error, report::Report, retry::Patience};

use crate::{
    args::One,
    clock::{self, Due, Said},
    cluster::Asked,
    copies::{Copy, copies},
};

/// Lets the copy live for `ttl` from now, if it would not live as long anyway.
pub(crate) async fn extend(one: &One, ttl: &Ttl, report: &Report) -> Result<(), Error> {
    let end = ttl.lasts().map(|lasts| clock::after(Timestamp::now(), lasts).as_second());
    say(one, report, |copy| clock::extended(&copy.releases, end)).await
}

/// Lets the copy live until somebody says otherwise.
pub(crate) async fn keep(one: &One, report: &Report) -> Result<(), Error> {
    say(one, report, |_| Some(Said::Never)).await
}

/// Lets the copy be due now, unless it is deployed again.
pub(crate) async fn expire(one: &One, report: &Report) -> Result<(), Error> {
    say(one, report, |copy| Some(Said::Expired(clock::newest(&copy.releases).as_second()))).await
}

/// Writes what is said of each copy, where there is anything to say.
async fn say(one: &One, report: &Report, said: impl Fn(&Copy) -> Option<Said>) -> Result<(), Error> {
    let patience = Patience::new(one.timeout(), report);
    let asked = Asked::connect(&patience).await?;
    let namespaces = one.namespaces(&asked);
    let recorded = asked.recorded(&namespaces).await?;
    let mut copies = copies(recorded.releases, Vec::new());
    copies.retain(|copy| copy.name.feature == one.feature);
    if copies.is_empty() {
        let (feature, place) = (&one.feature, &asked.endpoint);
        let namespaces = namespaces.join(", ");
        return Err(Error::refused(format!("no release of feature {feature} in {namespaces} at {place}")));
    }
    let mut releases = copies.iter().flat_map(|copy| &copy.releases);
    if let Some(release) = releases.find(|release| release.is_under_way(Timestamp::now())) {
        // Helm writes the records again, with the labels that it has read.
        let wait = "a deploy is under way: say it again after that";
        return Err(Error::unreachable(format!("{release}: {wait}")));
    }
    for copy in &mut copies {
        let said = said(copy);
        for release in &mut copy.releases {
            let Some(said) = said else { break };
            for head in recorded.heads.iter().filter(|head| release.is_revision(head)) {
                asked.say(head, said).await?;
            }
            release.said = Some(Ok(said));
        }
        let due = match clock::due(&copy.releases) {
            Due::At(at) => format!("due at {at}"),
            Due::Never(why) => format!("never due: {why}"),
        };
        report.line("say", &copy.name.to_string(), &due)?;
    }
    Ok(())
}

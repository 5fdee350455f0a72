//! What somebody says of a copy's end: a label on Helm's records of its releases, on every revision, since a rollback takes
//! the labels of the one that it goes back to. No back end is asked.

use feature::Ttl;
use provision::{error::Error, report::Report, retry::Patience};

use crate::{
    args::Common,
    clock::{self, Due, Said},
    cluster::Asked,
    config::Sweep,
    copies::{Copy, copies},
};

/// Lets the copy live for `ttl` from now, if it would not live as long anyway.
pub(crate) async fn extend(common: &Common, ttl: &Ttl, report: &Report) -> Result<(), Error> {
    let end = ttl.lasts().map(|lasts| clock::after(common.now, lasts).as_second());
    say(common, report, |copy| match (end, copy.said()) {
        (None, _) | (_, Some(Said::Never)) => Said::Never,
        (Some(end), Some(Said::Until(later))) => Said::Until(end.max(later)),
        (Some(end), _) => Said::Until(end),
    })
    .await
}

/// Lets the copy live until somebody says otherwise.
pub(crate) async fn keep(common: &Common, report: &Report) -> Result<(), Error> {
    say(common, report, |_| Said::Never).await
}

/// Lets the copy be due now, unless it is deployed again.
pub(crate) async fn expire(common: &Common, report: &Report) -> Result<(), Error> {
    say(common, report, |copy| Said::Expired(clock::newest(&copy.releases).as_second())).await
}

async fn say(common: &Common, report: &Report, said: impl Fn(&Copy) -> Said) -> Result<(), Error> {
    let patience = Patience::new(common.timeout, report);
    let asked = Asked::connect(&patience).await?;
    let namespaces = common.namespaces(&Sweep::default(), &asked);
    let recorded = asked.recorded(&namespaces).await?;
    let mut copies = copies(recorded.releases, Vec::new());
    copies.retain(|copy| common.feature.as_ref() == Some(&copy.feature));
    if copies.is_empty() {
        let feature = common.feature.iter().map(ToString::to_string).collect::<String>();
        return Err(Error::refused(format!(
            "no release of feature {feature} in {} at {}",
            namespaces.join(", "),
            asked.endpoint
        )));
    }
    let mut releases = copies.iter().flat_map(|copy| &copy.releases);
    if let Some(release) = releases.find(|release| release.is_under_way(common.now)) {
        // Helm writes the records again, with the labels that it has read.
        let wait = "a deploy is under way: say it again after that";
        return Err(Error::unreachable(format!("{release}: {wait}")));
    }
    for copy in &mut copies {
        let said = said(copy);
        for release in &mut copy.releases {
            for head in recorded.heads.iter().filter(|head| release.is_revision(head)) {
                asked.say(head, said).await?;
            }
            release.said = Some(Ok(said));
        }
        let due = match clock::due(&copy.releases) {
            Due::At(at) => format!("due at {at}"),
            Due::Never(why) => format!("never due: {why}"),
        };
        report.line("say", &copy.name(), &due)?;
    }
    Ok(())
}

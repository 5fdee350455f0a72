//! `marks`: all that bears a mark, whosever it is. Nothing is written, and who may not look at a thing is told so.

use std::collections::BTreeMap;

use feature::words;
use futures_util::{StreamExt, stream};

use super::{AT_ONCE, Engine, failed};
use crate::{Listed, Provider, error::Error, marks::Tags};

impl<P: Provider> Engine<'_, P> {
    /// Reports everything in the back end that says whose it is, in the order of the names.
    pub(crate) async fn marks(&self) -> Result<(), Error> {
        let provider = self.connect().await?;
        let listed = self.patience.call(&self.endpoint, || provider.listed(self.section, self.mark)).await;
        let listed = listed.map_err(|error| failed(P::SECTION, "look for marks", &self.endpoint, error))?;
        let mut looked =
            stream::iter(listed).map(|listed| self.tags_on(&provider, listed)).buffer_unordered(AT_ONCE);
        let mut marked = BTreeMap::new();
        let (mut seen, mut hidden, mut first) = (0_usize, 0_usize, None);
        while let Some(outcome) = looked.next().await {
            match outcome {
                Ok(things) => {
                    seen += 1;
                    marked.extend(things.into_iter().filter(|(_, tags)| tags.contains_key(words::OWNER)));
                }
                // Other teams' things may be nobody's business but theirs.
                Err(error @ Error::Refused(_)) => {
                    hidden += 1;
                    first.get_or_insert(error);
                }
                Err(error) => return Err(error),
            }
        }
        for (name, tags) in &marked {
            self.report.marked(&format!("{}/{name}", P::SECTION), tags)?;
        }
        match first {
            Some(first) if seen == 0 => Err(first),
            Some(first) => {
                self.report.talk(&format!("{hidden} could not be looked at, the first of them {first}"));
                Ok(())
            }
            None => Ok(()),
        }
    }

    async fn tags_on(&self, provider: &P, listed: Listed) -> Result<Vec<(String, Tags)>, Error> {
        let Listed { name, tags } = listed;
        if let Some(tags) = tags {
            return Ok(vec![(name, tags)]);
        }
        let written = self.patience.call(&self.endpoint, || provider.written_on(&name)).await;
        let thing = || format!("{}/{name}", P::SECTION);
        written.map_err(|error| failed(&thing(), "look up its mark", &self.endpoint, error))
    }
}

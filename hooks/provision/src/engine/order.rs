//! In which order things are made: what others need before those that need it.

use crate::Provider;

/// The things in groups: those of one group can be made at once, after all groups before it. A circle,
/// which no back end makes, ends up in the last group.
pub(super) fn groups<P: Provider, T>(things: Vec<T>, want: impl Fn(&T) -> &P::Want) -> Vec<Vec<T>> {
    let names: Vec<String> = things.iter().map(|thing| want(thing).to_string()).collect();
    let needs: Vec<Vec<usize>> = things
        .iter()
        .map(|thing| {
            let needed = P::needs(want(thing));
            (0..names.len()).filter(|&i| needed.contains(&names[i].as_str())).collect()
        })
        .collect();
    let mut rank = vec![0; things.len()];
    for _ in 0..things.len() {
        let next: Vec<usize> =
            needs.iter().map(|needs| needs.iter().map(|&i| rank[i] + 1).max().unwrap_or(0)).collect();
        if next == rank {
            break;
        }
        rank = next;
    }
    let mut groups: Vec<Vec<T>> = Vec::new();
    let mut ranked: Vec<(usize, T)> = rank.into_iter().zip(things).collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    let mut last = None;
    for (rank, thing) in ranked {
        if last == Some(rank)
            && let Some(group) = groups.last_mut()
        {
            group.push(thing);
        } else {
            groups.push(vec![thing]);
        }
        last = Some(rank);
    }
    groups
}

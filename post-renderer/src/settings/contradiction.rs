//! Settings that are legal each by itself, and together are not.

use feature::FeatureName;

use super::word::{IsolateWord, Release};
use crate::{
    copy::{BaseNamespace, Isolate, PodPath, Router, Routing, Swap},
    isolate,
};

/// Whether the copy is checked, and by what.
pub fn isolation(
    word: IsolateWord,
    release: Option<Release>,
    base: Option<BaseNamespace>,
    feature: &FeatureName,
) -> Result<Isolate, String> {
    if word == IsolateWord::Check && base.is_some() {
        return Err(
            "--base-namespace is for --isolate=off: beside base its services have short names".to_owned()
        );
    }
    match (word, release) {
        (IsolateWord::Off, None) => Ok(Isolate::Off { base }),
        (IsolateWord::Check, Some(Release(release))) if release == feature.as_str() => Err(format!(
            "--release={release} is the feature alone, which base may have as a name or a label too \
             (app: {feature}): call the copy's release such as shop-{feature}"
        )),
        (IsolateWord::Check, Some(Release(release))) if isolate::contains(&release, feature.as_str()) => {
            Ok(Isolate::Check { release })
        }
        (IsolateWord::Check, Some(Release(release))) => Err(format!(
            "--release={release} does not contain the feature {feature}, so that it may be base's: call the \
             copy's release such as {release}-{feature}"
        )),
        (IsolateWord::Off, Some(_)) => Err("--release is for --isolate=check".to_owned()),
        (IsolateWord::Check, None) => Err("--release is missing: without the release's name it cannot be \
             checked that the copy is apart from base (helmfile: --release={{ .Release.Name }}); --isolate=off \
             is for a namespace of the copy's own"
            .to_owned()),
    }
}

/// Refuses flags of routes that the router cannot have.
pub fn possible(routing: &Routing) -> Result<(), String> {
    let Routing { router, routes, entries, gateway, tls, .. } = routing;
    let generated = [("--entry", entries.is_empty()), ("--route", routes.is_empty())];
    let generated = generated.into_iter().find_map(|(flag, none)| (!none).then_some(flag));
    match (router, generated, gateway) {
        (Router::None, Some(flag), _) => Err(format!("{flag} is a route, and --router=none writes none")),
        (Router::GatewayApi, Some(flag), None) => {
            Err(format!("{flag} is attached to a Gateway, which --gateway=[NAMESPACE/]NAME names"))
        }
        (Router::GatewayApi, _, _) if *tls => {
            Err("--tls is for Traefik's own routes: of the Gateway API the Gateway says it".to_owned())
        }
        (Router::Traefik | Router::TraefikV2 | Router::None, _, Some(_)) => {
            Err("--gateway is for --router=gateway-api".to_owned())
        }
        _ => Ok(()),
    }
}

/// Refuses two paths of a kind of which one leads into the other.
pub fn nested(paths: &[PodPath]) -> Result<(), String> {
    for (index, one) in paths.iter().enumerate() {
        let other = paths[..index].iter().find(|other| {
            let into = |long: &str, short: &str| {
                long.strip_prefix(short).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
            };
            one.kind == other.kind && (into(&one.path, &other.path) || into(&other.path, &one.path))
        });
        if let Some(other) = other {
            return Err(format!("--pod-path={}={} leads where {} leads", one.kind, one.path, other.path));
        }
    }
    Ok(())
}

/// Refuses two swaps that speak of one name: which of them counts, and how often, nobody could tell.
pub fn contradicting(swaps: &[Swap]) -> Result<(), String> {
    let said = |Swap { kind, old, new }: &Swap| format!("--swap={}/{old}={new}", kind.word());
    for (index, one) in swaps.iter().enumerate() {
        let others = swaps[..index].iter().filter(|other| other.kind == one.kind);
        for other in others {
            if one.old == other.old {
                return Err(format!("{} and {} swap one for two", said(other), said(one)));
            }
            if one.old == other.new || one.new == other.old {
                return Err(format!("{} and {}: one swaps what the other brings", said(other), said(one)));
            }
        }
    }
    Ok(())
}

pub fn twice<'a>(flag: &str, keys: impl Iterator<Item = &'a str>) -> Result<(), String> {
    let mut seen = Vec::new();
    for key in keys {
        if seen.contains(&key) {
            return Err(format!("{flag} names {key} twice"));
        }
        seen.push(key);
    }
    Ok(())
}

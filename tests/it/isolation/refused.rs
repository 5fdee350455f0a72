//! What would mix with base is refused before Helm has done anything, and runs in a namespace of its own.

use acceptance::{cluster, helm::Helm, place::Namespace, release::Release};

use super::{beside, differences, settle};
use crate::stage::with_either_helm;

/// A copy that would mix with base, and what is said of it.
#[derive(Debug)]
struct Case {
    chart: &'static str,
    feature: &'static str,
    release: &'static str,
    value: &'static str,
    said: &'static [&'static str],
}

const CASES: &[Case] = &[
    Case {
        chart: "hard-coded",
        feature: "feat1",
        release: "site-feat1",
        value: "",
        said: &["hard-coded/templates/site.yaml", "app: web", "the selector of", "site-feat1"],
    },
    // The label's value is the feature's name, and base's all the same.
    Case {
        chart: "hard-coded",
        feature: "web",
        release: "site-web",
        value: "",
        said: &["hard-coded/templates/site.yaml", "app: web", "the selector of", "site-web"],
    },
    Case {
        chart: "fullname",
        feature: "feat1",
        release: "shop-feat1",
        value: "",
        said: &["Deployment shop", "Service shop", "shop-feat1", "fullnameOverride"],
    },
    Case {
        chart: "fullname",
        feature: "shop",
        release: "a-shop",
        value: "",
        said: &["Deployment shop", "a-shop"],
    },
    // The release is in it, by letters alone.
    Case {
        chart: "fullname",
        feature: "feat1",
        release: "shop-feat1",
        value: "fullnameOverride=shop-feat12",
        said: &["Deployment shop-feat12", "shop-feat1"],
    },
    Case {
        chart: "cut-names",
        feature: "feat1",
        release: "monitoring-with-alerts-feat1",
        value: "",
        said: &["monitoring-with-alerts-fea-metrics", "as far as the chart let the release's name"],
    },
    // The release bears the feature's name, and nothing else.
    Case { chart: "hard-coded", feature: "web", release: "web", value: "", said: &["web"] },
];

/// A chart beside its base, and a chart's copy.
const ALL: [(&str, &str); 3] =
    [("hard-coded", "site"), ("fullname", "shop"), ("cut-names", "monitoring-with-alerts")];

with_either_helm! {
    fn what_would_mix_with_base_is_refused_before_helm_does_anything(helm, number) {
        let namespace = Namespace::new(&format!("foreign-{number}"));
        let base = bases(helm, &namespace.0);
        let before = beside(&namespace.0, "no copy");
        let mut faults = Vec::new();
        for case in CASES {
            let base = base.iter().find(|base| base.chart == case.chart).expect("base has all charts");
            let mut copy = Release {
                name: case.release.to_owned(),
                flags: vec![format!("--feature={}", case.feature), format!("--release={}", case.release)],
                ..base.clone()
            };
            copy.values.extend((!case.value.is_empty()).then(|| case.value.to_owned()));
            let output = copy.upgrade();
            let text = cluster::text(&output);
            let silent = case.said.iter().filter(|words| !text.contains(**words));
            faults.extend(silent.map(|words| format!("{case:?}: {words:?} is not in: {text}")));
            // Helm's own record of the release would be one of the objects.
            let after = beside(&namespace.0, "no copy");
            let changed = differences(&before, &after);
            if output.status.success() || !changed.is_empty() {
                faults.push(format!("{case:?}: changed {changed:?}: {text}"));
            }
            if output.status.success() {
                copy.uninstall();
            }
        }
        assert!(faults.is_empty(), "{}: {}", helm.version, faults.join("\n"));
        // As the message says: with a name of the release's own it passes.
        let shop = base.iter().find(|base| base.chart == "fullname").expect("base has all charts");
        let mut copy = Release {
            name: "shop-feat1".to_owned(),
            flags: vec!["--feature=feat1".to_owned(), "--release=shop-feat1".to_owned()],
            ..shop.clone()
        };
        copy.values.push("fullnameOverride=null".to_owned());
        copy.deploy(&[]);
        let host = format!("shop-{}.example.com", namespace.0);
        settle(&host, &[("uber-ctx-key", "feat1")], &["shop-feat1"]);
        settle(&host, &[], &["shop"]);
        copy.uninstall();
    }

    fn what_is_refused_runs_in_a_namespace_of_its_own_and_finds_bases_services(helm, number) {
        let namespace = Namespace::new(&format!("shared-{number}"));
        let alone = Namespace::new(&format!("shared-{number}-web"));
        let base = bases(helm, &namespace.0);
        let before = beside(&namespace.0, "no copy");
        let copies: Vec<Release<'_>> = base
            .iter()
            .map(|base| Release {
                name: format!("{}-web", base.name),
                namespace: &alone.0,
                flags: ["--feature=web", "--isolate=off", &format!("--base-namespace={}", namespace.0)]
                    .map(str::to_owned)
                    .to_vec(),
                ..base.clone()
            })
            .collect();
        let [site, shop, metrics] = copies.as_slice() else { panic!("there are three charts") };
        let header: &[(&str, &str)] = &[("uber-ctx-key", "web")];
        let host = |chart: &str| format!("{chart}-{}.example.com", namespace.0);

        // What is in the copy's own namespace is found before what is in base's.
        for copy in &copies {
            copy.deploy(&[]);
        }
        settle(&host("site"), header, &[&site.name, &shop.name]);
        settle(&host("shop"), header, &[&shop.name]);
        settle(&host("metrics"), header, &[&metrics.name]);
        for (chart, releases) in
            [("site", &["site", "shop"][..]), ("shop", &["shop"]), ("metrics", &["monitoring-with-alerts"])]
        {
            settle(&host(chart), &[], releases);
        }
        // And without a copy of it, by the same short name, base's.
        shop.uninstall();
        settle(&host("site"), header, &[&site.name, "shop"]);
        settle(&format!("site-{}--web.example.com", namespace.0), &[], &[&site.name, "shop"]);
        assert_eq!(differences(&before, &beside(&namespace.0, "no copy")), Vec::<String>::new());
        site.uninstall();
        metrics.uninstall();
        settle(&host("site"), header, &["site", "shop"]);
    }
}

/// All charts as base, each answering on its host, which no other test has.
fn bases<'t>(helm: &'t Helm, namespace: &'t str) -> Vec<Release<'t>> {
    let release = |(chart, name): (&'static str, &str)| Release {
        helm,
        chart,
        name: name.to_owned(),
        namespace,
        values: vec![match chart {
            "fullname" => format!("ingressRoute.host=shop-{namespace}.example.com"),
            "hard-coded" => format!("host=site-{namespace}.example.com"),
            // What it has in kube-system would be the other Helm's as well.
            _ => format!("host=metrics-{namespace}.example.com,kubeScheduler.enabled=false"),
        }],
        flags: vec![],
    };
    let bases: Vec<Release<'_>> = ALL.into_iter().map(release).collect();
    for base in &bases {
        base.deploy(&[]);
    }
    settle(&format!("shop-{namespace}.example.com"), &[], &["shop"]);
    settle(&format!("site-{namespace}.example.com"), &[], &["site", "shop"]);
    settle(&format!("metrics-{namespace}.example.com"), &[], &["monitoring-with-alerts"]);
    bases
}

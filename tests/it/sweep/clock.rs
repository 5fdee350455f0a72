//! One clock for all releases of a copy, and what people say of it: it holds as long as it is meant to.

use std::time::{Duration, Instant};

use acceptance::{helm::Helm, images, process, repo};
use feature::words;
use jiff::Timestamp;

use super::{FEATURE, Site, deploy, in_hours, next_second};
use crate::stage::with_either_helm;

/// How long the copy of the first test lives after a deploy, in seconds: longer than a deploy and a run take.
const TTL: u64 = 15;

with_either_helm! {
    fn an_application_that_is_redeployed_keeps_its_queue_and_database_for_five_ttls_and_then_all_goes(helm, number) {
        images::load();
        let site = Site::of(&format!("clock-{number}"));
        install_hooks(helm, &site);
        let began = Instant::now();
        let held = site.holds();
        assert!(held.len() >= 4, "{held:?}");
        let mut runs = 0;
        while began.elapsed() < Duration::from_secs(5 * TTL) {
            deploy(helm, &site, "app-feat1", &format!("{TTL}s"), &[]);
            let ended = super::sweep_by(helm.version, &site.whole_file(), &[]).ends_with(0);
            assert_eq!(ended.stdout, "", "{}", ended.said());
            runs += 1;
        }
        assert!(runs > 4, "{runs} runs");
        assert_eq!(site.holds(), held);

        let alone = site.list(&site.whole_file(), &[])[0]["releases"].as_array().map(Vec::len);
        assert_eq!(alone, Some(2));
        let ended = super::sweep_by(helm.version, &site.whole_file(), &[&in_hours(1)]).ends_with(0);
        let gone: Vec<String> = ended.report().iter().filter(|line| line.starts_with("uninstall")).cloned().collect();
        assert_eq!(gone.len(), 2, "{}", ended.said());
        let name = site.name();
        assert!(gone[0].contains(&format!("release/{name}/app-feat1 ")), "{gone:?}");
        assert!(gone[1].contains(&format!("release/{name}/app-feat1-hooks ")), "{gone:?}");
        assert_eq!((site.releases(helm).len(), site.holds().len()), (0, 0));
    }

    fn extend_and_keep_survive_upgrade_and_rollback_and_expire_does_not_survive_a_deploy(helm, number) {
        let site = Site::of(&format!("said-{number}"));
        let feature = format!("--feature={FEATURE}");
        deploy(helm, &site, "app-feat1", "1h", &[]);
        let due = || site.list("", &[])[0]["due"].as_str().expect("a text").to_owned();
        // As helmfile does it whose releases have labels: the word is none of them.
        let labels = format!("--labels={}={FEATURE},{}=1h", words::FEATURE, words::TTL);
        let upgrade = || deploy(helm, &site, "app-feat1", "1h", &["--set=text=true", &labels]);
        let rollback = || {
            let mut command = helm.helm();
            let _ = process::output_of(command.args(["rollback", "app-feat1", "1", "--namespace", site.name()]));
        };

        site.say("extend", &[&feature, "--ttl=5h"]);
        let extended = due();
        let left = extended.parse::<Timestamp>().expect("a moment").duration_since(Timestamp::now());
        assert!((4 * 3600 + 3500..=5 * 3600).contains(&left.as_secs()), "{extended}");
        upgrade();
        assert_eq!(due(), extended);
        rollback();
        assert_eq!(due(), extended);
        assert_eq!(super::sweep("", &["-n", site.name(), &in_hours(4)]).ends_with(0).stdout, "");

        // What would end it sooner changes nothing.
        site.say("extend", &[&feature, "--ttl=2h"]);
        assert_eq!(due(), extended);
        site.say("keep", &[&feature]);
        upgrade();
        rollback();
        site.say("extend", &[&feature, "--ttl=2h"]);
        assert_eq!(due(), "never");
        assert_eq!(super::sweep("", &["-n", site.name(), &in_hours(10_000)]).ends_with(0).stdout, "");

        site.say("expire", &[&feature]);
        assert!(due().parse::<Timestamp>().expect("a moment") <= Timestamp::now());
        next_second();
        upgrade();
        assert!(due().parse::<Timestamp>().expect("a moment") > Timestamp::now());
        site.say("expire", &[&feature]);
        let _ = super::sweep_by(helm.version, "", &["-n", site.name()]).ends_with(0);
        assert_eq!(site.releases(helm).len(), 0);
    }
}

/// The hooks of a copy: a queue and a database.
fn install_hooks(helm: &Helm, site: &Site) {
    let (word, database) = (site.name(), site.word());
    let folder = tempfile::tempdir().expect("a folder");
    let values = folder.path().join("values.yaml");
    let text = format!(
        "feature: {FEATURE}\nttl: {TTL}s\n\
         env: [{{name: ADMIN_URL, value: '{}'}}]\n\
         sqs: {{endpointUrl: 'http://localstack.infra:4566', region: {}, queues: [{{name: {word}, outputs: [{{value: url, secret: told, key: URL}}]}}]}}\n\
         database: {{adminUrl: {{env: ADMIN_URL}}, databases: [{{name: {database}}}]}}\n",
        acceptance::lab::lab().database_admin,
        acceptance::emulator::REGION,
    );
    std::fs::write(&values, text).expect("the values are written");
    let mut command = helm.helm();
    command.args(["install", "app-feat1-hooks"]).arg(repo::root().join("charts/devstack-hooks"));
    // By its own clock it would be due five times over.
    let labels = format!("--labels={}={FEATURE},{}={TTL}s", words::FEATURE, words::TTL);
    let _ = process::output_of(command.args(["--namespace", site.name(), &labels, "--values"]).arg(values));
}

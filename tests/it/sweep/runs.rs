//! Whole runs: by the chart's `CronJob` in the cluster, and after kube-janitor has been there.

use acceptance::{cluster, helm::Helm, images, lab::lab, process, repo, sweep};
use serde_json::Value;

use super::{Site, deploy, shop};
use crate::stage::with_either_helm;

with_either_helm! {
    fn the_charts_job_takes_a_copy_away_with_all_that_it_has(helm, number) {
        images::load();
        let site = Site::of(&format!("job-{number}"));
        let enforce = "pod-security.kubernetes.io/enforce=restricted";
        let _ = process::output_of(lab().command("kubectl").args(["label", "namespace", site.name(), enforce]));
        site.provide("app-feat1-hooks");
        deploy(helm, &site, "app-feat1", "1s", &[]);
        deploy(helm, &site, "app-feat2", "1h", &[]);
        install(helm, &site);
        site.kubectl(&["create", "job", "once", "--from=cronjob/sweep"]);
        let (job, log) = ended(&site, "once");
        assert_eq!(job["status"]["succeeded"], 1, "{log}\n{job}");
        assert!(log.contains(&format!("release/{}/app-feat1 ", site.name())), "{log}");
        let left: Vec<String> = site.releases(helm).into_iter().collect();
        assert_eq!(left, ["app-feat2", "sweep"], "{log}");
        assert_eq!(site.holds().len(), 0, "{log}");

        // Asked by a Job of its own it does what it says here, and ends as it ends here.
        let ask = |words: &[&str]| process::run(&mut sweep::ask(site.name(), words));
        let kept = ask(&["keep", "--feature=feat2", "--namespace", site.name()]);
        assert!(kept.status.success(), "{}", cluster::text(&kept));
        let listed = ask(&["list", "--feature=feat2", "--output=json"]);
        // Of a pod stdout and stderr are one.
        let listed = cluster::text(&listed);
        let line = listed.lines().find(|line| line.starts_with('{')).unwrap_or_else(|| panic!("{listed}"));
        let copy: Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(copy["due"], "never");
        let went = ask(&["run", "--feature=feat2"]);
        assert!(cluster::text(&went).contains("/app-feat2 "), "{}", cluster::text(&went));
        assert_eq!(site.releases(helm).into_iter().collect::<Vec<_>>(), ["sweep"]);
        let refused = ask(&["list", "--feature=a \"\\b"]);
        assert_eq!(refused.status.code(), Some(2), "{}", cluster::text(&refused));
        assert!(cluster::text(&refused).contains("a \"\\b"), "{}", cluster::text(&refused));
        let jobs = || {
            let jobs = site.kubectl(&["get", "jobs", "--output=name"]);
            if jobs.trim() == "job.batch/once" { Ok(()) } else { Err(jobs) }
        };
        cluster::eventually("no Job of those is left", 30, jobs);
    }

    fn a_copy_of_two_applications_goes_in_one_run_and_its_hooks_last(helm, number) {
        images::load();
        let site = Site::of(&format!("two-{number}"));
        for release in ["api-feat1", "web-feat1"] {
            let _ = process::output_of(&mut shop(helm, &site, release, "1h"));
        }
        let mut hooks = helm.helm();
        hooks.args(["install", "app-feat1-hooks"]).arg(repo::root().join("charts/devstack-hooks"));
        hooks.args(["--namespace", site.name(), "--set=feature=feat1,ttl=1h", &format!("--set=sqs.region={}", acceptance::emulator::REGION)]);
        let queue = format!("--set=sqs.queues[0].name={}", site.name());
        let _ = process::output_of(hooks.args(["--set=sqs.endpointUrl=http://localstack.infra:4566", &queue]));
        assert!(cluster::objects_of(site.name(), "pods").len() >= 2);
        let at = super::in_hours(2);
        let (releases, held) = (site.releases(helm), site.holds());
        let dry = super::sweep_by(helm.version, &site.whole_file(), &[&at, "--dry-run"]).ends_with(0).report();
        assert_eq!((site.releases(helm), site.holds()), (releases, held));
        let of_queue = format!("delete sqs/{0}-feat1 of {0}/app-feat1-hooks, which is no more", site.name());
        assert_eq!(dry.last(), Some(&of_queue), "{dry:?}");
        let ended = super::sweep_by(helm.version, &site.whole_file(), &[&at]).ends_with(0);
        let gone = ["api-feat1", "web-feat1", "app-feat1-hooks"];
        let lines = ended.report();
        assert_eq!(dry[..3], lines);
        let expected = gone.map(|release| format!("uninstall release/{}/{release} ", site.name()));
        let right = lines.iter().zip(&expected).all(|(line, begins)| line.starts_with(begins));
        assert!(lines.len() == gone.len() && right, "{}", ended.said());
        assert_eq!((site.releases(helm).len(), site.holds().len()), (0, 0));
    }

    fn an_application_that_brings_its_hooks_along_goes_with_its_pods_and_then_its_queue(helm, number) {
        images::load();
        let site = Site::of(&format!("along-{number}"));
        // Another one beside it, whose pods are no reason to wait for ever either.
        let _ = process::output_of(&mut shop(helm, &site, "api-feat1", "1h"));
        let folder = along();
        let queue = serde_json::json!({
            "feature": super::FEATURE,
            "ttl": "1h",
            "sqs": {
                "endpointUrl": "http://localstack.infra:4566",
                "region": acceptance::emulator::REGION,
                "queues": [{"name": site.name()}],
            },
        });
        let mut install = helm.helm();
        install.args(["install", "web-feat1"]).arg(folder.path()).args(["--namespace", site.name(), "--wait"]);
        install.args(["--set=fullname.fullnameOverride=", &format!("--set-json=devstack-hooks={queue}")]);
        let flags = ["--feature=feat1", "--release=web-feat1", "--ttl=1h"];
        install.arg("--post-renderer=devstack").args(flags.map(|flag| format!("--post-renderer-args={flag}")));
        let _ = process::output_of(&mut install);
        assert_eq!(site.holds(), [format!("queue/{}-feat1", site.name())].into());
        // All of them take their time to end.
        for deployment in ["api-feat1-fullname", "web-feat1-fullname"] {
            let container = serde_json::json!({"name": "fullname", "lifecycle": {"preStop": {"sleep": {"seconds": 4}}}});
            let patch = serde_json::json!({"spec": {"template": {"spec": {"containers": [container]}}}});
            site.kubectl(&["patch", "deployment", deployment, &format!("--patch={patch}")]);
            site.kubectl(&["rollout", "status", "deployment", deployment, "--timeout=60s"]);
        }
        let pods = || {
            let pods = ["get", "pods", "--selector=app.kubernetes.io/name!=devstack-hooks", "--output=name"];
            site.kubectl(&[&pods[..], &["--field-selector=status.phase=Running"]].concat())
        };
        cluster::eventually("the pods before the rollout are gone", 60, || {
            let pods = pods();
            if pods.lines().count() == 2 { Ok(()) } else { Err(pods) }
        });
        let ended = std::thread::scope(|scope| {
            let swept = scope.spawn(|| super::sweep_by(helm.version, &site.whole_file(), &[&super::in_hours(2)]).ends_with(0));
            cluster::eventually("the queue's end", 120, || if site.holds().is_empty() { Ok(()) } else { Err(pods()) });
            assert_eq!(pods(), "", "they run, and their queue is gone");
            swept.join().expect("it ends")
        });
        assert_eq!((site.releases(helm).len(), site.holds().len()), (0, 0), "{}", ended.said());
        // The queue went by the release's own hook.
        let lines = ended.report();
        assert!(lines.len() == 2 && lines.iter().all(|line| line.starts_with("uninstall ")), "{lines:?}");
    }

    fn what_kube_janitor_has_emptied_is_cleared_so_that_the_next_deploy_brings_it_back(helm, number) {
        let site = Site::of(&format!("janitor-{number}"));
        deploy(helm, &site, "app-feat1", "6h", &["--post-renderer-args=--janitor"]);
        deploy(helm, &site, "lean-feat1", "6h", &["--post-renderer-args=--janitor"]);
        // What the janitor does: it deletes by creation and ttl, and knows no releases.
        site.kubectl(&["delete", "secret", "app-feat1"]);
        let status = |release: &str| {
            let mut command = helm.helm();
            command.args(["status", release, "--namespace", site.name(), "--output=json"]);
            process::run(&mut command).status.success()
        };
        assert!(status("app-feat1"));
        let ended = super::sweep_by(helm.version, "", &["-n", site.name()]).ends_with(0);
        let lines: Vec<String> = ended.report().into_iter().filter(|line| line.starts_with("uninstall")).collect();
        assert_eq!(lines.len(), 1, "{}", ended.said());
        assert!(lines[0].contains("/app-feat1 ") && lines[0].contains("its objects are gone"), "{lines:?}");
        assert!(!status("app-feat1") && status("lean-feat1"));
        deploy(helm, &site, "app-feat1", "6h", &[]);
        let secrets = cluster::objects_of(site.name(), "secrets");
        assert!(secrets.contains_key("Secret/app-feat1"), "{:?}", secrets.keys());
    }
}

/// A chart of an application and of its hooks.
fn along() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let charts = folder.path().join("charts");
    std::fs::create_dir(&charts).expect("a folder");
    let dependencies = [
        ("fullname", "tests/charts/fullname", "0.1.0"),
        ("devstack-hooks", "charts/devstack-hooks", "0.0.0"),
    ];
    let dependencies = dependencies.map(|(name, path, version)| {
        std::os::unix::fs::symlink(repo::root().join(path), charts.join(name)).expect("a link");
        serde_json::json!({"name": name, "version": version})
    });
    let chart = serde_json::json!({"apiVersion": "v2", "name": "along", "version": "0.0.0", "dependencies": dependencies});
    std::fs::write(folder.path().join("Chart.yaml"), chart.to_string()).expect("it is written");
    folder
}

/// sweep's chart, which never runs by itself in the time of this test.
fn install(helm: &Helm, site: &Site) {
    let folder = tempfile::tempdir().expect("a folder");
    let values = folder.path().join("values.yaml");
    let text = format!(
        "namespaces: [{}]\nschedule: 0 0 1 1 *\nenv: [{{name: ADMIN_URL, value: '{}'}}]\nbackEnds:\n  \
         sqs: {{endpointUrl: 'http://localstack.infra:4566', region: {}}}\n  sns: {{}}\n  \
         kafka: {{bootstrapServers: 'kafka.infra:9092'}}\n  database: {{adminUrl: {{env: ADMIN_URL}}}}\n",
        site.name(),
        lab().database_admin,
        acceptance::emulator::REGION,
    );
    std::fs::write(&values, text).expect("the values are written");
    let mut command = helm.helm();
    command.args(["install", "sweep"]).arg(repo::root().join("charts/devstack-sweep"));
    let _ = process::output_of(command.args(["--namespace", site.name(), "--values"]).arg(values));
}

/// A Job in its end, and what it said.
fn ended(site: &Site, name: &str) -> (Value, String) {
    let job = cluster::eventually("the Job's end", 120, || {
        let job = site.kubectl(&["get", "job", name, "--output=json"]);
        let job: Value = serde_json::from_str(&job).map_err(|error| error.to_string())?;
        let ended = ["succeeded", "failed"].iter().any(|word| job["status"][word].as_u64() > Some(0));
        if ended { Ok(job) } else { Err(job["status"].to_string()) }
    });
    // What a container has said can come to its log after the cluster knows that it has ended.
    let log = cluster::eventually("the Job's log", 30, || {
        let log = site.kubectl(&["logs", &format!("job/{name}")]);
        if log.is_empty() { Err(format!("it is empty: {job}")) } else { Ok(log) }
    });
    (job, log)
}

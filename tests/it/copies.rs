//! What a copy is made of, and that base never notices it.

use std::collections::BTreeMap;

use acceptance::{cluster, http::Router, poll::Poll, queues, routing::Copies};
use serde_json::Value;

use crate::stage::with_both_helms;

const API: Copies = Copies { web: false, api: true };
const FEATURE: &str = feature::words::FEATURE;
const TTL: &str = feature::words::TTL;

with_both_helms! {
    fn base_is_as_it_was_byte_for_byte_and_answers_all_the_time(stage) {
        let before = of_base();
        let poll = Poll::start();
        cluster::deploy(stage.helm(), "feat1", API);
        assert_eq!(changed(&before, &of_base()), Vec::<String>::new());
        assert!(queues::names().contains(&"messages-feat1".to_owned()));
        cluster::destroy(stage.helm(), "feat1", API);
        let (asked, failed) = poll.stop();
        assert!(asked > 50, "only {asked} requests were sent");
        assert_eq!(failed, Vec::<String>::new(), "of {asked} requests");
        assert_eq!(changed(&before, &of_base()), Vec::<String>::new());
        assert_eq!(changed(&of_base(), &before), Vec::<String>::new());
        assert!(!queues::names().contains(&"messages-feat1".to_owned()), "{:?}", queues::names());
        // Pods that are going need a moment; of what is left then each is a finished Job or its pod.
        cluster::eventually("the copy's end", 60, || {
            let left = cluster::left(cluster::NAMESPACE, "demo-feat1");
            if left.is_empty() { Ok(()) } else { Err(format!("{left:?} are left")) }
        });
    }

    fn every_object_of_a_copy_is_labelled_and_has_a_ttl_unless_it_is_a_hook(stage) {
        let output = cluster::helmfile(stage.helm(), "feat1", API, &["--state-values-set", "janitor=true", "sync"]);
        assert!(output.status.success(), "{}", cluster::text(&output));
        let objects = cluster::objects();
        let mine: BTreeMap<&str, &Value> = cluster::of_release(&objects, "demo-feat1");
        let kinds = ["Deployment", "Service", "ServiceAccount", "IngressRoute", "Middleware", "Pod", "Job", "Secret"];
        for kind in kinds {
            assert!(mine.values().any(|object| object["kind"] == kind), "no {kind} in {:?}", mine.keys());
        }
        for (key, object) in &mine {
            let metadata = &object["metadata"];
            assert_eq!(metadata["labels"][FEATURE], "feat1", "{key}");
            let annotations = &metadata["annotations"];
            let hook = annotations.get("helm.sh/hook").is_some();
            // What a controller makes goes with its owner.
            let owned = metadata["ownerReferences"].is_array();
            if hook {
                assert!(annotations.get(TTL).is_none() && annotations.get("janitor/ttl").is_none(), "{key}");
            } else if !owned {
                assert_eq!(annotations[TTL], "6h", "{key}");
            }
            if matches!(object["kind"].as_str(), Some("Deployment" | "Service" | "IngressRoute" | "Middleware")) {
                assert_eq!(annotations["janitor/ttl"], "6h", "{key}");
            }
        }
        cluster::destroy(stage.helm(), "feat1", API);
    }

    fn a_message_arrives_where_its_header_leads_and_nowhere_else(stage) {
        cluster::deploy(stage.helm(), "feat1", API);
        let router = Router::default();
        let header: &[(&str, &str)] = &[("uber-ctx-key", "feat1")];
        for (mine, other, queue) in [(header, &[][..], "/messages-feat1"), (&[][..], header, "/messages")] {
            let body = format!("{queue} {:?}", std::time::Instant::now());
            let sent = router.post("api.example.com", "/messages", mine, &body).expect("the router answers");
            assert_eq!(sent.status, 202, "{}", sent.body);
            let got = cluster::eventually("the message", 60, || {
                let answer = router.get("api.example.com", "/messages", mine).map_err(|error| error.to_string())?;
                if answer.body.contains(&body) { Ok(answer.body) } else { Err(answer.body) }
            });
            let got: Value = serde_json::from_str(&got).expect("JSON");
            assert!(got["queue"].as_str().is_some_and(|url| url.ends_with(queue)), "{got}");
            let elsewhere = router.get("api.example.com", "/messages", other).expect("the router answers");
            assert!(!elsewhere.body.contains(&body), "{}", elsewhere.body);
        }
        cluster::destroy(stage.helm(), "feat1", API);
    }

    fn a_second_deploy_changes_nothing(stage) {
        cluster::deploy(stage.helm(), "feat1", API);
        let before = cluster::objects();
        cluster::deploy(stage.helm(), "feat1", API);
        let after = cluster::objects();
        let mut changes = changed(&before, &after);
        changes.extend(changed(&after, &before));
        // The hooks' Job is made anew by each deploy, and Helm keeps a record of each. What they are to
        // do had been done.
        let own = |key: &&String| !key.contains("/demo-feat1-hooks-apply") && !key.starts_with("Secret/sh.helm.release.");
        assert_eq!(changes.iter().filter(own).collect::<Vec<_>>(), Vec::<&String>::new());
        cluster::destroy(stage.helm(), "feat1", API);
    }

    fn the_manifest_of_a_copy_has_no_route_that_base_could_lose_a_request_to(stage) {
        cluster::deploy(stage.helm(), "feat1", API);
        let objects = cluster::objects();
        let mut rules = 0;
        let base = &objects["IngressRoute/demo-api"]["spec"]["routes"];
        assert_eq!(base.as_array().map(Vec::len), Some(1), "{base}");
        for (key, route) in cluster::of_release(&objects, "demo-feat1") {
            for rule in route["spec"]["routes"].as_array().into_iter().flatten() {
                rules += 1;
                let text = rule["match"].as_str().unwrap_or_default();
                let by_header = text.contains("&& Header(`uber-ctx-key`, `feat1`)") || text.contains("&& HeaderRegexp(`baggage`, ");
                assert!(by_header || text.contains("--feat1.example.com"), "{key}: {text}");
            }
        }
        // Header, baggage and preview of api, and the entry of web.
        assert_eq!(rules, 4);
        cluster::destroy(stage.helm(), "feat1", API);
    }
}

/// What is of base and of the other application, Helm's records of them included.
fn of_base() -> BTreeMap<String, Value> {
    let copys = |key: &str| key.contains("/demo-feat") || key.contains("/sh.helm.release.v1.demo-feat");
    cluster::objects().into_iter().filter(|(key, _)| !copys(key)).collect()
}

/// The objects of `before` that are not the same bytes in `after`.
fn changed(before: &BTreeMap<String, Value>, after: &BTreeMap<String, Value>) -> Vec<String> {
    before
        .iter()
        .filter(|(key, object)| after.get(*key) != Some(object))
        .map(|(key, _)| key.clone())
        .collect()
}

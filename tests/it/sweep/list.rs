//! The list: who is behind a copy, until when it lives, and what it holds in each store.

use acceptance::helm::{Helm, Version};
use serde_json::json;

use super::{FEATURE, Site, deploy, program};

#[test]
fn a_copy_is_listed_with_its_releases_its_end_and_all_that_it_holds() {
    let (site, helm) = (Site::of("listed"), Helm::new(Version::Four));
    let words =
        ["--post-renderer-args=--by=alice", "--post-renderer-args=--source=https://git.example.com/pull/12"];
    deploy(&helm, &site, "app-feat1", "6h", &words);
    site.provide("app-feat1-hooks");
    let copies = site.list(&site.whole_file(), &[]);
    assert_eq!(copies.len(), 1, "{copies:?}");
    let copy = &copies[0];
    assert_eq!((&copy["feature"], &copy["namespace"]), (&json!(FEATURE), &json!("listed")));
    assert_eq!((&copy["by"], &copy["source"]), (&json!("alice"), &json!("https://git.example.com/pull/12")));
    let release = &copy["releases"][0];
    assert_eq!(
        (&release["name"], &release["revision"], &release["status"]),
        (&json!("app-feat1"), &json!(1), &json!("installed"))
    );
    let holds = json!({
        "sqs": ["listed-feat1"],
        "sns": ["listed-base->listed-feat1", "listed-feat1", "listed-feat1->listed-feat1"],
        "kafka": ["group:listed-feat1", "listed-feat1"],
        "database": ["listed_feat1"],
        "secret": ["orders-feat1", "shared", "told-feat1"],
        "configmap": ["told-feat1"],
    });
    assert_eq!(copy["holds"], holds);

    let said = |output: &str| {
        let words = ["--namespace=listed", output];
        program().run("list", &site.whole_file(), &words).ends_with(0).stdout
    };
    let text = said("--output=text");
    let mut lines = text.lines();
    assert!(lines.next().is_some_and(|head| head.starts_with("FEATURE  NAMESPACE  DUE")), "{text}");
    let row = lines.next().expect("a row");
    // A minute may have passed since the deploy.
    assert!(["in 5h 59m", "in 5h 58m"].iter().any(|due| row.contains(due)), "{text}");
    for part in ["feat1", "alice", "app-feat1", "1 sqs", "3 sns", "3 secret", "pull/12"] {
        assert!(row.contains(part), "{part}: {text}");
    }
    assert_eq!(lines.next(), None);
    let table = said("--output=markdown");
    assert!(table.starts_with("| feature | namespace | due |") && table.lines().count() == 3, "{table}");
}

/// Whoever may only look at records learns of copies and their ends, and may say something of them.
#[test]
fn without_a_file_the_cluster_alone_is_asked_and_a_feature_that_is_not_there_is_said() {
    let (site, helm) = (Site::of("bare"), Helm::new(Version::Three));
    deploy(&helm, &site, "app-feat1", "6h", &[]);
    let copies = site.list("", &[]);
    assert_eq!(copies[0]["holds"], json!({}));
    let ended = program().run("extend", "", &["--feature=feat9", "--ttl=1h", "-n", "bare"]).ends_with(5);
    assert!(ended.last_line().starts_with("no release of feature feat9 in bare at "), "{}", ended.said());
}

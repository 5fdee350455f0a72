use feature::words;
use provision::marks::Tags;

use super::*;
use crate::{
    copies::copies,
    record::{Body, Head, Hook, Status},
};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("in range")
}

/// `namespace/release` of a feature, that began at a second.
fn release(owner: &str, feature: &str, began: i64) -> Release {
    let (namespace, release) = owner.split_once('/').expect("an owner");
    let labels = [(words::FEATURE, feature), (words::TTL, "1h")];
    let head = Head {
        object: format!("sh.helm.release.v1.{release}.v1"),
        uid: "u".into(),
        resource_version: "1".into(),
        namespace: namespace.into(),
        release: release.into(),
        revision: 1,
        status: Status::Installed,
        began: at(began),
        labels: labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect::<Tags>(),
    };
    let labelled = format!("kind: Service\nmetadata: {{name: a, labels: {{{}: {feature}}}}}", words::FEATURE);
    let object = crate::manifest::objects(&labelled).expect("YAML").remove(0);
    let (objects, hooks) = if release.ends_with("-hooks") {
        (vec![], vec![Hook { object, events: vec!["post-delete".to_owned()] }])
    } else {
        (vec![object], vec![])
    };
    Release::read(head, Ok(Body { objects, hooks }.into())).expect("a copy's")
}

fn thing(name: &str, owner: &str, feature: &str, expires: i64) -> Thing {
    let back_end = if name.starts_with("sns/") { BackEnd::Sns } else { BackEnd::Sqs };
    let line = format!(
        r#"{{"thing":"{name}","owner":"{owner}","feature":"{feature}","ttl":"1h","expiresAt":{expires}}}"#
    );
    Thing::of_line(back_end, &line).expect("a line").expect("a copy's")
}

struct Case {
    rules: Rules<'static>,
    copies: Vec<Copy>,
}

fn case(now: i64, releases: Vec<Release>) -> Case {
    let rules = Rules { now: at(now), feature: None, protect: &[], namespaces: &[], unasked: &[] };
    Case { rules, copies: copies(releases, vec![]) }
}

impl Case {
    /// The releases that go, and what stays with its reason.
    fn going(&self, hollow: &[&str]) -> (Vec<String>, Vec<String>) {
        let hollow = hollow.iter().map(|owner| (*owner).to_owned()).collect();
        let (going, staying) = going(&self.copies, &hollow, &self.rules);
        let going = going.iter().flat_map(|going| going.releases.iter().map(|release| release.owner()));
        (
            going.collect(),
            staying.into_iter().map(|staying| format!("{}: {}", staying.thing, staying.reason)).collect(),
        )
    }
}

fn patterns(texts: &[&str]) -> &'static [Pattern] {
    let patterns: Vec<Pattern> = texts.iter().map(|text| text.parse().expect("a pattern")).collect();
    Vec::leak(patterns)
}

#[test]
fn what_is_due_goes_with_all_its_releases_applications_first_and_the_oldest_copy_first() {
    let releases = || {
        vec![
            release("demo/a-feat1-hooks", "feat1", 0),
            release("demo/web-feat1", "feat1", 100),
            release("demo/web-feat2", "feat2", 50),
            release("other/web-feat1", "feat1", 200),
        ]
    };
    let case = case(3700, releases());
    let expected = ["demo/web-feat2", "demo/web-feat1", "demo/a-feat1-hooks"];
    assert_eq!(case.going(&[]), (expected.map(str::to_owned).to_vec(), vec![]));
    assert_eq!(super::tests::case(3649, releases()).going(&[]), (vec![], vec![]));
}

#[test]
fn a_run_of_one_feature_takes_all_of_it_and_nothing_else() {
    let feature: FeatureName = "feat2".parse().expect("legal");
    let mut case =
        case(60, vec![release("demo/web-feat1", "feat1", 0), release("demo/web-feat2", "feat2", 50)]);
    case.rules.feature = Some(Box::leak(Box::new(feature)));
    assert_eq!(case.going(&[]).0, ["demo/web-feat2"]);
}

#[test]
fn what_is_protected_or_being_deployed_or_labelled_by_mistake_stays() {
    let mut case =
        case(9000, vec![release("demo/orders", "feat1", 0), release("demo/web-feat2", "feat2", 0)]);
    case.rules.protect = patterns(&["ord*"]);
    let said = vec!["demo/feat1: release demo/orders is protected".to_owned()];
    assert_eq!(case.going(&[]), (vec!["demo/web-feat2".to_owned()], said));

    case.rules.protect = &[];
    case.copies[0].releases[0].head.status = Status::Pending;
    case.copies[0].releases[0].head.began = at(9000 - 3599);
    case.rules.now = at(9000);
    let due = &mut case.copies[0].releases[0];
    due.ttl = Some("1s".parse().expect("legal"));
    let (going, staying) = case.going(&[]);
    assert_eq!(going, ["demo/web-feat2"]);
    assert_eq!(staying, ["demo/feat1: a deploy of demo/orders is under way"]);
    case.rules.now = at(9001);
    assert_eq!(case.going(&[]).0.len(), 2);
    case.copies[0].releases[0].is_mislabelled = true;
    assert_eq!(case.going(&[]).0, ["demo/web-feat2"]);
}

#[test]
fn a_copy_that_holds_what_is_protected_stays_with_its_releases() {
    let mut case = case(9000, vec![release("demo/web-feat1", "feat1", 0)]);
    let things = vec![thing("kafka/group:shared-feat1", "demo/web-feat1", "feat1", 3600)];
    case.copies = copies(vec![release("demo/web-feat1", "feat1", 0)], things);
    assert_eq!(case.going(&[]).0, ["demo/web-feat1"]);
    case.rules.protect = patterns(&["shared-*"]);
    let said = vec!["demo/feat1: kafka/group:shared-feat1 is protected".to_owned()];
    assert_eq!(case.going(&[]), (vec![], said));
    // Of a part in a topic the queue is the copy's, and the topic somebody else's.
    let things = vec![thing("sns/shared-events->emails-feat1", "demo/web-feat1", "feat1", 3600)];
    case.copies = copies(vec![release("demo/web-feat1", "feat1", 0)], things);
    assert_eq!(case.going(&[]).0, ["demo/web-feat1"]);
}

#[test]
fn a_release_whose_objects_are_gone_goes_alone() {
    let case =
        case(60, vec![release("demo/web-feat1", "feat1", 0), release("demo/web-feat1-hooks", "feat1", 0)]);
    assert_eq!(case.going(&["demo/web-feat1"]).0, ["demo/web-feat1"]);
    let (going, staying) = case.going(&["demo/web-feat1-hooks"]);
    assert!(going.is_empty() && staying[0].contains("hooks are for when the copy is due"), "{staying:?}");
}

/// `namespace/release`, with the feature that its record says, and whether its objects say the same.
type Releases = &'static [(&'static str, Option<(&'static str, bool)>)];

fn live(releases: Releases) -> Live {
    let of = |owner: &str| {
        let (namespace, release) = owner.split_once('/').expect("an owner");
        (namespace.to_owned(), release.to_owned())
    };
    let whose = |owner: &str, (feature, is_sure): (&str, bool)| {
        let mut release = release(owner, feature, 0);
        release.is_mislabelled = !is_sure;
        For::of(Some(&release))
    };
    let known = |owner: &str, says: Option<_>| says.map_or(For::of(None), |says| whose(owner, says));
    releases.iter().map(|(owner, says)| (of(owner), known(owner, *says))).collect()
}

/// The owners whose things go.
fn left(
    things: &[Thing],
    live: &Live,
    change: impl FnOnce(&mut Rules<'static>),
) -> (Vec<String>, Vec<String>) {
    let namespaces = Vec::leak(vec!["demo".to_owned()]);
    let mut rules =
        Rules { now: at(9000), feature: None, protect: &[], namespaces, unasked: patterns(&["argo-*"]) };
    change(&mut rules);
    let (left, staying) = leftovers(things, live, &rules);
    let staying = staying.into_iter().map(|staying| format!("{}: {}", staying.thing, staying.reason));
    (left.iter().map(Leftover::name).collect(), staying.collect())
}

#[test]
fn what_has_no_release_any_more_is_left_and_what_has_one_is_not() {
    let things = [thing("sqs/a-feat1", "demo/a-feat1-hooks", "feat1", 20_000)];
    let cases: [(&str, Releases, bool); 11] = [
        ("no release at all", &[], true),
        ("another release of the feature", &[("demo/web-feat1", Some(("feat1", true)))], false),
        ("the owner itself", &[("demo/a-feat1-hooks", Some(("feat1", true)))], false),
        ("the owner, which says no feature", &[("demo/a-feat1-hooks", None)], false),
        (
            "the owner, which is another feature's by now",
            &[("demo/a-feat1-hooks", Some(("feat2", true)))],
            true,
        ),
        (
            "the owner, whose record is labelled by mistake",
            &[("demo/a-feat1-hooks", Some(("feat2", false)))],
            false,
        ),
        ("another one that is", &[("demo/web-feat1", Some(("feat2", false)))], true),
        (
            "another one, labelled as this feature's by mistake",
            &[("demo/web", Some(("feat1", false)))],
            false,
        ),
        ("the feature in another namespace", &[("other/web-feat1", Some(("feat1", true)))], true),
        ("base, of another name", &[("demo/a-feat1", None)], true),
        ("another feature", &[("demo/web-feat2", Some(("feat2", true)))], true),
    ];
    for (name, releases, goes) in cases {
        assert_eq!(left(&things, &live(releases), |_| {}).0.len(), usize::from(goes), "{name}");
    }
    let aliased = [thing("sqs/a-feat1", "demo/orders.cache", "feat1", 20_000)];
    assert_eq!(left(&aliased, &live(&[("demo/orders", None)]), |_| {}).0, Vec::<String>::new());
}

#[test]
fn where_no_helm_can_be_asked_the_mark_says_when_and_elsewhere_nothing_goes() {
    let things = [
        thing("sqs/a-feat1", "argo-one/a", "feat1", 9000),
        thing("sqs/b-feat1", "argo-two/b", "feat1", 9001),
        thing("sqs/c-feat1", "elsewhere/c", "feat1", 0),
    ];
    assert_eq!(left(&things, &Live::new(), |_| {}).0, ["argo-one/a"]);
    let feature: &FeatureName = Box::leak(Box::new("feat1".parse().expect("legal")));
    assert_eq!(left(&things, &Live::new(), |rules| rules.feature = Some(feature)).0, ["argo-one/a"]);
    // A hook would take both. Of keys in somebody's Secret no mark says when.
    let mut merged = thing("secret/shared", "argo-one/a", "feat2", 9000);
    merged.place = Place::Merged { namespace: "demo".to_owned(), name: "shared".to_owned() };
    merged.expires_at = None;
    let things = [
        thing("sqs/a-feat1", "argo-one/a", "feat1", 9000),
        thing("sqs/b-feat1", "argo-one/a", "feat1", 9001),
        thing("sqs/a-feat2", "argo-one/a", "feat2", 9000),
        merged,
        // A subscription that lives ends in a queue that does not.
        thing("sns/base->a-feat3", "argo-one/a", "feat3", 9001),
        thing("sqs/a-feat3", "argo-one/a", "feat3", 9000),
    ];
    let rules =
        Rules { now: at(9000), feature: None, protect: &[], namespaces: &[], unasked: patterns(&["argo-*"]) };
    let goes = leftovers(&things, &Live::new(), &rules).0;
    let goes: Vec<&str> = goes.iter().flat_map(|left| &left.things).map(|thing| &*thing.name).collect();
    assert_eq!(goes, ["sqs/a-feat2"]);
}

#[test]
fn one_protected_thing_keeps_all_of_its_owner_and_the_oldest_goes_first() {
    let things = [
        thing("sqs/a-feat1", "demo/new", "feat1", 8000),
        thing("sqs/shared-feat1", "demo/new", "feat1", 8000),
        thing("sqs/b-feat2", "demo/old", "feat2", 7000),
    ];
    let (goes, stays) = left(&things, &Live::new(), |rules| rules.protect = patterns(&["shared*"]));
    assert_eq!(
        (goes, stays),
        (vec!["demo/old".to_owned()], vec!["demo/new: sqs/shared-feat1 is protected".to_owned()])
    );
    assert_eq!(left(&things, &Live::new(), |_| {}).0, ["demo/old", "demo/new"]);
}

#[test]
fn names_of_base_protect_nothing_that_a_back_end_does_not_name_and_globs_may() {
    let feature: FeatureName = "feat-1".parse().expect("legal");
    let cut = "x".repeat(63);
    let cases = [
        ("orders", false),
        ("orders-hooks", false),
        ("orders-feat-2", false),
        ("feat-1-orders", false),
        ("ordersfeat-1", false),
        ("orders-feat-1", true),
        ("orders_feat_1", true),
        ("orders-feat-1.fifo", true),
        ("shared-*", true),
        ("shared-?", true),
        ("shared-[ab]", true),
        (&cut, true),
    ];
    for (pattern, may) in cases {
        let rules =
            Rules { now: at(0), feature: None, protect: patterns(&[pattern]), namespaces: &[], unasked: &[] };
        assert_eq!(rules.may_protect(&feature), may, "{pattern}");
    }
}

//! The engine over a back end in memory: boxes of a size.

use std::{
    cell::RefCell,
    io::{self, Write},
    rc::Rc,
};

use super::*;
use crate::{
    config::Scope,
    exit,
    report::Format,
    shelf::{Box_, Boxes, Section, Store},
};

#[derive(Clone, Default)]
struct Paper(Rc<RefCell<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn base() -> Mark {
    Mark { scope: Scope::Base, ..Mark::of_feat1() }
}

fn shelf(names: &[&str]) -> Section {
    let wants = names.iter().map(|name| Box_::of(name, 3)).collect();
    Section { store: Rc::new(Store::default()), wants, down: false }
}

/// What a run comes to: its outcome, and what it wrote on stdout.
type Told<T> = (Result<T, Error>, String);

async fn run<T>(
    shelf: &Section,
    mark: &Mark,
    second: i64,
    verb: impl AsyncFnOnce(&Engine<'_, Boxes>) -> Result<T, Error>,
) -> Told<T> {
    let paper = Paper::default();
    let report = Report::new(Format::Text, Box::new(paper.clone()), Box::new(io::sink()));
    let now = Timestamp::from_second(second).expect("in range");
    let engine = Engine::<Boxes>::new(mark, shelf, &report, Duration::from_secs(30), now);
    let outcome = verb(&engine).await;
    (outcome, String::from_utf8(paper.0.take()).expect("text"))
}

async fn apply(shelf: &Section) -> Told<()> {
    run(shelf, &Mark::of_feat1(), 0, async |engine| engine.apply().await).await
}

async fn delete(shelf: &Section) -> Told<Option<String>> {
    run(shelf, &Mark::of_feat1(), 0, async |engine| engine.delete().await).await
}

fn foreign(owner: &str, feature: Option<&str>) -> Tags {
    let mut tags = Tags::from([(feature::words::OWNER.to_owned(), owner.to_owned())]);
    tags.extend(feature.map(|feature| (feature::words::FEATURE.to_owned(), feature.to_owned())));
    tags
}

#[tokio::test]
async fn the_second_apply_writes_nothing() {
    let shelf = shelf(&["a", "b"]);
    assert_eq!(apply(&shelf).await, (Ok(()), "create  box/a\ncreate  box/b\n".into()));
    shelf.store.writes.take();
    assert_eq!(apply(&shelf).await, (Ok(()), "keep    box/a\nkeep    box/b\n".into()));
    let later = run(&shelf, &Mark::of_feat1(), 360, async |engine| engine.apply().await).await;
    assert_eq!(later, (Ok(()), "keep    box/a\nkeep    box/b\n".into()));
    assert_eq!(shelf.store.writes.take(), Vec::<String>::new());
}

#[tokio::test]
async fn a_tenth_of_the_ttl_later_the_expiry_is_moved() {
    let shelf = shelf(&["a"]);
    apply(&shelf).await.0.expect("applies");
    let (outcome, said) = run(&shelf, &Mark::of_feat1(), 400, async |engine| engine.apply().await).await;
    let key = feature::words::EXPIRES_AT;
    assert_eq!((outcome, said), (Ok(()), format!("update  box/a  {key}: 3600 -> 4000\n")));
}

#[tokio::test]
async fn drift_is_seen_by_plan_and_repaired_by_apply() {
    let shelf = shelf(&["a", "b"]);
    apply(&shelf).await.0.expect("applies");
    shelf.store.boxes.borrow_mut().get_mut("b").expect("there").0 = 9;
    shelf.store.writes.take();
    let told = "keep    box/a\nupdate  box/b  size: 9 -> 3\n".to_owned();
    let plan = run(&shelf, &Mark::of_feat1(), 0, async |engine| engine.plan().await).await;
    assert_eq!(plan, (Ok(true), told.clone()));
    assert_eq!(shelf.store.writes.take(), Vec::<String>::new());
    assert_eq!(apply(&shelf).await, (Ok(()), told));
    assert_eq!(shelf.store.writes.take(), ["update b"]);
    let plan = run(&shelf, &Mark::of_feat1(), 0, async |engine| engine.plan().await).await;
    assert_eq!(plan.0, Ok(false));
}

#[tokio::test]
async fn a_refusal_is_found_before_anything_is_written() {
    let cases = [
        ((3, Tags::new()), "it exists without a mark of ours: say `adopt: true` to take it over"),
        ((3, foreign("demo/other", Some("feat1"))), "it belongs to release demo/other"),
        ((3, foreign("demo/orders", Some("feat2"))), "it belongs to feature feat2"),
        ((3, foreign("demo/orders", None)), "it belongs to base"),
        ((0, foreign("demo/orders", Some("feat1"))), "a box without a size cannot grow"),
    ];
    for (there, reason) in cases {
        let shelf = shelf(&["a", "b"]);
        shelf.store.boxes.borrow_mut().insert("b".into(), there);
        let (outcome, said) = apply(&shelf).await;
        let error = outcome.expect_err(reason);
        assert_eq!(error.exit(), exit::REFUSED);
        assert_eq!(error.to_string(), format!("box/b: refused: {reason}; nothing was written at memory"));
        assert_eq!(said, format!("refuse  box/b  {reason}\n"));
        assert_eq!(shelf.store.writes.take(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn what_has_no_mark_is_adopted_by_word_and_anothers_never() {
    let mut shelf = shelf(&["a"]);
    shelf.wants[0].adopt = true;
    shelf.store.boxes.borrow_mut().insert("a".into(), (3, Tags::from([("team".into(), "payments".into())])));
    apply(&shelf).await.0.expect("adopts");
    let tags = shelf.store.boxes.borrow()["a"].1.clone();
    assert_eq!(
        (tags.get("team").map(String::as_str), Mark::of_feat1().claims(&tags)),
        (Some("payments"), Ok(()))
    );

    shelf.store.boxes.borrow_mut().insert("a".into(), (3, foreign("demo/other", Some("feat1"))));
    assert_eq!(apply(&shelf).await.0.expect_err("another's").exit(), exit::REFUSED);
}

#[tokio::test]
async fn a_create_that_lost_a_race_is_settled_by_whose_the_thing_is() {
    let cases = [
        ((9, Mark::of_feat1().written(Timestamp::UNIX_EPOCH)), Ok(()), vec!["create a", "update a"]),
        ((3, Mark::of_feat1().written(Timestamp::UNIX_EPOCH)), Ok(()), vec!["create a"]),
        ((3, foreign("demo/other", None)), Err(exit::REFUSED), vec!["create a"]),
    ];
    for (rival, outcome, writes) in cases {
        let shelf = shelf(&["a"]);
        let (size, tags) = rival;
        shelf.store.rival.replace(Some(("a", size, tags)));
        assert_eq!(apply(&shelf).await.0.map_err(|error| error.exit()), outcome);
        assert_eq!(shelf.store.writes.take(), writes);
    }
}

#[tokio::test(start_paused = true)]
async fn late_reports_are_waited_for_and_what_a_create_leaves_to_an_update_is_none() {
    let shelf = shelf(&["a"]);
    shelf.store.settles.set(Duration::from_mins(1));
    shelf.store.rival.replace(Some(("a", 9, ours())));
    let began = tokio::time::Instant::now();
    apply(&shelf).await.0.expect("applies");
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    assert_eq!(shelf.store.writes.take(), ["create a", "update a"]);

    shelf.store.lazy.set(true);
    shelf.store.boxes.borrow_mut().get_mut("a").expect("there").0 = 9;
    let error = apply(&shelf).await.0.expect_err("never settles");
    assert_eq!(error.exit(), exit::UNREACHABLE, "{error}");
    assert!(error.to_string().contains("it reports still what was before the write"), "{error}");
}

#[tokio::test]
async fn a_write_that_changed_nothing_is_a_fault_that_names_the_field() {
    let shelf = shelf(&["a"]);
    shelf.store.lazy.set(true);
    let error = apply(&shelf).await.0.expect_err("not there");
    assert_eq!(
        error,
        Error::internal("box/a: create at memory: is not there after the write: has somebody deleted it?")
    );

    shelf.store.boxes.borrow_mut().insert("a".into(), (9, Mark::of_feat1().written(Timestamp::UNIX_EPOCH)));
    let error = apply(&shelf).await.0.expect_err("still differs");
    assert_eq!(error, Error::internal("box/a: update at memory: still differs after the write: size"));
}

#[tokio::test]
async fn delete_walks_backwards_and_twice_is_once() {
    let shelf = shelf(&["a", "b"]);
    apply(&shelf).await.0.expect("applies");
    assert_eq!(delete(&shelf).await, (Ok(None), "delete  box/b\ndelete  box/a\n".into()));
    assert_eq!(delete(&shelf).await, (Ok(None), "absent  box/b\nabsent  box/a\n".into()));
}

#[tokio::test]
async fn delete_leaves_what_is_not_ours_and_goes_on() {
    let shelf = shelf(&["a", "b"]);
    apply(&shelf).await.0.expect("applies");
    shelf.store.boxes.borrow_mut().insert("b".into(), (3, foreign("demo/other", Some("feat1"))));
    let (outcome, said) = delete(&shelf).await;
    let refused = "box/b: delete at memory: it belongs to release demo/other, and stays";
    assert_eq!((outcome, said), (Err(Error::refused(refused)), "refuse  box/b\ndelete  box/a\n".into()));
    assert!(shelf.store.boxes.borrow().contains_key("b"));
}

#[tokio::test]
async fn base_is_made_and_never_deleted() {
    let shelf = shelf(&["a"]);
    run(&shelf, &base(), 0, async |engine| engine.apply().await).await.0.expect("applies");
    assert_eq!(shelf.store.boxes.borrow()["a"].1, foreign("demo/orders", None));
    shelf.store.writes.take();
    let (outcome, said) = run(&shelf, &base(), 0, async |engine| engine.delete().await).await;
    assert_eq!(outcome, Ok(Some("left: base is never deleted, nothing was done".into())));
    assert_eq!(said, "left    box/a  base is never deleted\n");
    assert_eq!(shelf.store.writes.take(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_back_end_that_stays_down_fails_apply_and_not_delete() {
    let shelf = shelf(&["a", "b"]);
    shelf.store.down.set(true);
    let (outcome, said) = apply(&shelf).await;
    let error = outcome.expect_err("down");
    assert_eq!((error.exit(), said.as_str()), (exit::UNREACHABLE, ""));
    let text = error.to_string();
    assert!(text.starts_with("box: connect at memory: connection refused (out of time after "), "{text}");

    let (outcome, said) = delete(&shelf).await;
    let last = outcome.expect("no fault").expect("something is left");
    assert!(last.starts_with("left: box/b, box/a (box: connect at memory: connection refused"), "{last}");
    assert!(last.ends_with("; sweep removes it"), "{last}");
    assert_eq!(said, "left    box/b\nleft    box/a\n");
}

fn boxed(shelf: &Section, name: &str, size: u32, tags: Tags) {
    shelf.store.boxes.borrow_mut().insert(name.to_owned(), (size, tags));
}

fn ours() -> Tags {
    Mark::of_feat1().written(Timestamp::UNIX_EPOCH)
}

#[tokio::test(start_paused = true)]
async fn a_write_without_an_answer_is_looked_at_before_it_is_made_again() {
    let shelf = shelf(&["a"]);
    shelf.store.mute.set(1);
    apply(&shelf).await.0.expect("the box is there");
    assert_eq!(shelf.store.writes.take(), ["create a"]);

    shelf.store.boxes.borrow_mut().get_mut("a").expect("there").0 = 9;
    shelf.store.mute.set(1);
    apply(&shelf).await.0.expect("the box is right");
    assert_eq!(shelf.store.writes.take(), ["update a"]);

    shelf.store.mute.set(1);
    assert_eq!(delete(&shelf).await, (Ok(None), "delete  box/a\n".into()));
    assert_eq!(shelf.store.writes.take(), ["delete a"]);
}

#[tokio::test]
async fn what_others_need_is_made_before_them_and_deleted_after_them() {
    let mut shelf = shelf(&["a", "b", "c"]);
    shelf.wants[0].needs = Some("c".into());
    shelf.wants[2].needs = Some("b".into());
    apply(&shelf).await.0.expect("applies");
    assert_eq!(shelf.store.writes.take(), ["create b", "create c", "create a"]);
    delete(&shelf).await.0.expect("deletes");
    assert_eq!(shelf.store.writes.take(), ["delete a", "delete c", "delete b"]);
}

#[tokio::test]
async fn what_one_thing_cannot_have_keeps_nothing_from_those_that_do_not_need_it() {
    let mut shelf = shelf(&["a", "b", "c"]);
    shelf.wants[2].needs = Some("a".into());
    shelf.store.rival.replace(Some(("a", 3, foreign("demo/other", None))));
    let (outcome, said) = apply(&shelf).await;
    let reason = "box/a: create at memory: it belongs to release demo/other";
    assert_eq!(outcome, Err(Error::refused(reason)));
    let left = "left    box/c  it needs box/a, which could not be made";
    assert_eq!(said, format!("fail    box/a  {reason}\ncreate  box/b\n{left}\n"));
}

#[tokio::test]
async fn what_nothing_asks_for_any_more_is_deleted_if_it_is_ours() {
    let shelf = shelf(&["a-feat1"]);
    boxed(&shelf, "old-feat1", 3, ours());
    boxed(&shelf, "others-feat1", 3, foreign("demo/other", Some("feat1")));
    boxed(&shelf, "nobodys-feat1", 3, Tags::new());
    boxed(&shelf, "base", 3, ours());
    let told = "create  box/a-feat1\ndelete  box/old-feat1  nothing asks for it any more\n";
    let plan = run(&shelf, &Mark::of_feat1(), 0, async |engine| engine.plan().await).await;
    assert_eq!(plan, (Ok(true), told.into()));
    assert_eq!(apply(&shelf).await, (Ok(()), told.into()));
    let left: Vec<String> = shelf.store.boxes.borrow().keys().cloned().collect();
    assert_eq!(left, ["a-feat1", "base", "nobodys-feat1", "others-feat1"]);
}

#[tokio::test]
async fn what_another_hook_has_to_let_go_of_stays_until_then_but_for_a_delete() {
    let shelf = shelf(&["a-feat1"]);
    boxed(&shelf, "old-feat1", 3, ours());
    shelf.store.held.set(true);
    let told = "left    box/old-feat1  somebody leans on it\ncreate  box/a-feat1\n";
    assert_eq!(apply(&shelf).await, (Ok(()), told.into()));
    let told = "delete  box/a-feat1\ndelete  box/old-feat1\n";
    assert_eq!(delete(&shelf).await, (Ok(None), told.into()));
}

#[tokio::test]
async fn a_delete_takes_along_what_earlier_files_asked_for() {
    let shelf = shelf(&["a-feat1"]);
    boxed(&shelf, "old-feat1", 3, ours());
    let told = "absent  box/a-feat1\ndelete  box/old-feat1\n";
    assert_eq!(delete(&shelf).await, (Ok(None), told.into()));
}

#[tokio::test]
async fn only_what_is_named_is_touched() {
    let shelf = shelf(&["a-feat1", "b-feat1"]);
    boxed(&shelf, "old-feat1", 3, ours());
    let only = ["b-feat1".to_owned()];
    let mark = Mark::of_feat1();
    let paper = Paper::default();
    let report = Report::new(Format::Text, Box::new(paper.clone()), Box::new(io::sink()));
    let engine = || {
        Engine::<Boxes>::new(&mark, &shelf, &report, Duration::from_secs(30), Timestamp::UNIX_EPOCH)
            .only(&only)
    };
    engine().expect("b is wanted").apply().await.expect("applies");
    engine().expect("b is wanted").delete().await.expect("deletes");
    assert_eq!(shelf.store.writes.take(), ["create b-feat1", "delete b-feat1"]);
    let nobody = ["c".to_owned()];
    let refused =
        Engine::<Boxes>::new(&mark, &shelf, &report, Duration::from_secs(30), Timestamp::UNIX_EPOCH)
            .only(&nobody)
            .err();
    assert_eq!(refused, Some(Error::config("--only=c: the section box has a-feat1, b-feat1")));
}

#[tokio::test]
async fn marks_are_told_of_whomever_and_of_nothing_else() {
    let shelf = shelf(&["a"]);
    boxed(&shelf, "c", 3, foreign("demo/other", Some("feat2")));
    boxed(&shelf, "b", 3, foreign("demo/orders", None));
    boxed(&shelf, "nobodys", 3, Tags::from([(feature::words::FEATURE.to_owned(), "feat1".to_owned())]));
    shelf.store.private.replace(vec!["nobodys"]);
    let marks = async || run(&shelf, &Mark::of_feat1(), 0, async |engine| engine.marks().await).await;
    let told = "marked  box/b  owner demo/orders\nmarked  box/c  owner demo/other, feature feat2\n";
    assert_eq!(marks().await, (Ok(()), told.into()));
    assert_eq!(shelf.store.writes.take(), Vec::<String>::new());

    shelf.store.private.replace(vec!["b", "c", "nobodys"]);
    let (outcome, said) = marks().await;
    let error = outcome.expect_err("nothing can be looked at");
    assert_eq!((error.exit(), said.as_str()), (exit::REFUSED, ""));
    assert!(error.to_string().ends_with("look up its mark at memory: private"), "{error}");
}

#[tokio::test]
async fn a_delete_of_a_section_without_things_takes_all_that_is_ours() {
    let shelf = shelf(&[]);
    boxed(&shelf, "a-feat1", 3, ours());
    boxed(&shelf, "b-feat1", 3, ours());
    boxed(&shelf, "others-feat1", 3, foreign("demo/other", Some("feat1")));
    let told = "delete  box/a-feat1\ndelete  box/b-feat1\n";
    assert_eq!(delete(&shelf).await, (Ok(None), told.into()));
    assert_eq!(delete(&shelf).await, (Ok(None), String::new()));
}

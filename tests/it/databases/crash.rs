//! A hook that is killed, or whose connection is cut, at any of its requests: the next run, or the same one, ends where
//! one would that nobody disturbed.

use acceptance::postgres::{Gate, Request, Then, Until};

use super::stage::{Stage, State, dump};

/// An apply that makes, changes and deletes, or a delete of all of it.
struct Scene {
    stage: Stage,
    gate: Gate,
    /// What is there before the run, and the file of the run.
    files: [String; 2],
    meant: (State, String),
    requests: Vec<Request>,
}

impl Scene {
    fn new(feature: &'static str, verb: &'static str) -> Self {
        let stage = Stage::new(feature);
        let (golden, owner, reader) = (stage.named("golden"), stage.named("owner"), stage.named("reader"));
        stage.sql(&format!("CREATE ROLE {reader}; CREATE ROLE {owner}"));
        stage.sql(&format!("CREATE DATABASE {golden} OWNER {owner}"));
        stage.server.run(
            &golden,
            &format!("SET ROLE {owner}; CREATE SCHEMA app; CREATE TABLE app.t AS SELECT 1 AS a"),
        );
        stage.sql(&format!("ALTER DATABASE {golden} IS_TEMPLATE true"));
        let seeds = ["CREATE TABLE app.seeded (a int)", "INSERT INTO app.seeded VALUES (1)"];
        let seeds: Vec<String> = seeds
            .iter()
            .enumerate()
            .map(|(i, text)| format!("'{}'", stage.seed(&format!("{i}.sql"), text).display()))
            .collect();
        let all = format!(
            "name: orders\ntemplate: {golden}\nconnectionLimit: 9\nrevokePublicConnect: true\nschemas: [app, more]\n\
             extensions: [{{name: hstore}}]\ngrants: [{{role: {reader}, privileges: [CONNECT]}}, {{role: {reader}, schema: \
             app, privileges: [USAGE]}}, {{role: {reader}, tablesIn: app, privileges: [SELECT]}}]\nseed: [{}]",
            seeds.join(", ")
        );
        let after = stage.file(&[&all, "name: changed\nconnectionLimit: 9\nschemas: [app]"]);
        let before = match verb {
            "apply" => stage.file(&["name: changed\nconnectionLimit: 8", "name: old"]),
            _ => after.clone(),
        };
        let gate = Gate::before(&stage.server.address());
        let mut scene =
            Self { stage, gate, files: [before, after], meant: Default::default(), requests: vec![] };
        scene.set();
        let _ = scene.stage.hook_by(&scene.gate).does(verb, &scene.files[1], &[]);
        scene.requests = scene.gate.requests();
        scene.meant = scene.is();
        scene
    }

    /// Everything as it is before the run, and nothing counted yet.
    fn set(&self) {
        let _ = self.stage.delete(&self.files[1]);
        let _ = self.stage.apply(&self.files[0]);
        self.gate.clear();
    }

    fn is(&self) -> (State, String) {
        let state = self.stage.state();
        let name = self.stage.named("orders");
        let holds = if self.stage.has(&name) {
            dump(&name, &["--no-comments", "--exclude-schema=devstack"])
        } else {
            String::new()
        };
        (state, holds)
    }

    /// At what requests it makes a difference how far they come: the first, each write, and each statement where it is
    /// asked for the first time.
    fn turns(&self) -> Vec<usize> {
        let first = |k: usize| !self.requests[..k].contains(&self.requests[k]);
        let turns = (0..self.requests.len()).filter(|&k| self.requests[k].writes || first(k));
        turns.map(|k| k + 1).collect()
    }

    fn check(&self, what: &str) {
        let (state, holds) = self.is();
        assert_eq!(state, self.meant.0, "{what}");
        assert!(holds == self.meant.1, "{what}: it holds\n{holds}\nand not\n{}", self.meant.1);
    }
}

/// An apply is killed at each of its requests, and one more brings it to its end.
fn killed(feature: &'static str, verb: &'static str) {
    let scene = Scene::new(feature, verb);
    // What is killed at a question has left what it had left at the write before.
    for (turn, k) in scene.turns().into_iter().filter(|k| *k == 1 || scene.requests[k - 1].writes).enumerate()
    {
        // How far it comes goes round: each kind of write is there several times.
        let until = [Until::Unsent, Until::Sent, Until::Done][turn % 3];
        scene.set();
        scene.gate.on(k, until, Then::Held);
        let running = scene.stage.hook_by(&scene.gate).spawn(verb, &scene.files[1], &[]);
        let request = scene.gate.broken(|| running.is_running());
        let ended = running.kill();
        let what = format!("{verb} killed at request {k}, {until:?}, {request:?}");
        assert_eq!(ended.code, None, "{what}: {}", ended.said());
        scene.gate.clear();
        let ended = scene.stage.hook().run(verb, &scene.files[1], &[]);
        assert_eq!(ended.code, Some(0), "{what}: {}", ended.said());
        scene.check(&what);
    }
}

#[test]
fn an_apply_that_is_killed_at_any_request_is_finished_by_the_next() {
    killed("dbkilled", "apply");
}

#[test]
fn a_delete_that_is_killed_at_any_request_is_finished_by_the_next() {
    killed("dbkill2d", "delete");
}

#[test]
fn whatever_a_killed_apply_has_made_a_delete_takes_away() {
    let scene = Scene::new("dbhalf", "apply");
    let _ = scene.stage.delete(&scene.files[1]);
    let nothing = scene.is();
    for k in scene.turns().into_iter().filter(|k| scene.requests[k - 1].writes) {
        scene.set();
        scene.gate.on(k, Until::Done, Then::Held);
        let running = scene.stage.hook_by(&scene.gate).spawn("apply", &scene.files[1], &[]);
        let request = scene.gate.broken(|| running.is_running());
        let _ = running.kill();
        scene.gate.clear();
        let ended = scene.stage.delete(&scene.files[1]);
        assert_eq!(scene.is(), nothing, "apply killed at {k}, {request:?}, then {}", ended.said());
    }
}

/// A connection is cut at each of the requests, and the same run ends as if it had not been.
fn cut(feature: &'static str, verb: &'static str) {
    let scene = Scene::new(feature, verb);
    for (turn, k) in scene.turns().into_iter().enumerate() {
        let until = [Until::Unsent, Until::Done][turn % 2];
        scene.set();
        scene.gate.on(k, until, Then::Cut);
        let ended = scene.stage.hook_by(&scene.gate).run(verb, &scene.files[1], &[]);
        let what =
            format!("{verb} cut at request {k}, {until:?}, {:?}: {}", scene.requests[k - 1], ended.said());
        assert_eq!(ended.code, Some(0), "{what}");
        scene.check(&what);
    }
}

#[test]
fn an_apply_whose_connection_is_cut_at_any_request_goes_on() {
    cut("dbcut", "apply");
}

#[test]
fn a_delete_whose_connection_is_cut_at_any_request_goes_on() {
    cut("dbsever", "delete");
}

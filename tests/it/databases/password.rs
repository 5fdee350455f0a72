//! A role's password: nobody chooses it, it is in the application's own Secret before the role has it, and the server
//! never hears it.

use std::fs;

use acceptance::{
    cluster,
    hook::{Ended, Hook},
    lab::lab,
    place::Namespace,
    postgres::{Gate, Then, Until},
    process,
};

use super::stage::{Stage, State, secret};

const ALL: &str = "outputs:
  - {value: url, secret: out, key: URL}
  - {value: jdbcUrl, secret: out, key: JDBC}
  - {value: password, secret: out, key: PASSWORD}
  - {value: host, configMap: out, key: HOST}
  - {value: port, configMap: out, key: PORT}
  - {value: name, configMap: out, key: NAME}
  - {value: user, configMap: out, key: USER}";

/// A stage with a namespace for what is told.
struct Told {
    stage: Stage,
    namespace: Namespace,
}

impl Told {
    fn new(feature: &'static str) -> Self {
        Self { stage: Stage::new(feature), namespace: Namespace::new(&format!("databases-{feature}")) }
    }

    fn file(&self, says: &str) -> String {
        let file = self.stage.file(&[&format!("name: orders\n{says}")]);
        file.replacen("owner: demo/", &format!("owner: {}/", self.namespace.0), 1)
    }

    fn secret(&self) -> State {
        secret(&self.namespace, "out")
    }

    /// Whether the role's password is this one.
    fn is_let_in(&self, password: &str) -> bool {
        let name = self.stage.named("orders");
        match self.stage.server.user(&name, password).session(&name) {
            Ok(_) => true,
            Err(refused) if refused.code == "28P01" => false,
            Err(refused) => panic!("{refused:?}"),
        }
    }

    fn kubectl(&self, args: &[&str]) {
        let _ =
            process::output_of(lab().command("kubectl").args(["--namespace", &self.namespace.0]).args(args));
    }
}

#[test]
fn an_application_is_told_all_that_it_needs_and_every_value_is_right() {
    let told = Told::new("dbtold");
    let (stage, name) = (&told.stage, told.stage.named("orders"));
    let file = told.file(ALL);
    let planned = stage.run("plan", &file, &[]).ends_with(0);
    let applied = stage.apply(&file);
    stage.keeps(&file);
    let secret = told.secret();
    let (host, port) =
        stage.server.address().split_once(':').map(|(a, b)| (a.to_owned(), b.to_owned())).expect("both");
    let password = &secret["PASSWORD"];
    assert!(password.len() >= 32 && password.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{password}");
    let expected = [
        (
            "JDBC",
            format!("jdbc:postgresql://{host}:{port}/{name}?user={name}&password={password}&sslmode=disable"),
        ),
        ("PASSWORD", password.clone()),
        ("URL", format!("postgresql://{name}:{password}@{host}:{port}/{name}?sslmode=disable")),
    ];
    assert_eq!(secret, expected.map(|(key, value)| (key.to_owned(), value)).into());
    let objects = cluster::objects_of(&told.namespace.0, "configmaps");
    let data = &objects["ConfigMap/out"]["data"];
    assert_eq!(*data, serde_json::json!({"HOST": host, "PORT": port, "NAME": name, "USER": name}));

    // As libpq reads it.
    let mut psql = lab().command("psql");
    let said = process::output_of(
        psql.args(["--no-align", "--tuples-only", "--command"])
            .arg("CREATE TABLE t (a int); SELECT current_user || ' ' || current_database()")
            .arg(&secret["URL"]),
    );
    assert!(said.ends_with(&format!("{name} {name}\n")), "{said}");

    for ended in [planned, applied, stage.run("plan", &file, &["--output=json"]), stage.delete(&file)] {
        is_silent(&ended, password);
    }
    assert_eq!(told.secret(), State::new());
}

#[test]
fn the_server_never_hears_the_password() {
    let told = Told::new("dbsilent");
    let (stage, before) = (&told.stage, told.stage.server.log().len());
    let _ = stage.apply(&told.file(&format!("{ALL}\nrotate: '1'")));
    let first = told.secret()["PASSWORD"].clone();
    let _ = stage.apply(&told.file(&format!("{ALL}\nrotate: '2'")));
    let second = told.secret()["PASSWORD"].clone();
    stage.sql(&format!("ALTER ROLE {} PASSWORD 'other'", stage.named("orders")));
    let _ = stage.apply(&told.file(&format!("{ALL}\nrotate: '2'")));
    let _ = stage.delete(&told.file(ALL));
    let log = stage.server.log();
    // All of it is there, and so would they be.
    assert!(log[before..].matches(" PASSWORD 'SCRAM-SHA-256$4096:").count() >= 3, "{}", stage.logged(before));
    for password in [&first, &second] {
        assert!(!log.contains(password.as_str()), "{password} is in the server's log");
    }
}

#[test]
fn another_token_is_another_password_and_the_same_token_the_same() {
    let told = Told::new("dbrotate");
    let stage = &told.stage;
    let mut passwords = Vec::new();
    for says in ["", "", "rotate: '1'", "rotate: '1'", "rotate: '2'", "rotate: 2026-11-21", ""] {
        let file = told.file(&format!("{ALL}\n{says}"));
        let _ = stage.apply(&file);
        stage.keeps(&file);
        let password = told.secret()["PASSWORD"].clone();
        assert!(told.is_let_in(&password), "with {says:?}");
        assert!(told.secret()["URL"].contains(&password) && told.secret()["JDBC"].contains(&password));
        passwords.push(password);
    }
    assert_eq!(passwords[0], passwords[1]);
    assert_eq!(passwords[2], passwords[3]);
    let mut others = passwords;
    others.dedup();
    assert_eq!(others.len(), 5);
    for old in &others[..4] {
        assert!(!told.is_let_in(old));
    }
}

#[test]
fn a_password_that_somebody_changed_is_put_right_and_one_that_was_lost_is_made_anew() {
    let told = Told::new("dblost");
    let (stage, name) = (&told.stage, told.stage.named("orders"));
    let file = told.file(ALL);
    let _ = stage.apply(&file);
    let first = told.secret()["PASSWORD"].clone();

    stage.sql(&format!("ALTER ROLE {name} PASSWORD 'other'"));
    let plan = stage.fields("plan", &file, &name);
    assert_eq!(plan, serde_json::json!([{"field": "password", "from": "another value", "to": "set"}]));
    let _ = stage.apply(&file);
    assert_eq!(told.secret()["PASSWORD"], first);
    assert!(told.is_let_in(&first));
    stage.keeps(&file);

    stage.sql(&format!("ALTER ROLE {name} PASSWORD NULL"));
    let _ = stage.apply(&file);
    assert!(told.is_let_in(&first));

    told.kubectl(&["delete", "secret", "out"]);
    let _ = stage.apply(&file);
    let second = told.secret()["PASSWORD"].clone();
    assert!(first != second && told.is_let_in(&second) && !told.is_let_in(&first));
    stage.keeps(&file);

    // Another place for it, and one that has it no more.
    let other = told.file("outputs: [{value: password, secret: elsewhere, key: P}]");
    let _ = stage.apply(&other);
    stage.keeps(&other);
    assert!(told.is_let_in(&secret(&told.namespace, "elsewhere")["P"]));
    let none = told.file("");
    let _ = stage.apply(&none);
    stage.keeps(&none);
}

#[test]
fn a_role_whose_password_nobody_is_told_has_none() {
    let told = Told::new("dbmute");
    let (stage, name) = (&told.stage, told.stage.named("orders"));
    let verifier = || {
        stage.value(
            "postgres",
            &format!("SELECT coalesce(rolpassword, 'none') FROM pg_authid WHERE rolname = '{name}'"),
        )
    };
    let _ = stage.apply(&told.file("outputs: [{value: name, secret: out, key: NAME}]"));
    assert_eq!(verifier(), "none");
    assert_eq!(told.secret(), State::from([("NAME".to_owned(), name.clone())]));
    let _ = stage.apply(&told.file(ALL));
    assert!(verifier().starts_with("SCRAM-SHA-256$"));
    assert!(told.is_let_in(&told.secret()["PASSWORD"]));
}

#[test]
fn where_the_secret_is_anothers_nothing_is_written_at_the_server() {
    let told = Told::new("dbtheirs");
    told.kubectl(&["create", "secret", "generic", "out", "--from-literal=PASSWORD=mine"]);
    let ended = told.stage.run("apply", &told.file(ALL), &[]).ends_with(5);
    assert!(ended.last_line().contains("secret/out: refused: "), "{}", ended.said());
    is_silent(&ended, "mine");
    assert_eq!(told.secret(), State::from([("PASSWORD".to_owned(), "mine".to_owned())]));
    assert_eq!(told.stage.state(), State::new());
}

/// What a run is killed at: every request that writes, and how far it came.
fn killed_at_every_write(told: &Told, before: &dyn Fn(), file: &str, after: &dyn Fn(&str)) {
    let stage = &told.stage;
    let gate = Gate::before(&stage.server.address());
    before();
    gate.clear();
    let _ = stage.hook_by(&gate).does("apply", file, &[]);
    let writes: Vec<usize> = gate
        .requests()
        .iter()
        .enumerate()
        .filter(|(_, request)| request.writes)
        .map(|(i, _)| i + 1)
        .collect();
    assert!(!writes.is_empty());
    for nth in writes {
        for until in [Until::Unsent, Until::Done] {
            before();
            gate.clear();
            gate.on(nth, until, Then::Held);
            let running = stage.hook_by(&gate).spawn("apply", file, &[]);
            let request = gate.broken(|| running.is_running()).expect("it comes so far");
            let ended = running.kill();
            assert_eq!(ended.code, None, "{}", ended.said());
            gate.clear();
            after(&format!("killed at {nth}, {until:?}: {}", request.sql));
        }
    }
}

#[test]
fn a_first_run_that_is_killed_is_finished_by_one_with_the_same_password() {
    let told = Told::new("dbfirst");
    let file = told.file(ALL);
    let before = || {
        let _ = told.stage.delete(&file);
    };
    killed_at_every_write(&told, &before, &file, &|what| {
        // It is in the Secret before anything is made.
        let kept =
            told.secret().get("PASSWORD").cloned().unwrap_or_else(|| panic!("{what}: there is no password"));
        let _ = told.stage.apply(&file);
        assert_eq!(told.secret()["PASSWORD"], kept, "{what}");
        assert!(told.is_let_in(&kept), "{what}");
        told.stage.keeps(&file);
    });
}

#[test]
fn a_rotation_that_is_killed_leaves_a_password_that_the_next_run_makes_good() {
    let told = Told::new("dbturn");
    let [old, new] = ["1", "2"].map(|token| told.file(&format!("{ALL}\nrotate: '{token}'")));
    let before = || {
        let _ = told.stage.apply(&old);
    };
    killed_at_every_write(&told, &before, &new, &|what| {
        let _ = told.stage.apply(&new);
        assert!(told.is_let_in(&told.secret()["PASSWORD"]), "{what}");
        told.stage.keeps(&new);
    });
}

#[test]
fn hooks_at_once_agree_on_one_password() {
    let told = Told::new("dbagree");
    for round in 0..6 {
        // Nothing is there, then only the Secret is gone, then the token is another.
        let file = told.file(&format!("{ALL}\nrotate: '{}'", (round + 1) / 3));
        match round % 3 {
            0 => drop(told.stage.delete(&file)),
            1 => told.kubectl(&["delete", "secret", "out"]),
            _ => {}
        }
        let ended: Vec<Ended> = std::thread::scope(|scope| {
            let all: Vec<_> = (0..6).map(|_| scope.spawn(|| told.stage.run("apply", &file, &[]))).collect();
            all.into_iter().map(|one| one.join().expect("it ends")).collect()
        });
        for ended in ended {
            let _ = ended.ends_with(0);
        }
        let password = &told.secret()["PASSWORD"];
        assert!(told.is_let_in(password), "round {round}");
        assert!(told.secret()["URL"].contains(password), "round {round}");
        told.stage.keeps(&file);
    }
}

#[test]
fn no_argument_variable_or_file_of_a_run_has_the_password() {
    let told = Told::new("dbproc");
    let gate = Gate::before(&told.stage.server.address());
    // Held where the role is about to get it.
    let file = told.file(ALL);
    let _ = told.stage.hook_by(&gate).does("apply", &file, &[]);
    let nth =
        gate.requests().iter().position(|request| request.sql.contains(" PASSWORD '")).expect("it is set")
            + 1;
    let _ = told.stage.delete(&file);
    gate.clear();
    gate.on(nth, Until::Unsent, Then::Held);
    let running = told.stage.hook_by(&gate).spawn("apply", &file, &[]);
    assert!(gate.broken(|| running.is_running()).is_some());
    let password = &told.secret()["PASSWORD"];
    for name in ["cmdline", "environ"] {
        let text = fs::read(format!("/proc/{}/{name}", running.pid())).expect("it runs");
        assert!(!String::from_utf8_lossy(&text).contains(password.as_str()), "{name}");
    }
    is_silent(&running.kill(), password);
}

#[test]
fn a_hook_that_sees_no_verifiers_still_knows_its_own_password() {
    // As in a cloud: who makes roles and databases, and reads no `pg_authid`.
    let told = Told::new("dbcloud");
    let (stage, name) = (&told.stage, told.stage.named("orders"));
    let maker = stage.named("maker");
    stage.sql(&format!("CREATE ROLE {maker} LOGIN CREATEDB CREATEROLE PASSWORD 'canary'"));
    let hook = Hook::database().env("KUBECONFIG", lab().var("KUBECONFIG")).env(
        "ADMIN_URL",
        &format!("postgresql://{maker}:canary@{}/postgres?sslmode=disable", stage.server.address()),
    );
    let says = format!(
        "schemas: [app]\nconnectionLimit: 9\nrevokePublicConnect: true\nextensions: [{{name: hstore}}]\n{ALL}"
    );
    for token in ["1", "2"] {
        let file = told.file(&format!("{says}\nrotate: '{token}'"));
        let _ = hook.does("apply", &file, &[]);
        let ended = hook.run("plan", &file, &["--exit-code"]);
        assert_eq!(ended.code, Some(0), "{}", ended.said());
        assert!(told.is_let_in(&told.secret()["PASSWORD"]));
    }
    assert_eq!(
        stage.value(&name, "SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 'app'"),
        name
    );
    let _ = hook.does("delete", &told.file(&says), &[]);
    assert!(!stage.has(&name) && !stage.server.roles().contains_key(&name));
}

fn is_silent(ended: &Ended, password: &str) {
    assert!(!ended.said().contains(password), "{}", ended.said());
}

//! What these tests share: the lab's server without a thing of their feature, and the hook that works there as an
//! administrator of the test's own, whose statements can be told from all others in the server's log.

use std::{collections::BTreeMap, fs, path::PathBuf};

use acceptance::{
    cluster,
    hook::{self, Ended, Hook},
    lab::lab,
    place::Namespace,
    postgres::{Gate, Server, quoted},
    process,
};
use feature::words;
use serde_json::Value;
use tempfile::TempDir;

pub struct Stage {
    /// No other test's feature is a part of it: what bears it is swept.
    pub feature: &'static str,
    pub server: Server,
    files: TempDir,
}

/// Things of a server by their names, each with what is said of it.
pub type State = BTreeMap<String, String>;

impl Stage {
    pub fn new(feature: &'static str) -> Self {
        let server = Server::lab();
        drop(server.swept(feature));
        let files = tempfile::tempdir().expect("a folder");
        let stage = Self { feature, server, files };
        let (admin, password) = (quoted(&stage.admin()), stage.password());
        stage.sql(&format!("CREATE ROLE {admin} SUPERUSER LOGIN PASSWORD '{password}'"));
        stage
    }

    /// What the hook is called at the server.
    pub fn admin(&self) -> String {
        format!("admin_{}", self.feature)
    }

    /// What it logs in with, and nobody must ever read anywhere.
    pub fn password(&self) -> String {
        format!("canary-of-{}", self.feature)
    }

    /// What a database or role of the file is called at the server.
    pub fn named(&self, stem: &str) -> String {
        format!("{stem}_{}", self.feature)
    }

    pub fn hook(&self) -> Hook {
        self.hook_at(&self.server.address(), "sslmode=disable")
    }

    /// The same by way of a gate, which sees what it asks for.
    pub fn hook_by(&self, gate: &Gate) -> Hook {
        self.hook_at(&gate.address(), "sslmode=disable")
    }

    /// The same at an address, with these parameters in its URL.
    pub fn hook_at(&self, address: &str, parameters: &str) -> Hook {
        hook_of(&format!("postgresql://{}:{}@{address}/postgres?{parameters}", self.admin(), self.password()))
    }

    /// A copy's file with these databases, each in lines of YAML.
    pub fn file(&self, databases: &[&str]) -> String {
        hook::file(self.feature, &section(databases))
    }

    /// The same of base.
    pub fn base_file(&self, databases: &[&str]) -> String {
        hook::base_file(self.feature, &section(databases))
    }

    /// Runs the hook, which never tells its password.
    pub fn run(&self, verb: &str, file: &str, args: &[&str]) -> Ended {
        let ended = self.hook().run(verb, file, args);
        assert!(!ended.said().contains(&self.password()), "{}", ended.said());
        ended
    }

    pub fn apply(&self, file: &str) -> Ended {
        self.run("apply", file, &[]).ends_with(0)
    }

    pub fn delete(&self, file: &str) -> Ended {
        self.run("delete", file, &[]).ends_with(0)
    }

    /// Whoever looks again finds nothing to do.
    pub fn keeps(&self, file: &str) {
        let ended = self.run("plan", file, &["--exit-code"]);
        assert_eq!(ended.code, Some(0), "{}", ended.said());
    }

    /// The fields that a run says it changes, of the thing of this name.
    pub fn fields(&self, verb: &str, file: &str, name: &str) -> Value {
        let ended = self.run(verb, file, &["--output=json"]).ends_with(0);
        let thing = format!("database/{name}");
        let line = ended.json().into_iter().find(|line| line["thing"] == *thing);
        line.unwrap_or_else(|| panic!("no {thing}: {}", ended.said()))["fields"].take()
    }

    /// Statements at the server's first database, as its superuser.
    pub fn sql(&self, sql: &str) -> Vec<Vec<Option<String>>> {
        self.server.run("postgres", sql)
    }

    /// The one value that a question in a database is answered with.
    pub fn value(&self, database: &str, sql: &str) -> String {
        let rows = self.server.run(database, sql);
        let [row] = &rows[..] else { panic!("{sql}: {rows:?}") };
        let [value] = &row[..] else { panic!("{sql}: {rows:?}") };
        value.clone().unwrap_or_default()
    }

    pub fn has(&self, database: &str) -> bool {
        self.server.databases().contains_key(database)
    }

    /// What our mark says on a database; nothing where there is none.
    pub fn mark(&self, database: &str) -> BTreeMap<String, String> {
        read(self.server.databases().get(database).expect("it is there").as_deref())
    }

    /// The same of a role.
    pub fn mark_of_role(&self, role: &str) -> BTreeMap<String, String> {
        read(self.server.roles().get(role).expect("it is there").as_deref())
    }

    /// Databases and roles that bear the feature, as the catalogs have them, but for what differs from one time to
    /// another. The administrator is none of them.
    pub fn state(&self) -> State {
        let mut state = State::new();
        let databases = self.sql(&format!(
            "SELECT datname, pg_get_userbyid(datdba), pg_encoding_to_char(encoding), datcollate, datctype, \
             datlocprovider, daticulocale, datconnlimit, datallowconn, datistemplate, \
             ARRAY(SELECT one::text FROM unnest(datacl) one ORDER BY 1) \
             FROM pg_database WHERE {}",
            bears("datname", self.feature)
        ));
        let roles = self.sql(&format!(
            "SELECT rolname, rolcanlogin, rolsuper, rolcreatedb, rolcreaterole, rolconnlimit, rolpassword IS NULL, \
             ARRAY(SELECT pg_get_userbyid(roleid) FROM pg_auth_members WHERE member = a.oid) FROM pg_authid a \
             WHERE {} AND rolname <> '{}'",
            bears("rolname", self.feature),
            self.admin()
        ));
        for (kind, rows) in [("database", databases), ("role", roles)] {
            for row in rows {
                let mut row = row.into_iter().map(Option::unwrap_or_default);
                let name = row.next().expect("a name");
                let mut mark = if kind == "database" { self.mark(&name) } else { self.mark_of_role(&name) };
                mark.remove(words::EXPIRES_AT);
                mark.remove(words::PASSWORD);
                let said = format!("{:?} {mark:?}", row.collect::<Vec<_>>());
                state.insert(format!("{kind} {name}"), said);
            }
        }
        state
    }

    /// A file that the hook can read.
    pub fn seed(&self, name: &str, text: &str) -> PathBuf {
        let path = self.files.path().join(name);
        fs::write(&path, text).expect("the file is written");
        path
    }

    /// What the administrator has asked for since `before`, a log's length, as the server has logged it.
    pub fn logged(&self, before: usize) -> String {
        let log = self.server.log();
        let mut ours = false;
        let lines = log[before..].lines().filter(|line| {
            // The rest of a statement stands on lines of their own, behind a tab.
            if !line.starts_with('\t') {
                ours = line.contains(&format!("] {}@", self.admin()));
            }
            ours
        });
        lines.map(|line| format!("{line}\n")).collect()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // A test that fails already says why, and what it leaves is removed by the next.
        if !std::thread::panicking() {
            drop(self.server.swept(self.feature));
        }
    }
}

/// The hook with this URL of an administrator.
pub fn hook_of(url: &str) -> Hook {
    Hook::database().env("ADMIN_URL", url).env("KUBECONFIG", lab().var("KUBECONFIG"))
}

/// All that is in a database, as `pg_dump` says it with these arguments.
pub fn dump(database: &str, args: &[&str]) -> String {
    let (server, _) = lab().var("POSTGRES_URL").rsplit_once('/').expect("a URL with a database");
    let mut command = lab().command("pg_dump");
    let dump = process::output_of(command.args(args).arg(format!("--dbname={server}/{}", plain(database))));
    // The newest of them have a word of chance at both ends.
    let lines =
        dump.lines().filter(|line| !line.starts_with("\\restrict") && !line.starts_with("\\unrestrict"));
    lines.map(|line| format!("{line}\n")).collect()
}

fn section(databases: &[&str]) -> String {
    let items = databases.iter().map(|lines| format!("    - {}\n", lines.trim().replace('\n', "\n      ")));
    format!("database:\n  adminUrl: {{env: ADMIN_URL}}\n  databases:\n{}", items.collect::<String>())
}

/// SQL for names that have this word in them.
fn bears(column: &str, word: &str) -> String {
    format!("position('{word}' in {column}) > 0")
}

/// A comment as a mark; somebody's own says nothing but itself.
fn read(comment: Option<&str>) -> BTreeMap<String, String> {
    let own = |text: &str| BTreeMap::from([("own".to_owned(), text.to_owned())]);
    comment.map(|text| serde_json::from_str(text).unwrap_or_else(|_| own(text))).unwrap_or_default()
}

/// A name as a URL has it.
pub fn plain(name: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b'.' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    name.bytes().map(byte).collect()
}

/// The keys of a Secret of the cluster, nothing where it is not there.
pub fn secret(namespace: &Namespace, name: &str) -> State {
    let objects = cluster::objects_of(&namespace.0, "secrets");
    let data =
        objects.get(&format!("Secret/{name}")).map(|object| object["data"].clone()).unwrap_or_default();
    let keys = data.as_object().into_iter().flatten();
    keys.map(|(key, value)| (key.clone(), decoded(value.as_str().unwrap_or_default()))).collect()
}

/// What base64 says.
fn decoded(text: &str) -> String {
    let digit = |byte: u8| {
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
            .iter()
            .position(|other| *other == byte)
    };
    let digits: Vec<usize> = text.bytes().filter_map(digit).collect();
    let bytes = digits.chunks(4).flat_map(|four| {
        let whole = four.iter().enumerate().fold(0, |whole, (i, digit)| whole | digit << (18 - 6 * i));
        (0..four.len().saturating_sub(1))
            .map(move |i| u8::try_from(whole >> (16 - 8 * i) & 255).expect("a byte"))
    });
    String::from_utf8(bytes.collect()).expect("a text")
}

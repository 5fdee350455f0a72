//! database-hook under the laws: a copy of a template. It comes by a gate, which counts.

use std::fs;

use acceptance::postgres::{Gate, Server, Swept, quoted};
use feature::words;
use provision::{
    config::database::Databases as Section,
    conformance::{Subject, Variant},
};
use tempfile::TempDir;

use super::{SECRET, WHO, read};

pub(super) struct Databases<'s> {
    server: &'s Server,
    gate: Gate,
    keys: TempDir,
    _swept: Swept<'s>,
}

/// A part of every name here, so that nothing is left.
const WORD: &str = "laws_";
const STEM: &str = "laws_orders";
/// A database that nobody has marked.
const STRANGER: &str = "laws_stranger";
const GOLDEN: &str = "laws_golden";

impl<'s> Databases<'s> {
    pub(super) fn at(server: &'s Server) -> Self {
        let swept = server.swept(WORD);
        let gate = Gate::before(&server.address());
        server.run("postgres", &format!("CREATE ROLE laws_admin SUPERUSER LOGIN PASSWORD '{SECRET}'"));
        server.run("postgres", &format!("CREATE DATABASE {GOLDEN}"));
        server.run(GOLDEN, "CREATE TABLE t AS SELECT 1 AS a");
        server.run("postgres", &format!("ALTER DATABASE {GOLDEN} IS_TEMPLATE true"));
        let keys = tempfile::tempdir().expect("a folder");
        for (file, address) in [("url", gate.address()), ("nowhere", "127.0.0.1:1".to_owned())] {
            let url = format!("postgresql://laws_admin:{SECRET}@{address}/postgres?sslmode=disable");
            fs::write(keys.path().join(file), url).expect("written");
        }
        Self { server, gate, keys, _swept: swept }
    }
}

impl Subject for Databases<'_> {
    type Provider = database_hook::Server;

    const FIELD: &'static str = "connectionLimit";
    const WORD: &'static str = WORD;
    const SECRET: &'static str = SECRET;

    fn section(&self, feature: Option<&str>, variant: Variant) -> Section {
        let url = self.keys.path().join(if variant == Variant::Down { "nowhere" } else { "url" });
        let limit = if variant == Variant::Changed { 8 } else { 7 };
        let template = if variant == Variant::Impossible { "laws_nobody" } else { GOLDEN };
        let outputs = match variant {
            Variant::Told => {
                "[{value: name, secret: laws, key: A}, {value: user, configMap: laws, key: B}, {value: host, configMap: \
                 laws, key: C}, {value: port, configMap: laws, key: D}]"
            }
            _ => "[]",
        };
        let section = format!(
            "database:\n  adminUrl: {{file: {}}}\n  databases:\n    - name: {STEM}\n      template: {template}\n      \
             connectionLimit: {limit}\n      revokePublicConnect: true\n      schemas: [app]\n      outputs: {outputs}\n",
            url.display()
        );
        read(feature, &section).database.expect("a section")
    }

    async fn drift(&self, feature: &str) {
        let name = named(Some(feature));
        self.server.run("postgres", &format!("ALTER DATABASE {} CONNECTION LIMIT 77", quoted(&name)));
    }

    async fn stranger(&self) {
        self.server.run("postgres", &format!("CREATE DATABASE {STRANGER}"));
        self.server.run("postgres", &format!("COMMENT ON DATABASE {STRANGER} IS 'The orders of the shop'"));
    }

    async fn state(&self, feature: Option<&str>) -> String {
        let mut state = String::new();
        let name = named(feature);
        let kinds = [
            format!(
                "SELECT datname, pg_get_userbyid(datdba), datconnlimit, datallowconn, datacl, shobj_description(oid, \
                 'pg_database') FROM pg_database WHERE datname = '{name}'"
            ),
            format!(
                "SELECT rolname, rolcanlogin, rolpassword, shobj_description(oid, 'pg_authid') FROM pg_authid WHERE \
                 rolname = '{name}'"
            ),
        ];
        for row in kinds.iter().flat_map(|sql| self.server.run("postgres", sql)) {
            let mark = row.last().cloned().flatten().unwrap_or_default();
            let mut mark: std::collections::BTreeMap<String, String> =
                serde_json::from_str(&mark).unwrap_or_default();
            mark.remove(words::EXPIRES_AT);
            state += &format!("{:?} {mark:?}; ", &row[..row.len() - 1]);
        }
        // Nothing where it is not there, or cannot be entered.
        let inside = self.server.try_run(
            &name,
            "SELECT nspname, pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname IN ('app', 'public') UNION \
             SELECT relname, pg_get_userbyid(relowner) FROM pg_class WHERE relname = 't' ORDER BY 1",
        );
        state += &inside.map_or_else(|_| String::new(), |inside| format!("{inside:?}; "));
        state
    }

    async fn clean(&self) {
        for name in WHO.map(named).into_iter().chain([STRANGER.to_owned()]) {
            let name = quoted(&name);
            self.server.run("postgres", &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
            self.server.run("postgres", &format!("DROP ROLE IF EXISTS {name}"));
        }
    }

    fn contacts(&self) -> usize {
        self.gate.requests().len()
    }
}

/// What it is called at base, or for a feature.
fn named(feature: Option<&str>) -> String {
    feature.map_or_else(|| STEM.to_owned(), |feature| format!("{STEM}_{feature}"))
}

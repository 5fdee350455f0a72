//! The cluster that everything runs on: the lab's, or the one of the current kubectl context.

use std::{collections::BTreeMap, env, process::Command, sync::OnceLock};

use crate::{process, repo};

/// Where things are.
#[derive(Debug)]
pub struct Lab {
    /// Where the router listens.
    pub router: String,
    /// How pods reach PostgreSQL, as somebody who may create databases.
    pub database_admin: String,
    /// Whether the cluster is the lab's, which images are loaded into.
    pub own: bool,
    env: BTreeMap<String, String>,
}

/// The cluster, started if it is the lab's and does not run.
///
/// # Panics
/// With what to do, when it cannot be used.
pub fn lab() -> &'static Lab {
    LAB.get_or_init(|| Lab::of(&[]))
}

/// The same with no more than a copy needs: what only tests use is neither built nor started. Called before
/// anything else asks for the cluster.
///
/// # Panics
/// With what to do, when it cannot be used.
pub fn small() -> &'static Lab {
    LAB.get_or_init(|| Lab::of(&["check"]))
}

static LAB: OnceLock<Lab> = OnceLock::new();

impl Lab {
    /// With these components and what they need; none is all.
    fn of(components: &[&str]) -> Self {
        match env::var("CLUSTER").as_deref() {
            Err(_) | Ok("" | "lab") => Self::start(components),
            Ok("current") => Self::current(),
            Ok(other) => panic!("CLUSTER={other}: expected lab or current"),
        }
    }

    fn start(components: &[&str]) -> Self {
        let script = repo::root().join("tests/lab/lab");
        let status =
            Command::new(&script).arg("up").args(components).status().expect("the lab's script starts");
        assert!(status.success(), "tests/lab/lab up: {status}");
        let lines = process::output_of(Command::new(&script).arg("env"));
        let env = evaluated(&lines);
        let of =
            |name: &str| env.get(name).unwrap_or_else(|| panic!("tests/lab/lab env says no {name}")).clone();
        let postgres = of("POSTGRES_URL");
        let (who, _) = postgres.rsplit_once('@').expect("the URL has a user");
        // The demo's services have no TLS.
        let database_admin = format!("{who}@postgres.infra:5432/postgres?sslmode=disable");
        Self { router: of("ROUTER_URL"), database_admin, own: true, env }
    }

    fn current() -> Self {
        let of = |name: &str, what: &str| {
            env::var(name).unwrap_or_else(|_| panic!("CLUSTER=current needs {name}: {what}"))
        };
        let script = repo::root().join("tests/lab/lab");
        let status =
            Command::new(&script).args(["build", "tools"]).status().expect("the lab's script starts");
        assert!(status.success(), "tests/lab/lab build tools: {status}");
        let mut env = evaluated(&process::output_of(Command::new(&script).arg("env")));
        env.remove("KUBECONFIG");
        let lab = Self {
            router: of("ROUTER_URL", "where the cluster's Traefik answers, such as http://10.0.0.7"),
            database_admin: of(
                "DATABASE_ADMIN_URL",
                "how its pods reach PostgreSQL, as somebody who may create databases, such as \
                 postgresql://admin:password@db:5432/postgres?sslmode=disable",
            ),
            own: false,
            env,
        };
        let crds = lab.command("kubectl").args(["get", "crd", "ingressroutes.traefik.io"]).output();
        let found = crds.is_ok_and(|output| output.status.success());
        assert!(
            found,
            "the current context has no IngressRoute of traefik.io (kubectl get crd ingressroutes.traefik.io): \
             install Traefik 3 with its kubernetescrd provider"
        );
        lab
    }

    /// A program of the lab's or the machine's, with the cluster and the tools in its environment.
    #[must_use]
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.resolve(program));
        command.envs(&self.env);
        command
    }

    /// The variable of the lab's environment.
    #[must_use]
    pub fn var(&self, name: &str) -> &str {
        self.env.get(name).unwrap_or_else(|| panic!("tests/lab/lab env says no {name}"))
    }

    /// A program is looked up on our PATH, not on the one that the child gets: so it is done here.
    fn resolve(&self, program: &str) -> std::path::PathBuf {
        let paths = env::split_paths(self.var("PATH")).map(|folder| folder.join(program));
        paths.into_iter().find(|path| path.is_file()).unwrap_or_else(|| program.into())
    }
}

/// What lines of `export NAME=value` leave in a shell's environment.
fn evaluated(lines: &str) -> BTreeMap<String, String> {
    let names: Vec<&str> = lines
        .lines()
        .filter_map(|line| line.strip_prefix("export ")?.split_once('='))
        .map(|(name, _)| name)
        .collect();
    let script = format!(
        "{lines}\nfor name in {}; do printf '%s=%s\\n' \"$name\" \"${{!name}}\"; done",
        names.join(" ")
    );
    let values = process::output_of(Command::new("bash").args(["-c", &script]));
    values
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .collect()
}

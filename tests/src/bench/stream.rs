//! The streams: `helm template` of a chart that is put together from those of `tests/bench/charts`
//! and from CRDs that others have written. The same every time.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde::Deserialize;

use crate::{process, repo};

/// The charts in the order in which they are taken, over and over, until there is enough.
const TURNS: [&str; 8] = ["store", "web", "web", "store", "web", "web", "store", "dashboards"];

/// What a stream is to be.
#[derive(Debug)]
pub struct Recipe {
    pub name: &'static str,
    /// About so many.
    pub bytes: usize,
    /// How many of a hundred of them are CRDs.
    pub crds: usize,
    /// How often each tool is run on it.
    pub rounds: usize,
    pub of_kustomize: usize,
}

/// A rendered stream, in a folder of its own.
#[derive(Debug)]
pub struct Stream {
    pub recipe: &'static Recipe,
    pub folder: PathBuf,
    pub file: PathBuf,
    pub bytes: u64,
    pub objects: usize,
}

impl Stream {
    /// Writes the chart below `folder`, and renders it.
    #[must_use]
    pub fn new(recipe: &'static Recipe, folder: &Path, crds: &Crds) -> Self {
        let folder = folder.join(recipe.name.replace([' ', ','], "-"));
        let chart = folder.join("chart");
        fs::create_dir_all(chart.join("crds")).expect("a folder");
        let of_crds = crds.write(&chart.join("crds"), recipe.bytes / 100 * recipe.crds);
        write_chart(&chart, recipe.bytes - of_crds);
        let mut stream = Self { recipe, file: folder.join("stream.yaml"), folder, bytes: 0, objects: 0 };
        let file = File::create(&stream.file).expect("the stream's file");
        let status = stream.render().stdout(file).status().expect("helm starts");
        assert!(status.success(), "helm template {}: {status}", recipe.name);
        stream.bytes = fs::metadata(&stream.file).expect("the stream").len();
        let lines = BufReader::new(File::open(&stream.file).expect("the stream")).lines();
        stream.objects =
            lines.map(|line| line.expect("text")).filter(|line| line.starts_with("kind: ")).count();
        stream
    }

    /// The command that renders the chart to stdout.
    #[must_use]
    pub fn render(&self) -> Command {
        let mut helm = Command::new("helm4");
        helm.args(["template", "shop", "--include-crds"]).arg(self.folder.join("chart")).stdin(Stdio::null());
        helm
    }
}

/// A chart without templates: one subchart after the other, each under a name of its own.
fn write_chart(chart: &Path, bytes: usize) {
    let charts = repo::root().join("tests/bench/charts");
    let sizes = TURNS.map(|name| {
        let mut helm = Command::new("helm4");
        process::output_of(helm.args(["template", "shop"]).arg(charts.join(name))).len()
    });
    fs::create_dir_all(chart.join("charts")).expect("a folder");
    let mut text = "apiVersion: v2\nname: bench\nversion: 0.1.0\ndependencies:\n".to_owned();
    let mut rendered = 0;
    for (number, (name, size)) in TURNS.iter().zip(sizes).cycle().enumerate() {
        if rendered >= bytes {
            break;
        }
        text += &format!("  - {{ name: {name}, version: '*', alias: {name}-{number:04} }}\n");
        rendered += size;
        // One that lies there and is not named would be rendered too.
        if number < TURNS.len() {
            let mut copy = Command::new("cp");
            let _ = process::output_of(
                copy.arg("-rT").arg(charts.join(name)).arg(chart.join("charts").join(name)),
            );
        }
    }
    fs::write(chart.join("Chart.yaml"), text).expect("the chart");
}

/// The CRDs that Traefik and Gateway API ship, each with its file name.
#[derive(Debug)]
pub struct Crds {
    first: Vec<(String, String)>,
    /// Gateway API's experimental ones, which have the names of the standard ones.
    second: Vec<(String, String)>,
}

impl Crds {
    /// Out of the Go modules, in the versions that the lab's Traefik is built from.
    #[must_use]
    pub fn of_modules() -> Self {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Module {
            dir: PathBuf,
        }
        let mut go = Command::new("go");
        go.current_dir(repo::root().join("tests/lab/go/traefik")).env("GOWORK", "off");
        go.args(["mod", "download", "-json", "github.com/traefik/traefik/v3", "sigs.k8s.io/gateway-api"]);
        let answer = process::output_of(&mut go);
        let modules: Vec<Module> = serde_json::Deserializer::from_str(&answer)
            .into_iter()
            .collect::<Result<_, _>>()
            .expect("go says where the modules are");
        let [traefik, gateway] = &modules[..] else { panic!("go mod download: {answer}") };
        let traefik = traefik.dir.join("docs/content/reference/dynamic-configuration");
        let gateway = gateway.dir.join("config/crd");
        let mut first = crds_in(&traefik, "traefik.io_");
        first.extend(crds_in(&gateway.join("standard"), "gateway.networking."));
        Self { first, second: crds_in(&gateway.join("experimental"), "gateway.networking.") }
    }

    /// Writes as many as fit, and returns how many bytes that were.
    ///
    /// When all are written, they follow again as those of another API group.
    fn write(&self, folder: &Path, room: usize) -> usize {
        let mut written = 0;
        for (round, crds) in [&self.first, &self.second].into_iter().cycle().enumerate() {
            let before = written;
            for (name, text) in crds {
                let text = match round {
                    0 => text.clone(),
                    _ => text
                        .replace("gateway.networking.", &format!("gateway.networking-{round}."))
                        .replace("traefik.io", &format!("traefik-{round}.io")),
                };
                if written + text.len() <= room {
                    fs::write(folder.join(format!("{round:02}-{name}")), &text).expect("a CRD's file");
                    written += text.len();
                }
            }
            if written == before {
                break;
            }
        }
        written
    }
}

/// The files of one CRD each, in the order of their names.
fn crds_in(folder: &Path, prefix: &str) -> Vec<(String, String)> {
    let mut crds: Vec<(String, String)> = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("read {}: {error}", folder.display()))
        .map(|entry| entry.expect("an entry").path())
        .map(|path| (path.file_name().expect("a file").to_string_lossy().into_owned(), path))
        .filter(|(name, path)| name.starts_with(prefix) && path.extension().is_some_and(|end| end == "yaml"))
        .map(|(name, path)| (name, fs::read_to_string(path).expect("a CRD")))
        .filter(|(_, text)| text.contains("\nkind: CustomResourceDefinition\n"))
        .collect();
    assert!(!crds.is_empty(), "no CRD in {}", folder.display());
    crds.sort();
    crds
}

//! What the images hold and say of themselves.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::Path,
    process::Command,
};

use acceptance::{
    archive::{Entry, Image, builder},
    lab::lab,
    process, repo,
};
use serde_json::json;

use super::PROGRAMS;

/// What the image may have when it is pulled.
const MOST: u64 = 30 << 20;

/// Beside the names of the program: the path and its mode.
const FILES: [(&str, &str); 8] = [
    ("all-hooks", "-rwxr-xr-x"),
    ("etc/", "drwxr-xr-x"),
    ("etc/group", "-rw-r--r--"),
    ("etc/passwd", "-rw-r--r--"),
    ("etc/ssl/", "drwxr-xr-x"),
    ("etc/ssl/certs/", "drwxr-xr-x"),
    ("etc/ssl/certs/ca-certificates.crt", "-rw-r--r--"),
    ("sbom.cdx.json", "-rw-r--r--"),
];

#[test]
fn the_hooks_image_holds_the_program_and_what_it_reads_and_is_small() {
    let image = Image::hooks();
    let names = PROGRAMS.map(|name| (name, "lrwxrwxrwx"));
    let expected: BTreeSet<(&str, &str)> = FILES.into_iter().chain(names).collect();
    let entries = image.entries();
    let found: BTreeSet<(&str, &str)> = entries.iter().map(|entry| (&*entry.path, &*entry.mode)).collect();
    assert_eq!((found, entries.len()), (expected.clone(), expected.len()));
    // Nobody may change them who does not own them, and nobody in the container does.
    assert!(entries.iter().all(|entry| entry.owner == "0/0"), "{entries:?}");
    let size = image.compressed();
    told(&format!("devstack/hooks: {size} bytes compressed"));
    assert!(size <= MOST, "{size} bytes are more than {MOST}");
}

#[test]
fn the_image_of_sweep_is_that_of_the_hooks_and_helm() {
    let (hooks, sweep) = (Image::hooks(), Image::sweep());
    let mut expected: BTreeMap<String, Entry> =
        hooks.entries().into_iter().map(|entry| (entry.path.clone(), entry)).collect();
    let helm = Entry { path: "helm".to_owned(), ..expected["all-hooks"].clone() };
    expected.insert(helm.path.clone(), helm);
    let found = sweep.entries().into_iter().map(|entry| (entry.path.clone(), entry)).collect();
    assert_eq!(expected, found);
    // Who has pulled one has most of the other.
    let layers = |image: &Image| image.manifest["layers"].as_array().expect("layers").clone();
    assert_eq!(layers(hooks)[..], layers(sweep)[..1]);
    told(&format!("devstack/sweep: {} bytes compressed", sweep.compressed()));
    let helm = alone(sweep, "helm", &["version", "--short"]);
    assert!(helm.starts_with("v4."), "{helm}");
}

#[test]
fn what_is_no_static_helm_makes_no_image_of_sweep() {
    let program = Image::hooks().root().join("all-hooks");
    for (file, why) in [(Path::new("/bin/sh"), "is not static"), (&program, "is no Helm")] {
        let mut build = Command::new(builder(repo::root()));
        let output =
            process::run(build.arg(format!("--helm={}", file.display())).arg("oci-archive:nowhere:it"));
        let said = process::said(&build, &output);
        assert!(!output.status.success() && said.contains(why), "{said}");
    }
}

#[test]
fn the_images_say_what_they_are_and_as_whom_they_run() {
    let git = |words: &[&str]| {
        let said =
            process::output_of(Command::new("git").env("TZ", "UTC").current_dir(repo::root()).args(words));
        said.trim().to_owned()
    };
    let when = git(&["log", "-1", "--format=%cd", "--date=format-local:%Y-%m-%dT%H:%M:%SZ"]);
    let is_the_commit = git(&["status", "--porcelain"]).is_empty();
    for (image, title) in [(Image::hooks(), "devstack hooks"), (Image::sweep(), "devstack sweep")] {
        let config = &image.config["config"];
        assert_eq!(config["User"], "65532:65532");
        let env = config["Env"].as_array().expect("an environment");
        assert!(env.contains(&json!("SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt")), "{env:?}");
        assert!(config.get("Entrypoint").is_none() && config.get("Cmd").is_none(), "{config}");
        let labels = config["Labels"].as_object().expect("labels");
        let annotations = &image.manifest["annotations"];
        for (name, value) in labels {
            assert_eq!(annotations[name], *value, "{name}");
        }
        let says = |name: &str| labels.get(&format!("org.opencontainers.image.{name}"));
        assert_eq!(says("title"), Some(&json!(title)));
        assert_eq!(says("version"), Some(&json!(env!("CARGO_PKG_VERSION"))));
        assert!(says("description").is_some());
        assert_eq!(says("created"), Some(&json!(when)));
        assert_eq!(says("revision"), is_the_commit.then(|| json!(git(&["rev-parse", "HEAD"]))).as_ref());
        assert_eq!(labels.len(), if is_the_commit { 5 } else { 4 }, "{labels:?}");
        assert_eq!(image.config["created"], json!(when));
        for entry in image.entries() {
            assert_eq!(entry.time, when, "{entry:?}");
        }
        let read = |path: &str| fs::read_to_string(image.root().join(path)).expect("a file");
        assert_eq!(read("etc/passwd"), "nonroot:x:65532:65532:nonroot:/tmp:/sbin/nologin\n");
        assert_eq!(read("etc/group"), "nonroot:x:65532:\n");
    }
}

/// Only Debian's, whatever else this machine trusts.
#[test]
fn the_image_trusts_the_authorities_of_debian_or_those_that_it_is_given() {
    let count = |pem: &str| pem.matches("-----BEGIN CERTIFICATE-----").count();
    let of = |image: &Image| {
        fs::read_to_string(image.root().join("etc/ssl/certs/ca-certificates.crt")).expect("certificates")
    };
    let pem = of(Image::hooks());
    let debians: Vec<String> = fs::read_dir("/usr/share/ca-certificates/mozilla")
        .expect("Debian's certificates")
        .map(|file| fs::read_to_string(file.expect("a file").path()).expect("a certificate"))
        .collect();
    assert!(debians.len() > 100 && debians.iter().all(|one| pem.contains(one.trim())));
    assert_eq!(count(&pem), debians.len());
    let ca = lab().var("TLS_CA");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut build = Command::new(builder(repo::root()));
    let given = Image::built(build.arg(format!("--certificates={ca}")), folder.path());
    assert_eq!(of(&given), fs::read_to_string(ca).expect("a certificate"));
}

#[test]
fn the_program_is_static_and_says_nothing_of_the_machine_that_built_it() {
    let image = Image::sweep();
    for binary in ["all-hooks", "helm"] {
        is_static(&image.root().join(binary));
    }
    let home = env::var("HOME").expect("a home");
    let cargo = env::var("CARGO_HOME").unwrap_or_else(|_| format!("{home}/.cargo"));
    let target = repo::image_binaries().ancestors().nth(3).expect("Cargo's folder").display().to_string();
    let bytes = fs::read(image.root().join("all-hooks")).expect("the program");
    let text = String::from_utf8_lossy(&bytes);
    for path in [repo::root().display().to_string(), cargo, target] {
        assert!(!text.contains(&path), "it says {path}");
    }
    told(&format!("all-hooks: {} bytes", bytes.len()));
}

#[test]
fn every_program_runs_where_nothing_else_is_and_is_the_one_that_all_tests_run() {
    let image = Image::hooks();
    for name in PROGRAMS {
        let help = alone(image, name, &["--help"]);
        assert!(help.contains(&format!("Usage: {name} ")), "{name}: {help}");
        let read = |path: &Path| fs::read(path.join(name)).expect("a program");
        assert!(read(&image.root()) == read(repo::image_binaries()), "{name}");
    }
}

/// Runs a program where there is nothing but the image, as the user that it has in the cluster.
fn alone(image: &Image, name: &str, args: &[&str]) -> String {
    let mut chroot = Command::new("chroot");
    chroot.env_clear().env("PATH", env::var_os("PATH").expect("a path")).arg("--userspec=65532:65532");
    process::output_of(chroot.arg(image.root()).arg(format!("/{name}")).args(args))
}

fn is_static(binary: &Path) {
    let mut readelf = Command::new("readelf");
    let said = process::output_of(readelf.args(["--wide", "--program-headers", "--dynamic"]).arg(binary));
    assert!(said.contains("LOAD"), "{said}");
    for word in ["INTERP", "(NEEDED)", "(RPATH)", "(RUNPATH)"] {
        assert!(!said.contains(word), "{} has {word}:\n{said}", binary.display());
    }
}

/// A figure, for whoever runs the tests to have it.
fn told(figure: &str) {
    std::io::Write::write_all(&mut std::io::stderr(), format!("{figure}\n").as_bytes())
        .expect("stderr takes it");
}

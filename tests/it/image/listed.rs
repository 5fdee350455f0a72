//! The list of what is in the image is what Cargo linked, what the program itself names, and legal `CycloneDX`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
    process::Command,
};

use acceptance::{archive::Image, lab::lab, process, repo};
use serde_json::Value;

/// Name and version.
type Crate = (String, String);

fn list(image: &Image) -> (PathBuf, Value) {
    let path = image.root().join("sbom.cdx.json");
    let text = fs::read_to_string(&path).expect("the list");
    (path, serde_json::from_str(&text).expect("JSON"))
}

fn components(list: &Value) -> &Vec<Value> {
    list["components"].as_array().expect("components")
}

fn word<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_default()
}

/// The crates of the list, ours and others'.
fn crates(list: &Value) -> BTreeSet<Crate> {
    let crates = components(list).iter().filter(|component| {
        let purl = word(component, "purl");
        purl.is_empty() && word(component, "type") != "file" || purl.starts_with("pkg:cargo/")
    });
    crates.map(|one| (word(one, "name").to_owned(), word(one, "version").to_owned())).collect()
}

/// Cargo keeps what it compiles for the target, and so what is linked, apart from what runs while it builds.
fn compiled() -> BTreeSet<Crate> {
    let folder = repo::image_binaries().parent().expect("Cargo's folder").display().to_string();
    let messages =
        repo::build(&["all-hooks"]).into_iter().filter(|message| message["reason"] == "compiler-artifact");
    let for_the_target = messages.filter(|message| {
        let mut files = message["filenames"].as_array().expect("files").iter();
        let is_a_script = message["target"]["kind"][0] == "custom-build";
        !is_a_script && files.any(|file| file.as_str().is_some_and(|file| file.starts_with(&folder)))
    });
    let name_of = |message: Value| {
        // …#name@version, or …/name#version
        let id = word(&message, "package_id");
        let (path, tail) = id.rsplit_once('#').expect("an id has a version");
        let (name, version) =
            tail.split_once('@').unwrap_or((path.rsplit('/').next().expect("a name"), tail));
        (name.to_owned(), version.to_owned())
    };
    for_the_target.map(name_of).collect()
}

#[test]
fn the_list_has_every_crate_that_is_linked_and_no_other() {
    let (_, list) = list(Image::hooks());
    assert_eq!(crates(&list), compiled());
    let binaries: BTreeSet<&str> = components(&list)
        .iter()
        .filter(|component| component["type"] == "application")
        .map(|component| word(component, "name"))
        .collect();
    assert_eq!(binaries, BTreeSet::from(["all-hooks"]));
}

/// Where a crate may panic, the program names the file.
#[test]
fn the_list_has_every_crate_that_the_program_names() {
    let (_, list) = list(Image::hooks());
    let listed: BTreeSet<String> =
        crates(&list).into_iter().map(|(name, version)| format!("{name}-{version}")).collect();
    let bytes = fs::read(Image::hooks().root().join("all-hooks")).expect("the program");
    let text = String::from_utf8_lossy(&bytes);
    let paths = text.split("/crates/").skip(1).filter_map(|rest| rest.split('/').next());
    let named: BTreeSet<String> = paths.map(str::to_owned).collect();
    assert!(named.len() > 50, "{named:?}");
    assert!(named.is_subset(&listed), "{:?}", named.difference(&listed));
}

#[test]
fn the_checksums_are_those_of_the_lock_file() {
    let (_, list) = list(Image::hooks());
    let lock = fs::read_to_string(repo::root().join("Cargo.lock")).expect("the lock file");
    let of = |component: &Value| word(&component["hashes"][0], "content").to_owned();
    let crates: Vec<&Value> =
        components(&list).iter().filter(|one| word(one, "purl").starts_with("pkg:cargo/")).collect();
    assert!(crates.len() > 200, "{}", crates.len());
    for one in crates {
        let (name, version, checksum) = (word(one, "name"), word(one, "version"), of(one));
        let head = format!("name = \"{name}\"\nversion = \"{version}\"\n");
        let (_, entry) = lock.split_once(&head).unwrap_or_else(|| panic!("{name} {version} is not locked"));
        let entry = entry.split("\n\n").next().expect("an entry");
        assert!(entry.contains(&format!("checksum = \"{checksum}\"")), "{name} {version}: {checksum}");
    }
}

/// Two in one program panic when the first connection is made, and more than one is more to keep up to date.
#[test]
fn there_is_one_provider_of_tls_and_openssl_is_librdkafkas_alone() {
    let (_, list) = list(Image::hooks());
    let names: BTreeSet<String> = crates(&list).into_iter().map(|(name, _)| name).collect();
    for name in ["ring", "native-tls", "openssl", "s2n-tls", "boring", "mbedtls"] {
        assert!(!names.contains(name), "{name}");
    }
    let dependencies = list["dependencies"].as_array().expect("dependencies");
    let users = |of: &str| -> Vec<&str> {
        let needs = |one: &&Value| {
            let mut all = one["dependsOn"].as_array().expect("a list").iter().filter_map(Value::as_str);
            all.any(|other| other.starts_with(&format!("{of}@")))
        };
        let users = dependencies.iter().filter(needs).map(|one| word(one, "ref"));
        users.map(|one| one.split('@').next().expect("a name")).collect()
    };
    assert_eq!(users("openssl"), ["openssl-sys"]);
    assert_eq!(users("openssl-sys"), ["rdkafka-sys"]);
    assert_eq!(users("rdkafka"), ["kafka-hook"]);
    assert!(names.contains("aws-lc-rs"));
}

#[test]
fn the_list_names_what_is_no_crate_and_what_lies_beside_the_program() {
    for (image, files) in [
        (Image::hooks(), &["/etc/ssl/certs/ca-certificates.crt"][..]),
        (Image::sweep(), &["/etc/ssl/certs/ca-certificates.crt", "/helm"]),
    ] {
        let (_, list) = list(image);
        let others: BTreeMap<&str, &str> = components(&list)
            .iter()
            .filter(|component| word(component, "purl").starts_with("pkg:generic/"))
            .map(|component| (word(component, "name"), word(component, "version")))
            .collect();
        let names: Vec<&str> = others.keys().copied().collect();
        assert_eq!(
            names,
            ["aws-lc", "glibc", "libgcc", "librdkafka", "openssl", "rust-std", "zlib", "zstd"],
            "{others:?}"
        );
        // What says its own version.
        let program = fs::read(image.root().join("all-hooks")).expect("the program");
        let says = format!("OpenSSL {} ", others["openssl"]);
        assert!(String::from_utf8_lossy(&program).contains(&says), "{others:?}");
        let beside: BTreeMap<&str, &str> = components(&list)
            .iter()
            .filter(|component| component["type"] == "file")
            .map(|component| (word(component, "name"), word(&component["hashes"][0], "content")))
            .collect();
        assert_eq!(beside.keys().copied().collect::<Vec<_>>(), files);
        for (name, digits) in beside {
            let mut sum = Command::new("sha256sum");
            let said = process::output_of(sum.arg(image.root().join(name.trim_start_matches('/'))));
            assert!(said.starts_with(digits), "{name}: {digits}, {said}");
        }
    }
}

#[test]
fn the_lists_are_legal_cyclonedx() {
    const VALIDATE: &str = "import sys\n\
        from cyclonedx.schema import SchemaVersion\n\
        from cyclonedx.validation.json import JsonStrictValidator\n\
        error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(open(sys.argv[1]).read())\n\
        sys.exit(str(error) if error else 0)\n";
    for image in [Image::hooks(), Image::sweep()] {
        let (path, list) = list(image);
        let python = lab().var("CYCLONEDX");
        let _ = process::output_of(Command::new(python).args(["-c", VALIDATE]).arg(&path));
        // The schema does not ask whether what is referred to is there.
        let mut refs: BTreeSet<&str> = components(&list).iter().map(|one| word(one, "bom-ref")).collect();
        assert_eq!(refs.len(), components(&list).len());
        assert!(refs.insert(word(&list["metadata"]["component"], "bom-ref")));
        for one in list["dependencies"].as_array().expect("dependencies") {
            let needs = one["dependsOn"].as_array().expect("a list").iter().filter_map(Value::as_str);
            assert!(std::iter::once(word(one, "ref")).chain(needs).all(|one| refs.contains(one)), "{one}");
        }
    }
}

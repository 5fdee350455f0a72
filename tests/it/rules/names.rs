//! Texts that nobody would give as a name in good faith: a flag's grammar refuses them, or they come
//! out as the text that they are, and nothing else with them.

use acceptance::generate::visible;
use post_renderer::FeatureCopy;
use serde_json::{Value, json};

use super::table;

/// Flags that take a name; `{}` is where the text stands. None takes any of the texts.
const NAMES: [&str; 26] = [
    "--feature={}",
    "--header={}",
    "--release={}",
    "--preview-host={feature}.{}",
    "--preview-host={}--{feature}.{domain}",
    "--entry={}=web",
    "--entry=web.example.com={}",
    "--entry=web.example.com=web:{}",
    "--route={}=web.example.com",
    "--route=web:{}=web.example.com",
    "--route=web={}",
    "--gateway={}",
    "--gateway={}/web",
    "--namespace={}",
    "--base-namespace={}",
    "--swap=secret/{}=mine",
    "--swap=secret/web={}",
    "--swap=configmap/web={}",
    "--env=NAME=secret/{}/key",
    "--env=NAME=secret/web/{}",
    "--env={}=value:x",
    "--env={}/web:NAME=value:x",
    "--label={}=x",
    "--label=name={}",
    "--annotation={}=x",
    "--keep={}",
];

/// Flags whose value is a text. What they take, they take as it is.
const TEXTS: [&str; 5] = [
    "--env=NAME=value:{}",
    "--annotation=example.com/a={}",
    "--by={}",
    "--source={}",
    "--route=web=web.example.com/{}",
];

/// The texts, by what they are about.
fn texts() -> Vec<(&'static str, String)> {
    let texts = [
        ("a backtick", "web`) || PathPrefix(`/"),
        ("a quote", "web\") || PathPrefix(\"/"),
        ("a single quote", "web', evil: '"),
        ("a newline", "web\nevil: true"),
        ("another document", "web\n---\nkind: Secret"),
        ("a carriage return", "web\revil"),
        ("a variable of a shell", "${HOME}"),
        ("a template of Helm's", "{{ .Values.evil }}"),
        ("marks that turn the direction", "web\u{202e}moc.elpmaxe\u{202c}\u{200f}"),
        ("letters that look alike", "w\u{435}b"),
        ("a byte order mark", "\u{feff}web"),
        ("a line separator", "web\u{2028}evil"),
        ("NUL", "web\0evil"),
        ("DEL", "web\u{7f}"),
        ("a comment", "web #evil"),
        ("a mapping", "{web: evil}"),
    ];
    let long = ("1 MiB", "x".repeat(1 << 20));
    texts.map(|(what, text)| (what, text.to_owned())).into_iter().chain([long]).collect()
}

#[test]
fn names_that_are_none_are_refused() {
    let mut taken = Vec::new();
    for flag in NAMES {
        for (what, text) in texts() {
            // Kubernetes sets no limit to the name of a variable.
            let legal = flag == "--env={}=value:x" && what == "1 MiB";
            if with(flag, &text).is_ok() != legal {
                taken.push(format!("{flag}: {what}"));
            }
        }
    }
    assert_eq!(taken, Vec::<String>::new());
}

#[test]
fn texts_come_out_as_they_are_and_nothing_with_them() {
    let chart = json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {"template": {"spec": {"containers": [{"name": "web"}]}}},
    });
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}});
    let stream = format!("{chart}\n---\n{service}\n");
    let (mut taken, mut faults) = (0, Vec::new());
    for flag in TEXTS {
        let [plain, marked] =
            ["MARK", "OTHER"].map(|text| render(flag, text, &stream).expect("a plain text"));
        assert_ne!(plain, marked, "{flag}");
        for (what, text) in texts() {
            let Ok(rendered) = render(flag, &text, &stream) else { continue };
            taken += 1;
            // Nothing but the text may be otherwise than with a plain one.
            let want: Vec<Value> = plain.iter().map(|document| put(document, &text)).collect();
            if rendered != want {
                faults.push(format!("{flag} of {what}: {}", visible(&format!("{rendered:?}")[..300])));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(taken > 30, "{taken} texts were taken");
}

fn with(flag: &str, text: &str) -> Result<FeatureCopy, String> {
    let flag = flag.replace("{}", text);
    let mut flags = vec![flag.as_str()];
    if !flag.starts_with("--feature=") {
        flags.push("--feature=feat1");
    }
    if !flag.starts_with("--release=") {
        flags.push("--isolate=off");
    }
    FeatureCopy::from_flags(flags)
}

fn render(flag: &str, text: &str, stream: &str) -> Result<Vec<Value>, String> {
    let copy = with(flag, text)?;
    let rendering = post_renderer::render(stream.as_bytes(), &copy).map_err(|error| error.to_string())?;
    Ok(table::documents(&rendering.to_vec()))
}

/// The document with the text for its mark, in whatever value.
fn put(value: &Value, text: &str) -> Value {
    match value {
        Value::String(own) => own.replace("MARK", text).into(),
        Value::Array(items) => items.iter().map(|item| put(item, text)).collect(),
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), put(value, text))).collect(),
        other => other.clone(),
    }
}

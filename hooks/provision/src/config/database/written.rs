//! The section as the file writes it.

use std::{path::PathBuf, str::FromStr};

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    Database, Databases, Extension, Locale, LocaleProvider, Strategy, Template, Value, grant, is_reserved,
    name,
};
use crate::config::{
    Bound, Fault, Parsed, Scope, TargetKind, given, named::one_name, output, parsed::numbers, source,
};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "keys with values")]
#[schemars(rename = "Database")]
pub(in crate::config) struct Written {
    /// Only postgres (the default).
    engine: Option<Parsed<Engine>>,
    /// Where the URL is of somebody who may create databases and roles.
    admin_url: source::Written,
    /// Whether databases that the file no longer names are deleted (true).
    prune: Option<bool>,
    #[serde(default)]
    databases: Vec<WrittenDatabase>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "keys with values")]
#[schemars(rename = "DatabaseItem")]
struct WrittenDatabase {
    /// As base calls it; a copy's gets the feature behind it.
    #[schemars(required)]
    name: Option<String>,
    /// The role that owns it; a copy's gets the feature behind it (the database's own name).
    role: Option<String>,
    /// A database with `IS_TEMPLATE` whose clone it is: by its very name, or one that the file asks for before.
    template: Option<String>,
    /// A database in use whose clone it is; it cannot be cloned while anybody is connected to it.
    live_template: Option<String>,
    /// How the template is cloned: `walLog`, `fileCopy` (from PostgreSQL 15 on), or `auto`, what is fastest there.
    #[serde(default)]
    strategy: Strategy,
    /// Whether databases are cloned from it (false). Only base has templates.
    #[serde(default)]
    is_template: bool,
    /// As the server calls it; absent: the template's, or the server's default, as with all of the locale.
    encoding: Option<String>,
    /// Both lcCollate and lcCtype.
    locale: Option<String>,
    /// In what order texts are.
    lc_collate: Option<String>,
    /// What is a letter, and what its capital.
    lc_ctype: Option<String>,
    /// `libc` or `icu` (from PostgreSQL 15 on), which needs icuLocale.
    locale_provider: Option<LocaleProvider>,
    /// The locale of localeProvider `icu`.
    icu_locale: Option<String>,
    /// How many connections there may be at once; -1 is no limit.
    #[schemars(range(min = -1, max = 2_147_483_647))]
    connection_limit: Option<i64>,
    /// Whether only its owner, and whom grants name, can connect.
    #[serde(default)]
    revoke_public_connect: bool,
    /// Schemas that are there, of the owner.
    #[serde(default)]
    schemas: Vec<String>,
    /// Extensions that are there: each has a `name`, and a `version` and a `schema` where they matter.
    #[serde(default)]
    extensions: Vec<WrittenExtension>,
    /// `privileges` of a `role` that is there, or of `public`: on the database, on a `schema`, or on the tables in one
    /// (`tablesIn`).
    #[serde(default)]
    grants: Vec<grant::Written>,
    /// Files of SQL that the hook can read: each runs once, in one transaction, as the owner.
    #[serde(default)]
    seed: Vec<String>,
    /// Another text than the last time asks for another password.
    #[serde(default)]
    #[schemars(schema_with = "numbers")]
    rotate: Option<String>,
    /// Whether a database of this name that has no mark is taken over, and a role that has none.
    #[serde(default)]
    adopt: bool,
    /// What the application is told, each in a Secret or a `ConfigMap`.
    #[serde(default)]
    outputs: Vec<output::Written<Value>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    rename_all = "camelCase",
    expecting = "keys with values, such as name: pgcrypto"
)]
#[schemars(rename = "Extension")]
struct WrittenExtension {
    #[schemars(required)]
    name: Option<String>,
    #[serde(default)]
    #[schemars(schema_with = "numbers")]
    version: Option<String>,
    schema: Option<String>,
}

/// The kind of server.
struct Engine;

impl FromStr for Engine {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "postgres" | "postgresql" => Ok(Self),
            "mysql" | "mariadb" => {
                Err(format!("engine {text:?} is out for now: database-hook speaks with PostgreSQL alone"))
            }
            _ => Err(format!("engine {text:?} is not known: there is postgres")),
        }
    }
}

impl Written {
    pub(in crate::config) fn check(self, at: &str, scope: &Scope) -> Result<Databases, Fault> {
        let Self { engine, admin_url, prune, databases } = self;
        let Parsed(Engine) = engine.unwrap_or(Parsed(Engine));
        let admin = admin_url.check(at, "adminUrl")?;
        let mut checked: Vec<Database> = Vec::new();
        for (i, written) in databases.into_iter().enumerate() {
            let at = format!("{at}.databases[{i}]");
            let mut database = written.check(&at, scope)?;
            if let Some(template) = &database.template {
                if template.name() == database.name {
                    return Err(Fault::new(
                        at,
                        format!("database {:?} is its own template", database.written),
                    ));
                }
                if let Some(own) = checked.iter().find(|first| first.name == template.name()) {
                    if !own.is_template {
                        let fault =
                            format!("database {:?} is no template: say isTemplate of it", own.written);
                        return Err(Fault::new(format!("{at}.template"), fault));
                    }
                    database.template = Some(Template::Own(own.name.clone()));
                }
            }
            for first in &checked {
                if first.name == database.name {
                    let fault = one_name("database", &first.written, &database.written, &database.name);
                    return Err(Fault::new(format!("{at}.name"), fault));
                }
                if first.role == database.role {
                    let fault = format!(
                        "role {:?} owns database {:?} already: each has a role of its own",
                        first.role, first.written
                    );
                    return Err(Fault::new(at, fault));
                }
            }
            checked.push(database);
        }
        Ok(Databases { admin, prune: prune.unwrap_or(true), databases: checked })
    }
}

impl WrittenDatabase {
    fn check(self, at: &str, scope: &Scope) -> Result<Database, Fault> {
        let Self {
            name,
            role,
            template,
            live_template,
            strategy,
            is_template,
            encoding,
            locale,
            lc_collate,
            lc_ctype,
            locale_provider,
            icu_locale,
            connection_limit,
            revoke_public_connect,
            schemas,
            extensions,
            grants,
            seed,
            rotate,
            adopt,
            outputs,
        } = self;
        let below = |key: &str| format!("{at}.{key}");
        let written = given(name, at, "name")?;
        name::check(&written, "a database").map_err(|fault| Fault::new(below("name"), fault))?;
        let own = role.as_deref().unwrap_or(&written);
        name::check(own, "a role").map_err(|fault| Fault::new(below("role"), fault))?;
        let template = template_of(template, live_template, at)?;
        if strategy != Strategy::Auto && template.is_none() {
            let fault = "strategy says how a template is copied, and there is none";
            return Err(Fault::new(below("strategy"), fault));
        }
        if is_template && *scope != Scope::Base {
            return Err(Fault::new(
                below("isTemplate"),
                "only base has templates: what a copy has goes with it",
            ));
        }
        let locale = locale_of(encoding, locale, (lc_collate, lc_ctype), (locale_provider, icu_locale), at)?;
        let limit = |limit| i32::try_from(limit).ok().filter(|limit| *limit >= -1);
        let limit = |written| {
            let fault =
                || Fault::new(below("connectionLimit"), "connectionLimit is -1 (no limit) to 2147483647");
            limit(written).ok_or_else(fault)
        };
        let connection_limit = connection_limit.map(limit).transpose()?;
        check_schemas(&schemas, at)?;
        let extensions = extensions_of(extensions, at)?;
        let grants = grants.into_iter().enumerate();
        let grants = grants.map(|(i, grant)| grant.check(&format!("{at}.grants[{i}]")));
        let seed = seed_of(seed, at)?;
        let (role, named) = (name::named(scope, own), name::named(scope, &written));
        for (name, key) in [(&named, "name"), (&role, "role")] {
            if is_reserved(name) {
                let fault = format!("it comes to {name:?}, which is the server's own: choose another name");
                let key = if key == "role" && own == written { "name" } else { key };
                return Err(Fault::new(below(key), fault));
            }
        }
        Ok(Database {
            name: named,
            role,
            template,
            strategy,
            is_template,
            locale,
            connection_limit,
            revoke_public_connect,
            schemas,
            extensions,
            grants: grants.collect::<Result<_, _>>()?,
            seed,
            rotate: rotate.unwrap_or_default(),
            adopt,
            outputs: secrets_apart(output::check(outputs, at)?)?,
            address: None,
            password: None,
            written,
        })
    }
}

fn check_schemas(schemas: &[String], at: &str) -> Result<(), Fault> {
    for (i, schema) in schemas.iter().enumerate() {
        let at = format!("{at}.schemas[{i}]");
        name::check_schema(schema).map_err(|fault| Fault::new(at.as_str(), fault))?;
        if schemas[..i].contains(schema) {
            return Err(Fault::new(at, format!("schema {schema:?} is there twice")));
        }
    }
    Ok(())
}

fn extensions_of(written: Vec<WrittenExtension>, at: &str) -> Result<Vec<Extension>, Fault> {
    let mut extensions: Vec<Extension> = Vec::new();
    for (i, extension) in written.into_iter().enumerate() {
        let at = format!("{at}.extensions[{i}]");
        let WrittenExtension { name, version, schema } = extension;
        let name = given(name, &at, "name")?;
        if name.is_empty() {
            return Err(Fault::new(format!("{at}.name"), "the extension has no name"));
        }
        if let Some(schema) = &schema {
            name::check_schema(schema).map_err(|fault| Fault::new(format!("{at}.schema"), fault))?;
        }
        if extensions.iter().any(|first| first.name == name) {
            return Err(Fault::new(at, format!("extension {name:?} is there twice")));
        }
        extensions.push(Extension { name, version, schema });
    }
    Ok(extensions)
}

fn seed_of(written: Vec<String>, at: &str) -> Result<Vec<PathBuf>, Fault> {
    let mut seed: Vec<PathBuf> = Vec::new();
    for (i, file) in written.into_iter().enumerate() {
        let path = PathBuf::from(&file);
        if !path.is_absolute() {
            let fault = format!("{file:?} is no absolute path of a file");
            return Err(Fault::new(format!("{at}.seed[{i}]"), fault));
        }
        if seed.contains(&path) {
            return Err(Fault::new(format!("{at}.seed[{i}]"), format!("{file:?} is there twice")));
        }
        seed.push(path);
    }
    Ok(seed)
}

fn template_of(golden: Option<String>, live: Option<String>, at: &str) -> Result<Option<Template>, Fault> {
    let (template, key) = match (golden, live) {
        (None, None) => return Ok(None),
        (Some(name), None) => (Template::Golden(name), "template"),
        (None, Some(name)) => (Template::Live(name), "liveTemplate"),
        (Some(_), Some(_)) => {
            let fault = "a database has one source: template and liveTemplate exclude each other";
            return Err(Fault::new(at, fault));
        }
    };
    if template.name().is_empty() {
        return Err(Fault::new(
            format!("{at}.{key}"),
            format!("{key} is empty: leave it out where there is none"),
        ));
    }
    Ok(Some(template))
}

fn locale_of(
    encoding: Option<String>,
    locale: Option<String>,
    (collate, ctype): (Option<String>, Option<String>),
    (provider, icu): (Option<LocaleProvider>, Option<String>),
    at: &str,
) -> Result<Locale, Fault> {
    if locale.is_some() && (collate.is_some() || ctype.is_some()) {
        let fault = "locale is both lcCollate and lcCtype: leave it out, or those";
        return Err(Fault::new(format!("{at}.locale"), fault));
    }
    if icu.is_some() != (provider == Some(LocaleProvider::Icu)) {
        let fault = "icuLocale and localeProvider: icu need each other";
        let key = if icu.is_some() { "icuLocale" } else { "localeProvider" };
        return Err(Fault::new(format!("{at}.{key}"), fault));
    }
    let texts = [("encoding", &encoding), ("locale", &locale), ("lcCollate", &collate), ("lcCtype", &ctype)];
    for (key, text) in texts.into_iter().chain([("icuLocale", &icu)]) {
        if text.as_ref().is_some_and(String::is_empty) {
            let fault = format!("{key} is empty: leave it out where the template's is to stay");
            return Err(Fault::new(format!("{at}.{key}"), fault));
        }
    }
    Ok(Locale {
        encoding,
        collate: collate.or_else(|| locale.clone()),
        ctype: ctype.or(locale),
        provider,
        icu,
    })
}

/// A password goes into a Secret, and nowhere else.
fn secrets_apart(outputs: Vec<Bound<Value>>) -> Result<Vec<Bound<Value>>, Fault> {
    let open = outputs
        .iter()
        .find(|output| output.value.is_secret() && output.place.target.kind == TargetKind::ConfigMap);
    match open {
        Some(output) => {
            let fault = "the password is in it, and a ConfigMap is open to all: use secret";
            Err(Fault::new(output.at.as_str(), fault))
        }
        None => Ok(outputs),
    }
}

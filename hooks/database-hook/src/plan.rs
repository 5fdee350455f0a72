//! What must happen to a database, its role and what is in it. Pure.

use provision::{
    change::{Change, Difference, NONE},
    config::database::{Database, Locale, LocaleProvider, On},
    marks::{Tags, is_of_mark},
};

use feature::words;

use crate::{Found, Granted, Have, Inside, Role};

pub(crate) fn change(want: &Database, have: Option<&Have>) -> Change {
    let Some(have) = have else { return Change::Create(fields(want)) };
    let Some(found) = have.database.as_ref().filter(|_| !have.is_half_made()) else {
        // To create is what is done where nothing is there, and nothing to delete.
        let from = if have.database.is_some() { "half made" } else { NONE };
        let rest = fields(want);
        return Change::Update(
            [Difference::new("database", from, "there")].into_iter().chain(rest).collect(),
        );
    };
    if let Some(reason) = fixed(&want.locale, found) {
        return Change::Refuse(reason);
    }
    let mut differences = outside(want, found);
    match &have.role {
        None => differences.push(Difference::new("role", NONE, &want.role)),
        Some(role) => differences.extend(of_role(want, role, &found.tags)),
    }
    if found.open {
        let nothing = Inside::default();
        differences.extend(within(want, have.inside.as_ref().unwrap_or(&nothing)));
    }
    Change::of(differences)
}

/// Whether anything is asked for that only a connection to the database itself can tell.
pub(crate) fn looks_inside(want: &Database) -> bool {
    !(want.schemas.is_empty() && want.extensions.is_empty() && want.seed.is_empty())
        || want.grants.iter().any(|grant| grant.on != On::Database)
}

/// What of the role's password is not as it should be.
pub(crate) fn password_is_set(want: &Database, role: &Role) -> bool {
    let Some(wanted) = &want.password else { return true };
    role.rotated() == want.rotate
        && role.prints().is_some_and(|prints| {
            prints.is_of(wanted) && role.verifier.as_ref().is_none_or(|verifier| *verifier == prints.verifier)
        })
}

/// A database that is there has what it was made with.
pub(crate) fn fixed(want: &Locale, found: &Found) -> Option<String> {
    let Locale { encoding, collate, ctype, provider, icu } = want;
    let bare = |text: &str| {
        let text: String = text.chars().filter(|c| !matches!(c, '-' | '_')).collect();
        let text = text.to_ascii_lowercase();
        if text == "unicode" { "utf8".to_owned() } else { text }
    };
    let pairs = [
        ("encoding", encoding.as_deref(), Some(found.encoding.as_str())),
        ("lcCollate", collate.as_deref(), Some(found.collate.as_str())),
        ("lcCtype", ctype.as_deref(), Some(found.ctype.as_str())),
        ("localeProvider", provider.map(LocaleProvider::as_str), Some(found.provider)),
        ("icuLocale", icu.as_deref(), found.icu.as_deref()),
    ];
    pairs.into_iter().find_map(|(field, want, have)| {
        let (want, have) = (want?, have.unwrap_or(NONE));
        (bare(want) != bare(have)).then(|| {
            format!("{field} is {have} and stays what the database was made with: {want} needs a new one")
        })
    })
}

/// Whether nobody gets in who should. Of a template nobody should: while somebody is in it nobody can copy it.
pub(crate) fn is_shut(want: &Database, found: &Found) -> bool {
    !found.open && !want.is_template
}

fn outside(want: &Database, found: &Found) -> Vec<Difference> {
    let mut differences = Vec::new();
    if found.owner != want.role {
        differences.push(Difference::new("owner", &found.owner, &want.role));
    }
    if is_shut(want, found) {
        differences.push(Difference::new("allowConnections", "false", "true"));
    }
    if want.is_template && !found.is_template {
        differences.push(Difference::new("isTemplate", "false", "true"));
    }
    if let Some(limit) = want.connection_limit
        && limit != found.connection_limit
    {
        let from = found.connection_limit.to_string();
        differences.push(Difference::new("connectionLimit", from, limit.to_string()));
    }
    if want.revoke_public_connect && found.granted.contains("public/CONNECT") {
        differences.push(Difference::new("publicConnect", "granted", "revoked"));
    }
    for (role, privilege) in database_grants(want) {
        if !found.granted.contains(&format!("{role}/{privilege}")) {
            differences.push(Difference::new(format!("grants.{role} on the database"), NONE, privilege));
        }
    }
    differences
}

/// Roles and what each is to have on the database itself.
fn database_grants(want: &Database) -> impl Iterator<Item = (&str, &str)> {
    let grants = want.grants.iter().filter(|grant| grant.on == On::Database);
    grants
        .flat_map(|grant| grant.privileges.iter().map(|privilege| (grant.role.as_str(), privilege.as_str())))
}

/// `marked` is what the database's own mark says.
fn of_role(want: &Database, role: &Role, marked: &Tags) -> Vec<Difference> {
    let mut differences = Vec::new();
    if !role.login {
        differences.push(Difference::new("role login", "false", "true"));
    }
    let mark = |tags: &Tags| -> Vec<(String, String)> {
        let mark = tags.iter().filter(|(key, _)| is_of_mark(key));
        mark.map(|(key, value)| (key.clone(), value.clone())).collect()
    };
    if role.tags.get(words::DATABASE) != Some(&want.name) {
        differences.push(Difference::new("role mark", NONE, "set"));
    } else if mark(&role.tags) != mark(marked) {
        differences.push(Difference::new("role mark", "another value", "set"));
    }
    if !password_is_set(want, role) {
        let from = if role.tags.contains_key(words::PASSWORD) { "another value" } else { NONE };
        differences.push(Difference::new("password", from, "set"));
    }
    differences
}

fn within(want: &Database, inside: &Inside) -> Vec<Difference> {
    let mut differences = Vec::new();
    for schema in &want.schemas {
        match inside.schemas.get(schema) {
            None => differences.push(Difference::new(format!("schemas.{schema}"), NONE, "there")),
            Some(owner) if *owner != want.role => {
                differences.push(Difference::new(format!("schemas.{schema} owner"), owner, &want.role));
            }
            Some(_) => {}
        }
    }
    for extension in &want.extensions {
        let field = format!("extensions.{}", extension.name);
        match inside.extensions.get(&extension.name) {
            None => {
                let to = extension.version.as_deref().unwrap_or("there");
                differences.push(Difference::new(field, NONE, to));
            }
            Some((version, schema)) => {
                if let Some(to) = extension.version.as_ref().filter(|to| *to != version) {
                    differences.push(Difference::new(field.as_str(), version, to));
                }
                if let Some(to) = extension.schema.as_ref().filter(|to| *to != schema) {
                    differences.push(Difference::new(format!("{field} schema"), schema, to));
                }
            }
        }
    }
    for grant in want.grants.iter().filter(|grant| grant.on != On::Database) {
        for privilege in &grant.privileges {
            if !inside.granted.contains(&Granted::new(&grant.role, &grant.on, *privilege)) {
                let field = format!("grants.{} on {}", grant.role, grant.on);
                differences.push(Difference::new(field, NONE, privilege.as_str()));
            }
        }
    }
    for file in &want.seed {
        let file = file.display().to_string();
        if !inside.seeds.contains_key(&file) {
            differences.push(Difference::new(format!("seed.{file}"), NONE, "run"));
        }
    }
    differences
}

/// What a database is made with.
fn fields(want: &Database) -> Vec<Difference> {
    let mut fields = vec![Difference::new("owner", NONE, &want.role)];
    if let Some(template) = &want.template {
        fields.push(Difference::new("template", NONE, template.name()));
    }
    let Locale { encoding, collate, ctype, provider, icu } = &want.locale;
    let provider = provider.map(|provider| provider.as_str().to_owned());
    for (field, to) in [
        ("encoding", encoding),
        ("lcCollate", collate),
        ("lcCtype", ctype),
        ("localeProvider", &provider),
        ("icuLocale", icu),
    ] {
        fields.extend(to.as_ref().map(|to| Difference::new(field, NONE, to)));
    }
    fields.extend(want.connection_limit.map(|to| Difference::new("connectionLimit", NONE, to.to_string())));
    if want.is_template {
        fields.push(Difference::new("isTemplate", NONE, "true"));
    }
    if want.revoke_public_connect {
        fields.push(Difference::new("publicConnect", NONE, "revoked"));
    }
    for (role, privilege) in database_grants(want) {
        fields.push(Difference::new(format!("grants.{role} on the database"), NONE, privilege));
    }
    fields.extend(within(want, &Inside::default()));
    if want.password.is_some() {
        fields.push(Difference::new("password", NONE, "set"));
    }
    fields
}

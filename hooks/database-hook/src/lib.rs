//! Gives a copy its own databases in a PostgreSQL server, each with a role of its own.
//!
//! Knows SQL and the server's catalogs; what the file may say is in [`provision::config::database`], when and
//! how often something is done is the engine's. Never runs anything in a database that has no mark of ours.

#![forbid(unsafe_code)]

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    rc::Rc,
    time::Duration,
};

use feature::words;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use provision::{
    Listed, Provider,
    change::Change,
    config::{
        Bound, FeatureResources, Mark, Place,
        database::{Address, Database, Databases, MAX_NAME, On, Privilege, Template, Value, is_reserved},
    },
    error::Error,
    marks::{Edit, Tags},
    outputs::{Hidden, Output},
};

mod admin;
mod change;
mod comment;
mod inside;
mod own;
mod password;
mod plan;
mod read;
mod resolve;
mod seed;
mod session;
mod sql;
mod teardown;
mod tls;

use admin::Admin;
use password::Prints;
use session::Session;

/// One server, as its administrator.
pub struct Server {
    admin: Admin,
    /// What questions are asked by; another one once this one is closed.
    main: RefCell<Option<Rc<Session>>>,
    /// As `server_version_num` has it.
    version: i32,
    sees_verifiers: bool,
    is_superuser: bool,
}

/// A database with its role, as the server reports them.
pub struct Have {
    address: Address,
    /// Of the database, or of its role while the database is not whole.
    tags: Tags,
    database: Option<Found>,
    role: Option<Role>,
    /// None where nobody can connect, or nothing in it is asked for.
    inside: Option<Inside>,
    /// Whether what has no mark is taken over.
    adopt: bool,
}

/// A database as the catalogs have it.
struct Found {
    tags: Tags,
    owner: String,
    encoding: String,
    collate: String,
    ctype: String,
    provider: &'static str,
    icu: Option<String>,
    connection_limit: i32,
    /// Whether anybody can connect.
    open: bool,
    is_template: bool,
    /// `role/PRIVILEGE`; `public` is everybody.
    granted: BTreeSet<String>,
}

struct Role {
    tags: Tags,
    login: bool,
    /// By what the stored verifier is told from another; none where it cannot be read.
    verifier: Option<String>,
}

/// What is in a database, as far as the file speaks of it.
#[derive(Default)]
struct Inside {
    /// With their owners.
    schemas: BTreeMap<String, String>,
    /// With their versions and schemas.
    extensions: BTreeMap<String, (String, String)>,
    granted: BTreeSet<Granted>,
    /// Files that ran, with what was in them.
    seeds: BTreeMap<String, String>,
    /// Those of them that have changed since.
    changed: Vec<String>,
}

/// One privilege of one role on one thing in a database.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Granted(String, String, &'static str);

impl Granted {
    fn new(role: &str, on: &On, privilege: Privilege) -> Self {
        Self(role.to_owned(), on.to_string(), privilege.as_str())
    }
}

impl Role {
    fn is_marked(&self) -> bool {
        self.tags.contains_key(words::OWNER)
    }

    fn is_of(&self, database: &str) -> bool {
        self.is_marked() && self.tags.get(words::DATABASE).is_some_and(|of| of == database)
    }

    /// The token that its password was set with.
    fn rotated(&self) -> &str {
        self.tags.get(words::ROTATE).map_or("", String::as_str)
    }

    /// What tells its password from another.
    fn prints(&self) -> Option<Prints> {
        Prints::read(self.tags.get(words::PASSWORD)?)
    }

    fn is_making(&self) -> bool {
        self.is_marked() && self.tags.contains_key(words::MAKING)
    }
}

impl Have {
    fn is_half_made(&self) -> bool {
        self.role.as_ref().is_some_and(Role::is_making)
    }
}

impl Provider for Server {
    const SECTION: &'static str = "database";

    type Section = Databases;
    type Want = Database;
    type Have = Have;

    fn section(config: &FeatureResources) -> Option<&Databases> {
        config.database.as_ref()
    }

    fn wants(section: &Databases) -> &[Database] {
        &section.databases
    }

    fn prunes(section: &Databases) -> bool {
        section.prune
    }

    fn written(want: &Database) -> &str {
        &want.written
    }

    fn needs(want: &Database) -> Vec<&str> {
        match &want.template {
            Some(Template::Own(name)) => vec![name],
            _ => Vec::new(),
        }
    }

    fn endpoint(section: &Databases) -> String {
        let admin = section.admin.read().and_then(|url| url.parse::<Admin>());
        admin.map_or_else(|_| format!("the server of {}", section.admin), |admin| admin.to_string())
    }

    async fn connect(section: &Databases) -> Result<Self, Error> {
        let admin: Admin = section.admin.read()?.parse()?;
        let session = admin.open().await?;
        let (version, sees_verifiers, is_superuser) = read::server(&session).await?;
        if version < OLDEST {
            return Err(Error::refused(format!(
                "the server is PostgreSQL {}: databases are dropped with their connections from 13 on",
                version / 10_000
            )));
        }
        Ok(Self { admin, main: RefCell::new(Some(session.into())), version, sees_verifiers, is_superuser })
    }

    async fn strays(&self, section: &Databases, mark: &Mark) -> Result<Vec<Database>, Error> {
        let marked = self.marked(&*self.main().await?).await?;
        let owner = mark.owner.to_string();
        let strays = marked.into_iter().filter(|(name, (_, tags))| {
            tags.get(words::OWNER) == Some(&owner)
                // A comment stays on a database that is renamed: whoever has promoted a copy's keeps it.
                && mark.scope.may_have_named(&name.replace('_', "-"), MAX_NAME)
                && !is_reserved(name)
                && !section.databases.iter().any(|want| want.name == *name)
        });
        Ok(strays.map(|(name, (role, _))| Database::named(&name, &role)).collect())
    }

    /// A role of ours whose database has gone, or is not whole, is that database.
    async fn listed(&self, _: &Databases, _: &Mark) -> Result<Vec<Listed>, Error> {
        let session = self.main().await?;
        let mut listed = Vec::new();
        for (name, (role, tags)) in self.marked(&session).await? {
            let tags = if tags.contains_key(words::DATABASE) {
                let have = self.outside(&session, &Database::named(&name, &role)).await?;
                have.map(|have| have.tags).unwrap_or_default()
            } else {
                tags
            };
            listed.push(Listed { name, tags: Some(tags) });
        }
        Ok(listed)
    }

    fn held(_: &Have) -> Option<String> {
        None
    }

    async fn resolve(&self, want: &Database) -> Result<Database, Error> {
        self.complete(want).await
    }

    async fn observe(&self, want: &Database) -> Result<Option<Have>, Error> {
        let session = self.main().await?;
        let Some(mut have) = self.outside(&session, want).await? else { return Ok(None) };
        let known = have
            .database
            .as_ref()
            .is_some_and(|found| found.open && (found.tags.contains_key(words::OWNER) || have.adopt));
        if known && plan::looks_inside(want) && !have.is_half_made() {
            let mut inside = self.inside(want).await?;
            inside.changed = changed(&want.seed, &inside.seeds);
            have.inside = Some(inside);
        }
        Ok(Some(have))
    }

    fn keeps(want: &Database) -> Option<&Place> {
        secret_output(want).map(|output| &output.place)
    }

    fn remember(want: Database, have: Option<&Have>, kept: Option<Hidden>) -> Database {
        let role = have.and_then(|have| have.role.as_ref());
        let output = secret_output(&want);
        let kept = kept.zip(output).and_then(|(kept, output)| recalled(output.value, &kept));
        // Only what the role has had until now is given up for another token. What is kept and not the role's yet is
        // of a run that was killed, or that goes on beside this one.
        let stale = |kept: &Hidden| {
            role.is_some_and(|role| {
                role.rotated() != want.rotate && role.prints().is_some_and(|prints| prints.is_of(kept))
            })
        };
        let password = kept.filter(|kept| !stale(kept));
        Database { password: Some(password.unwrap_or_else(password::new)), ..want }
    }

    fn tags(have: &Have) -> Option<&Tags> {
        Some(&have.tags)
    }

    fn touches(have: &Have) -> Vec<(String, &Tags)> {
        let role = have.role.iter().filter(|role| role.is_marked());
        role.map(|role| ("its role".to_owned(), &role.tags)).collect()
    }

    fn adopts(want: &Database) -> bool {
        want.adopt
    }

    fn plan(want: &Database, have: Option<&Have>) -> Change {
        plan::change(want, have)
    }

    async fn apply(&self, want: &Database, change: &Change, marks: &Edit) -> Result<(), Error> {
        match change {
            Change::Keep | Change::Delete | Change::Refuse(_) => Ok(()),
            Change::Create(_) | Change::Update(_) => self.make(want, marks).await,
        }
    }

    fn settles(&self) -> Duration {
        Duration::ZERO
    }

    fn warnings(_: &Database, have: &Have) -> Vec<String> {
        let changed = have.inside.iter().flat_map(|inside| &inside.changed);
        changed.map(|file| format!("seed {file} has changed since it ran, and does not run again")).collect()
    }

    async fn delete(&self, want: &Database, have: &Have) -> Result<(), Error> {
        self.drop(want, have).await
    }

    fn outputs(want: &Database, have: Option<&Have>) -> Vec<Output> {
        let address = have.map(|have| &have.address).or(want.address.as_ref());
        let value = |value: Value| {
            // A password is known before anything is made; all else is told of what is there.
            let address = address.filter(|_| have.is_some() || value.is_secret())?;
            value_of(want, value, address)
        };
        want.outputs
            .iter()
            .map(|output| Output {
                place: output.place.clone(),
                value: value(output.value).map(Hidden::from),
            })
            .collect()
    }
}

/// The oldest server that drops a database with its connections.
const OLDEST: i32 = 130_000;

impl Server {
    async fn main(&self) -> Result<Rc<Session>, Error> {
        if let Some(session) = self.main.borrow().as_ref().filter(|session| !session.is_closed()) {
            return Ok(Rc::clone(session));
        }
        let session = Rc::new(self.admin.open().await?);
        *self.main.borrow_mut() = Some(Rc::clone(&session));
        Ok(session)
    }

    fn address(&self) -> Address {
        let Admin { host, port, tls, config: _ } = &self.admin;
        Address { host: host.clone(), port: *port, sslmode: tls.mode() }
    }
}

/// The output in which the password is kept.
fn secret_output(want: &Database) -> Option<&Bound<Value>> {
    want.outputs.iter().find(|output| output.value.is_secret())
}

/// What RFC 3986 lets stand as it is.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

fn value_of(want: &Database, value: Value, address: &Address) -> Option<String> {
    let Address { host, port, sslmode } = address;
    let plain = |text: &str| utf8_percent_encode(text, PLAIN).to_string();
    let (name, user) = (plain(&want.name), plain(&want.role));
    let site = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
    let password = || want.password.as_ref().map(|password| password.reveal().to_owned());
    Some(match value {
        Value::Url => format!("postgresql://{user}:{}@{site}/{name}?sslmode={sslmode}", password()?),
        Value::JdbcUrl => {
            let password = password()?;
            format!("jdbc:postgresql://{site}/{name}?user={user}&password={password}&sslmode={sslmode}")
        }
        Value::Host => host.clone(),
        Value::Port => port.to_string(),
        Value::Name => want.name.clone(),
        Value::User => want.role.clone(),
        Value::Password => password()?,
    })
}

/// The password in a value that was told before.
fn recalled(value: Value, kept: &Hidden) -> Option<Hidden> {
    let kept = kept.reveal();
    let password = match value {
        Value::Password => kept,
        Value::Url => kept.strip_prefix("postgresql://")?.split_once('@')?.0.split_once(':')?.1,
        Value::JdbcUrl => kept.split_once("&password=")?.1.split('&').next()?,
        Value::Host | Value::Port | Value::Name | Value::User => return None,
    };
    (!password.is_empty()).then(|| password.to_owned().into())
}

/// The files whose text is not the one that ran. One that cannot be read now is not needed any more.
fn changed(files: &[PathBuf], ran: &BTreeMap<String, String>) -> Vec<String> {
    let changed = files.iter().filter_map(|file| {
        let name = file.display().to_string();
        let text = seed::read(file).ok()?;
        ran.get(&name).filter(|print| **print != password::print(&text)).map(|_| name)
    });
    changed.collect()
}

#[cfg(test)]
mod tests;

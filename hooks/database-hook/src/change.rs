//! A database and its role: made, changed, marked. One hook at a time: whoever holds the lock of its name.
//!
//! The role is first, with the mark, and says that its database is being made; the database's own mark is
//! last. Whoever is killed in between leaves what the next run knows for its own.

use feature::words;
use provision::{
    config::database::{Database, Locale, LocaleProvider, On, Strategy},
    error::Error,
    marks::{Edit, Tags, is_of_mark, whose},
};

use crate::{
    Have, Role, Server, comment, inside, own,
    password::{self, Prints},
    plan, seed,
    session::{Session, turn},
    sql,
};

/// From this size of a template on, copying its files is faster than writing them through the log.
const LARGE: i64 = 256 * 1024 * 1024;

impl Server {
    /// Makes the database be as it should, from whatever is there.
    pub(crate) async fn make(&self, want: &Database, marks: &Edit) -> Result<(), Error> {
        let session = self.admin.open().await?;
        session.lock(&want.name).await?;
        let have = self.outside(&session, want).await?;
        let there = have.as_ref().map(|have| have.tags.clone()).unwrap_or_default();
        // Somebody else has come in between: the engine looks again, and says whose it is.
        if there.contains_key(words::OWNER) && whose(&there) != marks.whose {
            return Ok(());
        }
        let mark = marked(there, marks);
        // Only some of the mark was to be changed, and somebody has deleted the rest with all that had it.
        if !mark.contains_key(words::OWNER) {
            return Ok(());
        }
        let whole = have.as_ref().is_some_and(|have| have.database.is_some() && !have.is_half_made());
        let nobodys = match &have {
            None if want.adopt => self.role(&session, &want.role).await?.filter(|role| !role.is_marked()),
            _ => None,
        };
        let role = have.as_ref().map_or(nobodys.as_ref(), |have| have.role.as_ref());
        if !self.make_role(&session, want, role, &mark, whole).await? {
            return Ok(());
        }
        if !whole {
            if have.as_ref().is_none_or(|have| have.database.is_none()) {
                match self.make_database(&session, want).await {
                    Ok(true) => {}
                    Ok(false) => return Ok(()),
                    // What the server does not take leaves nothing behind.
                    Err(refused @ Error::Refused(_)) if role.is_none() => {
                        session.run(&format!("DROP ROLE {}", sql::name(&want.role))).await?;
                        return Err(refused);
                    }
                    Err(other) => return Err(other),
                }
            }
            if want.template.is_some() {
                own::take(&self.admin.open_in(&want.name).await?, &want.role).await?;
            }
        }
        self.mark(&session, want, &mark).await?;
        self.settle(&session, want, have.as_ref()).await
    }

    /// The role, with the mark, which says whether its database is whole; false where somebody was quicker.
    async fn make_role(
        &self,
        session: &Session,
        want: &Database,
        role: Option<&Role>,
        mark: &Tags,
        whole: bool,
    ) -> Result<bool, Error> {
        let name = sql::name(&want.role);
        let mut tags = role.map(|role| role.tags.clone()).unwrap_or_default();
        tags.retain(|key, _| mark.contains_key(key) || !is_of_mark(key));
        tags.extend(mark.clone());
        tags.insert(words::DATABASE.to_owned(), want.name.clone());
        if !whole {
            tags.insert(words::MAKING.to_owned(), "true".to_owned());
        }
        let mut statements = Vec::new();
        match role {
            None => statements.push(format!("CREATE ROLE {name} LOGIN")),
            Some(role) if !role.login => statements.push(format!("ALTER ROLE {name} LOGIN")),
            Some(_) => {}
        }
        if role.is_none_or(|role| role.tags != tags) {
            statements.push(comment::on_role(&want.role, &tags));
        }
        if role.is_none() && !self.is_superuser {
            // Who is no superuser makes nothing for a role that he does not belong to.
            statements.push(format!("GRANT {name} TO CURRENT_USER"));
        }
        if statements.is_empty() {
            return Ok(true);
        }
        statements.insert(0, turn());
        session.makes(&statements).await
    }

    /// False where somebody was quicker.
    async fn make_database(&self, session: &Session, want: &Database) -> Result<bool, Error> {
        let mut sql = format!("CREATE DATABASE {} OWNER {}", sql::name(&want.name), sql::name(&want.role));
        let Locale { encoding, collate, ctype, provider, icu } = &want.locale;
        match &want.template {
            Some(template) => {
                sql += &format!(" TEMPLATE {}", sql::name(template.name()));
                sql += self.strategy(session, want.strategy, template.name()).await?;
            }
            // The one that has no texts yet whose order could be another.
            None if want.locale.is_given() => sql += " TEMPLATE template0",
            None => {}
        }
        let provider = provider.map(LocaleProvider::as_str);
        for (key, value) in [
            ("ENCODING", encoding.as_deref()),
            ("LC_COLLATE", collate.as_deref()),
            ("LC_CTYPE", ctype.as_deref()),
            ("LOCALE_PROVIDER", provider),
            ("ICU_LOCALE", icu.as_deref()),
        ] {
            if let Some(value) = value {
                sql += &format!(" {key} {}", sql::text(value));
            }
        }
        session.makes(&[sql]).await
    }

    /// How the template is copied, as SQL says it.
    async fn strategy(
        &self,
        session: &Session,
        wanted: Strategy,
        template: &str,
    ) -> Result<&'static str, Error> {
        // Before 15 there was one way.
        if self.version < 150_000 {
            return Ok("");
        }
        let files = " STRATEGY FILE_COPY";
        match wanted {
            Strategy::WalLog => Ok(" STRATEGY WAL_LOG"),
            Strategy::FileCopy => Ok(files),
            Strategy::Auto => {
                let row = session.row("SELECT pg_database_size($1::name)", &[&template]).await?;
                if row.is_none_or(|row| row.get::<_, i64>(0) < LARGE) {
                    return Ok("");
                }
                if self.version >= 180_000 {
                    // Where the file system shares blocks the server copies none; where it cannot, it says so.
                    drop(session.try_run("SET file_copy_method = 'clone'").await);
                }
                Ok(files)
            }
        }
    }

    /// The mark on both, and that the database is whole.
    async fn mark(&self, session: &Session, want: &Database, mark: &Tags) -> Result<(), Error> {
        let have = self.outside(session, want).await?;
        let mut statements = Vec::new();
        if let Some(role) = have.as_ref().and_then(|have| have.role.as_ref()) {
            let mut tags = role.tags.clone();
            tags.remove(words::MAKING);
            if tags != role.tags {
                statements.push(comment::on_role(&want.role, &tags));
            }
        }
        if have.and_then(|have| have.database).is_none_or(|found| found.tags != *mark) {
            statements.push(comment::on_database(&want.name, mark));
        }
        session.together(&statements).await
    }

    /// What can be changed in a database that is there.
    async fn settle(&self, session: &Session, want: &Database, have: Option<&Have>) -> Result<(), Error> {
        let name = sql::name(&want.name);
        let role = sql::name(&want.role);
        let found = have.and_then(|have| have.database.as_ref());
        let mut statements = Vec::new();
        if found.is_some_and(|found| found.owner != want.role) {
            statements.push(format!("ALTER DATABASE {name} OWNER TO {role}"));
        }
        if found.is_some_and(|found| plan::is_shut(want, found)) {
            statements.push(format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true"));
        }
        if let Some(limit) = want.connection_limit {
            statements.push(format!("ALTER DATABASE {name} CONNECTION LIMIT {limit}"));
        }
        if want.revoke_public_connect {
            statements.push(format!("REVOKE CONNECT ON DATABASE {name} FROM PUBLIC"));
        }
        for grant in want.grants.iter().filter(|grant| grant.on == On::Database) {
            let (privileges, to) = inside::spoken(grant);
            statements.push(format!("GRANT {privileges} ON DATABASE {name} TO {to}"));
        }
        if !statements.is_empty() {
            statements.insert(0, turn());
            session.together(&statements).await?;
        }
        if plan::looks_inside(want) && found.is_none_or(|found| found.open || !want.is_template) {
            let within = self.admin.open_in(&want.name).await?;
            inside::settle(&within, want).await?;
            seed::run(&self.admin, &within, want).await?;
        }
        if want.is_template {
            // Last: whoever copies it finds all that was asked for in it.
            session.run(&format!("ALTER DATABASE {name} IS_TEMPLATE true")).await?;
        }
        self.set_password(session, want).await
    }

    /// The role's password, as what verifies it, together with what tells it from another.
    async fn set_password(&self, session: &Session, want: &Database) -> Result<(), Error> {
        let Some(wanted) = &want.password else { return Ok(()) };
        let Some(role) = self.role(session, &want.role).await? else { return Ok(()) };
        if plan::password_is_set(want, &role) {
            return Ok(());
        }
        let verifier = password::verifier(wanted);
        let mut tags = role.tags;
        tags.insert(words::PASSWORD.to_owned(), Prints::new(wanted, &verifier).to_string());
        tags.insert(words::ROTATE.to_owned(), want.rotate.clone());
        session
            .together(&[
                turn(),
                format!("ALTER ROLE {} PASSWORD {}", sql::name(&want.role), sql::text(&verifier)),
                comment::on_role(&want.role, &tags),
            ])
            .await
    }
}

/// Whether the edit says what is there already of whose it is.
/// What is there with the edit.
fn marked(mut there: Tags, marks: &Edit) -> Tags {
    for key in &marks.remove {
        there.remove(key);
    }
    // These are the role's own.
    for key in [words::DATABASE, words::MAKING, words::PASSWORD, words::ROTATE] {
        there.remove(key);
    }
    there.extend(marks.set.clone());
    there
}

//! What a database needs that is not there yet: found out before anything is written.

use provision::{
    config::database::{Database, On, Template},
    error::Error,
};

use crate::{Found, Server, plan, seed, session::Session, sql};

impl Server {
    /// The want with all that the server says of what it needs; [`Error::Refused`] where it cannot be had.
    pub(crate) async fn complete(&self, want: &Database) -> Result<Database, Error> {
        let session = self.main().await?;
        let there = self.outside(&session, want).await?;
        let found = there.as_ref().and_then(|have| have.database.as_ref());
        self.role_is_free(&session, want, found).await?;
        if found.is_none() {
            self.locale(&session, want).await?;
            match &want.template {
                Some(template) => Self::template(&session, template).await?,
                None => schemas(want)?,
            }
        }
        let roles: Vec<String> = want.grants.iter().map(|grant| grant.role.clone()).collect();
        let known = "SELECT rolname::text FROM pg_roles WHERE rolname = ANY($1) UNION SELECT 'public'";
        let roles_there = self.known(&session, known, &roles).await?;
        if let Some(role) = roles.iter().find(|role| !roles_there.contains(*role)) {
            return Err(Error::refused(format!("grants: there is no role {role:?}")));
        }
        for extension in &want.extensions {
            let version = extension.version.as_deref();
            let sql = "SELECT EXISTS (SELECT FROM pg_available_extension_versions WHERE name = $1 AND ($2::text IS \
                       NULL OR version = $2))";
            let row = session.row(sql, &[&extension.name, &version]).await?;
            if !row.is_some_and(|row| row.get(0)) {
                let version = version.map_or_else(String::new, |version| format!(" of version {version}"));
                let name = &extension.name;
                return Err(Error::refused(format!("extensions: the server has no {name}{version}")));
            }
        }
        for file in &want.seed {
            let Err(error) = seed::read(file) else { continue };
            // What ran already need not be there any more.
            if found.is_none() || !self.inside(want).await?.seeds.contains_key(&file.display().to_string()) {
                return Err(error);
            }
        }
        Ok(Database { address: Some(self.address()), ..want.clone() })
    }

    /// What of encoding and locale the server's catalogs can tell.
    async fn locale(&self, session: &Session, want: &Database) -> Result<(), Error> {
        if let Some(encoding) = &want.locale.encoding {
            let row = session.row("SELECT pg_char_to_encoding($1::text::name)", &[encoding]).await?;
            if row.is_none_or(|row| row.get::<_, i32>(0) < 0) {
                return Err(Error::refused(format!("the server has no encoding {encoding:?}")));
            }
        }
        if let Some(Template::Golden(name) | Template::Live(name)) = &want.template
            && let Some(found) = self.database(session, name).await?
            && let Some(reason) = plan::fixed(&want.locale, &found)
        {
            return Err(Error::refused(format!("template {name}: {reason}")));
        }
        Ok(())
    }

    async fn template(session: &Session, template: &Template) -> Result<(), Error> {
        let name = match template {
            // It is made, and made a template, before it is needed.
            Template::Own(_) => return Ok(()),
            Template::Golden(name) | Template::Live(name) => name,
        };
        let row = session.row("SELECT datistemplate FROM pg_database WHERE datname = $1", &[&name]).await?;
        let Some(row) = row else {
            return Err(Error::refused(format!("template: there is no database {name:?}")));
        };
        match template {
            Template::Golden(_) if !row.get::<_, bool>(0) => Err(Error::refused(format!(
                "template: {name} is no template but a database in use: make one of it (ALTER DATABASE {} \
                 IS_TEMPLATE true), or say liveTemplate",
                sql::name(name)
            ))),
            _ => Ok(()),
        }
    }

    /// Refuses a role that is there and whose it is not, and another one than the database was made with.
    async fn role_is_free(
        &self,
        session: &Session,
        want: &Database,
        found: Option<&Found>,
    ) -> Result<(), Error> {
        if let Some(found) = found.filter(|found| found.owner != want.role)
            && self.role(session, &found.owner).await?.is_some_and(|role| role.is_of(&want.name))
        {
            return Err(Error::refused(format!(
                "its role is {} and stays what the database was made with: {} needs a new one",
                found.owner, want.role
            )));
        }
        let Some(role) = self.role(session, &want.role).await? else { return Ok(()) };
        let owns = found.is_some_and(|found| found.owner == want.role);
        match role.tags.get(feature::words::DATABASE) {
            Some(database) if role.is_marked() && *database != want.name => Err(Error::refused(format!(
                "role {} is there already and owns database {database}: name another with `role`",
                want.role
            ))),
            _ if !role.is_marked() && !want.adopt && !owns => Err(Error::refused(format!(
                "role {} is there without a mark of ours: name another with `role`, or say `adopt: true` to take it \
                 over",
                want.role
            ))),
            _ => Ok(()),
        }
    }
}

/// Refuses a schema of which a database without a template has nothing.
fn schemas(want: &Database) -> Result<(), Error> {
    let there = |schema: &String| schema == "public" || want.schemas.contains(schema);
    let of_extensions = want.extensions.iter().filter_map(|extension| extension.schema.as_ref());
    let of_grants = want.grants.iter().filter_map(|grant| match &grant.on {
        On::Database => None,
        On::Schema(schema) | On::TablesIn(schema) => Some(schema),
    });
    match of_extensions.chain(of_grants).find(|schema| !there(schema)) {
        Some(schema) => {
            Err(Error::refused(format!("there is going to be no schema {schema:?}: name it in schemas too")))
        }
        None => Ok(()),
    }
}

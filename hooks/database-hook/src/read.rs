//! What the server says of a database, its role, and what is inside.

use std::collections::{BTreeMap, BTreeSet};

use provision::{
    config::database::{Database, On},
    error::Error,
    marks::Tags,
};

use crate::{Found, Granted, Have, Inside, Role, Server, comment, password, seed, session::Session};

impl Server {
    /// The database and its role; nothing where neither is there, or only a role that is somebody else's.
    pub(crate) async fn outside(&self, session: &Session, want: &Database) -> Result<Option<Have>, Error> {
        let mut database = self.database(session, &want.name).await?;
        let role = self.role(session, &want.role).await?;
        // A role of another database is none of this one's.
        let role = role.filter(|role| !role.is_marked() || role.is_of(&want.name));
        let making = role.as_ref().is_some_and(Role::is_making);
        if database.as_ref().is_some_and(|found| found.tags.is_empty()) && !making {
            // Another hook may have just made it, which marks it before it says so of the role: what was without a
            // mark before the role was read may have one now.
            database = self.database(session, &want.name).await?;
        }
        let tags = match (&database, &role) {
            (Some(found), Some(role)) if found.tags.is_empty() && making && found.owner == want.role => {
                role.tags.clone()
            }
            (Some(found), _) => found.tags.clone(),
            (None, Some(role)) if role.is_of(&want.name) => role.tags.clone(),
            (None, _) => return Ok(None),
        };
        let address = self.address();
        Ok(Some(Have { address, tags, database, role, inside: None, adopt: want.adopt }))
    }

    pub(crate) async fn database(&self, session: &Session, name: &str) -> Result<Option<Found>, Error> {
        let icu = if self.version >= 170_000 { "d.datlocale" } else { "d.daticulocale" };
        let provider = if self.version >= 150_000 { "d.datlocprovider::text" } else { "'c'::text" };
        let icu = if self.version >= 150_000 { icu } else { "NULL::text" };
        let row = session
            .row(
                &format!(
                    "SELECT shobj_description(d.oid, 'pg_database'), pg_get_userbyid(d.datdba)::text, \
                     pg_encoding_to_char(d.encoding)::text, d.datcollate::text, d.datctype::text, {provider}, \
                     {icu}::text, d.datconnlimit, d.datallowconn, d.datistemplate, \
                     ARRAY(SELECT COALESCE(r.rolname, 'public') || '/' || a.privilege_type \
                     FROM aclexplode(COALESCE(d.datacl, acldefault('d', d.datdba))) a \
                     LEFT JOIN pg_roles r ON r.oid = a.grantee) \
                     FROM pg_database d WHERE d.datname = $1"
                ),
                &[&name],
            )
            .await?;
        let Some(row) = row else { return Ok(None) };
        let granted: Vec<String> = row.get(10);
        Ok(Some(Found {
            tags: comment::read(row.get(0)),
            owner: row.get(1),
            encoding: row.get(2),
            collate: row.get(3),
            ctype: row.get(4),
            provider: if row.get::<_, &str>(5) == "i" { "icu" } else { "libc" },
            icu: row.get(6),
            connection_limit: row.get(7),
            open: row.get(8),
            is_template: row.get(9),
            granted: granted.into_iter().collect(),
        }))
    }

    pub(crate) async fn role(&self, session: &Session, name: &str) -> Result<Option<Role>, Error> {
        // Only a superuser sees what passwords are verified by.
        let verifier = if self.sees_verifiers {
            "(SELECT COALESCE(a.rolpassword, '') FROM pg_authid a WHERE a.oid = r.oid)"
        } else {
            "NULL::text"
        };
        let sql = format!(
            "SELECT shobj_description(r.oid, 'pg_authid'), r.rolcanlogin, {verifier} FROM pg_roles r WHERE r.rolname = $1"
        );
        let row = session.row(&sql, &[&name]).await?;
        Ok(row.map(|row| Role {
            tags: comment::read(row.get(0)),
            login: row.get(1),
            verifier: row.get::<_, Option<&str>>(2).map(password::print),
        }))
    }

    /// What is in a database of ours, as far as the file speaks of it.
    pub(crate) async fn inside(&self, want: &Database) -> Result<Inside, Error> {
        let session = self.admin.open_in(&want.name).await?;
        let mut inside = Inside::default();
        let schemas = session
            .rows("SELECT nspname::text, pg_get_userbyid(nspowner)::text FROM pg_namespace", &[])
            .await?;
        inside.schemas = schemas.iter().map(|row| (row.get(0), row.get(1))).collect();
        let extensions = session
            .rows(
                "SELECT e.extname::text, e.extversion, n.nspname::text FROM pg_extension e JOIN pg_namespace n ON \
                 n.oid = e.extnamespace",
                &[],
            )
            .await?;
        inside.extensions = extensions.iter().map(|row| (row.get(0), (row.get(1), row.get(2)))).collect();
        for grant in &want.grants {
            for privilege in &grant.privileges {
                let there = match &grant.on {
                    On::Database => continue,
                    On::Schema(schema) if !inside.schemas.contains_key(schema) => false,
                    On::Schema(schema) => {
                        on_schema(&session, &grant.role, schema, privilege.as_str()).await?
                    }
                    On::TablesIn(schema) => {
                        on_tables(&session, want, &grant.role, schema, privilege.as_str()).await?
                    }
                };
                if there {
                    inside.granted.insert(Granted::new(&grant.role, &grant.on, *privilege));
                }
            }
        }
        if !want.seed.is_empty() {
            inside.seeds = seed::ran(&session).await?;
        }
        Ok(inside)
    }

    /// What is there of a list of names, by a query for the ones that are.
    pub(crate) async fn known(
        &self,
        session: &Session,
        sql: &str,
        names: &[String],
    ) -> Result<BTreeSet<String>, Error> {
        let rows = session.rows(sql, &[&names]).await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// Databases and roles with a mark: the database's name, its role's, and what the mark says.
    pub(crate) async fn marked(&self, session: &Session) -> Result<BTreeMap<String, (String, Tags)>, Error> {
        let mut marked = BTreeMap::<String, (String, Tags)>::new();
        let databases = session
            .rows(
                "SELECT d.datname::text, pg_get_userbyid(d.datdba)::text, shobj_description(d.oid, 'pg_database') \
                 FROM pg_database d WHERE shobj_description(d.oid, 'pg_database') IS NOT NULL",
                &[],
            )
            .await?;
        for row in databases {
            marked.insert(row.get(0), (row.get(1), comment::read(row.get(2))));
        }
        let roles = session
            .rows(
                "SELECT r.rolname::text, shobj_description(r.oid, 'pg_authid'), ARRAY(SELECT d.datname::text FROM \
                 pg_database d WHERE d.datdba = r.oid) FROM pg_roles r WHERE shobj_description(r.oid, 'pg_authid') IS \
                 NOT NULL",
                &[],
            )
            .await?;
        for row in roles {
            let tags = comment::read(row.get(1));
            let Some(database) = tags.get(feature::words::DATABASE) else { continue };
            let (role, owned): (String, Vec<String>) = (row.get(0), row.get(2));
            // Its database was given another name, or it another database: somebody goes on with it.
            if owned.iter().any(|owned| owned != database) {
                continue;
            }
            marked
                .entry(database.clone())
                .and_modify(|(owner, _)| owner.clone_from(&role))
                .or_insert((role.clone(), tags.clone()));
        }
        Ok(marked)
    }
}

async fn on_schema(session: &Session, role: &str, schema: &str, privilege: &str) -> Result<bool, Error> {
    let sql = "SELECT has_schema_privilege($1, $2, $3)";
    let row = session.row(sql, &[&role, &schema, &privilege]).await?;
    Ok(row.is_some_and(|row| row.get(0)))
}

/// Whether a role has it on all that is there, and will have it on what comes.
async fn on_tables(
    session: &Session,
    want: &Database,
    role: &str,
    schema: &str,
    privilege: &str,
) -> Result<bool, Error> {
    let sql = "SELECT EXISTS (SELECT FROM pg_default_acl d JOIN pg_namespace n ON n.oid = d.defaclnamespace, \
               aclexplode(d.defaclacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee WHERE d.defaclobjtype = 'r' AND \
               pg_get_userbyid(d.defaclrole) = $4 AND n.nspname = $2 AND COALESCE(r.rolname, 'public') = $1 AND \
               a.privilege_type = $3) AND NOT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = \
               c.relnamespace WHERE n.nspname = $2 AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT \
               has_table_privilege($1, c.oid, $3))";
    let row = session.row(sql, &[&role, &schema, &privilege, &want.role]).await?;
    Ok(row.is_some_and(|row| row.get(0)))
}

/// What the server is: its version, and whether its verifiers can be read.
pub(crate) async fn server(session: &Session) -> Result<(i32, bool, bool), Error> {
    let row = session
        .row(
            "SELECT current_setting('server_version_num')::int, has_table_privilege('pg_authid', 'SELECT'), \
             (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)",
            &[],
        )
        .await?;
    let row = row.ok_or_else(|| Error::internal("the server says nothing of itself"))?;
    Ok((row.get(0), row.get(1), row.get(2)))
}

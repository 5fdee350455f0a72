//! A database and its role taken away, with whatever is still connected. Whose they are the engine has looked up;
//! here it is looked at again, under the lock.

use provision::{
    config::database::{Database, is_reserved},
    error::Error,
    marks::whose,
};

use crate::{Have, Server, session::turn, sql};

impl Server {
    /// Drops the database, and the role that was made for it. Fine where they have gone.
    /// Whoever has made one of that name since it was seen keeps it.
    pub(crate) async fn drop(&self, want: &Database, seen: &Have) -> Result<(), Error> {
        let (name, role) = (sql::name(&want.name), sql::name(&want.role));
        if is_reserved(&want.name) || is_reserved(&want.role) {
            return Err(Error::refused("it is the server's own, and stays"));
        }
        let session = self.admin.open().await?;
        session.lock(&want.name).await?;
        let Some(have) = self.outside(&session, want).await? else { return Ok(()) };
        if whose(&have.tags) != whose(&seen.tags) {
            return Err(Error::unreachable("somebody else has it since it was looked at"));
        }
        let there = session
            .row(
                "SELECT datistemplate FROM pg_database WHERE datname = $1 AND datname <> current_database()",
                &[&want.name],
            )
            .await?;
        if let Some(row) = there {
            if row.get(0) {
                return Err(Error::refused("it is a template of others, and stays (IS_TEMPLATE)"));
            }
            // Nobody comes back between the last connection and the end.
            session.run(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false")).await?;
            session.run(&format!("DROP DATABASE {name} WITH (FORCE)")).await?;
        }
        if self.role(&session, &want.role).await?.is_some_and(|role| role.is_of(&want.name)) {
            session.together(&[turn(), format!("DROP OWNED BY {role}"), format!("DROP ROLE {role}")]).await?;
        }
        Ok(())
    }
}

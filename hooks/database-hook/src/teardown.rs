//! A database and its role taken away, with whatever is still connected. Whose they are the engine has looked up
//! just before.

use provision::{
    config::database::{Database, is_reserved},
    error::Error,
};

use crate::{Server, session::turn, sql};

impl Server {
    /// Drops the database, and the role that was made for it. Fine where they have gone.
    pub(crate) async fn drop(&self, want: &Database) -> Result<(), Error> {
        let (name, role) = (sql::name(&want.name), sql::name(&want.role));
        if is_reserved(&want.name) || is_reserved(&want.role) {
            return Err(Error::refused("it is the server's own, and stays"));
        }
        let session = self.admin.open().await?;
        session.lock(&want.name).await?;
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

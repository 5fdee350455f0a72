use std::{fmt, sync::Arc, time::Duration};

use serde::Serialize;
use tokio::{sync::Mutex, time::timeout};
use tokio_postgres::{Client, Config, Error, NoTls, config::Host};

use crate::error::StoreError;

/// Who asks is told within this time.
const PATIENCE: Duration = Duration::from_secs(5);

/// The table `orders` of the database that this pod was given. There is one connection, which is made
/// when somebody asks, and made anew when the server has closed it.
pub(crate) struct Orders {
    config: Config,
    session: Mutex<Option<Arc<Client>>>,
}

/// All rows, and where they were read: as the server says it, not as the URL does.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Rows {
    pub(crate) database: String,
    pub(crate) user: String,
    pub(crate) orders: Vec<Order>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Order {
    pub(crate) id: i32,
    pub(crate) item: String,
}

// Nothing of the URL is repeated: there is a password in it.
#[derive(Debug, thiserror::Error)]
#[error(
    "variable DATABASE_URL is no URL such as postgresql://user:password@host:5432/orders?sslmode=disable"
)]
pub(crate) struct NoUrl;

impl Orders {
    /// Those of the database at `url`, which is not asked yet.
    pub(crate) fn at(url: &str) -> Result<Self, NoUrl> {
        let mut config: Config = url.parse().map_err(|_| NoUrl)?;
        if config.get_hosts().is_empty() || config.get_dbname().is_none() {
            return Err(NoUrl);
        }
        config.connect_timeout(PATIENCE).application_name("api");
        Ok(Self { config, session: Mutex::default() })
    }

    /// The oldest first.
    pub(crate) async fn all(&self) -> Result<Rows, StoreError> {
        self.answered("read orders of", async {
            let client = self.client().await?;
            let place = client.query_one("SELECT current_database(), current_user", &[]).await?;
            let rows = client.query("SELECT id, item FROM orders ORDER BY id", &[]).await?;
            let order =
                |row: &tokio_postgres::Row| Ok(Order { id: row.try_get("id")?, item: row.try_get("item")? });
            let orders = rows.iter().map(order).collect::<Result<_, Error>>()?;
            Ok(Rows { database: place.try_get(0)?, user: place.try_get(1)?, orders })
        })
        .await
    }

    /// Adds one, and returns its id.
    pub(crate) async fn add(&self, item: &str) -> Result<i32, StoreError> {
        self.answered("add an order to", async {
            let client = self.client().await?;
            client.query_one("INSERT INTO orders (item) VALUES ($1) RETURNING id", &[&item]).await?.try_get(0)
        })
        .await
    }

    /// The connection. The URL says `disable` where it means it: this service has no TLS, and what asks
    /// for it is refused.
    async fn client(&self) -> Result<Arc<Client>, Error> {
        let mut session = self.session.lock().await;
        if let Some(client) = session.as_ref().filter(|client| !client.is_closed()) {
            return Ok(client.clone());
        }
        let (client, connection) = self.config.connect(NoTls).await?;
        // Its error is that of the question which then fails.
        tokio::spawn(connection);
        Ok(session.insert(client.into()).clone())
    }

    async fn answered<T>(
        &self,
        act: &'static str,
        answer: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, StoreError> {
        let failed = |cause| StoreError { act, place: self.to_string(), cause };
        match timeout(PATIENCE, answer).await {
            Ok(answer) => answer.map_err(|error| failed(hop::chain(&error))),
            Err(_) => {
                // Who does not answer is not asked again by the same connection.
                *self.session.lock().await = None;
                Err(failed(format!("no answer in {} s", PATIENCE.as_secs())))
            }
        }
    }
}

/// Where the database is, without the password.
impl fmt::Display for Orders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = match self.config.get_hosts().first() {
            Some(Host::Tcp(host)) => host.clone(),
            Some(Host::Unix(path)) => path.display().to_string(),
            None => String::new(),
        };
        let port = self.config.get_ports().first().unwrap_or(&5432);
        write!(f, "{} at {host}:{port}", self.config.get_dbname().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_or_refused_and_its_password_never_told() {
        let cases = [
            ("postgresql://me:secret@db.test/orders", Some("orders at db.test:5432")),
            ("postgresql://me:secret@db.test:5433/orders?sslmode=disable", Some("orders at db.test:5433")),
            ("postgresql://me:secret@[::1]:5433/orders", Some("orders at ::1:5433")),
            ("postgresql://me:secret@db.test/", None),
            ("postgresql:///orders", None),
            ("postgresql://me:secret@db.test/orders?sslmode=verify-full", None),
            ("mysql://me:secret@db.test/orders", None),
            ("", None),
        ];
        for (url, want) in cases {
            let said = Orders::at(url).map_or_else(|error| error.to_string(), |orders| orders.to_string());
            match want {
                Some(want) => assert_eq!(said, want, "{url}"),
                None => assert!(said.starts_with("variable DATABASE_URL is no URL"), "{url}: {said}"),
            }
            assert!(!said.contains("sec"), "{said}");
        }
    }
}

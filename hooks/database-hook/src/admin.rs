//! The URL of the administrator, in the words of libpq: where the server is, as whom it is spoken to, and how
//! far it has to prove that it is itself. Nothing here connects.
//!
//! There is no mode that falls back to plain text: who wants that says `sslmode=disable`.

use std::{fmt, path::PathBuf, str::FromStr};

use percent_encoding::percent_decode_str;
use provision::error::Error;
use tokio_postgres::config::{Config, Host, SslMode};

/// How the server is reached.
#[derive(Clone)]
pub(crate) struct Admin {
    /// All but TLS; whoever shows it shows the password.
    pub(crate) config: Config,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) tls: Tls,
}

/// What is asked of the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Tls {
    /// None at all: plain text.
    Disable,
    On {
        verify: Verify,
        roots: Roots,
        /// A certificate and its key, in PEM.
        client: Option<(PathBuf, PathBuf)>,
    },
}

/// What the server has to prove.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verify {
    Nothing,
    /// That somebody trusted has signed it.
    Ca,
    /// That, and its name.
    Full,
}

/// Who is trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Roots {
    System,
    File(PathBuf),
}

impl fmt::Display for Admin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// The parameters that are about TLS, as the URL has them.
#[derive(Default)]
struct Written {
    mode: Option<String>,
    root: Option<String>,
    cert: Option<String>,
    key: Option<String>,
}

impl FromStr for Admin {
    type Err = Error;

    /// No error repeats any of the URL's values.
    fn from_str(url: &str) -> Result<Self, Error> {
        let scheme = url.split_once("://").map_or("", |(scheme, _)| scheme);
        match scheme {
            "postgres" | "postgresql" => {}
            "mysql" | "mariadb" => {
                return Err(wrong(
                    "is MySQL's, which is out for now: database-hook speaks with PostgreSQL alone",
                ));
            }
            _ => return Err(wrong("is no URL such as postgresql://user:password@host:5432/postgres")),
        }
        let (head, query) = url.split_once('?').unwrap_or((url, ""));
        let mut written = Written::default();
        let mut rest = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let place = match key {
                "sslmode" => &mut written.mode,
                "sslrootcert" => &mut written.root,
                "sslcert" => &mut written.cert,
                "sslkey" => &mut written.key,
                key if key.starts_with("ssl") && key != "sslnegotiation" => {
                    return Err(wrong(&format!("has {key}, which is not supported")));
                }
                _ => {
                    rest.push(pair);
                    continue;
                }
            };
            let value = percent_decode_str(value).decode_utf8();
            *place = Some(value.map_err(|_| wrong(&format!("has a {key} that is no text")))?.into_owned());
        }
        let tls = written.check()?;
        let mut config: Config = format!("{head}?{}", rest.join("&"))
            .parse()
            .map_err(|error: tokio_postgres::Error| wrong(&format!("cannot be read: {}", cause(&error))))?;
        config.ssl_mode(if tls == Tls::Disable { SslMode::Disable } else { SslMode::Require });
        let host = match config.get_hosts() {
            [Host::Tcp(host)] => host.clone(),
            [Host::Unix(path)] => path.display().to_string(),
            [] => return Err(wrong("names no host")),
            _ => return Err(wrong("names more than one host: a hook speaks with one server")),
        };
        if config.get_user().is_none_or(str::is_empty) {
            return Err(wrong("names no user"));
        }
        let port = config.get_ports().first().copied().unwrap_or(5432);
        Ok(Self { config, host, port, tls })
    }
}

impl Written {
    fn check(self) -> Result<Tls, Error> {
        let Self { mode, root, cert, key } = self;
        let verify = match (mode.as_deref(), &root) {
            (Some("disable"), None) if cert.is_none() && key.is_none() => return Ok(Tls::Disable),
            (Some("disable"), _) => {
                return Err(wrong("has sslmode=disable beside certificates: leave one of them out"));
            }
            (Some("require"), None) => Verify::Nothing,
            // As libpq does: who gives a root wants it to be used.
            (Some("require"), Some(_)) | (Some("verify-ca"), _) => Verify::Ca,
            (Some("verify-full") | None, _) => Verify::Full,
            (Some("prefer" | "allow"), _) => {
                return Err(wrong(
                    "has an sslmode that falls back to plain text: say disable, require, verify-ca or verify-full",
                ));
            }
            (Some(_), _) => {
                return Err(wrong(
                    "has an sslmode that is none of disable, require, verify-ca and verify-full",
                ));
            }
        };
        let roots = match root.as_deref() {
            None | Some("system") => Roots::System,
            Some(path) => Roots::File(path.into()),
        };
        let client = match (cert, key) {
            (None, None) => None,
            (Some(cert), Some(key)) => Some((cert.into(), key.into())),
            _ => return Err(wrong("has one of sslcert and sslkey, which need each other")),
        };
        Ok(Tls::On { verify, roots, client })
    }
}

impl Tls {
    /// What clients of the same server are told.
    pub(crate) fn mode(&self) -> &'static str {
        match self {
            Self::Disable => "disable",
            Self::On { verify: Verify::Nothing, .. } => "require",
            Self::On { verify: Verify::Ca, .. } => "verify-ca",
            Self::On { verify: Verify::Full, .. } => "verify-full",
        }
    }
}

fn wrong(why: &str) -> Error {
    Error::config(format!("the URL of adminUrl {why}"))
}

/// The cause alone, which says what kind of thing is wrong, and no value.
fn cause(error: &tokio_postgres::Error) -> String {
    use std::error::Error as _;
    error.source().map_or_else(|| "it is no URL".to_owned(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "postgresql://admin:s3cret@db.infra:5433/postgres";

    #[test]
    fn a_url_says_how_the_server_proves_itself_and_plain_text_only_by_word() {
        let on = |verify, roots: Roots, client: bool| Tls::On {
            verify,
            roots,
            client: client.then(|| ("/c.pem".into(), "/k.pem".into())),
        };
        let file = || Roots::File("/ca.pem".into());
        let cases = [
            ("", on(Verify::Full, Roots::System, false)),
            ("?sslmode=disable", Tls::Disable),
            ("?sslmode=require", on(Verify::Nothing, Roots::System, false)),
            ("?sslmode=require&sslrootcert=/ca.pem", on(Verify::Ca, file(), false)),
            ("?sslmode=verify-ca&sslrootcert=%2Fca.pem", on(Verify::Ca, file(), false)),
            ("?sslmode=verify-full&sslrootcert=system", on(Verify::Full, Roots::System, false)),
            ("?sslrootcert=/ca.pem&sslcert=/c.pem&sslkey=/k.pem", on(Verify::Full, file(), true)),
            ("?application_name=x&sslmode=disable&connect_timeout=3", Tls::Disable),
        ];
        for (query, tls) in cases {
            let admin: Admin =
                format!("{HEAD}{query}").parse().unwrap_or_else(|error| panic!("{query}: {error}"));
            assert_eq!((admin.tls, admin.port, admin.host.as_str()), (tls, 5433, "db.infra"), "{query}");
        }
    }

    #[test]
    fn a_url_that_would_mean_something_else_is_refused_without_its_password() {
        let cases = [
            ("mysql://root:s3cret@h/x".to_owned(), "MySQL"),
            ("host=h user=u password=s3cret".to_owned(), "no URL"),
            ("postgresql://u:s3cret@/x".to_owned(), "no host"),
            ("postgresql://:s3cret@h/x".to_owned(), "no user"),
            ("postgresql://u:s3cret@a,b/x".to_owned(), "more than one host"),
            ("postgresql://u:s3cret@h:s3cret/x".to_owned(), "cannot be read"),
            (format!("{HEAD}?sslmode=prefer"), "plain text"),
            (format!("{HEAD}?sslmode=allow"), "plain text"),
            (format!("{HEAD}?sslmode=s3cret"), "none of"),
            (format!("{HEAD}?sslmode=disable&sslrootcert=/x"), "beside certificates"),
            (format!("{HEAD}?sslcert=/c"), "need each other"),
            (format!("{HEAD}?sslcrl=/c"), "sslcrl, which is not supported"),
            (format!("{HEAD}?s3cretparameter=1"), "cannot be read"),
        ];
        for (url, why) in cases {
            let Err(error) = url.parse::<Admin>() else { panic!("{url} is taken") };
            assert!(error.to_string().contains(why), "{url}: {error}");
            assert!(!error.to_string().contains("s3cret") || url.contains("s3cretparameter"), "{error}");
        }
    }
}

//! Where SQS and SNS are, and as whom they are spoken to: an emulator by its URL, AWS itself by its account.
//!
//! Nothing here is looked up: what a file leaves to the environment is the environment's when the hook runs.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    Fault, Parsed,
    source::{self, Source},
};

/// How a section reaches its back end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// Absent: as the environment says, and else AWS itself.
    pub endpoint: Option<Endpoint>,
    /// Absent: as the environment says.
    pub region: Option<String>,
    /// The account that is meant; without it nothing is written to AWS itself.
    pub expect_account: Option<AccountId>,
    /// Absent: the environment's for AWS itself, and dummy ones for an emulator.
    pub credentials: Option<Credentials>,
}

/// A scheme, a host and perhaps a port, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint(String);

/// Twelve digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountId(String);

/// Where the parts of a key are; the file never holds one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    pub access_key_id: Source,
    pub secret_access_key: Source,
    pub session_token: Option<Source>,
}

impl Access {
    /// Where the back end is, for people.
    #[must_use]
    pub fn place(&self, service: &str) -> String {
        match (&self.endpoint, &self.expect_account) {
            (Some(endpoint), _) => endpoint.to_string(),
            (None, Some(account)) => format!("{service} of account {account}"),
            (None, None) => service.to_owned(),
        }
    }
}

impl Endpoint {
    /// The URL without a slash at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is AWS itself by another name, such as a VPC endpoint's.
    #[must_use]
    pub fn is_aws(&self) -> bool {
        let authority = self.0.split("://").nth(1).unwrap_or_default();
        let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        // Machines, functions and load balancers of anybody have names below these ends too.
        let service = |label: &str| matches!(label, "sqs" | "sqs-fips" | "queue" | "sns" | "sns-fips");
        [".amazonaws.com", ".amazonaws.com.cn", ".api.aws"].iter().any(|end| host.ends_with(end))
            && host.split('.').any(service)
    }
}

impl AccountId {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

const FORM: &str = "is more or less than a scheme, a host and a port (such as http://localstack.infra:4566)";

impl FromStr for Endpoint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = |why: &str| Err(format!("endpointUrl {why}"));
        let origin = text.strip_suffix('/').unwrap_or(text);
        let Some(authority) = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"))
        else {
            return error("is no http:// or https:// URL (such as http://localstack.infra:4566)");
        };
        // What stands before an @ is never repeated: it would be a password.
        if authority.contains('@') {
            return error("holds a user or a password: leave them out, an emulator needs none");
        }
        if authority.contains(['/', '?', '#']) {
            return error(FORM);
        }
        // The colons of an IPv6 address are inside of its brackets.
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (authority, None),
        };
        let legal = |b: u8| b.is_ascii_alphanumeric() || b"-._[]:".contains(&b);
        if host.is_empty() || !host.bytes().all(legal) {
            return error(FORM);
        }
        let in_range =
            |port: &str| port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|p| p > 0);
        if port.is_some_and(|port| !in_range(port)) {
            return error("has a port that is no number from 1 to 65535");
        }
        // The addresses at which a cloud tells a machine its secrets.
        if host.starts_with("169.254.") || host.eq_ignore_ascii_case("[fd00:ec2::254]") {
            return error("is a link-local address, where no emulator is");
        }
        Ok(Self(origin.to_owned()))
    }
}

impl FromStr for AccountId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit()) {
            return Ok(Self(text.to_owned()));
        }
        Err(format!("expectAccountId {text:?} is no account of AWS: 12 digits"))
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Keys of the access as a section writes them; all of them may be left out.
pub(super) struct Written {
    pub(super) endpoint_url: Option<Parsed<Endpoint>>,
    pub(super) region: Option<String>,
    pub(super) expect_account_id: Option<Parsed<AccountId>>,
    pub(super) credentials: Option<WrittenCredentials>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    rename_all = "camelCase",
    expecting = "accessKeyId and secretAccessKey, each with env or file"
)]
#[schemars(rename = "Credentials")]
pub(super) struct WrittenCredentials {
    access_key_id: source::Written,
    secret_access_key: source::Written,
    session_token: Option<source::Written>,
}

impl Written {
    pub(super) fn check(self, at: &str) -> Result<Access, Fault> {
        let Self { endpoint_url, region, expect_account_id, credentials } = self;
        let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if region.as_ref().is_some_and(|region| region.is_empty() || !region.bytes().all(legal)) {
            let fault = "region is no name of a region (such as ap-south-1)";
            return Err(Fault::new(format!("{at}.region"), fault));
        }
        Ok(Access {
            endpoint: endpoint_url.map(|Parsed(endpoint)| endpoint),
            region,
            expect_account: expect_account_id.map(|Parsed(account)| account),
            credentials: credentials
                .map(|written| written.check(&format!("{at}.credentials")))
                .transpose()?,
        })
    }
}

impl WrittenCredentials {
    fn check(self, at: &str) -> Result<Credentials, Fault> {
        let Self { access_key_id, secret_access_key, session_token } = self;
        Ok(Credentials {
            access_key_id: access_key_id.check(at, "accessKeyId")?,
            secret_access_key: secret_access_key.check(at, "secretAccessKey")?,
            session_token: session_token.map(|source| source.check(at, "sessionToken")).transpose()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_a_scheme_a_host_and_a_port() {
        let cases = [
            ("http://localstack.infra:4566", "http://localstack.infra:4566"),
            ("https://sqs.example.com/", "https://sqs.example.com"),
            ("http://10.0.0.1:1", "http://10.0.0.1:1"),
            ("http://[::1]:4566", "http://[::1]:4566"),
            ("http://[::1]", "http://[::1]"),
        ];
        for (text, endpoint) in cases {
            assert_eq!(text.parse(), Ok(Endpoint(endpoint.to_owned())), "{text}");
        }
        let bad = [
            "",
            "localstack:4566",
            "ftp://x",
            "http://",
            "http://:4566",
            "http://x:0",
            "http://x:65536",
            "http://x:",
            "http://x:+1",
            "http://x/path",
            "http://x?q",
            "http://x#f",
            "http://a b",
            "http://u:p@x",
            "http://169.254.169.254",
            "http://[fd00:ec2::254]:80",
        ];
        for text in bad {
            let error = text.parse::<Endpoint>().expect_err(text);
            assert!(!error.contains("u:p"), "{error}");
        }
    }

    #[test]
    fn aws_is_aws_by_every_name_that_it_has() {
        let aws = |text: &str| text.parse::<Endpoint>().expect(text).is_aws();
        for url in [
            "https://sqs.ap-south-1.amazonaws.com",
            "https://vpce-1.sqs.eu-west-1.vpce.amazonaws.com:443",
            "https://SQS.cn-north-1.amazonaws.com.CN",
            "https://sqs.us-east-1.api.aws",
        ] {
            assert!(aws(url), "{url}");
        }
        for url in [
            "http://amazonaws.com.evil.example",
            "http://internal-localstack-1.eu-west-1.elb.amazonaws.com:4566",
            "http://ec2-1-2-3-4.eu-west-1.compute.amazonaws.com:4566",
            "https://abc.lambda-url.eu-west-1.on.aws",
            "http://localstack.infra:4566",
            "http://[::1]:4566",
        ] {
            assert!(!aws(url), "{url}");
        }
    }
}

//! Where a service is and as whom it is spoken to, once the environment has been asked.

use std::{fmt, time::Duration};

use aws_config::{
    BehaviorVersion, Region, SdkConfig,
    default_provider::credentials::DefaultCredentialsChain,
    environment::region::EnvironmentVariableRegionProvider,
    meta::region::{ProvideRegion, RegionProviderChain},
    profile::region::ProfileFileRegionProvider,
    retry::RetryConfig,
    timeout::TimeoutConfig,
};
use aws_sdk_sts::config::{Credentials as Keys, SharedCredentialsProvider};
use aws_types::service_config::ServiceConfigKey;
use provision::{
    config::aws::{Access, Credentials, Endpoint},
    error::Error,
};

/// A service, by the SDK's own name of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    Sqs,
    Sns,
}

/// A service that is the one that is meant.
#[derive(Clone, Debug)]
pub struct Session {
    /// What a client of the service is made from, but for the endpoint.
    pub sdk: SdkConfig,
    /// The URL to override AWS's own with, whatever the environment says.
    pub url: Option<String>,
    /// The emulator's URL; none for AWS itself.
    pub emulator: Option<Endpoint>,
}

/// How long one request may take.
pub const REQUEST: Duration = Duration::from_secs(10);

/// How long AWS itself may report what was before a write; an emulator never does.
#[must_use]
pub fn settles(emulator: bool) -> Duration {
    if emulator { Duration::ZERO } else { Duration::from_mins(1) }
}

/// Where a service is, for people: also where the environment says it.
#[must_use]
pub fn place(access: &Access, service: Service) -> String {
    let variable = |name: &str| std::env::var(name).ok().filter(|url| !url.is_empty());
    let said = || variable(service.variable()).or_else(|| variable("AWS_ENDPOINT_URL"));
    match (&access.endpoint, said()) {
        // What is no endpoint is not repeated: it may hold a password.
        (None, Some(url)) if url.parse::<Endpoint>().is_ok() => url,
        _ => access.place(service.id()),
    }
}

impl Session {
    /// Finds the service, and makes sure of the account where one is expected. Sends nothing else.
    pub async fn open(access: &Access, service: Service) -> Result<Self, Error> {
        let Access { endpoint, region, expect_account, credentials } = access;
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            // The chain of credentials would look for a region of its own, and is asked where it is needed.
            .no_credentials()
            // The engine's is the only retry policy, and so is its deadline.
            .retry_config(RetryConfig::disabled())
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(Duration::from_secs(5))
                    .operation_attempt_timeout(REQUEST)
                    .build(),
            );
        // Asked for without the service of a cloud's machines, which would be waited for where there is none.
        let said = match region {
            Some(region) => Some(Region::new(region.clone())),
            None => environment().region().await,
        };
        loader = loader.region(said.clone());
        let found = loader.load().await;
        let endpoint = match endpoint {
            Some(endpoint) => Some(endpoint.clone()),
            None => configured(&found, service)?,
        };
        let emulator = endpoint.clone().filter(|endpoint| !endpoint.is_aws());
        if emulator.is_none() && expect_account.is_none() {
            let why = match &endpoint {
                Some(endpoint) => format!("{endpoint} is AWS itself"),
                None => {
                    format!("neither endpointUrl nor {} is set, so this is AWS itself", service.variable())
                }
            };
            return Err(Error::config(format!("{why}: say expectAccountId, the account that is meant")));
        }
        // The account is asked for, and a pod's token exchanged, where the environment says that STS is.
        let elsewhere = found.endpoint_url().and_then(|url| url.parse::<Endpoint>().ok());
        if let (None, Some(elsewhere)) = (&emulator, elsewhere.filter(|url| !url.is_aws())) {
            return Err(Error::config(format!(
                "{service} is AWS itself, and AWS_ENDPOINT_URL (or a profile) leads its STS to {elsewhere}: unset it"
            )));
        }
        let region = match (said, &emulator) {
            (None, None) => aws_config::default_provider::region::default_provider().region().await,
            (said, _) => said,
        };
        if region.is_none() {
            return Err(Error::config("no region: say region, or set AWS_REGION"));
        }
        let mut sdk = found.into_builder();
        sdk.set_region(region.clone());
        match (credentials, &emulator) {
            (Some(given), _) => sdk.set_credentials_provider(Some(keys(given)?)),
            // The environment's real keys must never travel to an emulator.
            (None, Some(_)) => sdk.set_credentials_provider(Some(dummy())),
            (None, None) => {
                let chain = DefaultCredentialsChain::builder().region(region).build().await;
                sdk.set_credentials_provider(Some(SharedCredentialsProvider::new(chain)))
            }
        };
        let session = Self { sdk: sdk.build(), url: endpoint.map(|endpoint| endpoint.to_string()), emulator };
        if let Some(expected) = expect_account {
            session.expect(expected.as_str()).await?;
        }
        Ok(session)
    }

    async fn expect(&self, expected: &str) -> Result<(), Error> {
        let mut config = aws_sdk_sts::config::Builder::from(&self.sdk);
        // An emulator of one service is asked for all of them.
        if let Some(emulator) = &self.emulator {
            config = config.endpoint_url(emulator.as_str());
        }
        let client = aws_sdk_sts::Client::from_conf(config.build());
        let answer = client.get_caller_identity().send().await;
        let answer = answer.map_err(|error| crate::error::classed("GetCallerIdentity", &error))?;
        match answer.account() {
            Some(account) if account == expected => Ok(()),
            Some(account) => Err(Error::refused(format!(
                "these credentials are of account {account}, and expectAccountId says {expected}: nothing was \
                 written"
            ))),
            None => Err(Error::internal("GetCallerIdentity says no account: is this STS?")),
        }
    }
}

impl Service {
    fn id(self) -> &'static str {
        match self {
            Self::Sqs => "SQS",
            Self::Sns => "SNS",
        }
    }

    /// What the SDKs call the service's own endpoint in the environment.
    fn variable(self) -> &'static str {
        match self {
            Self::Sqs => "AWS_ENDPOINT_URL_SQS",
            Self::Sns => "AWS_ENDPOINT_URL_SNS",
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// The endpoint of the environment or of a profile: the service's own before that of all.
fn configured(found: &SdkConfig, service: Service) -> Result<Option<Endpoint>, Error> {
    let key = ServiceConfigKey::builder()
        .service_id(service.id())
        .env("AWS_ENDPOINT_URL")
        .profile("endpoint_url")
        .build()
        .map_err(|error| Error::internal(format!("ask for the endpoint of {service}: {error}")))?;
    let own = found.service_config().and_then(|config| config.load_config(key));
    let url = own.or_else(|| found.endpoint_url().map(str::to_owned));
    url.map(|url| {
        url.parse().map_err(|error: String| {
            let error = error.strip_prefix("endpointUrl ").unwrap_or(&error).to_owned();
            Error::config(format!("{} or AWS_ENDPOINT_URL {error}", service.variable()))
        })
    })
    .transpose()
}

fn keys(given: &Credentials) -> Result<SharedCredentialsProvider, Error> {
    let Credentials { access_key_id, secret_access_key, session_token } = given;
    let token = session_token.as_ref().map(provision::config::source::Source::read).transpose()?;
    let keys = Keys::new(access_key_id.read()?, secret_access_key.read()?, token, None, "config");
    Ok(SharedCredentialsProvider::new(keys))
}

/// Where a region is said without a call: variables and profiles.
fn environment() -> RegionProviderChain {
    let variables = EnvironmentVariableRegionProvider::new();
    RegionProviderChain::first_try(variables).or_else(ProfileFileRegionProvider::new())
}

fn dummy() -> SharedCredentialsProvider {
    SharedCredentialsProvider::new(Keys::new("test", "test", None, None, "emulator"))
}

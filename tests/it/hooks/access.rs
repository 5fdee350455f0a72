//! As whom the hooks speak, and with whom: the environment's keys are for AWS itself, and nothing is written before
//! it is certain whose account that is.

use std::{collections::BTreeSet, fs};

use acceptance::{
    emulator::{Emulator, REGION},
    hook::{Ended, Hook, file},
    lab::lab,
    proxy::{Call, Fault, Proxy, Refusal, Which},
};

/// What the shell of somebody who works with AWS has.
const REAL: [(&str, &str); 3] = [
    ("AWS_ACCESS_KEY_ID", "AKIAQ7XW3MZLRK5TPD2V"),
    ("AWS_SECRET_ACCESS_KEY", "t0pS3cretOfTheShell/abcdefghijklmnopqrst"),
    ("AWS_SESSION_TOKEN", "IQoJb3JpZ2luTokenOfTheShell"),
];

/// Whose the emulator's things are when nobody says an account.
const NOBODY: &str = "000000000000";

type Variables<'a> = Vec<(&'a str, &'a str)>;

/// What was asked for, with which key and which token.
type Heard<'a> = (&'a str, &'a str, &'a str);

#[test]
fn real_keys_of_the_environment_never_travel_to_an_emulator() {
    let emulator = Emulator::localstack();
    let _swept = emulator.swept("whose-keys");
    let (proxy, elsewhere) = (localstack(), localstack());
    let folder = tempfile::tempdir().expect("a temporary folder");
    let profile = folder.path().join("config");
    let [(_, key), (_, secret), (_, token)] = REAL;
    let lines = format!(
        "[default]\nendpoint_url = {}\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n\
         aws_session_token = {token}\n",
        proxy.url()
    );
    fs::write(&profile, lines).expect("the profile is written");
    let in_the_file = format!("endpointUrl: \"{}\", ", proxy.url());
    let ways: [(&str, Variables<'_>); 4] = [
        // An endpoint of STS that somebody else has is none of an emulator's business.
        (&in_the_file, vec![("AWS_ENDPOINT_URL_STS", elsewhere.url())]),
        ("", vec![("AWS_ENDPOINT_URL", proxy.url()), ("AWS_ENDPOINT_URL_STS", elsewhere.url())]),
        ("", vec![("AWS_ENDPOINT_URL_SQS", proxy.url()), ("AWS_ENDPOINT_URL_SNS", proxy.url())]),
        ("", vec![("AWS_CONFIG_FILE", profile.to_str().expect("a text"))]),
    ];
    for (way, variables) in ways {
        let config = config("whose-keys", &format!("{way}expectAccountId: \"{NOBODY}\", "));
        let variables: Variables<'_> = variables.into_iter().chain(REAL).collect();
        proxy.clear();
        for (hook, verb) in life() {
            let ended = with(hook, &variables).does(verb, &config, &[]);
            assert!(REAL.iter().all(|(_, value)| !ended.said().contains(value)), "{}", ended.said());
        }
        let calls = proxy.calls();
        let services: BTreeSet<&str> = calls.iter().map(|call| &*call.service).collect();
        assert_eq!(services, BTreeSet::from(["sns", "sqs", "sts"]), "{variables:?}");
        for call in calls {
            assert_eq!((&*call.key_id, &*call.session_token), ("test", ""), "{call:?}");
        }
        assert_eq!(elsewhere.calls(), []);
    }
}

#[test]
fn keys_that_are_given_are_the_ones_that_travel() {
    // LocalStack takes a key of twelve digits for its account.
    const ACCOUNT: &str = "424242424242";
    let folder = tempfile::tempdir().expect("a temporary folder");
    let inside = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).expect("the key is written");
        path.display().to_string()
    };
    let [id, secret, token] = [("id", "424242424242\n"), ("secret", "s"), ("token", "lent\r\n")]
        .map(|(name, text)| inside(name, text));
    let files = format!(
        "credentials: {{accessKeyId: {{file: {id}}}, secretAccessKey: {{file: {secret}}}, sessionToken: {{file: {token}}}}}, "
    );
    let variables =
        "credentials: {accessKeyId: {env: EMULATOR_ID}, secretAccessKey: {env: EMULATOR_SECRET}}, "
            .to_owned();
    let proxy = localstack();
    for (given, lent) in [(files, "lent"), (variables, "")] {
        let access = format!("endpointUrl: \"{}\", expectAccountId: \"{ACCOUNT}\", {given}", proxy.url());
        let config = config("whose-given", &access);
        proxy.clear();
        for (hook, verb) in life() {
            let hook = with(hook, &REAL).env("EMULATOR_ID", ACCOUNT).env("EMULATOR_SECRET", "s");
            let _ = hook.does(verb, &config, &[]);
        }
        let calls = proxy.calls();
        assert!(calls.iter().any(|call| call.action == "CreateQueue") && calls.iter().any(Call::writes));
        for call in calls {
            assert_eq!((&*call.key_id, &*call.session_token), (ACCOUNT, lent), "{call:?}");
        }
    }
}

#[test]
fn keys_that_are_not_where_they_should_be_are_a_fault_of_the_config() {
    let proxy = localstack();
    let cases = [
        ("{env: NOT_THERE}", "variable NOT_THERE: environment variable not found"),
        ("{env: EMPTY}", "variable EMPTY: it is empty"),
        ("{file: /nowhere/key}", "file /nowhere/key: No such file or directory (os error 2)"),
    ];
    for (source, why) in cases {
        let access = format!(
            "endpointUrl: \"{}\", credentials: {{accessKeyId: {source}, secretAccessKey: {{env: EMPTY}}}}, ",
            proxy.url()
        );
        for hook in [Hook::sqs(), Hook::sns()] {
            let ended = hook.env("EMPTY", "").run("apply", &config("whose-given", &access), &[]).ends_with(2);
            assert!(
                ended.last_line().ends_with(&format!("read the credentials from {why}")),
                "{}",
                ended.said()
            );
        }
    }
    assert_eq!(proxy.calls(), []);
}

#[test]
fn endpoints_of_the_environment_are_honoured_and_the_services_own_wins() {
    let emulator = Emulator::localstack();
    let _swept = emulator.swept("whose-endpoints");
    let [all, sqs, sns] = [localstack(), localstack(), localstack()];
    let for_all = ("AWS_ENDPOINT_URL", all.url());
    let for_queues = ("AWS_ENDPOINT_URL_SQS", sqs.url());
    let for_topics = ("AWS_ENDPOINT_URL_SNS", sns.url());
    let both: &[&str] = &["sns", "sqs"];
    let nobody: &[&str] = &[];
    let in_the_file = format!("endpointUrl: \"{}\", ", all.url());
    // Who hears what: the one of all, that of SQS, that of SNS.
    let cases: [(&str, Variables<'_>, [&[&str]; 3]); 5] = [
        ("", vec![for_all], [both, nobody, nobody]),
        ("", vec![for_all, for_queues], [&["sns"], &["sqs"], nobody]),
        ("", vec![for_all, for_queues, for_topics], [nobody, &["sqs"], &["sns"]]),
        ("", vec![for_queues, for_topics], [nobody, &["sqs"], &["sns"]]),
        (&in_the_file, vec![for_queues, for_topics], [both, nobody, nobody]),
    ];
    for (access, variables, expected) in cases {
        let config = config("whose-endpoints", access);
        for proxy in [&all, &sqs, &sns] {
            proxy.clear();
        }
        for (hook, verb) in life() {
            let _ = with(hook, &variables).does(verb, &config, &[]);
        }
        let heard = [&all, &sqs, &sns].map(|proxy| {
            let calls = proxy.calls();
            calls
                .into_iter()
                .map(|call| call.service)
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect::<Vec<_>>()
        });
        assert_eq!(heard, expected.map(<[&str]>::to_vec), "{variables:?}");
    }
}

#[test]
fn without_an_endpoint_and_without_an_account_nobody_is_asked() {
    let proxy = localstack();
    // Wherever the SDK may look for keys or a region, and what it may go through.
    let listening: Variables<'_> = [
        "AWS_EC2_METADATA_SERVICE_ENDPOINT",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_ENDPOINT_URL_STS",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
    ]
    .into_iter()
    .map(|name| (name, proxy.url()))
    .collect();
    let here = format!("region: {REGION}, ");
    // What says where another service is, or AWS itself by its name, is no emulator.
    let cases: [(&str, Hook, Variables<'_>); 6] = [
        (&here, Hook::sqs(), vec![]),
        (&here, Hook::sns(), vec![]),
        ("", Hook::sqs(), vec![]),
        ("", Hook::sns(), vec![]),
        (&here, Hook::sqs(), vec![("AWS_ENDPOINT_URL_SNS", proxy.url())]),
        (&here, Hook::sns(), vec![("AWS_ENDPOINT_URL_SQS", proxy.url())]),
    ];
    for (region, hook, variables) in cases {
        let config = file(
            "whose-nobody",
            &format!(
                "sqs: {{{region}queues: [{{name: access}}]}}\nsns: {{{region}topics: [{{name: access}}]}}"
            ),
        );
        for verb in ["plan", "apply", "delete"] {
            let hook = with(with(hook.clone(), &listening), &variables);
            let ended = hook.run(verb, &config, &[]).ends_with(2);
            assert!(
                ended.last_line().contains("so this is AWS itself: say expectAccountId"),
                "{}",
                ended.said()
            );
            assert_eq!(proxy.calls(), [], "{verb} with {region:?} and {variables:?}");
        }
    }
    let by_its_name = format!("endpointUrl: \"https://sqs.{REGION}.amazonaws.com\", ");
    for hook in [Hook::sqs(), Hook::sns()] {
        let ended =
            with(hook, &listening).run("apply", &config("whose-nobody", &by_its_name), &[]).ends_with(2);
        assert!(ended.last_line().contains("say expectAccountId"), "{}", ended.said());
        assert_eq!(proxy.calls(), []);
    }
}

#[test]
fn another_account_than_the_one_that_is_meant_ends_it_before_anything_else() {
    let proxy = localstack();
    let at_the_proxy = format!("endpointUrl: \"{}\", ", proxy.url());
    let identity = [("GetCallerIdentity", "test", "")];
    let as_the_shell = [("GetCallerIdentity", REAL[0].1, REAL[2].1)];
    // AWS itself, of which a test has STS at most.
    let shell = [("AWS_ENDPOINT_URL_STS", proxy.url())].into_iter().chain(REAL).collect();
    let cases: [(&str, Variables<'_>, [Heard<'_>; 1]); 2] =
        [(&at_the_proxy, REAL.to_vec(), identity), ("", shell, as_the_shell)];
    for (access, variables, expected) in cases {
        for (hook, verb) in life() {
            let ended = denied(&with(hook, &variables), verb, access, &proxy);
            let says =
                format!("these credentials are of account {NOBODY}, and expectAccountId says 111111111111");
            assert!(ended.last_line().contains(&says), "{}", ended.said());
            let calls = proxy.calls();
            let heard: Vec<_> =
                calls.iter().map(|call| (&*call.action, &*call.key_id, &*call.session_token)).collect();
            assert_eq!(heard, expected, "{verb}");
        }
    }
}

#[test]
fn an_account_that_cannot_be_asked_for_ends_it_too() {
    let proxy = localstack();
    let access = format!("endpointUrl: \"{}\", ", proxy.url());
    for (hook, verb) in life() {
        proxy.clear();
        proxy.on(Which::from(1), Fault::Refused(Refusal::new(403, "AccessDenied")));
        let config = config("whose-nobody", &format!("{access}expectAccountId: \"111111111111\", "));
        let ended = hook.run(verb, &config, &[]).ends_with(5);
        assert!(ended.last_line().contains("GetCallerIdentity: AccessDenied"), "{}", ended.said());
        let heard: Vec<_> = proxy.calls().into_iter().map(|call| call.action).collect();
        assert_eq!(heard, ["GetCallerIdentity"], "{verb}");
    }
}

/// Runs it where 111111111111 is the account that is meant, and it refuses.
fn denied(hook: &Hook, verb: &str, access: &str, proxy: &Proxy) -> Ended {
    proxy.clear();
    let config = config("whose-nobody", &format!("{access}expectAccountId: \"111111111111\", "));
    hook.run(verb, &config, &[]).ends_with(5)
}

/// All that both hooks do for a copy, from nothing to nothing.
fn life() -> [(Hook, &'static str); 6] {
    [
        (Hook::sqs(), "plan"),
        (Hook::sqs(), "apply"),
        (Hook::sns(), "plan"),
        (Hook::sns(), "apply"),
        (Hook::sns(), "delete"),
        (Hook::sqs(), "delete"),
    ]
}

/// A topic that sends to a queue, both reached as `access` says.
fn config(feature: &str, access: &str) -> String {
    file(
        feature,
        &format!(
            "sqs: {{{access}region: {REGION}, queues: [{{name: access}}]}}\n\
             sns: {{{access}region: {REGION}, topics: [{{name: access, \
             subscriptions: [{{protocol: sqs, queue: access}}]}}]}}"
        ),
    )
}

fn with(hook: Hook, variables: &[(&str, &str)]) -> Hook {
    variables.iter().fold(hook, |hook, (name, value)| hook.env(name, value))
}

fn localstack() -> Proxy {
    Proxy::before(lab().var("LOCALSTACK_URL"))
}

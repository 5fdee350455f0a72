//! AWS itself as a pod on EKS meets it: a token for a role, and the account asked for before anything else.

use std::fs;

use acceptance::{
    hook::{Hook, file},
    lab::lab,
    proxy::Proxy,
};

#[test]
fn a_pods_token_is_exchanged_for_its_role_and_the_account_is_asked_for_before_anything_else() {
    let sts = Proxy::before(lab().var("MOTO_URL"));
    let folder = tempfile::tempdir().expect("a folder");
    let token = folder.path().join("token");
    fs::write(&token, "of a service account").expect("written");
    // Nobody has this account, so the hook ends where AWS itself would be next.
    let access = "region: eu-west-1\n  expectAccountId: \"999999999999\"";
    let config = file(
        "role",
        &format!("sqs:\n  {access}\n  queues: [{{name: role}}]\nsns:\n  topics: [{{name: role}}]"),
    );
    for hook in [Hook::sqs(), Hook::sns()] {
        sts.clear();
        let ended = hook
            .env("AWS_ENDPOINT_URL_STS", sts.url())
            .env("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/hooks")
            .env("AWS_WEB_IDENTITY_TOKEN_FILE", token.to_str().expect("a text"))
            .run("apply", &config, &["--timeout=10s"])
            .ends_with(5);
        let said = "these credentials are of account 123456789012, and expectAccountId says 999999999999";
        assert!(ended.last_line().contains(said), "{}", ended.said());
        let actions: Vec<String> = sts.calls().into_iter().map(|call| call.action).collect();
        assert_eq!(actions, ["AssumeRoleWithWebIdentity", "GetCallerIdentity"]);
    }
}

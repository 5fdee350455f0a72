//! The tables: what a file says of each attribute, what that is in the API, what somebody else makes of it, and what
//! each emulator cannot do. In their texts QUEUE is the beginning of every queue's ARN, FEATURE the feature.

/// One attribute.
pub struct Case {
    pub row: &'static str,
    /// What the file says of it.
    pub says: &'static str,
    /// What it needs beside it, with a comma in front.
    pub with: &'static str,
    /// As the API reports it.
    pub means: &'static str,
    /// What somebody else makes of it.
    pub drifts: &'static str,
    pub takes: Takes,
    pub localstack: Limit,
    pub moto: Limit,
    /// Of a subscription.
    pub protocol: &'static str,
    pub endpoint: &'static str,
}

/// What a file may say of it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    AValue,
    /// The word none too, after which it is as if it had never been set.
    NoneToo,
}

/// What an emulator does not do as AWS does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    None,
    /// Taken and never reported, which the table of the hook knows.
    Unread,
    /// Taken and never reported, here alone: each apply writes it again.
    Forgotten,
    /// Reported under this name.
    Renamed(&'static str),
    /// Not taken, with this code.
    Refused(&'static str),
    /// Of what a thing is made as, and never changes.
    Fixed,
    /// The same, and somebody can change it here.
    Turns,
}

const fn case(row: &'static str, says: &'static str, means: &'static str, drifts: &'static str) -> Case {
    Case {
        row,
        says,
        with: "",
        means,
        drifts,
        takes: Takes::AValue,
        localstack: Limit::None,
        moto: Limit::None,
        protocol: "sqs",
        endpoint: "QUEUE:of-somebody-else",
    }
}

impl Case {
    const fn with(mut self, with: &'static str) -> Self {
        self.with = with;
        self
    }

    const fn or_none(mut self) -> Self {
        self.takes = Takes::NoneToo;
        self
    }

    const fn at(mut self, localstack: Limit, moto: Limit) -> Self {
        self.localstack = localstack;
        self.moto = moto;
        self
    }

    const fn to(mut self, protocol: &'static str, endpoint: &'static str) -> Self {
        self.protocol = protocol;
        self.endpoint = endpoint;
        self
    }
}

const POLICY: &str = r#"{"Version":"2012-10-17","Statement":[{"Sid":"own","Effect":"Allow","Principal":"*","Action":"sqs:SendMessage","Resource":"*"}]}"#;
const OTHER_POLICY: &str = r#"{"Version":"2012-10-17","Statement":[{"Sid":"other","Effect":"Deny","Principal":"*","Action":"sqs:*","Resource":"*"}]}"#;

pub const QUEUES: &[Case] = &[
    case("visibilityTimeout", "60", "60", "45"),
    case("messageRetentionPeriod", "86400", "86400", "3600"),
    case("delaySeconds", "5", "5", "7"),
    case("receiveMessageWaitTimeSeconds", "10", "10", "3"),
    case("maximumMessageSize", "2048", "2048", "4096"),
    case("policy", POLICY, POLICY, OTHER_POLICY).or_none(),
    case(
        "redrivePolicy",
        "{deadLetterQueue: dead, maxReceiveCount: 5}",
        r#"{"deadLetterTargetArn":"QUEUE:dead-FEATURE","maxReceiveCount":5}"#,
        r#"{"deadLetterTargetArn":"QUEUE:dead-FEATURE","maxReceiveCount":9}"#,
    )
    .or_none(),
    case(
        "redriveAllowPolicy",
        "{redrivePermission: byQueue, sourceQueues: [dead]}",
        r#"{"redrivePermission":"byQueue","sourceQueueArns":["QUEUE:dead-FEATURE"]}"#,
        r#"{"redrivePermission":"denyAll"}"#,
    )
    .or_none()
    .at(Limit::None, Limit::Forgotten),
    case("kmsMasterKeyId", "alias/own", "alias/own", "alias/other").or_none(),
    case("kmsDataKeyReusePeriodSeconds", "600", "600", "900").with(", kmsMasterKeyId: alias/own"),
    case("sqsManagedSseEnabled", "false", "false", "true"),
    case("fifoQueue", "true", "true", "false").at(Limit::Fixed, Limit::Turns),
    case("contentBasedDeduplication", "true", "true", "false"),
    case("deduplicationScope", "messageGroup", "messageGroup", "queue"),
    case("fifoThroughputLimit", "perMessageGroupId", "perMessageGroupId", "perQueue")
        .with(", deduplicationScope: messageGroup"),
];

const TOPIC_POLICY: &str = r#"{"Version":"2012-10-17","Statement":[{"Sid":"own","Effect":"Allow","Principal":"*","Action":"SNS:Publish","Resource":"*"}]}"#;
const OTHER_TOPIC_POLICY: &str = r#"{"Version":"2012-10-17","Statement":[{"Sid":"other","Effect":"Deny","Principal":"*","Action":"SNS:Publish","Resource":"*"}]}"#;
const DELIVERY: &str =
    r#"{"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":20,"maxDelayTarget":20,"numRetries":3}}}"#;
const OTHER_DELIVERY: &str =
    r#"{"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":10,"maxDelayTarget":30,"numRetries":9}}}"#;
const DATA: &str = r#"{"Name":"data","Version":"2021-06-01","Statement":[]}"#;

const fn role(row: &'static str) -> Case {
    const ROLE: &str = "arn:aws:iam::000000000000:role/own";
    case(row, ROLE, ROLE, "arn:aws:iam::000000000000:role/other").or_none().at(Limit::None, Limit::Forgotten)
}

const fn rate(row: &'static str) -> Case {
    case(row, "40", "40", "60").at(Limit::None, Limit::Forgotten)
}

const fn renamed(case: Case, name: &'static str) -> Case {
    case.at(Limit::Renamed(name), Limit::Forgotten)
}

pub const TOPICS: &[Case] = &[
    case("displayName", "Own", "Own", "Other").or_none(),
    case("policy", TOPIC_POLICY, TOPIC_POLICY, OTHER_TOPIC_POLICY),
    case("deliveryPolicy", DELIVERY, DELIVERY, OTHER_DELIVERY).or_none(),
    case("kmsMasterKeyId", "alias/own", "alias/own", "alias/other").or_none(),
    case("signatureVersion", "2", "2", "1").at(Limit::None, Limit::Forgotten),
    case("tracingConfig", "Active", "Active", "PassThrough").at(Limit::Unread, Limit::Unread),
    case("dataProtectionPolicy", DATA, DATA, DATA).at(Limit::Unread, Limit::Unread),
    case("fifoTopic", "true", "true", "false").at(Limit::Turns, Limit::Turns),
    case("contentBasedDeduplication", "true", "true", "false"),
    case("fifoThroughputScope", "MessageGroup", "MessageGroup", "Topic").at(Limit::Unread, Limit::Unread),
    case(
        "archivePolicy",
        "{MessageRetentionPeriod: 10}",
        r#"{"MessageRetentionPeriod":10}"#,
        r#"{"MessageRetentionPeriod":20}"#,
    )
    .or_none()
    .at(Limit::None, Limit::Forgotten),
    role("applicationSuccessFeedbackRoleArn"),
    role("applicationFailureFeedbackRoleArn"),
    rate("applicationSuccessFeedbackSampleRate"),
    role("firehoseSuccessFeedbackRoleArn"),
    role("firehoseFailureFeedbackRoleArn"),
    rate("firehoseSuccessFeedbackSampleRate"),
    renamed(role("httpSuccessFeedbackRoleArn"), "HttpSuccessFeedbackRoleArn"),
    renamed(role("httpFailureFeedbackRoleArn"), "HttpFailureFeedbackRoleArn"),
    renamed(rate("httpSuccessFeedbackSampleRate"), "HttpSuccessFeedbackSampleRate"),
    role("lambdaSuccessFeedbackRoleArn"),
    role("lambdaFailureFeedbackRoleArn"),
    rate("lambdaSuccessFeedbackSampleRate"),
    renamed(role("sqsSuccessFeedbackRoleArn"), "SqsSuccessFeedbackRoleArn"),
    renamed(role("sqsFailureFeedbackRoleArn"), "SqsFailureFeedbackRoleArn"),
    renamed(rate("sqsSuccessFeedbackSampleRate"), "SqsSuccessFeedbackSampleRate"),
];

pub const SUBSCRIPTIONS: &[Case] = &[
    case("rawMessageDelivery", "true", "true", "false"),
    case("filterPolicyScope", "MessageBody", "MessageBody", "MessageAttributes")
        .with(", filterPolicy: {kind: [a]}"),
    case("filterPolicy", "{kind: [a]}", r#"{"kind":["a"]}"#, r#"{"kind":["b"]}"#).or_none(),
    case(
        "redrivePolicy",
        "{deadLetterTargetArn: \"QUEUE:own\"}",
        r#"{"deadLetterTargetArn":"QUEUE:own"}"#,
        r#"{"deadLetterTargetArn":"QUEUE:other"}"#,
    )
    .or_none(),
    case(
        "deliveryPolicy",
        "{healthyRetryPolicy: {numRetries: 3}}",
        r#"{"healthyRetryPolicy":{"numRetries":3}}"#,
        r#"{"healthyRetryPolicy":{"numRetries":9}}"#,
    )
    .or_none(),
    case("replayPolicy", "{PointType: Timestamp, StartingPoint: \"2026-01-01T00:00:00.000Z\"}", "", "")
        .at(Limit::Refused("InvalidParameter"), Limit::Refused("InvalidParameter")),
    case(
        "subscriptionRoleArn",
        "arn:aws:iam::000000000000:role/own",
        "arn:aws:iam::000000000000:role/own",
        "arn:aws:iam::000000000000:role/other",
    )
    .to("firehose", "arn:aws:firehose:eu-west-1:000000000000:deliverystream/own"),
];

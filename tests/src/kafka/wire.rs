//! What a request of Kafka's protocol says of itself at its head and its very end. No IO.

/// A request that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Such as `CreateTopics`; the number of one that has no name here.
    pub api: String,
    /// Whether it may change something: not where the broker is only asked whether it would.
    pub writes: bool,
    /// The `client.id` of who sent it.
    pub client: String,
    /// By which its answer is told.
    pub(super) correlation: i32,
}

/// Number, name, and for those that write the first version that is flexible.
const APIS: [(i16, &str, Option<i16>); 28] = [
    (0, "Produce", Some(9)),
    (1, "Fetch", None),
    (2, "ListOffsets", None),
    (3, "Metadata", None),
    (8, "OffsetCommit", Some(8)),
    (9, "OffsetFetch", None),
    (10, "FindCoordinator", None),
    (11, "JoinGroup", Some(6)),
    (12, "Heartbeat", None),
    (13, "LeaveGroup", Some(4)),
    (14, "SyncGroup", Some(4)),
    (15, "DescribeGroups", None),
    (16, "ListGroups", None),
    (17, "SaslHandshake", None),
    (18, "ApiVersions", None),
    (19, "CreateTopics", Some(5)),
    (20, "DeleteTopics", Some(4)),
    (21, "DeleteRecords", Some(2)),
    (22, "InitProducerId", Some(2)),
    (32, "DescribeConfigs", None),
    (33, "AlterConfigs", Some(2)),
    (36, "SaslAuthenticate", None),
    (37, "CreatePartitions", Some(2)),
    (42, "DeleteGroups", Some(2)),
    (44, "IncrementalAlterConfigs", Some(1)),
    (47, "OffsetDelete", Some(i16::MAX)),
    (60, "DescribeCluster", None),
    (75, "DescribeTopicPartitions", None),
];

/// Those that end with whether the broker is only asked.
const MAY_ONLY_ASK: [&str; 4] =
    ["CreateTopics", "CreatePartitions", "AlterConfigs", "IncrementalAlterConfigs"];

impl Call {
    /// The request in these bytes, which its length stood before.
    ///
    /// # Panics
    /// When they are too few.
    pub(super) fn of(bytes: &[u8]) -> Self {
        let short = |at: usize| i16::from_be_bytes([bytes[at], bytes[at + 1]]);
        let (key, version) = (short(0), short(2));
        let correlation = i32::from_be_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]);
        let length = usize::try_from(short(8)).unwrap_or(0);
        let client = String::from_utf8_lossy(&bytes[10..10 + length]).into_owned();
        let known = APIS.iter().find(|(number, ..)| *number == key);
        let api = known.map_or_else(|| key.to_string(), |(_, name, _)| (*name).to_owned());
        let writes = known.is_some_and(|(_, _, flexible)| {
            flexible.is_some_and(|first| {
                // A flexible request has one byte more behind it, for tags, of which there are none.
                let last = bytes[bytes.len() - if version >= first { 2 } else { 1 }];
                !(MAY_ONLY_ASK.contains(&api.as_str()) && last == 1)
            })
        });
        Self { api, writes, client, correlation }
    }
}

//! Calls of librdkafka that rdkafka does not offer: the alteration of single configs of a topic, the creation of a
//! topic with the broker's own words where it says no, and the description of a group of either protocol.
//!
//! The only unsafe code of the workspace. Each pointer that librdkafka hands over belongs to an [`Owned`], which
//! gives it back; each pointer that is only lent is read before its owner goes. librdkafka copies what it is
//! given (names, values, options) before a call returns, and its clients and queues may be used from any thread.
//! Each call waits for its answer in the thread that makes it; when one is made, and again, is not known here.
#![expect(unsafe_code, reason = "rdkafka has no safe call for any of them")]

use std::{
    ffi::{CStr, CString, NulError, c_char, c_int},
    ptr::{self, NonNull},
    time::Duration,
};

use rdkafka::{
    bindings::{self as native, rd_kafka_AlterConfigOpType_t as Operation, rd_kafka_admin_op_t as Call},
    client::{Client, ClientContext},
    types::{RDKafkaErrorCode as Code, RDKafkaRespErr},
};

/// A topic to be made; what is absent is the broker's to choose.
#[derive(Debug)]
pub(crate) struct NewTopic<'a> {
    pub(crate) name: &'a str,
    pub(crate) partitions: Option<i32>,
    pub(crate) replicas: Option<i32>,
    pub(crate) config: Vec<(&'a str, &'a str)>,
}

/// A consumer group as its coordinator describes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GroupShape {
    /// Whether somebody is in it or has an offset.
    pub(crate) known: bool,
    pub(crate) members: usize,
}

/// A no, the broker's or librdkafka's.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct No {
    pub(crate) code: Code,
    pub(crate) words: Option<String>,
}

/// Makes a topic, or where it is `dry` asks only whether it could be made.
pub(crate) fn create_topic<C: ClientContext>(
    client: &Client<C>,
    topic: &NewTopic<'_>,
    dry: bool,
    within: Duration,
) -> Result<(), No> {
    let name = CString::new(topic.name)?;
    let default = -1;
    let (partitions, replicas) = (topic.partitions.unwrap_or(default), topic.replicas.unwrap_or(default));
    let mut words = Words::default();
    // SAFETY: the name outlives the call, and the words are as long as they are said to be.
    let created = unsafe {
        native::rd_kafka_NewTopic_new(name.as_ptr(), partitions, replicas, words.as_mut_ptr(), Words::LEN)
    };
    let created = Owned::of(created, native::rd_kafka_NewTopic_destroy)
        .ok_or_else(|| words.no(Code::InvalidArgument))?;
    for (key, value) in &topic.config {
        let (key, value) = (CString::new(*key)?, CString::new(*value)?);
        // SAFETY: all three are alive, and the texts are copied.
        check(
            unsafe { native::rd_kafka_NewTopic_set_config(created.ptr(), key.as_ptr(), value.as_ptr()) },
            None,
        )?;
    }
    let event =
        answer(client, Call::RD_KAFKA_ADMIN_OP_CREATETOPICS, dry, within, |client, options, queue| {
            // SAFETY: an array of one; everything is alive until the call has copied it.
            unsafe { native::rd_kafka_CreateTopics(client, &mut created.ptr(), 1, options, queue) }
        })?;
    let mut count = 0;
    // SAFETY: the result and what it lists are the event's, which lives to the end of this function.
    unsafe {
        let result = native::rd_kafka_event_CreateTopics_result(event.ptr());
        if result.is_null() {
            return Err(Code::Inconsistent.into());
        }
        let topics = native::rd_kafka_CreateTopics_result_topics(result, &raw mut count);
        let Some(topic) = first(topics, count) else { return Err(Code::Inconsistent.into()) };
        check(
            native::rd_kafka_topic_result_error(topic),
            text(native::rd_kafka_topic_result_error_string(topic)),
        )
    }
}

/// Sets these configs of a topic and leaves all others as they are; no value is the broker's default again. Where
/// it is `dry` it asks only whether it could be done.
pub(crate) fn alter_topic<C: ClientContext>(
    client: &Client<C>,
    topic: &str,
    config: &[(&str, Option<&str>)],
    dry: bool,
    within: Duration,
) -> Result<(), No> {
    let name = CString::new(topic)?;
    let kind = native::rd_kafka_ResourceType_t::RD_KAFKA_RESOURCE_TOPIC;
    // SAFETY: the name outlives the call.
    let altered = unsafe { native::rd_kafka_ConfigResource_new(kind, name.as_ptr()) };
    let altered =
        Owned::of(altered, native::rd_kafka_ConfigResource_destroy).ok_or(No::from(Code::InvalidArgument))?;
    for (key, value) in config {
        let key = CString::new(*key)?;
        let value = value.map(CString::new).transpose()?;
        let (operation, value) = match &value {
            Some(value) => (Operation::RD_KAFKA_ALTER_CONFIG_OP_TYPE_SET, value.as_ptr()),
            None => (Operation::RD_KAFKA_ALTER_CONFIG_OP_TYPE_DELETE, ptr::null()),
        };
        // SAFETY: all are alive, the texts are copied, and to delete takes no value. The error is ours.
        let error = unsafe {
            native::rd_kafka_ConfigResource_add_incremental_config(
                altered.ptr(),
                key.as_ptr(),
                operation,
                value,
            )
        };
        if let Some(error) = Owned::of(error, native::rd_kafka_error_destroy) {
            // SAFETY: the error is alive, and its text is read before it goes.
            let (code, words) = unsafe {
                (native::rd_kafka_error_code(error.ptr()), text(native::rd_kafka_error_string(error.ptr())))
            };
            return Err(No { code: code.into(), words });
        }
    }
    let call = Call::RD_KAFKA_ADMIN_OP_INCREMENTALALTERCONFIGS;
    let event = answer(client, call, dry, within, |client, options, queue| {
        // SAFETY: an array of one; everything is alive until the call has copied it.
        unsafe { native::rd_kafka_IncrementalAlterConfigs(client, &mut altered.ptr(), 1, options, queue) }
    })?;
    let mut count = 0;
    // SAFETY: the result and what it lists are the event's, which lives to the end of this function.
    unsafe {
        let result = native::rd_kafka_event_IncrementalAlterConfigs_result(event.ptr());
        if result.is_null() {
            return Err(Code::Inconsistent.into());
        }
        let topics = native::rd_kafka_IncrementalAlterConfigs_result_resources(result, &raw mut count);
        let Some(topic) = first(topics, count) else { return Err(Code::Inconsistent.into()) };
        check(
            native::rd_kafka_ConfigResource_error(topic),
            text(native::rd_kafka_ConfigResource_error_string(topic)),
        )
    }
}

/// Describes a group, of which the coordinator knows nothing where there is none.
pub(crate) fn describe_group<C: ClientContext>(
    client: &Client<C>,
    group: &str,
    within: Duration,
) -> Result<GroupShape, No> {
    let name = CString::new(group)?;
    let call = Call::RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS;
    let event = answer(client, call, false, within, |client, options, queue| {
        // SAFETY: an array of one; everything is alive until the call has copied it.
        unsafe { native::rd_kafka_DescribeConsumerGroups(client, &mut name.as_ptr(), 1, options, queue) }
    })?;
    let mut count = 0;
    // SAFETY: the result and what it lists are the event's, which lives to the end of this function.
    unsafe {
        let result = native::rd_kafka_event_DescribeConsumerGroups_result(event.ptr());
        if result.is_null() {
            return Err(Code::Inconsistent.into());
        }
        let groups = native::rd_kafka_DescribeConsumerGroups_result_groups(result, &raw mut count);
        let Some(group) = first(groups, count) else { return Err(Code::Inconsistent.into()) };
        let error = native::rd_kafka_ConsumerGroupDescription_error(group);
        if !error.is_null() {
            check(native::rd_kafka_error_code(error), text(native::rd_kafka_error_string(error)))?;
        }
        let state = native::rd_kafka_ConsumerGroupDescription_state(group);
        let known = state != native::rd_kafka_consumer_group_state_t::RD_KAFKA_CONSUMER_GROUP_STATE_DEAD;
        Ok(GroupShape { known, members: native::rd_kafka_ConsumerGroupDescription_member_count(group) })
    }
}

/// Something of librdkafka's that is ours to give back.
struct Owned<T> {
    pointer: NonNull<T>,
    back: unsafe extern "C" fn(*mut T),
}

impl<T> Owned<T> {
    /// None where librdkafka has handed over nothing.
    fn of(pointer: *mut T, back: unsafe extern "C" fn(*mut T)) -> Option<Self> {
        NonNull::new(pointer).map(|pointer| Self { pointer, back })
    }

    fn ptr(&self) -> *mut T {
        self.pointer.as_ptr()
    }
}

impl<T> Drop for Owned<T> {
    fn drop(&mut self) {
        // SAFETY: it was handed over by librdkafka together with the duty to call this, and is given back once.
        unsafe { (self.back)(self.pointer.as_ptr()) }
    }
}

/// Where librdkafka writes why it does not take something.
struct Words([c_char; Words::LEN]);

impl Words {
    const LEN: usize = 512;

    fn as_mut_ptr(&mut self) -> *mut c_char {
        self.0.as_mut_ptr()
    }

    fn no(&self, code: Code) -> No {
        // SAFETY: it began as zeros, and librdkafka ends with one whatever it writes.
        No { code, words: unsafe { text(self.0.as_ptr()) } }
    }
}

impl Default for Words {
    fn default() -> Self {
        Self([0; Self::LEN])
    }
}

/// Sends a call, and waits for the event that is its answer.
fn answer<C: ClientContext>(
    client: &Client<C>,
    call: Call,
    dry: bool,
    within: Duration,
    send: impl FnOnce(
        *mut native::rd_kafka_t,
        *mut native::rd_kafka_AdminOptions_t,
        *mut native::rd_kafka_queue_t,
    ),
) -> Result<Owned<native::rd_kafka_event_t>, No> {
    let handle = client.native_ptr();
    let within = c_int::try_from(within.as_millis()).unwrap_or(c_int::MAX);
    // SAFETY: the client is alive.
    let (options, queue) =
        unsafe { (native::rd_kafka_AdminOptions_new(handle, call), native::rd_kafka_queue_new(handle)) };
    let options =
        Owned::of(options, native::rd_kafka_AdminOptions_destroy).ok_or(No::from(Code::InvalidArgument))?;
    let queue =
        Owned::of(queue, native::rd_kafka_queue_destroy).ok_or(No::from(Code::CriticalSystemResource))?;
    let mut words = Words::default();
    // SAFETY: the options are alive, and the words are as long as they are said to be.
    let set = unsafe {
        native::rd_kafka_AdminOptions_set_request_timeout(
            options.ptr(),
            within,
            words.as_mut_ptr(),
            Words::LEN,
        )
    };
    check(set, words.no(set.into()).words)?;
    if dry {
        // SAFETY: as before; only some calls have this option.
        let set = unsafe {
            native::rd_kafka_AdminOptions_set_validate_only(options.ptr(), 1, words.as_mut_ptr(), Words::LEN)
        };
        check(set, words.no(set.into()).words)?;
    }
    if let Call::RD_KAFKA_ADMIN_OP_CREATETOPICS = call {
        // SAFETY: as before; only some calls have this option.
        let set = unsafe {
            native::rd_kafka_AdminOptions_set_operation_timeout(
                options.ptr(),
                within,
                words.as_mut_ptr(),
                Words::LEN,
            )
        };
        check(set, words.no(set.into()).words)?;
    }
    send(handle, options.ptr(), queue.ptr());
    // The answer comes in time, and be it that there was none.
    // SAFETY: the queue is alive, and the event is ours.
    let event = unsafe { native::rd_kafka_queue_poll(queue.ptr(), within.saturating_add(GRACE)) };
    let event = Owned::of(event, native::rd_kafka_event_destroy).ok_or(No::from(Code::OperationTimedOut))?;
    // SAFETY: the event is alive, and its text is read before it goes.
    let (code, words) = unsafe {
        (native::rd_kafka_event_error(event.ptr()), text(native::rd_kafka_event_error_string(event.ptr())))
    };
    check(code, words)?;
    Ok(event)
}

/// How much later than a call's own end its answer may come, in milliseconds.
const GRACE: c_int = 1000;

/// The first of a list that librdkafka lends.
///
/// # Safety
/// `list` is one of `count` pointers.
unsafe fn first<T>(list: *mut *const T, count: usize) -> Option<*const T> {
    // SAFETY: by the contract there is a first one.
    (count > 0 && !list.is_null()).then(|| unsafe { *list })
}

/// A text that librdkafka lends; none where there is none.
///
/// # Safety
/// `text` is nothing, or ends with a zero and lives until this returns.
unsafe fn text(text: *const c_char) -> Option<String> {
    if text.is_null() {
        return None;
    }
    // SAFETY: by the contract.
    let text = unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned();
    Some(text).filter(|text| !text.is_empty())
}

fn check(code: RDKafkaRespErr, words: Option<String>) -> Result<(), No> {
    match code {
        RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR => Ok(()),
        code => Err(No { code: code.into(), words }),
    }
}

impl From<Code> for No {
    fn from(code: Code) -> Self {
        Self { code, words: None }
    }
}

/// A zero inside of a name or a value, which C cannot say.
impl From<NulError> for No {
    fn from(error: NulError) -> Self {
        Self { code: Code::InvalidArgument, words: Some(error.to_string()) }
    }
}

//! Calls of librdkafka that rdkafka has not (the alteration of single configs of a topic, the description of a
//! group), or that keep the broker's no to themselves there (the creation of a topic, the description of one).
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
    bindings::{
        self as native, rd_kafka_AdminOptions_t as Options, rd_kafka_AlterConfigOpType_t as Operation,
        rd_kafka_ConfigResource_t as Resource, rd_kafka_ConfigSource_t as Source,
        rd_kafka_admin_op_t as Call, rd_kafka_consumer_group_state_t as State, rd_kafka_event_t as Event,
        rd_kafka_queue_t as Queue, rd_kafka_t as Handle,
    },
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

/// One config of a topic as a broker reports it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) value: String,
    /// Whether it is set on the topic itself, and is no default.
    pub(crate) own: bool,
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
    let created = Owned::of(created, native::rd_kafka_NewTopic_destroy);
    let created = created.ok_or_else(|| words.no(Code::InvalidArgument))?;
    for (key, value) in &topic.config {
        let (key, value) = (CString::new(*key)?, CString::new(*value)?);
        // SAFETY: all three are alive, and the texts are copied.
        let set =
            unsafe { native::rd_kafka_NewTopic_set_config(created.ptr(), key.as_ptr(), value.as_ptr()) };
        check(set, None)?;
    }
    let call = Call::RD_KAFKA_ADMIN_OP_CREATETOPICS;
    let event = answer(client, call, dry, within, |client, options, queue| {
        // SAFETY: an array of one; everything is alive until the call has copied it.
        unsafe { native::rd_kafka_CreateTopics(client, &mut created.ptr(), 1, options, queue) }
    })?;
    let (of, list) =
        (native::rd_kafka_event_CreateTopics_result, native::rd_kafka_CreateTopics_result_topics);
    // SAFETY: of one kind with the call; what is lent is read while the event lives.
    unsafe {
        let topic = only(&event, of, list)?;
        let words = text(native::rd_kafka_topic_result_error_string(topic));
        check(native::rd_kafka_topic_result_error(topic), words)
    }
}

/// The configs of a topic, all that the broker knows.
pub(crate) fn describe_topic<C: ClientContext>(
    client: &Client<C>,
    topic: &str,
    within: Duration,
) -> Result<Vec<Entry>, No> {
    let described = resource(topic)?;
    let call = Call::RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS;
    let event = answer(client, call, false, within, |client, options, queue| {
        // SAFETY: an array of one; everything is alive until the call has copied it.
        unsafe { native::rd_kafka_DescribeConfigs(client, &mut described.ptr(), 1, options, queue) }
    })?;
    let of = native::rd_kafka_event_DescribeConfigs_result;
    let mut count = 0;
    // SAFETY: of one kind with the call; what is lent is read while the event lives, and of the list no more than
    // there is.
    unsafe {
        let topic = only(&event, of, native::rd_kafka_DescribeConfigs_result_resources)?;
        let words = text(native::rd_kafka_ConfigResource_error_string(topic));
        check(native::rd_kafka_ConfigResource_error(topic), words)?;
        let entries = native::rd_kafka_ConfigResource_configs(topic, &raw mut count);
        let entry = |at| {
            let entry = *entries.add(at);
            let own = native::rd_kafka_ConfigEntry_source(entry)
                == Source::RD_KAFKA_CONFIG_SOURCE_DYNAMIC_TOPIC_CONFIG;
            let name = text(native::rd_kafka_ConfigEntry_name(entry))?;
            Some(Entry {
                name,
                value: text(native::rd_kafka_ConfigEntry_value(entry)).unwrap_or_default(),
                own,
            })
        };
        Ok((0..count).filter_map(entry).collect())
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
    let altered = resource(topic)?;
    for (key, value) in config {
        let key = CString::new(*key)?;
        let value = value.map(CString::new).transpose()?;
        let (operation, value) = match &value {
            Some(value) => (Operation::RD_KAFKA_ALTER_CONFIG_OP_TYPE_SET, value.as_ptr()),
            None => (Operation::RD_KAFKA_ALTER_CONFIG_OP_TYPE_DELETE, ptr::null()),
        };
        let add = native::rd_kafka_ConfigResource_add_incremental_config;
        // SAFETY: all are alive, the texts are copied, and to delete takes no value. The error is ours.
        let error = unsafe { add(altered.ptr(), key.as_ptr(), operation, value) };
        if let Some(error) = Owned::of(error, native::rd_kafka_error_destroy) {
            // SAFETY: the error is alive, and its text is read before it goes.
            unsafe { check_error(error.ptr()) }?;
        }
    }
    let call = Call::RD_KAFKA_ADMIN_OP_INCREMENTALALTERCONFIGS;
    let event = answer(client, call, dry, within, |client, options, queue| {
        // SAFETY: an array of one; everything is alive until the call has copied it.
        unsafe { native::rd_kafka_IncrementalAlterConfigs(client, &mut altered.ptr(), 1, options, queue) }
    })?;
    let of = native::rd_kafka_event_IncrementalAlterConfigs_result;
    // SAFETY: of one kind with the call; what is lent is read while the event lives.
    unsafe {
        let topic = only(&event, of, native::rd_kafka_IncrementalAlterConfigs_result_resources)?;
        let words = text(native::rd_kafka_ConfigResource_error_string(topic));
        check(native::rd_kafka_ConfigResource_error(topic), words)
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
    let of = native::rd_kafka_event_DescribeConsumerGroups_result;
    // SAFETY: of one kind with the call; what is lent is read while the event lives.
    unsafe {
        let group = only(&event, of, native::rd_kafka_DescribeConsumerGroups_result_groups)?;
        check_error(native::rd_kafka_ConsumerGroupDescription_error(group))?;
        let state = native::rd_kafka_ConsumerGroupDescription_state(group);
        let members = native::rd_kafka_ConsumerGroupDescription_member_count(group);
        Ok(GroupShape { known: state != State::RD_KAFKA_CONSUMER_GROUP_STATE_DEAD, members })
    }
}

/// Something of librdkafka's that is ours to give back.
struct Owned<T> {
    pointer: NonNull<T>,
    back: unsafe extern "C" fn(*mut T),
}

impl<T> Owned<T> {
    /// None where librdkafka has handed over nothing. `back` is what gives such a thing back.
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

    /// What comes of having set an option.
    fn check(&self, set: RDKafkaRespErr) -> Result<(), No> {
        check(set, None).map_err(|no| self.no(no.code))
    }
}

impl Default for Words {
    fn default() -> Self {
        Self([0; Self::LEN])
    }
}

/// The topic of this name, as calls about configs take it.
fn resource(topic: &str) -> Result<Owned<Resource>, No> {
    let name = CString::new(topic)?;
    let kind = native::rd_kafka_ResourceType_t::RD_KAFKA_RESOURCE_TOPIC;
    // SAFETY: the name outlives the call.
    let resource = unsafe { native::rd_kafka_ConfigResource_new(kind, name.as_ptr()) };
    Owned::of(resource, native::rd_kafka_ConfigResource_destroy).ok_or(Code::InvalidArgument.into())
}

/// Sends a call, and waits for the event that is its answer.
fn answer<C: ClientContext>(
    client: &Client<C>,
    call: Call,
    dry: bool,
    within: Duration,
    send: impl FnOnce(*mut Handle, *mut Options, *mut Queue),
) -> Result<Owned<Event>, No> {
    let handle = client.native_ptr();
    let within = c_int::try_from(within.as_millis()).unwrap_or(c_int::MAX);
    // SAFETY: the client is alive.
    let (options, queue) =
        unsafe { (native::rd_kafka_AdminOptions_new(handle, call), native::rd_kafka_queue_new(handle)) };
    let options = Owned::of(options, native::rd_kafka_AdminOptions_destroy);
    let queue = Owned::of(queue, native::rd_kafka_queue_destroy);
    let (Some(options), Some(queue)) = (options, queue) else { return Err(Code::InvalidArgument.into()) };
    let mut words = Words::default();
    let mut set = |option: SetOption, value| {
        // SAFETY: the options are alive, and the words are as long as they are said to be.
        let set = unsafe { option(options.ptr(), value, words.as_mut_ptr(), Words::LEN) };
        words.check(set)
    };
    set(native::rd_kafka_AdminOptions_set_request_timeout, within)?;
    // Only some calls have these two.
    if dry {
        set(native::rd_kafka_AdminOptions_set_validate_only, 1)?;
    }
    if let Call::RD_KAFKA_ADMIN_OP_CREATETOPICS = call {
        set(native::rd_kafka_AdminOptions_set_operation_timeout, within)?;
    }
    send(handle, options.ptr(), queue.ptr());
    // SAFETY: the queue is alive. The event is ours, and comes in time: if there was no answer, it says so.
    let event = unsafe { native::rd_kafka_queue_poll(queue.ptr(), within.saturating_add(GRACE)) };
    let event = Owned::of(event, native::rd_kafka_event_destroy).ok_or(No::from(Code::OperationTimedOut))?;
    // SAFETY: the event is alive, and its text is read before it goes.
    unsafe {
        check(
            native::rd_kafka_event_error(event.ptr()),
            text(native::rd_kafka_event_error_string(event.ptr())),
        )?;
    }
    Ok(event)
}

type SetOption = unsafe extern "C" fn(*mut Options, c_int, *mut c_char, usize) -> RDKafkaRespErr;

/// How much later than a call's own end its answer may come, in milliseconds.
const GRACE: c_int = 1000;

/// The only thing that an answer is about; it lives as long as the event.
///
/// # Safety
/// `of` takes the result of the event's call, and `list` its list.
unsafe fn only<R, T>(
    event: &Owned<Event>,
    of: unsafe extern "C" fn(*mut Event) -> *const R,
    list: unsafe extern "C" fn(*const R, *mut usize) -> *mut *const T,
) -> Result<*const T, No> {
    let mut count = 0;
    // SAFETY: by the contract; `of` answers nothing for an event of another call, and a list of one is read once.
    unsafe {
        let result = of(event.ptr());
        let list = if result.is_null() { ptr::null_mut() } else { list(result, &raw mut count) };
        if list.is_null() || count == 0 { Err(Code::Inconsistent.into()) } else { Ok(*list) }
    }
}

/// A text that librdkafka lends; none where there is none.
///
/// # Safety
/// `text` is nothing, or ends with a zero and lives until this returns.
unsafe fn text(text: *const c_char) -> Option<String> {
    // SAFETY: by the contract.
    let text = (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned());
    text.filter(|text| !text.is_empty())
}

/// What an error that librdkafka lends says; nothing is no error.
///
/// # Safety
/// `error` is nothing, or lives until this returns.
unsafe fn check_error(error: *const native::rd_kafka_error_t) -> Result<(), No> {
    if error.is_null() {
        return Ok(());
    }
    // SAFETY: by the contract.
    unsafe { check(native::rd_kafka_error_code(error), text(native::rd_kafka_error_string(error))) }
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

#[cfg(test)]
mod tests;

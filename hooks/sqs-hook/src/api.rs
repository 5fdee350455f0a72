//! Errors of SQS, by what can be done about them.
//!
//! Emulators say bare codes where AWS says prefixed ones, and the SDK knows only some of each by type:
//! so an error is asked for its type and for its code.

use aws_sdk_sqs::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
};
use provision::error::{Error, root_cause};

/// Whether the queue is not there.
pub(crate) fn absent<E: ProvideErrorMetadata>(
    error: &SdkError<E, HttpResponse>,
    typed: impl Fn(&E) -> bool,
) -> bool {
    says(error, typed, |code| matches!(code, "QueueDoesNotExist" | "AWS.SimpleQueueService.NonExistentQueue"))
}

/// Whether a queue of that name is there, with other attributes than those asked for.
pub(crate) fn exists<E: ProvideErrorMetadata>(
    error: &SdkError<E, HttpResponse>,
    typed: impl Fn(&E) -> bool,
) -> bool {
    says(error, typed, |code| matches!(code, "QueueAlreadyExists" | "QueueNameExists"))
}

/// What any other error of the call named `act` means.
pub(crate) fn classed<E>(act: &str, error: &SdkError<E, HttpResponse>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let status = error.raw_response().map(|response| response.status().as_u16());
    match error {
        SdkError::ServiceError(service) => {
            let service = service.err();
            let text = match (service.code(), service.message()) {
                (Some(code), Some(message)) => format!("{act}: {code}: {message}"),
                (Some(code), None) => format!("{act}: {code}"),
                (None, _) => format!("{act}: HTTP {}: is this SQS?", status.unwrap_or_default()),
            };
            if transient(service.code().unwrap_or_default()) || status.is_some_and(|s| s >= 500 || s == 429) {
                Error::unreachable(text)
            } else {
                Error::refused(text)
            }
        }
        SdkError::DispatchFailure(_) | SdkError::TimeoutError(_) => Error::unreachable(root_cause(error)),
        SdkError::ResponseError(_) if status.is_none_or(|status| status >= 500) => {
            Error::unreachable(root_cause(error))
        }
        _ => Error::internal(format!("{act}: {}: is this SQS?", root_cause(error))),
    }
}

fn says<E: ProvideErrorMetadata>(
    error: &SdkError<E, HttpResponse>,
    typed: impl Fn(&E) -> bool,
    named: impl Fn(&str) -> bool,
) -> bool {
    error.as_service_error().is_some_and(|service| typed(service) || service.code().is_some_and(named))
}

/// Codes that mean: the same call works later. A name is free again a minute after its queue's delete.
fn transient(code: &str) -> bool {
    let bare = code.strip_prefix("AWS.SimpleQueueService.").unwrap_or(code);
    matches!(
        bare,
        "QueueDeletedRecently"
            | "RequestThrottled"
            | "Throttling"
            | "ThrottlingException"
            | "TooManyRequestsException"
            | "InternalError"
            | "InternalFailure"
            | "ServiceUnavailable"
            | "RequestTimeout"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_sqs::{error::ErrorMetadata, operation::get_queue_url::GetQueueUrlError};

    fn answer(status: u16, code: &str) -> SdkError<GetQueueUrlError, HttpResponse> {
        let metadata = ErrorMetadata::builder().code(code).message("m").build();
        let response = HttpResponse::new(status.try_into().expect("a status"), String::new().into());
        SdkError::service_error(GetQueueUrlError::generic(metadata), response)
    }

    #[test]
    fn codes_count_with_and_without_their_prefix() {
        let never = |_: &GetQueueUrlError| false;
        for code in ["QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"] {
            assert!(absent(&answer(400, code), never), "{code}");
        }
        for code in ["QueueNameExists", "QueueAlreadyExists"] {
            assert!(exists(&answer(400, code), never), "{code}");
        }
        assert!(!absent(&answer(403, "AccessDenied"), never));
    }

    #[test]
    fn what_may_work_later_is_unreachable_and_a_no_is_refused() {
        let cases = [
            (400, "AWS.SimpleQueueService.QueueDeletedRecently", true),
            (400, "QueueDeletedRecently", true),
            (403, "RequestThrottled", true),
            (503, "Whatever", true),
            (429, "Whatever", true),
            (403, "AccessDenied", false),
            (400, "InvalidAttributeValue", false),
        ];
        for (status, code, later) in cases {
            let error = classed("GetQueueUrl", &answer(status, code));
            assert_eq!(matches!(error, Error::Unreachable(_)), later, "{code}");
            assert_eq!(error.to_string(), format!("GetQueueUrl: {code}: m"));
        }
    }
}

//! Errors of AWS, by what can be done about them.
//!
//! Emulators say bare codes where AWS says prefixed ones, and the SDK knows only some of each by type:
//! so an error is asked for its type and for its code.

use std::time::Duration;

use aws_sdk_sts::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
};
use provision::error::{Error, root_cause};

use crate::session::REQUEST;

/// Whether the error has one of these codes, with or without the prefix of its service.
pub fn is<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>, codes: &[&str]) -> bool {
    error
        .as_service_error()
        .and_then(ProvideErrorMetadata::code)
        .is_some_and(|code| codes.contains(&bare(code)))
}

/// Whether a topic or subscription is there with other attributes or tags than those asked for: of that SNS has
/// no code of its own.
pub fn exists<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    let message = error.as_service_error().and_then(ProvideErrorMetadata::message);
    is(error, &["InvalidParameter"]) && message.is_some_and(|message| message.contains("already exists"))
}

/// What an error of the call named `act` means.
pub fn classed<E>(act: &str, error: &SdkError<E, HttpResponse>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let response = error.raw_response();
    let status = response.map(|response| response.status().as_u16());
    let after = response.and_then(|response| response.headers().get("retry-after"));
    let after = after.and_then(|seconds| seconds.trim().parse().ok()).map(Duration::from_secs);
    match error {
        SdkError::ServiceError(service) => {
            let service = service.err();
            let code = service.code().unwrap_or_default();
            // AWS repeats the whole request where its signature is wrong: one line is enough.
            let message = service.message().and_then(|message| message.lines().next());
            let text = match (service.code(), message) {
                (Some(code), Some(message)) => format!("{act}: {code}: {message}"),
                (Some(code), None) => format!("{act}: {code}"),
                (None, _) => format!("{act}: HTTP {}: is this AWS?", status.unwrap_or_default()),
            };
            let busy = status.is_some_and(|status| (status >= 500 && status != 501) || status == 429);
            if TRANSIENT.contains(&bare(code)) || busy {
                Error::unreachable(text).not_before(after)
            } else if DENIED.contains(&bare(code)) {
                Error::denied(format!("auth: {act}: {code}"))
            } else if FORBIDDEN.contains(&bare(code)) {
                Error::refused(format!("{text}; whoever the hook runs as must be allowed to do this"))
            } else {
                Error::refused(text)
            }
        }
        SdkError::ResponseError(_) if status.is_some_and(|status| status < 500 && status != 429) => {
            Error::internal(format!("{act}: {}: is this AWS?", root_cause(error)))
        }
        SdkError::TimeoutError(_) => Error::unreachable(format!("no answer in {}s", REQUEST.as_secs())),
        SdkError::ResponseError(_) => Error::unreachable(root_cause(error)).not_before(after),
        // No request could be made: there are no credentials, or none that can be had.
        _ if about_credentials(error) && !about_connections(error) => {
            Error::denied(format!("auth: {}", root_cause(error)))
        }
        SdkError::DispatchFailure(_) => Error::unreachable(root_cause(error)),
        _ if about_connections(error) => Error::unreachable(root_cause(error)),
        _ => Error::internal(format!("{act}: {}", root_cause(error))),
    }
}

fn about_credentials(error: &(dyn std::error::Error + 'static)) -> bool {
    chain(error).any(|link| link.to_string().contains("credentials"))
}

/// Whether somebody could not be reached: also who gives out the credentials.
fn about_connections(error: &(dyn std::error::Error + 'static)) -> bool {
    chain(error).any(|link| link.is::<std::io::Error>() || link.to_string().starts_with("dns error"))
}

fn chain<'e>(
    error: &'e (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'e (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |link| link.source())
}

fn bare(code: &str) -> &str {
    code.strip_prefix("AWS.SimpleQueueService.").unwrap_or(code)
}

/// Codes that mean: the same call works later. A name is free again a minute after its queue's delete.
const TRANSIENT: [&str; 12] = [
    "QueueDeletedRecently",
    "RequestThrottled",
    "Throttled",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "ConcurrentAccess",
    "StaleTag",
    "InternalError",
    "InternalFailure",
    "ServiceUnavailable",
    "RequestTimeout",
];

/// Codes that mean: these credentials are known, and may not.
const FORBIDDEN: [&str; 4] =
    ["AccessDenied", "AccessDeniedException", "AuthorizationError", "KMSAccessDenied"];

/// Codes that mean: nobody knows these credentials, at least not yet.
const DENIED: [&str; 13] = [
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidAccessKeyId",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "IncompleteSignature",
    "InvalidToken",
    "InvalidSecurity",
    "RequestExpired",
];

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_sts::{
        error::ErrorMetadata, operation::get_caller_identity::GetCallerIdentityError as Whatever,
    };

    fn answer(status: u16, code: &str) -> SdkError<Whatever, HttpResponse> {
        let metadata = ErrorMetadata::builder().code(code).message("m").build();
        let mut response = HttpResponse::new(status.try_into().expect("a status"), String::new().into());
        response.headers_mut().insert("retry-after", "7");
        SdkError::service_error(Whatever::generic(metadata), response)
    }

    #[test]
    fn codes_count_with_and_without_their_prefix() {
        for code in ["QueueDoesNotExist", "AWS.SimpleQueueService.QueueDoesNotExist"] {
            assert!(is(&answer(400, code), &["QueueDoesNotExist"]), "{code}");
        }
        assert!(!is(&answer(403, "AccessDenied"), &["QueueDoesNotExist"]));
    }

    #[test]
    fn what_may_work_later_is_unreachable_and_a_no_is_refused() {
        let later = |text: String| Error::unreachable(text).not_before(Some(Duration::from_secs(7)));
        for (status, code) in [
            (400, "AWS.SimpleQueueService.QueueDeletedRecently"),
            (400, "QueueDeletedRecently"),
            (403, "RequestThrottled"),
            (503, "Whatever"),
            (429, "Whatever"),
        ] {
            assert_eq!(classed("Act", &answer(status, code)), later(format!("Act: {code}: m")));
        }
        for (status, code) in [(501, "Whatever"), (400, "InvalidAttributeValue")] {
            assert_eq!(classed("Act", &answer(status, code)), Error::refused(format!("Act: {code}: m")));
        }
        let forbidden = classed("Act", &answer(403, "AccessDenied"));
        let text = "Act: AccessDenied: m; whoever the hook runs as must be allowed to do this";
        assert_eq!(forbidden, Error::refused(text));
        let denied = classed("Act", &answer(403, "InvalidClientTokenId"));
        assert_eq!(denied, Error::denied("auth: Act: InvalidClientTokenId"));
    }
}

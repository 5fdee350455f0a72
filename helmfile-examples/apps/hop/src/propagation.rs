use axum::http::{HeaderMap, HeaderName};
use opentelemetry::{
    Context,
    propagation::{TextMapCompositePropagator, TextMapPropagator as _},
};
use opentelemetry_http::{HeaderExtractor, HeaderInjector};
use opentelemetry_sdk::propagation::{BaggagePropagator, TraceContextPropagator};

/// Takes the context of a request and hands it on to the calls that are made on its behalf: W3C
/// `traceparent`, `tracestate` and `baggage`, and one plain header.
#[derive(Debug)]
pub struct Propagation {
    w3c: TextMapCompositePropagator,
    header: HeaderName,
}

impl Propagation {
    #[must_use]
    pub fn new(header: HeaderName) -> Self {
        let w3c = TextMapCompositePropagator::new(vec![
            Box::new(TraceContextPropagator::new()),
            Box::new(BaggagePropagator::new()),
        ]);
        Self { w3c, header }
    }

    /// The headers of an outgoing call, from those of the request that it serves.
    #[must_use]
    pub fn carry(&self, request: &HeaderMap) -> HeaderMap {
        let mut call = HeaderMap::new();
        // By hand, because OpenTelemetry carries its own headers and no others: a router that looks
        // for a plain header finds it behind the first hop only if every service does this. Baggage
        // says the same thing in a header that an instrumented service hands on unasked.
        for value in request.get_all(&self.header) {
            call.append(&self.header, value.clone());
        }
        let context = self.w3c.extract_with_context(&Context::new(), &HeaderExtractor(request));
        self.w3c.inject_context(&context, &mut HeaderInjector(&mut call));
        call
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    /// A header's values; members of a baggage sorted, since their order says nothing.
    fn values(headers: &HeaderMap, name: &str) -> Vec<String> {
        let texts = headers.get_all(name).into_iter().map(|value| value.to_str().expect("ascii"));
        let mut found: Vec<String> = match name {
            "baggage" => texts.flat_map(|text| text.split(',')).map(str::to_owned).collect(),
            _ => texts.map(str::to_owned).collect(),
        };
        if name == "baggage" {
            found.sort();
        }
        found
    }

    #[test]
    fn the_context_of_a_request_goes_on_and_nothing_else_does() {
        type Headers = &'static [(&'static str, &'static str)];
        let cases: &[(&str, Headers, Headers)] = &[
            ("nothing", &[], &[]),
            ("what is no context", &[("host", "web.example.com"), ("cookie", "a=b"), ("x-other", "1")], &[]),
            ("plain header", &[("Uber-Ctx-Key", "feat1")], &[("uber-ctx-key", "feat1")]),
            ("empty plain header", &[("uber-ctx-key", "")], &[("uber-ctx-key", "")]),
            (
                "plain header twice",
                &[("uber-ctx-key", "feat1"), ("uber-ctx-key", "feat2")],
                &[("uber-ctx-key", "feat1"), ("uber-ctx-key", "feat2")],
            ),
            ("baggage alone", &[("baggage", "uber-ctx-key=feat1")], &[("baggage", "uber-ctx-key=feat1")]),
            (
                "several members",
                &[("baggage", "user=42 , uber-ctx-key=feat1,region=ap%20south")],
                &[
                    ("baggage", "region=ap%20south"),
                    ("baggage", "uber-ctx-key=feat1"),
                    ("baggage", "user=42"),
                ],
            ),
            (
                "properties",
                &[("baggage", "uber-ctx-key=feat1;ttl=30;debug,user=42;admin")],
                &[("baggage", "uber-ctx-key=feat1;ttl=30;debug"), ("baggage", "user=42;admin")],
            ),
            ("baggage that is none", &[("baggage", "feat1")], &[]),
            (
                "trace with its state",
                &[("traceparent", TRACE), ("tracestate", "vendor=1,other=2")],
                &[("traceparent", TRACE), ("tracestate", "vendor=1,other=2")],
            ),
            ("trace that is none", &[("traceparent", "00-0-0-01")], &[]),
            (
                "all",
                &[("uber-ctx-key", "feat1"), ("baggage", "uber-ctx-key=feat2"), ("traceparent", TRACE)],
                &[
                    ("uber-ctx-key", "feat1"),
                    ("baggage", "uber-ctx-key=feat2"),
                    ("traceparent", TRACE),
                    ("tracestate", ""),
                ],
            ),
        ];
        let propagation = Propagation::new(HeaderName::from_static("uber-ctx-key"));
        for (case, given, want) in cases {
            let mut request = HeaderMap::new();
            for (name, value) in *given {
                let name: HeaderName = name.parse().expect("legal");
                request.append(name, HeaderValue::from_static(value));
            }
            let call = propagation.carry(&request);
            for name in ["uber-ctx-key", "baggage", "traceparent", "tracestate"] {
                let want: Vec<&str> = want.iter().filter(|(n, _)| *n == name).map(|(_, v)| *v).collect();
                assert_eq!(values(&call, name), want, "{case}: {name}");
            }
            let wanted = |name: &HeaderName| want.iter().any(|(n, _)| n == name);
            assert!(call.keys().all(wanted), "{case}: {call:?}");
        }
    }

    #[test]
    fn a_w3c_header_as_the_plain_one_is_carried_once() {
        let propagation = Propagation::new(HeaderName::from_static("baggage"));
        let request =
            HeaderMap::from_iter([(HeaderName::from_static("baggage"), HeaderValue::from_static("a=1"))]);
        assert_eq!(values(&propagation.carry(&request), "baggage"), ["a=1"]);
    }
}

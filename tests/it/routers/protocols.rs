//! gRPC, WebSocket, server-sent events and large uploads pass through a copy's routes as through base's.

use acceptance::{
    cluster,
    helm::Version,
    witness::{Application, By, Route, testify},
};
use feature::words::{DEFAULT_HEADER, RESPONSE_HEADER};

use super::behind_every_route;

struct Protocol {
    word: &'static str,
    /// What its client has to find.
    facts: &'static [&'static str],
    /// Whether Traefik adds headers to its answers. To the one that opens a WebSocket it adds none.
    headed: bool,
    /// Seconds until the first answer. What has a Service of its own has endpoints of its own, too, which the
    /// router may read later than those by which the copy has answered already.
    patience: u64,
}

const PROTOCOLS: [Protocol; 4] = [
    Protocol { word: "grpc", facts: &["said one", "talked two", "talked three"], headed: true, patience: 30 },
    Protocol { word: "websocket", facts: &["echoed one", "echoed two"], headed: false, patience: 0 },
    Protocol {
        word: "events",
        facts: &["5 events, each before the next was sent"],
        headed: true,
        patience: 0,
    },
    Protocol { word: "upload", facts: &["67108864 bytes, as they were sent"], headed: true, patience: 0 },
];

#[test]
fn every_protocol_passes_through_header_routes_and_preview_hosts() {
    behind_every_route(Version::Three, "protocols", |application| {
        application.copy("feat1", &[]);
        for protocol in &PROTOCOLS {
            check(application, protocol);
        }
    });
}

fn check(application: &Application, protocol: &Protocol) {
    let (host, preview) = (&application.host, &application.preview("feat1"));
    let copy = By::Copy("feat1".to_owned());
    let asked = [(DEFAULT_HEADER, "feat1")];
    let cases = [(host, &asked[..0], &By::Base), (host, &asked[..], &copy), (preview, &[], &copy)];
    for (host, headers, by) in cases {
        let what = format!("{}: {} of {host} {headers:?}", application.route, protocol.word);
        let ask = || testify(protocol.word, application.route.router(), host, headers);
        let told = cluster::within(protocol.patience, ask).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(told.seen.by(), *by, "{what}");
        assert_eq!(told.facts, protocol.facts, "{what}");
        let wanted = ["feat1".to_owned()];
        // Whichever way it came, the application can hand the feature on.
        let led = told.seen.headers.get(DEFAULT_HEADER).map(Vec::as_slice);
        assert_eq!(led, (*by == copy).then_some(&wanted[..]), "{what}");
        let named = told.headers.get(RESPONSE_HEADER).map(Vec::as_slice);
        let headed = protocol.headed || application.route == Route::HttpRouteOfEnvoy;
        assert_eq!(named, (*by == copy && headed).then_some(&wanted[..]), "{what}");
    }
}

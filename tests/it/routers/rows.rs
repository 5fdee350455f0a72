//! Which of base and two copies answers which request.

use acceptance::{
    helm::Version,
    witness::{Answer, Application, By, Route},
};
use feature::words::DEFAULT_HEADER;

use super::behind_every_route;

/// A request and who answers it. Features are feat1 and feat11, so that one begins like the other.
struct Row {
    what: &'static str,
    /// The feature whose preview host is asked; else base's host is.
    preview: Option<&'static str>,
    headers: &'static [(&'static str, &'static str)],
    /// A feature, or base.
    by: Option<&'static str>,
}

const FEAT1: (&str, &str) = (DEFAULT_HEADER, "feat1");
const FEAT11: (&str, &str) = (DEFAULT_HEADER, "feat11");
const ONE: Option<&str> = Some("feat1");
const ELEVEN: Option<&str> = Some("feat11");
const BASE: Option<&str> = None;

const fn row(
    what: &'static str,
    headers: &'static [(&'static str, &'static str)],
    by: Option<&'static str>,
) -> Row {
    Row { what, preview: None, headers, by }
}

const fn preview(
    what: &'static str,
    feature: &'static str,
    headers: &'static [(&'static str, &'static str)],
) -> Row {
    Row { what, preview: Some(feature), headers, by: Some(feature) }
}

const ROWS: &[Row] = &[
    row("nothing", &[], BASE),
    row("the header", &[FEAT1], ONE),
    row("a longer feature's header", &[FEAT11], ELEVEN),
    row("a feature that has no copy", &[(DEFAULT_HEADER, "feat2")], BASE),
    row("what a feature begins with", &[(DEFAULT_HEADER, "feat")], BASE),
    row("what begins with a feature", &[(DEFAULT_HEADER, "feat12")], BASE),
    row("a feature in capitals", &[(DEFAULT_HEADER, "FEAT1")], BASE),
    row("another header", &[("x-ctx-key", "feat1")], BASE),
    row("baggage", &[("baggage", "uber-ctx-key=feat1")], ONE),
    row("baggage of a longer feature", &[("baggage", "uber-ctx-key=feat11")], ELEVEN),
    row("baggage with blanks", &[("baggage", "uber-ctx-key = feat1")], ONE),
    row("baggage with tabs and blanks", &[("baggage", "a=b \t,\t uber-ctx-key\t=\tfeat1\t , c=d")], ONE),
    row("baggage with properties", &[("baggage", "uber-ctx-key=feat1;p=1;q")], ONE),
    row("baggage with properties behind blanks", &[("baggage", "uber-ctx-key=feat1 ; p = 1")], ONE),
    row("baggage among others, first", &[("baggage", "uber-ctx-key=feat1,a=b")], ONE),
    row("baggage among others, last", &[("baggage", "a=b;p=1,c=d,uber-ctx-key=feat11")], ELEVEN),
    row("baggage in a second line", &[("baggage", "a=b"), ("baggage", "c=d,uber-ctx-key=feat1")], ONE),
    row("baggage of another feature", &[("baggage", "uber-ctx-key=feat2")], BASE),
    row("baggage in which a property says it", &[("baggage", "a=b;uber-ctx-key=feat1")], BASE),
    row("baggage in which a value says it", &[("baggage", "a=uber-ctx-key=feat1")], BASE),
    row("baggage of a longer key", &[("baggage", "xuber-ctx-key=feat1")], BASE),
    row("baggage without a value", &[("baggage", "uber-ctx-key")], BASE),
    row("baggage with a percent sign", &[("baggage", "uber-ctx-key=feat%31")], BASE),
    row("the header of one, baggage of none", &[FEAT1, ("baggage", "uber-ctx-key=feat2")], ONE),
    row(
        "the header of none, baggage of one",
        &[(DEFAULT_HEADER, "feat2"), ("baggage", "uber-ctx-key=feat1")],
        ONE,
    ),
    row("both of one", &[FEAT11, ("baggage", "uber-ctx-key=feat11")], ELEVEN),
    preview("a preview host", "feat1", &[]),
    preview("a longer feature's preview host", "feat11", &[]),
    preview("a preview host, the other's header", "feat1", &[FEAT11]),
    preview("a preview host, the other's baggage", "feat11", &[("baggage", "uber-ctx-key=feat1")]),
];

/// Where the header says one feature and baggage another. Traefik's own rules say which of them counts, and Envoy
/// Gateway takes exact headers first. To Traefik both are headers of an `HTTPRoute`, and alike.
const TORN: [Row; 2] = [
    row("the header of one, baggage of the other", &[FEAT1, ("baggage", "uber-ctx-key=feat11")], ONE),
    row("the header of the other, baggage of one", &[FEAT11, ("baggage", "uber-ctx-key=feat1")], ELEVEN),
];

#[test]
fn every_form_of_header_and_baggage_leads_to_its_feature_and_no_other() {
    let faults = behind_every_route(Version::Four, "rows", |application| {
        application.copy("feat11", &[]);
        application.copy("feat1", &[]);
        let alike = matches!(application.route, Route::IngressToGateway | Route::HttpRoute);
        let torn = TORN
            .iter()
            .filter_map(|row| if alike { row.fault_of_either(application) } else { row.fault(application) });
        ROWS.iter().filter_map(|row| row.fault(application)).chain(torn).collect::<Vec<_>>()
    });
    let faults: Vec<String> = faults.into_iter().flat_map(|(_, faults)| faults).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

impl Row {
    fn ask(&self, application: &Application) -> Answer {
        let host =
            self.preview.map_or_else(|| application.host.clone(), |feature| application.preview(feature));
        application.client.get(&host, self.headers)
    }

    fn fault(&self, application: &Application) -> Option<String> {
        let answer = self.ask(application);
        let wanted = self.by.map_or(By::Base, |feature| By::Copy(feature.to_owned()));
        let led = answer.headers.get(DEFAULT_HEADER).map(Vec::as_slice);
        // Behind a preview host the application finds the feature's header and baggage, and no other's.
        let baggage = answer.headers.get("baggage").map(|lines| lines.join(","));
        let right = self.preview.is_none_or(|feature| {
            let member = format!("{DEFAULT_HEADER}={feature}");
            led == Some(&[feature.to_owned()])
                && baggage.is_some_and(|baggage| baggage.split(',').any(|other| other.trim() == member))
        });
        let right = right && answer.by == wanted && answer.named.as_deref() == self.by;
        (!right).then(|| format!("{}: {}: wanted {wanted}, got {answer:?}", application.route, self.what))
    }

    /// One of the two copies answers, and says which.
    fn fault_of_either(&self, application: &Application) -> Option<String> {
        let answer = self.ask(application);
        let right = match &answer.by {
            By::Copy(feature) => answer.named.as_ref() == Some(feature),
            _ => false,
        };
        (!right).then(|| format!("{}: {}: wanted a copy, got {answer:?}", application.route, self.what))
    }
}

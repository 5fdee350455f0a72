//! Who answers which request.

use acceptance::{
    cluster,
    http::Router,
    routing::{API_ONLY, BOTH, Scenario, WEB_ONLY},
};

use crate::stage::{Stage, with_both_helms};

with_both_helms! {
    fn with_copies_of_api_only_every_request_is_answered_as_the_table_says(stage) {
        assert_table(stage, &API_ONLY);
    }

    fn with_a_copy_of_both_the_header_leads_from_copy_to_copy(stage) {
        assert_table(stage, &BOTH);
    }

    fn with_a_copy_of_web_only_it_calls_the_api_of_base(stage) {
        assert_table(stage, &WEB_ONLY);
    }
}

fn assert_table(stage: &Stage, scenario: &Scenario) {
    let helm = stage.helm();
    // Both at the same moment, as two pipelines would.
    std::thread::scope(|scope| {
        for (feature, copies) in scenario.copies {
            scope.spawn(|| cluster::apply(helm, feature, *copies));
        }
    });
    let router = Router::default();
    for row in scenario.rows {
        row.settle(&router).unwrap_or_else(|fault| panic!("{fault}"));
    }
    for (feature, copies) in scenario.copies {
        cluster::destroy(helm, feature, *copies);
    }
    // A feature whose copy is gone is one that never was.
    for (feature, _) in scenario.copies {
        cluster::eventually("base's answer", 10, || {
            let header = [("uber-ctx-key", *feature)];
            let answer = router.get("web.example.com", "/", &header).map_err(|error| error.to_string())?;
            let base = answer.hops.len() == 2 && answer.hops.iter().all(|hop| hop.release == "demo");
            if base { Ok(()) } else { Err(format!("{answer:?}")) }
        });
    }
}

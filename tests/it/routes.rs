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
            scope.spawn(|| cluster::deploy(helm, feature, *copies));
        }
    });
    let router = Router::default();
    for row in scenario.rows {
        // The preview host of the copy answers by now. Its entries are routes of their own, which a
        // router may take up a moment later.
        cluster::eventually(&row.to_string(), 10, || {
            let answer = router.get(row.host, row.path, row.headers).map_err(|error| error.to_string())?;
            row.fault(&answer).map_or(Ok(()), Err)
        });
    }
    for (feature, copies) in scenario.copies {
        cluster::destroy(helm, feature, *copies);
    }
}

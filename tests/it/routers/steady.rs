//! Base, and whoever uses it, never notice that copies come, change and go.

use acceptance::{
    helm::Version,
    process,
    witness::{Application, By, Tally, Watch, release},
};

use super::behind_every_route;

/// Longer than a router needs to notice that a pod ends, on a machine that has much else to do.
const DRAIN: &str = "drain=15";

#[test]
fn base_answers_every_request_while_copies_come_change_and_go() {
    let tallies = behind_every_route(Version::Three, "steady", |application| {
        let base = Watch::start(&application.client, &application.host, &[]);
        application.copy("feat1", &[DRAIN]);
        application.copy("feat11", &[DRAIN]);
        let (header, preview) = watch_copy(application);
        application.copy("feat1", &["edition=2", DRAIN]);
        application.copy("feat11", &["edition=2", DRAIN]);
        let changed = [header.stop(), preview.stop()];
        let (header, preview) = watch_copy(application);
        for feature in ["feat1", "feat11"] {
            application.uninstall(feature);
        }
        for feature in ["feat1", "feat11"] {
            let pods = format!("--selector=app.kubernetes.io/instance={}", release(feature));
            let mut kubectl = application.kubectl();
            let _ =
                process::output_of(kubectl.args(["wait", "--for=delete", "pods", &pods, "--timeout=60s"]));
        }
        application.settle("gone");
        (base.stop(), changed, [header.stop(), preview.stop()])
    });
    for (route, (base, changed, gone)) in &tallies {
        // Some five seconds at the least, of fifty requests each.
        assert!(base.asked > 250, "{route}: {base:?}");
        assert_eq!(base.answers.keys().collect::<Vec<_>>(), [&By::Base], "{route}: {base:?}");
        assert_eq!(base.answers[&By::Base].named, None, "{route}: {base:?}");
        // A copy that changes is there all the time.
        for tally in changed {
            assert_eq!(tally.answers.keys().collect::<Vec<_>>(), [&by_copy()], "{route}: {tally:?}");
        }
        for (tally, afterwards) in gone.iter().zip([By::Base, By::Status(404)]) {
            check_going(tally, &afterwards).unwrap_or_else(|fault| panic!("{route}: {fault}: {tally:?}"));
        }
    }
}

/// Asks for feat1 by its header and at its preview host.
fn watch_copy(application: &Application) -> (Watch, Watch) {
    let header =
        Watch::start(&application.client, &application.host, &[(feature::words::DEFAULT_HEADER, "feat1")]);
    (header, Watch::start(&application.client, &application.preview("feat1"), &[]))
}

fn by_copy() -> By {
    By::Copy("feat1".to_owned())
}

/// First the copy answers and in the end what would without it. Between the two its own requests may fail.
fn check_going(tally: &Tally, afterwards: &By) -> Result<(), String> {
    let copy = tally.answers.get(&by_copy()).ok_or("the copy never answered")?;
    let after = tally.answers.get(afterwards).ok_or_else(|| format!("{afterwards} never answered"))?;
    for (by, answered) in &tally.answers {
        let between = answered.last < after.last && answered.first > copy.first;
        let failed = matches!(by, By::Status(500 | 502..=504) | By::Nobody(_));
        if by != afterwards && *by != by_copy() && !(failed && between) {
            return Err(format!("{by} answered"));
        }
    }
    Ok(())
}

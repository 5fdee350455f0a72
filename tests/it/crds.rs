//! The CRDs of other projects on the cluster, for as long as a test needs them.

use std::{process::Command, sync::Mutex};

use acceptance::{lab::lab, process};

/// How many tests use the CRDs now.
static USERS: Mutex<usize> = Mutex::new(0);

/// While this is held, the CRDs are there.
pub struct Crds;

impl Crds {
    pub fn applied() -> Self {
        assert!(
            lab().own,
            "this test applies CRDs and deletes them: it runs on the lab alone (unset CLUSTER)"
        );
        let mut users = USERS.lock().expect("the CRDs could be applied");
        if *users == 0 {
            // Some are larger than the annotation that kubectl would write without --server-side.
            let crds = ["--filename", lab().var("CRDS")];
            let _ = process::output_of(kubectl().args(["apply", "--server-side"]).args(crds));
            let _ = process::output_of(kubectl().args(["wait", "--for=condition=Established"]).args(crds));
        }
        *users += 1;
        Self
    }
}

impl Drop for Crds {
    fn drop(&mut self) {
        let mut users = USERS.lock().expect("the CRDs could be applied");
        *users -= 1;
        if *users == 0 {
            let crds = ["--ignore-not-found", "--filename", lab().var("CRDS")];
            let _ = process::output_of(kubectl().arg("delete").args(crds));
        }
    }
}

fn kubectl() -> Command {
    lab().command("kubectl")
}

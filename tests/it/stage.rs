//! Base on the cluster, deployed by either Helm, for one test at a time.

use std::sync::{Mutex, MutexGuard};

use acceptance::{
    cluster,
    helm::{Helm, Version},
    lab::lab,
};

/// The Helm that base is deployed by now. A test that failed leaves it poisoned: base is made anew.
static BASE: Mutex<Option<Helm>> = Mutex::new(None);

/// Base, for as long as this is held.
pub struct Stage {
    base: MutexGuard<'static, Option<Helm>>,
}

impl Stage {
    /// Waits for its turn and for base to be deployed by `version`, without any copy.
    pub fn set(version: Version) -> Self {
        assert!(lab().own, "these tests remove what they meet: they run on the lab alone (unset CLUSTER)");
        let (mut base, poisoned) = match BASE.lock() {
            Ok(base) => (base, false),
            Err(poisoned) => (poisoned.into_inner(), true),
        };
        BASE.clear_poison();
        if poisoned || base.as_ref().is_none_or(|helm| helm.version != version) {
            cluster::remove_everything();
            let helm = Helm::new(version);
            cluster::deploy_base(&helm);
            *base = Some(helm);
        }
        Self { base }
    }

    pub fn helm(&self) -> &Helm {
        self.base.as_ref().expect("base is deployed")
    }
}

/// One test for each Helm, named alike.
macro_rules! with_both_helms {
    ($($(#[$doc:meta])* fn $name:ident($stage:ident) $body:block)+) => {
        $($(#[$doc])* fn $name($stage: &crate::stage::Stage) $body)+
        mod with_helm_3 {
            $(#[test] fn $name() { super::$name(&crate::stage::Stage::set(acceptance::helm::Version::Three)); })+
        }
        mod with_helm_4 {
            $(#[test] fn $name() { super::$name(&crate::stage::Stage::set(acceptance::helm::Version::Four)); })+
        }
    };
}

pub(crate) use with_both_helms;

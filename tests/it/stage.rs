//! Base on the cluster, deployed by either Helm, for one test at a time.

use std::sync::{Mutex, MutexGuard};

use acceptance::{
    cluster,
    helm::{Helm, Version},
    kafka::Broker,
    lab::lab,
    postgres::Server,
};

/// The Helm that base is deployed by now. A test that failed leaves it poisoned: base is made anew.
static BASE: Mutex<Option<Version>> = Mutex::new(None);

/// Base, for as long as this is held.
pub struct Stage {
    helm: Helm,
    _turn: MutexGuard<'static, Option<Version>>,
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
        let helm = Helm::new(version);
        if poisoned || *base != Some(version) {
            cluster::remove_everything();
            forget_copies();
            cluster::deploy_base(&helm);
            *base = Some(version);
        }
        Self { helm, _turn: base }
    }

    pub fn helm(&self) -> &Helm {
        &self.helm
    }
}

/// Takes away what copies have at the stores: with their namespace goes what would have done it.
fn forget_copies() {
    drop(Server::lab().swept("orders_feat"));
    for word in ["events-feat", "api-feat"] {
        drop(Broker::lab().swept(word));
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

/// One test for each Helm, named alike, without base: in namespaces of its own, whose names the number makes two.
macro_rules! with_either_helm {
    ($($(#[$doc:meta])* fn $name:ident($helm:ident, $number:ident) $body:block)+) => {
        $($(#[$doc])* fn $name($helm: &acceptance::helm::Helm, $number: u8) $body)+
        mod with_helm_3 {
            use acceptance::helm::{Helm, Version};
            $(#[test] fn $name() { super::$name(&Helm::new(Version::Three), 3); })+
        }
        mod with_helm_4 {
            use acceptance::helm::{Helm, Version};
            $(#[test] fn $name() { super::$name(&Helm::new(Version::Four), 4); })+
        }
    };
}

pub(crate) use with_either_helm;

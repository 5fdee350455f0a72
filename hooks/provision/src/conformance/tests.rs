//! The suite is right: it passes a provider that keeps the laws, and catches one for each law that it breaks.

use super::*;
use crate::marks::Tags;
use crate::shelf::{Box_, Boxes, FAULTS, Fault, SECRET, Section, Store};

struct Shelf {
    store: Rc<Store>,
}

impl Subject for Shelf {
    type Provider = Boxes;

    const FIELD: &'static str = "size";
    const WORD: &'static str = "";
    const SECRET: &'static str = SECRET;

    fn section(&self, feature: Option<&str>, variant: Variant) -> Section {
        let name =
            |stem: &str| feature.map_or_else(|| stem.to_owned(), |feature| format!("{stem}-{feature}"));
        let size = match variant {
            Variant::Changed => 4,
            Variant::Impossible => 99,
            Variant::Plain | Variant::Told | Variant::Down => 3,
        };
        let told = variant == Variant::Told;
        let wants = vec![
            Box_ { told, needs: Some(name("b")), ..Box_::of(&name("a"), 3) },
            Box_ { told, ..Box_::of(&name("b"), size) },
        ];
        Section { store: Rc::clone(&self.store), wants, down: variant == Variant::Down }
    }

    async fn drift(&self, feature: &str) {
        if let Some((size, _)) = self.store.boxes.borrow_mut().get_mut(&format!("b-{feature}")) {
            *size = 7;
        }
    }

    async fn stranger(&self) {
        self.store.boxes.borrow_mut().insert("stranger".to_owned(), (3, Tags::new()));
    }

    async fn state(&self, feature: Option<&str>) -> String {
        let ends = |name: &str| match feature {
            Some(feature) => name.ends_with(&format!("-{feature}")),
            None => !name.contains('-'),
        };
        let boxes = self.store.boxes.borrow();
        boxes
            .iter()
            .filter(|(name, _)| ends(name))
            .map(|(name, state)| format!("{name} {state:?}; "))
            .collect()
    }

    async fn clean(&self) {
        self.store.boxes.take();
        self.store.writes.take();
    }

    fn contacts(&self) -> usize {
        self.store.contacts.get()
    }
}

fn shelf(fault: Option<Fault>) -> Shelf {
    let store = Store::default();
    store.fault.set(fault);
    Shelf { store: Rc::new(store) }
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_keeps_the_laws_passes() {
    let broken = broken(&shelf(None)).await;
    assert!(broken.is_empty(), "{broken:#?}");
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_breaks_a_law_is_caught_by_it() {
    for (fault, law) in FAULTS.into_iter().zip(LAWS) {
        let broken = broken(&shelf(Some(fault))).await;
        assert!(
            broken.iter().any(|broken| broken.law == law),
            "{fault:?} is not caught by {law:?}: {broken:#?}"
        );
    }
}

//! A back end in memory for the tests of the engine and of the laws: boxes of a size on a shelf.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    fmt,
    rc::Rc,
    time::Duration,
};

use crate::{
    Listed, Provider,
    change::{Change, Difference, NONE},
    config::{FeatureResources, Mark, Place, Target, TargetKind},
    error::Error,
    marks::{Edit, Tags},
    outputs::{Hidden, Output},
};

/// What is on the shelf, and what happens to it.
#[derive(Default)]
pub(crate) struct Store {
    pub(crate) boxes: RefCell<BTreeMap<String, (u32, Tags)>>,
    pub(crate) writes: RefCell<Vec<String>>,
    pub(crate) contacts: Cell<usize>,
    pub(crate) down: Cell<bool>,
    /// Answers writes, and does nothing.
    pub(crate) lazy: Cell<bool>,
    /// What somebody else makes under this name just before it is made.
    pub(crate) rival: RefCell<Option<(&'static str, u32, Tags)>>,
    /// How many of the next writes are carried out without an answer.
    pub(crate) mute: Cell<usize>,
    /// How long reports may be late.
    pub(crate) settles: Cell<Duration>,
    /// Whether another hook has to run before anything goes.
    pub(crate) held: Cell<bool>,
    /// What nobody may look at.
    pub(crate) private: RefCell<Vec<&'static str>>,
    pub(crate) fault: Cell<Option<Fault>>,
}

/// One way for a provider to break a law.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    WritesWhilePlanning,
    NeverContent,
    TellsAnotherTimeAnotherThing,
    FailsWhereItLosesARace,
    DoesNotNameTheField,
    DoesNotSeeDrift,
    WritesBeforeItRefuses,
    DeletesNothing,
    FailsWhereNothingIs,
    RemembersTheDead,
    DeletesByTheHeadOfTheName,
    MarksLater,
    HidesItsAddress,
    CallsBeforeItLooks,
    TellsItsSecret,
    NamesItsOwnAlone,
}

pub(crate) const FAULTS: [Fault; 16] = [
    Fault::WritesWhilePlanning,
    Fault::NeverContent,
    Fault::TellsAnotherTimeAnotherThing,
    Fault::FailsWhereItLosesARace,
    Fault::DoesNotNameTheField,
    Fault::DoesNotSeeDrift,
    Fault::WritesBeforeItRefuses,
    Fault::DeletesNothing,
    Fault::FailsWhereNothingIs,
    Fault::RemembersTheDead,
    Fault::DeletesByTheHeadOfTheName,
    Fault::MarksLater,
    Fault::HidesItsAddress,
    Fault::CallsBeforeItLooks,
    Fault::TellsItsSecret,
    Fault::NamesItsOwnAlone,
];

pub(crate) const SECRET: &str = "hunter2";

/// A section: the shelf, and what is wanted there.
#[derive(Clone)]
pub(crate) struct Section {
    pub(crate) store: Rc<Store>,
    pub(crate) wants: Vec<Box_>,
    pub(crate) down: bool,
}

#[derive(Clone)]
pub(crate) struct Box_ {
    pub(crate) name: String,
    pub(crate) size: u32,
    pub(crate) adopt: bool,
    pub(crate) needs: Option<String>,
    /// Whether the application is told of it.
    pub(crate) told: bool,
}

impl Box_ {
    pub(crate) fn of(name: &str, size: u32) -> Self {
        Self { name: name.to_owned(), size, adopt: false, needs: None, told: false }
    }
}

impl fmt::Display for Box_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

pub(crate) struct Boxes {
    store: Rc<Store>,
    down: bool,
}

impl Boxes {
    /// Every call is one that a run can be killed at.
    async fn reach(&self) -> Result<&Store, Error> {
        tokio::task::yield_now().await;
        self.store.contacts.set(self.store.contacts.get() + 1);
        if self.down || self.store.down.get() {
            return Err(Error::unreachable("connection refused"));
        }
        Ok(&self.store)
    }

    fn is(&self, fault: Fault) -> bool {
        self.store.fault.get() == Some(fault)
    }

    /// Carried out, and perhaps not answered.
    fn answer(&self) -> Result<(), Error> {
        match self.store.mute.get() {
            0 => Ok(()),
            left => {
                self.store.mute.set(left - 1);
                Err(Error::unreachable("no answer"))
            }
        }
    }
}

impl Provider for Boxes {
    const SECTION: &'static str = "box";

    type Section = Section;
    type Want = Box_;
    type Have = (u32, Tags, Rc<Store>);

    fn section(_: &FeatureResources) -> Option<&Section> {
        None
    }

    fn wants(section: &Section) -> &[Box_] {
        if section.store.fault.get() == Some(Fault::CallsBeforeItLooks) {
            section.store.contacts.set(section.store.contacts.get() + 1);
        }
        &section.wants
    }

    fn prunes(_: &Section) -> bool {
        true
    }

    fn written(want: &Box_) -> &str {
        &want.name
    }

    fn needs(want: &Box_) -> Vec<&str> {
        want.needs.as_deref().into_iter().collect()
    }

    fn endpoint(section: &Section) -> String {
        match section.store.fault.get() {
            Some(Fault::HidesItsAddress) => String::new(),
            _ => "memory".to_owned(),
        }
    }

    async fn connect(section: &Section) -> Result<Self, Error> {
        let boxes = Self { store: Rc::clone(&section.store), down: section.down };
        boxes.reach().await?;
        Ok(boxes)
    }

    async fn strays(&self, section: &Section, mark: &Mark) -> Result<Vec<Box_>, Error> {
        let boxes = self.store.boxes.borrow();
        Ok(boxes
            .keys()
            .filter(|name| {
                mark.scope.may_have_named(name, 80) && section.wants.iter().all(|want| want.name != **name)
            })
            .map(|name| Box_::of(name, 0))
            .collect())
    }

    async fn listed(&self, _: &Section, mark: &Mark) -> Result<Vec<Listed>, Error> {
        let boxes = self.reach().await?.boxes.borrow();
        let own = |tags: &Tags| mark.claims(tags).is_ok() || !self.is(Fault::NamesItsOwnAlone);
        let names = boxes.iter().filter(|(_, (_, tags))| own(tags)).map(|(name, _)| name.clone());
        Ok(names.map(|name| Listed { name, tags: None }).collect())
    }

    async fn written_on(&self, name: &str) -> Result<Vec<(String, Tags)>, Error> {
        let store = self.reach().await?;
        if store.private.borrow().contains(&name) {
            return Err(Error::refused("private"));
        }
        let boxes = store.boxes.borrow();
        Ok(boxes.get(name).map(|(_, tags)| (name.to_owned(), tags.clone())).into_iter().collect())
    }

    fn held((_, _, store): &Self::Have) -> Option<String> {
        store.held.get().then(|| "somebody leans on it".to_owned())
    }

    async fn resolve(&self, want: &Box_) -> Result<Box_, Error> {
        let store = self.reach().await?;
        if want.size == 99 {
            if self.is(Fault::WritesBeforeItRefuses) {
                store.boxes.borrow_mut().insert(want.name.clone(), (99, Tags::new()));
            }
            return Err(Error::refused("no box is that big"));
        }
        Ok(want.clone())
    }

    async fn observe(&self, want: &Box_) -> Result<Option<Self::Have>, Error> {
        let store = self.reach().await?;
        if self.is(Fault::WritesWhilePlanning) {
            store.boxes.borrow_mut().entry(want.name.clone()).or_insert((want.size, Tags::new()));
        }
        let dead = store.writes.borrow().contains(&format!("delete {}", want.name));
        if self.is(Fault::FailsWhereNothingIs) && dead && !store.boxes.borrow().contains_key(&want.name) {
            return Err(Error::refused("there is no such box"));
        }
        Ok(store
            .boxes
            .borrow()
            .get(&want.name)
            .map(|(size, tags)| (*size, tags.clone(), Rc::clone(&self.store))))
    }

    fn keeps(_: &Self::Want) -> Option<&Place> {
        None
    }

    fn remember(want: Self::Want, _: Option<&Self::Have>, _: Option<Hidden>) -> Self::Want {
        want
    }

    fn tags(have: &Self::Have) -> Option<&Tags> {
        Some(&have.1)
    }

    fn touches(_: &Self::Have) -> Vec<(String, &Tags)> {
        Vec::new()
    }

    fn adopts(want: &Box_) -> bool {
        want.adopt
    }

    fn plan(want: &Box_, have: Option<&Self::Have>) -> Change {
        let Some((size, _, store)) = have else { return Change::Create(Vec::new()) };
        let update = |field: &str| {
            Change::Update(vec![Difference::new(field, size.to_string(), want.size.to_string())])
        };
        match (*size, store.fault.get()) {
            (0, _) => Change::Refuse("a box without a size cannot grow".into()),
            (_, Some(Fault::NeverContent)) => update("size"),
            (_, Some(Fault::DoesNotSeeDrift)) => Change::Keep,
            (size, _) if size == want.size => Change::Keep,
            (_, Some(Fault::DoesNotNameTheField)) => update("something"),
            _ => update("size"),
        }
    }

    async fn apply(&self, want: &Box_, change: &Change, marks: &Edit) -> Result<(), Error> {
        let store = self.reach().await?;
        store.writes.borrow_mut().push(format!("{} {}", change.word(), want.name));
        if self.is(Fault::TellsItsSecret) && want.size != 3 {
            return Err(Error::refused(format!("wrong password {SECRET}")));
        }
        if self.is(Fault::MarksLater) {
            store.boxes.borrow_mut().entry(want.name.clone()).or_insert((want.size, Tags::new()));
            tokio::task::yield_now().await;
        }
        let mut boxes = store.boxes.borrow_mut();
        let there = boxes.contains_key(&want.name);
        if self.is(Fault::FailsWhereItLosesARace) && there && matches!(change, Change::Create(_)) {
            return Err(Error::refused("is there already"));
        }
        if self.is(Fault::RemembersTheDead)
            && store.writes.borrow().contains(&format!("delete {}", want.name))
        {
            return Err(Error::refused("has been deleted"));
        }
        let mut rival = store.rival.borrow_mut();
        if let Some((_, size, tags)) = rival.take_if(|(name, ..)| *name == want.name) {
            boxes.insert(want.name.clone(), (size, tags));
            return Ok(());
        }
        if !store.lazy.get() {
            let (size, tags) = boxes.entry(want.name.clone()).or_default();
            *size = want.size;
            tags.extend(marks.set.clone());
            tags.retain(|key, _| !marks.remove.contains(key));
        }
        self.answer()
    }

    fn settles(&self) -> Duration {
        self.store.settles.get()
    }

    fn warnings(_: &Box_, _: &Self::Have) -> Vec<String> {
        Vec::new()
    }

    async fn delete(&self, want: &Box_, _: &Self::Have) -> Result<(), Error> {
        let store = self.reach().await?;
        store.writes.borrow_mut().push(format!("delete {}", want.name));
        let mut boxes = store.boxes.borrow_mut();
        if self.is(Fault::DeletesByTheHeadOfTheName) {
            boxes.retain(|name, _| !name.starts_with(&want.name[..1]));
        }
        if !self.is(Fault::DeletesNothing) {
            boxes.remove(&want.name);
        }
        self.answer()
    }

    fn outputs(want: &Box_, have: Option<&Self::Have>) -> Vec<Output> {
        if !want.told {
            return Vec::new();
        }
        let target = Target { kind: TargetKind::Secret, name: want.name.clone() };
        let value = have.map(|(size, tags, store)| match store.fault.get() {
            Some(Fault::TellsAnotherTimeAnotherThing) => store.contacts.get().to_string(),
            _ => format!("{size} {}", tags.get("label").map_or(NONE, String::as_str)),
        });
        vec![Output { place: Place { target, key: "SIZE".to_owned() }, value: value.map(Into::into) }]
    }
}

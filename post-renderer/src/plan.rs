//! What is to be changed in a stream, as data: each document by itself, then what concerns several.
//! Never writes.

use std::{collections::HashSet, num::NonZero, thread};

use crate::{
    claims,
    copy::{FeatureCopy, Isolate, OnError, PodPath, Router},
    document::{Document, Part},
    error::RenderError,
    fields,
    isolate::{self, Fault, Pods, Suspect},
    lean, metadata,
    object::{self, Absent, Identity, Object},
    omission, reach,
    report::{Change, DocumentReport},
    route::{self, Present, Unedited},
    splice::{self, Edit},
    stream,
    workload::{self, Met},
};

/// A release of Helm is kept in 1 MiB, packed: this many documents are no release.
const MOST_DOCUMENTS: usize = 1_000_000;

/// How many documents that cannot be read may pass.
const MOST_PASSED: usize = 1_000;

/// From how many bytes on more threads save more than they cost.
const WORTH_A_THREAD: usize = 256 << 10;

/// All changes to a stream.
#[derive(Debug, Default)]
pub struct Plan {
    /// Disjoint edits of the stream, sorted.
    pub edits: Vec<Edit>,
    /// Documents to be added at its end, without their `---`.
    pub added: Vec<String>,
    pub documents: Vec<DocumentReport>,
    /// What is worth knowing of what was asked for, and lay in no document.
    pub notes: Vec<String>,
}

/// What one document asks for, and what others must know of it.
#[derive(Default)]
struct Survey {
    edits: Vec<Edit>,
    added: Vec<String>,
    reports: Vec<DocumentReport>,
    pods: Vec<Pods>,
    suspects: Vec<Suspect>,
    faults: Vec<Fault>,
    met: Met,
    present: Present,
    /// What must not be added once more.
    names: Vec<Identity>,
    /// Which of the `--pod-path`s led somewhere.
    led: Vec<usize>,
}

/// Plans the rendering of a stream.
pub fn plan(stream: &[u8], copy: &FeatureCopy) -> Result<Plan, RenderError> {
    let parts = stream::parts(stream);
    if parts.len() > MOST_DOCUMENTS {
        let what = format!("the stream has {} documents, and at most {MOST_DOCUMENTS} are read", parts.len());
        return Err(RenderError::Copy { what });
    }
    let parts: Vec<Part> = parts.into_iter().enumerate().map(|(index, span)| Part { span, index }).collect();
    let mut all = Survey::default();
    for surveys in survey_all(stream, &parts, copy) {
        all.take(surveys?);
    }
    let Survey { edits, mut added, reports: documents, pods, suspects, mut faults, met, present, names, led } =
        all;
    if documents.iter().filter(|document| document.passed).count() > MOST_PASSED {
        let what = format!("more than {MOST_PASSED} documents cannot be read");
        return Err(RenderError::Copy { what });
    }
    faults.extend(isolate::taken(suspects, &pods));
    let mut notes = Vec::new();
    for Unedited { text, place } in route::unedited(&present, copy)? {
        let ours = edited(&text, copy).map_err(|error| error.of_ours(place.clone()))?;
        added.extend(ours.documents);
        notes.extend(ours.notes);
        let at = stream.len();
        let here = |fault: Fault| Fault { place: place.clone().unwrap_or(fault.place), at, ..fault };
        faults.extend(ours.faults.into_iter().map(here));
    }
    if !faults.is_empty() {
        faults.sort_by_key(|fault| fault.at);
        return Err(RenderError::Foreign { faults });
    }
    met.check(copy)?;
    added.extend(route::entries(&present, copy)?);
    refuse_doubles(names, &added, copy)?;
    let idle = copy.pod_paths.iter().enumerate().filter(|(index, _)| !led.contains(index));
    notes.extend(idle.map(|(_, path)| leads_nowhere(path)));
    Ok(Plan { edits, added, documents, notes })
}

/// Surveys all parts, a share of them on each processor; the shares are in the stream's order.
fn survey_all(stream: &[u8], parts: &[Part], copy: &FeatureCopy) -> Vec<Result<Survey, RenderError>> {
    let shares = if stream.len() < WORTH_A_THREAD {
        1
    } else {
        thread::available_parallelism().map_or(1, NonZero::get)
    };
    // Where each share begins: documents differ in size, so it is bytes that are shared out.
    let start = |share: usize| parts.partition_point(|part| part.span.start < stream.len() / shares * share);
    let survey_share = |share: usize| {
        let end = if share + 1 == shares { parts.len() } else { start(share + 1) };
        let mut all = Survey::default();
        for part in &parts[start(share)..end] {
            all.take(survey(stream, part, copy)?);
        }
        Ok(all)
    };
    thread::scope(|scope| {
        let others: Vec<_> = (1..shares).map(|share| scope.spawn(move || survey_share(share))).collect();
        let first = survey_share(0);
        let others = others.into_iter().map(|other| match other.join() {
            Ok(survey) => survey,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        std::iter::once(first).chain(others).collect()
    })
}

fn survey(stream: &[u8], part: &Part, copy: &FeatureCopy) -> Result<Survey, RenderError> {
    let document = match Document::read(stream, part, |api_version, kind| {
        reach::wanted(api_version, kind, copy)
    }) {
        Ok(document) => document,
        Err(RenderError::Syntax { place, cause }) if copy.on_error == OnError::Pass => {
            let note = format!("passed as it is, since at {place} it cannot be read: {cause}");
            let at = part.span.start;
            let report = DocumentReport { file: place.file, at, note: Some(note), passed: true, ..nothing() };
            return Ok(Survey { reports: vec![report], ..Survey::default() });
        }
        Err(error) => return Err(error),
    };
    let mut survey = Survey::default();
    for found in object::objects(&document) {
        match found {
            Ok(object) => survey.add(&document, &object, copy)?,
            Err((at, Absent::AliasedList)) => {
                let place = document.place_at(at);
                let what = why(Absent::AliasedList).to_owned();
                return Err(RenderError::Unsupported { place, what, remedy: ": write it out" });
            }
            Err((at, absent)) => {
                let report = DocumentReport { at, note: Some(why(absent).to_owned()), ..nothing() };
                survey.reports.push(report);
            }
        }
    }
    document.refuse_shared(&survey.edits)?;
    splice::sort(&mut survey.edits);
    document.refuse_overlaps(&survey.edits)?;
    survey.edits = survey.edits.into_iter().map(|edit| edit.shifted(document.base)).collect();
    for report in &mut survey.reports {
        report.file.clone_from(&document.file);
        report.at += document.base;
        report.changes.iter_mut().for_each(|change| change.at += document.base);
    }
    Ok(survey)
}

impl Survey {
    /// Adds what a later document asks for.
    fn take(&mut self, other: Self) {
        let Self { edits, added, reports, pods, suspects, faults, met, present, names, led } = other;
        self.edits.extend(edits);
        self.added.extend(added);
        self.reports.extend(reports);
        self.pods.extend(pods);
        self.suspects.extend(suspects);
        self.faults.extend(faults);
        self.met.containers.extend(met.containers);
        self.met.swaps.extend(met.swaps);
        self.present.routes.extend(present.routes);
        self.present.services.extend(present.services);
        self.present.ingresses.extend(present.ingresses);
        self.names.extend(names);
        self.led.extend(led.into_iter().filter(|index| !self.led.contains(index)).collect::<Vec<_>>());
    }

    fn add(
        &mut self,
        document: &Document<'_>,
        object: &Object<'_, '_>,
        copy: &FeatureCopy,
    ) -> Result<(), RenderError> {
        let mut report = DocumentReport {
            at: object.root.span.start,
            kind: Some(object.kind.to_owned()),
            name: object.name().map(str::to_owned),
            namespace: object.namespace().map(str::to_owned),
            hook: object.hook,
            ..nothing()
        };
        if let Some(why) = omission::why(document, object, copy, &mut self.faults)? {
            self.edits.push(Edit::replace(0..document.text.len(), ""));
            report.note = Some(why.to_owned());
            self.reports.push(report);
        } else {
            self.change(document, object, copy, report)?;
        }
        if copy.routing.router != Router::None {
            if route::is_added(object.kind) {
                self.names.push(Identity::of(object));
            }
            route::take_down(document, object, copy, &mut self.present)?;
        }
        Ok(())
    }

    fn change(
        &mut self,
        document: &Document<'_>,
        object: &Object<'_, '_>,
        copy: &FeatureCopy,
        mut report: DocumentReport,
    ) -> Result<(), RenderError> {
        self.faults.extend(isolate::check_addresses(document, object, copy));
        if let Isolate::Check { release } = &copy.isolate {
            self.faults.extend(isolate::check_name(document, object, copy, release));
            self.faults.extend(isolate::check_target(document, object, release));
            self.faults.extend(claims::check(document, object, copy, release));
            if copy.routing.router == Router::None {
                self.faults.extend(isolate::check_route(document, object));
            }
            self.pods.extend(isolate::pods(object, &copy.pod_paths));
            self.suspects.extend(isolate::check_selector(document, object, release, &mut self.faults));
        }
        let mut notes = Vec::new();
        if copy.routing.router != Router::None {
            omission::refuse_foreign_route(document, object)?;
            let routed = route::in_place(document, object, copy)?;
            self.edits.extend(routed.edits);
            self.added.extend(routed.added);
            report.changes.extend(routed.changes);
            notes = routed.notes;
        } else if isolate::is_route(object) {
            notes.push("left as it is: it takes requests for base, too".to_owned());
        }
        self.led.extend(fields::led(object.root, object.api_version, object.kind, &copy.pod_paths));
        let changes: &mut Vec<Change> = &mut report.changes;
        self.edits.extend(metadata::of_object(document, object, copy, changes)?);
        self.edits.extend(metadata::of_pods(document, object, copy, changes)?);
        self.edits.extend(workload::of_pods(document, object, copy, &mut self.met, changes)?);
        self.edits.extend(claims::of_object(document, object, copy, changes)?);
        self.edits.extend(lean::of_object(document, object, copy, changes)?);
        notes.extend(note(object));
        report.note = (!notes.is_empty()).then(|| notes.join("; "));
        self.reports.push(report);
        Ok(())
    }
}

/// A document of ours, made the copy's.
struct Edited {
    /// With those beside it.
    documents: Vec<String>,
    notes: Vec<String>,
    faults: Vec<Fault>,
}

/// Makes a document of ours, written as a chart would have it, the copy's.
fn edited(text: &str, copy: &FeatureCopy) -> Result<Edited, RenderError> {
    let part = Part { span: 0..text.len(), index: 0 };
    let Survey { edits, added: mut documents, faults, reports, .. } = survey(text.as_bytes(), &part, copy)?;
    documents.insert(0, splice::apply(text, 0..text.len(), edits));
    let said = |DocumentReport { kind, name, note, .. }: DocumentReport| {
        Some(format!("{} {}, which is added: {}", kind?, name?, note?))
    };
    Ok(Edited { documents, notes: reports.into_iter().filter_map(said).collect(), faults })
}

/// Fails on an object that would be added under the name of another: Helm would deploy the last of the two.
fn refuse_doubles(present: Vec<Identity>, added: &[String], copy: &FeatureCopy) -> Result<(), RenderError> {
    // What has no namespace goes to the release's.
    let placed = |name: Identity| Identity {
        namespace: name.namespace.or_else(|| copy.routing.namespace.clone()),
        ..name
    };
    let present: Vec<Identity> = present.into_iter().map(placed).collect();
    let mut names: HashSet<&Identity> = present.iter().collect();
    let added: Vec<Identity> = added.iter().filter_map(|text| Identity::of_text(text)).map(placed).collect();
    match added.iter().find(|name| !names.insert(name)) {
        None => Ok(()),
        Some(Identity { kind, name, .. }) => Err(RenderError::Copy {
            what: format!("{kind} {name} would be added, and the stream has one of that name already"),
        }),
    }
}

/// No error: one file of settings may serve many releases.
fn leads_nowhere(PodPath { kind, path }: &PodPath) -> String {
    let why =
        if fields::has_pods(kind) { ": where that kind has its pods is known" } else { " in this stream" };
    format!("--pod-path={kind}={path} leads nowhere{why}")
}

/// What is worth knowing of an object that is changed.
fn note(object: &Object<'_, '_>) -> Option<String> {
    let mut notes = Vec::new();
    if let Some(key) = object.doubled() {
        notes.push(format!("{key} stands twice: the last one counts, as for Helm"));
    }
    if object.hook {
        notes.push("no ttl on a hook; Helm 3 never hands its hooks to a post-renderer".to_owned());
    }
    let mut kinds = fields::pod_metadata(object.api_version, object.kind, &[]);
    if kinds.any(|(_, when)| !metadata::takes_labels(object, when)) {
        notes.push("no label on its pods: an upgrade could never change them".to_owned());
    }
    (!notes.is_empty()).then(|| notes.join("; "))
}

fn why(absent: Absent) -> &'static str {
    match absent {
        Absent::Empty => "nothing but comments",
        Absent::NoMapping => "nothing is added to what is no mapping",
        Absent::NoKind => "nothing is added where kind or apiVersion is missing",
        Absent::NoMetadata => "nothing is added to what has no metadata",
        Absent::EmptyList => "nothing is added to a List without items",
        Absent::AliasedList => "a list in a list as an alias",
    }
}

fn nothing() -> DocumentReport {
    DocumentReport {
        file: String::new(),
        line: 0,
        kind: None,
        name: None,
        namespace: None,
        hook: false,
        changes: Vec::new(),
        note: None,
        passed: false,
        at: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copy() -> FeatureCopy {
        FeatureCopy::from_flags(["--feature=f", "--isolate=off"]).expect("legal")
    }

    fn documents() -> Vec<String> {
        let head = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: a\nspec:\n  template:\n    metadata: {}\n";
        // Sizes that let no share end where another stream's would.
        let data = |index: usize| format!("  # {}\n", "text ".repeat(index * 7 % 501));
        (0..2000).map(|index| format!("{head}{}", data(index))).collect()
    }

    #[test]
    fn many_processors_give_what_one_gives() {
        let (documents, copy) = (documents(), copy());
        let stream = documents.join("---\n");
        assert!(stream.len() > 2 * WORTH_A_THREAD, "{}", stream.len());
        let alone = |text: &String| crate::render(text.as_bytes(), &copy).expect("legal").to_vec();
        let each: Vec<Vec<u8>> = documents.iter().map(alone).collect();
        let whole = crate::render(stream.as_bytes(), &copy).expect("legal").to_vec();
        assert!(whole == each.join(&b"---\n"[..]));
    }

    #[test]
    fn of_many_errors_the_first_of_the_stream_is_said() {
        let (mut documents, copy) = (documents(), copy());
        for index in [10, 1000, 1990] {
            documents[index] = "kind: [\n".to_owned();
        }
        for first in [10, 1000, 1990] {
            let error =
                crate::render(documents.join("---\n").as_bytes(), &copy).expect_err("no YAML").to_string();
            assert!(error.contains(&format!("document {}", first + 1)), "{error}");
            documents[first] = String::new();
        }
    }
}

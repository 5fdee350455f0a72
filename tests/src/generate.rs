//! Streams of manifests in all the notation that charts have, with what is in them.
//!
//! A stream is made from numbers. Each is one choice, and 0 is the plainest; so whatever makes the
//! numbers smaller makes the text plainer. Nothing here reads YAML or knows the renderer: text and
//! value are written side by side, and a test asks Helm's own parser whether the two are the same.

mod anchor;
mod block;
mod choices;
mod flow;
mod object;
mod page;
mod scalar;
mod stream;
mod thing;
mod words;

use std::{collections::BTreeSet, fmt, ops::Range};

use serde_json::Value;

pub use choices::Choices;
pub use stream::stream;

/// What a render injects, so that streams can already have some of it.
#[derive(Clone, Debug, Default)]
pub struct Own {
    /// Keys and texts of labels.
    pub labels: Vec<(String, String)>,
    /// Keys and texts of annotations.
    pub annotations: Vec<(String, String)>,
}

/// A stream of manifests.
#[derive(Clone, Default)]
pub struct Stream {
    pub text: String,
    /// What Helm reads of each of its documents; nothing where it refuses one.
    pub documents: Vec<Option<Value>>,
    /// Where something stands that a renderer may have to replace: a null or an alias in the place
    /// of metadata, labels or annotations, and values of keys that are its own.
    pub replaceable: Vec<Range<usize>>,
    /// The rare notations that occur.
    pub shapes: BTreeSet<Shape>,
}

macro_rules! shapes {
    ($($shape:ident)*) => {
        /// Notation that a test may want to know of.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Shape {
            $($shape),*
        }

        impl Shape {
            pub const ALL: &[Self] = &[$(Self::$shape),*];
        }
    };
}

shapes! {
    Alias AliasAsKey AliasOfMetadata AnchoredKey AnchoredLabels AnchoredMap AnchoredNull AnchoredScalar
    BlockScalar BlockScalarThatIsKept ByteOrderMark CommentsOnly ContentOnMarker DecoratedOwnValue DecoratedRoot
    DocumentEnd DuplicateKey EscapedKey ExplicitKey ExplicitNull FlowAtColumnZero FlowOverLines FlowRoot
    IndentedRoot Json JsonWithPlainKeys KeyAlone Large List Merge MergeAtRoot MixedLineEnds NoFinalNewline NoObject
    NullLabels OwnKey OwnKeyUnderAnchor OwnWordsInText QuotedAtColumnZero ScalarOverLines SequenceAtParent SpaceBeforeColon
    Tab Tag UnicodeLineBreak ValueOnNextLine WindowsLineEnds
}

/// As lines, with what cannot be seen escaped.
impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "a stream with {:?}:", self.shapes)?;
        f.write_str(&visible(&self.text))
    }
}

/// A text line by line, numbered, with what cannot be seen escaped.
#[must_use]
pub fn visible(text: &str) -> String {
    let line = |(number, line): (usize, &str)| {
        let (line, end) = line.strip_suffix('\n').map_or((line, "<end>"), |line| (line, ""));
        let shown: String = line
            .chars()
            .map(|c| match c {
                '\'' | '"' | '\\' => c.to_string(),
                _ => c.escape_debug().to_string(),
            })
            .collect();
        format!("{:>4} | {shown}{end}\n", number + 1)
    };
    text.split_inclusive('\n').enumerate().map(line).collect()
}

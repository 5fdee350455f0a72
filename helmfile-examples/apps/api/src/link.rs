use std::io::{self, Write as _};

/// How whoever reads a store in the background last found it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Link<E> {
    Unknown,
    Up,
    Down(E),
}

impl<E: PartialEq> Link<E> {
    /// Takes the new state, and says whether it is another one.
    pub(crate) fn becomes(&mut self, state: Self) -> bool {
        let changed = *self != state;
        *self = state;
        changed
    }
}

/// One line on stderr.
pub(crate) fn say(line: &str) {
    // With stderr closed there is nobody left to tell, and messages still to be read.
    let _ = writeln!(io::stderr(), "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_change_of_state_is_worth_a_line() {
        let cases = [
            (Link::Down("refused"), true),
            (Link::Down("refused"), false),
            (Link::Down("no such queue"), true),
            (Link::Up, true),
            (Link::Up, false),
            (Link::Down("refused"), true),
        ];
        let mut link = Link::Unknown;
        for (state, changed) in cases {
            let case = format!("{link:?} -> {state:?}");
            assert_eq!(link.becomes(state), changed, "{case}");
        }
    }
}

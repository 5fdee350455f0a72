//! Passwords of roles: made, recognised, and told to the server only as what it verifies them by.

use std::fmt;

use postgres_protocol::password::scram_sha_256;
use provision::outputs::Hidden;
use sha2::{Digest, Sha256};

/// Every byte is worth 5.95 bits: 190 in all.
const LENGTH: usize = 32;
/// No URL, no shell and no properties file needs any of these quoted.
const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// A new one.
pub(crate) fn new() -> Hidden {
    let mut password = String::with_capacity(LENGTH);
    while password.len() < LENGTH {
        let mut bytes = [0; 2 * LENGTH];
        getrandom::fill(&mut bytes).expect("the system has random bytes");
        // The rest of 256 by 62 would make some letters likelier.
        let letters = bytes.iter().filter(|byte| **byte < 248).map(|byte| ALPHABET[usize::from(byte % 62)]);
        password.extend(letters.take(LENGTH - password.len()).map(char::from));
    }
    password.into()
}

/// What the server stores, from which nobody comes to the password.
pub(crate) fn verifier(password: &Hidden) -> String {
    scram_sha_256(password.reveal().as_bytes())
}

/// What tells a role's password from another, and says whether somebody else has set one since. It is in the role's
/// comment, which everybody reads.
pub(crate) struct Prints {
    /// So that nobody has a list of what passwords of people's own come to.
    salt: String,
    text: String,
    pub(crate) verifier: String,
}

impl Prints {
    pub(crate) fn new(password: &Hidden, verifier: &str) -> Self {
        let mut bytes = [0_u8; 8];
        getrandom::fill(&mut bytes).expect("the system has random bytes");
        let salt = format!("{:016x}", u64::from_le_bytes(bytes));
        let text = salted(&salt, password);
        Self { salt, text, verifier: print(verifier) }
    }

    /// What [`fmt::Display`] has written.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut parts = text.split('/').map(str::to_owned);
        let prints = Self { salt: parts.next()?, text: parts.next()?, verifier: parts.next()? };
        parts.next().is_none().then_some(prints)
    }

    pub(crate) fn is_of(&self, password: &Hidden) -> bool {
        self.text == salted(&self.salt, password)
    }
}

impl fmt::Display for Prints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { salt, text, verifier } = self;
        write!(f, "{salt}/{text}/{verifier}")
    }
}

fn salted(salt: &str, password: &Hidden) -> String {
    print(&format!("{salt}{}", password.reveal()))
}

/// By what a text of that much chance is told from another: half of its SHA-256.
pub(crate) fn print(text: &str) -> String {
    Sha256::digest(text.as_bytes())[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_long_plain_and_never_the_same() {
        let (one, other) = (new(), new());
        assert_eq!(one.reveal().len(), LENGTH);
        assert!(one.reveal().bytes().all(|byte| ALPHABET.contains(&byte)));
        assert!(one != other && print(one.reveal()) != print(other.reveal()));
        assert_eq!(print(one.reveal()).len(), 32);
    }

    #[test]
    fn what_everybody_reads_tells_one_password_from_another_and_is_never_the_same() {
        let (one, other) = (Hidden::from("one".to_owned()), Hidden::from("other".to_owned()));
        let prints = Prints::new(&one, "verifier").to_string();
        assert_ne!(prints, Prints::new(&one, "verifier").to_string());
        let read = Prints::read(&prints).expect("what was written is read");
        assert!(read.is_of(&one) && !read.is_of(&other) && read.verifier == print("verifier"));
        assert!(Prints::read("one/other").is_none());
    }

    #[test]
    fn the_server_gets_a_verifier_in_which_the_password_is_not() {
        let password = Hidden::from("canary".to_owned());
        let verifier = verifier(&password);
        assert!(verifier.starts_with("SCRAM-SHA-256$") && !verifier.contains("canary"), "{verifier}");
    }
}

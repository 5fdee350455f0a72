//! Passwords of roles: made, recognised, and told to the server only as what it verifies them by.

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
    fn the_server_gets_a_verifier_in_which_the_password_is_not() {
        let password = Hidden::from("canary".to_owned());
        let verifier = verifier(&password);
        assert!(verifier.starts_with("SCRAM-SHA-256$") && !verifier.contains("canary"), "{verifier}");
    }
}

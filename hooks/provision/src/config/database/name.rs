//! What databases, roles and schemas are called: anything, quoted, but what the server would cut off or keeps
//! for itself.

use feature::{shortened, words};

use crate::config::Scope;

/// The longest name in bytes; the server cuts a longer one off without a word.
pub const MAX: usize = 63;

/// Databases and roles of servers themselves, here and in the clouds.
const RESERVED: [&str; 11] = [
    "postgres",
    "template0",
    "template1",
    "public",
    "rdsadmin",
    "rdsrepladmin",
    "cloudsqladmin",
    "cloudsqlsuperuser",
    "alloydbadmin",
    "azure_maintenance",
    "azure_sys",
];

/// Whether a name is the server's own, and never made, changed or dropped by a hook.
#[must_use]
pub fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name) || name.starts_with("pg_")
}

/// What a database of a file is called in the server. Dashes become underscores, so that nobody has to quote it.
pub(super) fn named(scope: &Scope, written: &str) -> String {
    match scope {
        Scope::Base => written.to_owned(),
        Scope::Copy { feature, .. } => shortened(&format!("{written}-{feature}"), MAX).replace('-', "_"),
    }
}

/// Refuses what nothing can be called.
pub(super) fn check(name: &str, what: &str) -> Result<(), String> {
    if name.is_empty() || name.len() > MAX || name.chars().any(char::is_control) {
        return Err(format!(
            "{name:?} is no name of {what}: 1 to {MAX} bytes without control characters (the server would cut it \
             off without a word)"
        ));
    }
    if is_reserved(name) {
        return Err(format!("{name:?} is the server's own: choose another name of {what}"));
    }
    Ok(())
}

/// Refuses what no schema can be called, and the schemas of the server and of our own records.
pub(super) fn check_schema(schema: &str) -> Result<(), String> {
    if schema.is_empty() || schema.len() > MAX || schema.chars().any(char::is_control) {
        return Err(format!(
            "{schema:?} is no name of a schema: 1 to {MAX} bytes without control characters"
        ));
    }
    if schema.starts_with("pg_") || schema == "information_schema" {
        return Err(format!("{schema:?} is a schema of the server's own"));
    }
    if schema == words::MANAGER {
        return Err(format!("{schema:?} is where is written which files of seed have run"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Mark;

    #[test]
    fn a_copys_name_has_the_feature_behind_it_and_no_dashes() {
        let copy = Mark::of_feat1().scope;
        assert_eq!(named(&copy, "orders"), "orders_feat1");
        assert_eq!(named(&copy, "my-orders"), "my_orders_feat1");
        assert_eq!(named(&Scope::Base, "my-orders"), "my-orders");
        let long = named(&copy, &"ö".repeat(31));
        assert!(long.len() <= MAX && long.starts_with("öööö") && !long.contains('-'), "{long}");
        assert_ne!(long, named(&copy, &format!("{}x", "ö".repeat(30))));
    }

    #[test]
    fn a_name_is_anything_that_the_server_takes_and_does_not_keep_for_itself() {
        for good in ["a", "Orders", "a b", "a\"b", "ö", "drop table;--", &"x".repeat(63)] {
            assert_eq!(check(good, "a database"), Ok(()), "{good}");
        }
        for bad in ["", "a\0b", "a\nb", &"x".repeat(64), "postgres", "template1", "pg_x", "rdsadmin"] {
            assert!(check(bad, "a database").is_err(), "{bad}");
        }
    }
}

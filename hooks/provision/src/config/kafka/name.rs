//! What topics and groups can be called.

use feature::words;

use super::MAX_NAME;

/// Refuses what no topic of a file can be called.
pub(super) fn check_topic(name: &str) -> Result<(), String> {
    check(name, "topic")?;
    if name.starts_with("__") {
        return Err(format!("topic {name:?} begins with __, as Kafka's own topics do"));
    }
    if collide(name, words::MARKS_TOPIC) {
        return Err(format!(
            "topic {name:?} is, or collides with, {}, where the marks are: choose another name",
            words::MARKS_TOPIC
        ));
    }
    Ok(())
}

/// Refuses what no group of a file can be called: Kafka takes more, and tools do not.
pub(super) fn check_group(name: &str) -> Result<(), String> {
    check(name, "consumer group")
}

fn check(name: &str, what: &str) -> Result<(), String> {
    let legal = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    if !(1..=MAX_NAME).contains(&name.len()) || !name.bytes().all(legal) || matches!(name, "." | "..") {
        return Err(format!(
            "{name:?} is no name of a {what}: 1 to {MAX_NAME} letters, digits, dots, dashes and underscores, and \
             not dots alone"
        ));
    }
    Ok(())
}

/// Whether one cluster cannot have both: its metrics write dots as underscores.
pub(super) fn collide(one: &str, other: &str) -> bool {
    let metric = |b: u8| if b == b'.' { b'_' } else { b };
    one.bytes().map(metric).eq(other.bytes().map(metric))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_kafka_takes() {
        let long = "x".repeat(MAX_NAME);
        for good in ["payments", "a.b_c-D9", "_a", "...", long.as_str()] {
            assert_eq!(check_topic(good), Ok(()), "{good}");
        }
        let longer = "x".repeat(MAX_NAME + 1);
        for bad in ["", ".", "..", "a b", "a/b", "a:b", "é", "__consumer_offsets", longer.as_str()] {
            assert!(check_topic(bad).is_err(), "{bad}");
        }
        for bad in [words::MARKS_TOPIC.to_owned(), words::MARKS_TOPIC.replace('.', "_")] {
            assert!(check_topic(&bad).is_err(), "{bad}");
            assert_eq!(check_group(&bad), Ok(()), "{bad}");
        }
    }

    #[test]
    fn names_collide_where_dots_are_underscores() {
        assert!(collide("a.b_c", "a_b.c"));
        assert!(!collide("a.b", "a-b"));
    }
}

//! What attributes must agree on, whatever thing they are of.

use std::collections::BTreeMap;

use super::{super::Fault, Attribute, Attributes, Setting};

/// Attributes by the API's own names, which the table must not know.
pub(in super::super) fn extra(
    written: BTreeMap<String, String>,
    rows: &[Attribute],
    at: &str,
) -> Result<BTreeMap<String, String>, Fault> {
    for name in written.keys() {
        let at = format!("{at}.extraAttributes[\"{name}\"]");
        if let Some(row) = rows.iter().find(|row| row.api.eq_ignore_ascii_case(name) || row.name == name) {
            return Err(Fault::new(at, format!("{name} is known: say attributes.{}", row.name)));
        }
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(Fault::new(at, format!("{name:?} is no name of an attribute: letters and digits")));
        }
    }
    Ok(written)
}

/// What the name of a queue or topic and its attributes must agree on.
pub(in super::super) fn together(
    attributes: &Attributes,
    fifo: bool,
    what: &str,
    at: &str,
) -> Result<(), Fault> {
    for (row, setting) in attributes.iter().filter(|(row, _)| row.fifo) {
        let says = matches!(setting, Setting::Text(text) if text == "true");
        let fault = match row.name {
            "fifoQueue" | "fifoTopic" if says == fifo => continue,
            "fifoQueue" | "fifoTopic" => {
                format!(
                    "{} does not fit the name: a FIFO {what}'s name ends with .fifo, and no other's does",
                    row.name
                )
            }
            _ if fifo => continue,
            name => format!("{name} is only for a FIFO {what}, whose name ends with .fifo"),
        };
        return Err(Fault::new(format!("{at}.attributes.{}", row.name), fault));
    }
    Ok(())
}

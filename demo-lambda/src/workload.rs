//! What can be asked of the demo, for `lmms-bench`: its requests with the arguments that come back, and with some that do not.

use std::collections::HashSet;
use std::io::{self, Write};

use serde_json::json;

use crate::draw::KNOWN;
use crate::play::Error;
use crate::requests;
use crate::variants::Variants;

/// Prints a line of JSON for each: of each operation as many as come back, and so many that are asked once.
///
/// Where there are fewer things to ask, there are fewer lines.
///
/// # Errors
/// A request that cannot be read, and an output that cannot be written.
pub fn print(fresh: u64, mut to: impl Write) -> Result<(), Error> {
    let known = KNOWN as u64;
    for variants in requests::all()?.iter().filter_map(Variants::of) {
        let mut seen = HashSet::new();
        for number in 0..known + fresh {
            let event = variants.event(number);
            if !seen.insert(event.clone()) {
                continue;
            }
            let (operation, event) = (json!(variants.title), String::from_utf8(event)?);
            let fresh = if number < known { "" } else { r#","fresh":true"# };
            if let Err(error) = writeln!(to, r#"{{"operation":{operation},"event":{event}{fresh}}}"#) {
                // Who reads has read enough.
                return if error.kind() == io::ErrorKind::BrokenPipe { Ok(()) } else { Err(error.into()) };
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::Value;

    use super::*;

    #[test]
    fn there_is_enough_to_ask_of_each_operation_and_nothing_twice() {
        let mut printed = Vec::new();
        print(10, &mut printed).unwrap();
        let mut counts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
        let mut seen = HashSet::new();
        for line in String::from_utf8(printed).unwrap().lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            assert!(seen.insert(line["event"].to_string()), "{line}");
            let (known, fresh) = counts.entry(line["operation"].as_str().unwrap().to_owned()).or_default();
            *if line["fresh"] == true { fresh } else { known } += 1;
        }
        assert_eq!(counts.len(), 29);
        for (operation, count) in counts {
            assert_eq!(count, if operation == "timezone.zones" { (8, 0) } else { (50, 10) }, "{operation}");
        }
    }
}

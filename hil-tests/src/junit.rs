//! The report as JUnit's XML, which CI services show: a `testsuite` for each target.
//!
//! There is no standard; this is what Jenkins' schema has and GitLab and GitHub's actions read.

use std::fmt::Write;

use crate::report::{Outcome, Record, Report};

/// The document.
pub fn document(report: &Report) -> String {
    let mut targets: Vec<&str> = report.records.iter().map(|it| it.target.as_str()).collect();
    targets.sort_unstable();
    targets.dedup();
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    for target in targets {
        let records: Vec<_> = report.records.iter().filter(|it| it.target == target).collect();
        suite(&mut text, target, &records);
    }
    text + "</testsuites>\n"
}

fn suite(text: &mut String, target: &str, records: &[&Record]) {
    let count = |is: fn(&Outcome) -> bool| records.iter().filter(|it| is(&it.outcome)).count();
    let seconds: f64 = records.iter().map(|record| record.took.as_secs_f64()).sum();
    let _ = writeln!(
        text,
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\" \
         time=\"{seconds:.3}\">",
        escaped(target),
        records.len(),
        count(|it| matches!(it, Outcome::Failed { .. })),
        count(|it| matches!(it, Outcome::Skipped(_))),
    );
    for record in records {
        let _ = write!(
            text,
            "    <testcase classname=\"{}\" name=\"{}\" time=\"{:.3}\"",
            escaped(target),
            escaped(&record.test),
            record.took.as_secs_f64()
        );
        let _ = match &record.outcome {
            Outcome::Passed => writeln!(text, "/>"),
            Outcome::Skipped(reason) => {
                writeln!(text, "><skipped message=\"{}\"/></testcase>", escaped(reason))
            }
            Outcome::Failed { failures, attempts, cause } => writeln!(
                text,
                "><failure message=\"{failures} of {attempts} failed\">{}</failure></testcase>",
                escaped(cause)
            ),
        };
    }
    text.push_str("  </testsuite>\n");
}

/// Text as it may stand in an attribute and between tags. What XML 1.0 has no place for (section
/// 2.2) becomes the replacement character.
fn escaped(text: &str) -> String {
    let mut all = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => all.push_str("&amp;"),
            '<' => all.push_str("&lt;"),
            '>' => all.push_str("&gt;"),
            '"' => all.push_str("&quot;"),
            '\n' => all.push_str("&#10;"),
            '\t' => all.push_str("&#9;"),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => all.push('\u{fffd}'),
            other => all.push(other),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::document;
    use crate::report::{Outcome, Record, Report};

    #[test]
    fn a_report_is_one_suite_a_target() {
        let record = |target: &str, test: &str, outcome| Record {
            target: target.into(),
            test: test.into(),
            outcome,
            took: Duration::from_millis(1500),
        };
        let cause = "<&\"\u{1}\nsecond".to_owned();
        let report = Report {
            records: vec![
                record("b", "fails", Outcome::Failed { failures: 1, attempts: 2, cause }),
                record("a", "passes", Outcome::Passed),
                record("b", "waits", Outcome::Skipped("away".into())),
            ],
        };
        assert_eq!(
            document(&report),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <testsuites>\n  \
             <testsuite name=\"a\" tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"0\" time=\"1.500\">\n    \
             <testcase classname=\"a\" name=\"passes\" time=\"1.500\"/>\n  \
             </testsuite>\n  \
             <testsuite name=\"b\" tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"1\" time=\"3.000\">\n    \
             <testcase classname=\"b\" name=\"fails\" time=\"1.500\">\
             <failure message=\"1 of 2 failed\">&lt;&amp;&quot;\u{fffd}&#10;second</failure></testcase>\n    \
             <testcase classname=\"b\" name=\"waits\" time=\"1.500\">\
             <skipped message=\"away\"/></testcase>\n  \
             </testsuite>\n\
             </testsuites>\n"
        );
    }
}

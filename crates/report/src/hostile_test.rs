//! Hostile names, in every field of a report and in every format.

use extreg_audit::check::Severity;
use extreg_audit::verdict::Gate;
use pulldown_cmark::{Event, Options as Extensions, Parser, Tag};
use serde_json::Value;

use super::{
    Format, Options,
    testing::sample::{self, HOSTILE},
    testing::schema::rendered,
};

const STRICT: Gate = Gate {
    fail_on: Some(Severity::Info),
    fail_on_new: false,
    require_coverage: Some(100),
    allow_empty: false,
};
use extreg_terminal::acts;

fn render(format: Format, text: &str) -> String {
    rendered(format, &sample::hostile(text), Options::default())
}

#[test]
fn no_format_emits_terminal_control_characters() {
    for text in HOSTILE {
        for format in Format::ALL {
            for gate in [Gate::default(), STRICT] {
                let options = Options {
                    gate,
                    ..Options::default()
                };
                let written = rendered(*format, &sample::hostile(text), options);
                let found: Vec<_> = written
                    .chars()
                    .filter(|c| acts(*c) && *c != '\n')
                    .filter(|c| *format != Format::Csv || *c != '\r')
                    .collect();
                assert_eq!(found, [], "{text:?} as {format}");
                assert!(written.ends_with('\n'), "{text:?} as {format}");
            }
        }
    }
}

/// JSON and YAML preserve every character.
#[test]
fn data_survives_a_round_trip() {
    for text in HOSTILE {
        let json: Value = serde_json::from_str(&render(Format::Json, text)).unwrap();
        let yaml: Value = serde_saphyr::from_str(&render(Format::Yaml, text)).unwrap();
        assert_eq!(json, yaml, "{text:?}");
        let section = &json["sections"][0];
        let finding = &section["findings"][0];
        for value in [
            &finding["message"],
            &finding["why"],
            &finding["fix"]["instruction"],
            &finding["place"]["name"],
            &section["injections"][0]["warnings"][0],
            &json["notices"][0],
        ] {
            assert_eq!(*value, text);
        }
        for format in [Format::Sarif, Format::CycloneDx] {
            let written = render(format, text);
            serde_json::from_str::<Value>(&written)
                .unwrap_or_else(|error| panic!("{text:?} as {format}: {error}"));
        }
        let written = render(Format::OpenReports, text);
        let documents: Vec<Value> = serde_saphyr::from_multiple(&written)
            .unwrap_or_else(|error| panic!("{text:?}: {error}"));
        assert!(
            documents
                .iter()
                .all(|document| document["summary"].is_object())
        );
    }
}

#[test]
fn csv_is_a_table_without_formulas() {
    for text in HOSTILE {
        let written = render(Format::Csv, text);
        let mut reader = csv::Reader::from_reader(written.as_bytes());
        let columns = reader.headers().unwrap().len();
        let mut findings = 0;
        for row in reader.records() {
            let row = row.unwrap();
            assert_eq!(row.len(), columns, "{text:?}");
            for cell in &row {
                assert!(
                    !cell.starts_with(['=', '+', '-', '@', '\t', '\r']),
                    "{text:?}: {cell:?}"
                );
            }
            findings += usize::from(&row[0] == "finding");
        }
        assert_eq!(findings, sample::hostile(text).findings().count());
        assert_eq!(
            written.matches('\n').count(),
            written.matches("\r\n").count()
        );
    }
}

#[test]
fn junit_is_valid_xml_with_all_texts() {
    for text in HOSTILE {
        let written = render(Format::Junit, text);
        let document = roxmltree::Document::parse(&written)
            .unwrap_or_else(|error| panic!("{text:?}: {error}\n{written}"));
        let known = [
            "testsuites",
            "testsuite",
            "testcase",
            "properties",
            "property",
            "failure",
            "error",
            "skipped",
            "system-out",
        ];
        for node in document.descendants().filter(roxmltree::Node::is_element) {
            assert!(known.contains(&node.tag_name().name()), "{node:?}");
        }
        let want: String = text
            .chars()
            .map(|c| match c {
                '\t' | '\n' | '\r' => c,
                '\u{0}'..'\u{20}' | '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
                c => c,
            })
            .collect();
        assert!(
            document
                .descendants()
                .filter_map(|node| node.text())
                .any(|body| body.starts_with(&want) && body.contains("Where: ")),
            "{text:?}"
        );
    }
}

/// Only our own markup and links.
#[test]
fn markdown_has_no_foreign_markup() {
    let extensions =
        Extensions::ENABLE_TABLES | Extensions::ENABLE_STRIKETHROUGH | Extensions::ENABLE_MATH;
    let shape = |text: &str| {
        let written = render(Format::Markdown, text);
        let mut shape = Vec::new();
        for event in Parser::new_ext(&written, extensions) {
            match event {
                Event::InlineHtml(tag) | Event::Html(tag) => assert!(
                    ["<br>", "<code>", "</code>", "<sub>", "</sub>"].contains(&&*tag),
                    "{text:?}: {tag}"
                ),
                Event::Start(Tag::Link { dest_url, .. }) => assert!(
                    dest_url.starts_with("https://extreg.io/checks/EXR"),
                    "{text:?}: {dest_url}"
                ),
                Event::Start(Tag::Image { .. }) => panic!("{text:?}"),
                Event::Start(tag) => shape.push(format!("{tag:?}")),
                _ => {}
            }
        }
        shape
    };
    let plain = shape("plain");
    assert!(plain.len() > 50);
    for text in HOSTILE.iter().filter(|text| !text.trim().is_empty()) {
        assert_eq!(shape(text), plain, "{text:?}");
    }
}

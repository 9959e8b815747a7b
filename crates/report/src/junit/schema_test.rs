//! The schema of Jenkins' xUnit plugin, as far as needed: which elements and attributes are
//! allowed, which are required, and where text is allowed.

use std::collections::{BTreeMap, BTreeSet};

use roxmltree::{Document, Node};

use crate::testing::sample;
use crate::testing::schema::{rendered, text};
use crate::{Format, Options};

/// What an element can contain.
#[derive(Debug, Default)]
struct Element {
    /// Attributes, and whether they are required.
    attributes: BTreeMap<String, bool>,
    children: BTreeSet<String>,
    text: bool,
}

/// The global elements of the schema.
fn elements(schema: &Document<'_>) -> BTreeMap<String, Element> {
    let globals = schema.root_element().children();
    globals
        .filter(|node| node.has_tag_name(XS_ELEMENT))
        .map(|node| (node.attribute("name").unwrap().to_owned(), element(node)))
        .collect()
}

const XS: &str = "http://www.w3.org/2001/XMLSchema";
const XS_ELEMENT: (&str, &str) = (XS, "element");

fn element(node: Node<'_, '_>) -> Element {
    let mut element = Element {
        text: node.attribute("type") == Some("xs:string"),
        ..Element::default()
    };
    for part in node.descendants().skip(1).filter(Node::is_element) {
        match part.tag_name().name() {
            "complexType" => element.text |= part.attribute("mixed") == Some("true"),
            "attribute" => {
                let required = part.attribute("use") == Some("required");
                let name = part.attribute("name").unwrap();
                element.attributes.insert(name.to_owned(), required);
            }
            "element" => {
                element
                    .children
                    .insert(part.attribute("ref").unwrap().to_owned());
            }
            "sequence" | "choice" => {}
            other => panic!("{other} is not understood here"),
        }
    }
    element
}

/// The schema errors.
fn errors(elements: &BTreeMap<String, Element>, document: &Document<'_>) -> Vec<String> {
    let mut errors = Vec::new();
    for node in document.descendants().filter(Node::is_element) {
        let name = node.tag_name().name();
        let Some(element) = elements.get(name) else {
            errors.push(format!("unknown element {name}"));
            continue;
        };
        for attribute in node.attributes() {
            if !element.attributes.contains_key(attribute.name()) {
                errors.push(format!("{name} has no {}", attribute.name()));
            }
        }
        for (attribute, required) in &element.attributes {
            if *required && node.attribute(attribute.as_str()).is_none() {
                errors.push(format!("{name} without {attribute}"));
            }
        }
        for child in node.children() {
            let child_name = child.tag_name().name();
            if child.is_element() && !element.children.contains(child_name) {
                errors.push(format!("{child_name} in {name}"));
            }
            if child.is_text() && !element.text && !child.text().unwrap().trim().is_empty() {
                errors.push(format!("text in {name}"));
            }
        }
    }
    errors
}

#[test]
fn every_report_is_junit() {
    let schema = text("junit-10.xsd");
    let elements = elements(&Document::parse(&schema).unwrap());
    let hostile = sample::HOSTILE.map(|text| (text, sample::hostile(text)));
    for (name, report) in sample::all().into_iter().chain(hostile) {
        let xml = rendered(Format::Junit, &report, Options::default());
        let document = Document::parse(&xml).unwrap();
        assert_eq!(errors(&elements, &document), [""; 0], "{name}");
    }
    let broken = Document::parse(
        "<testsuites><testsuite name='x'><testcase status='1'>y</testcase><file/></testsuite></testsuites>",
    );
    let wrong = errors(&elements, &broken.unwrap());
    assert_eq!(wrong.len(), 8, "{wrong:?}");
}

/// The attributes equal the sums that consumers compute.
#[test]
fn counts_equal_the_number_of_cases() {
    for (name, report) in sample::all() {
        let xml = rendered(Format::Junit, &report, Options::default());
        let document = Document::parse(&xml).unwrap();
        let counts = |node: Node<'_, '_>, attribute: &str, element: &str| {
            let found = node.descendants().filter(|of| of.has_tag_name(element));
            assert_eq!(
                node.attribute(attribute).unwrap(),
                found.count().to_string(),
                "{name}: {attribute}"
            );
        };
        let root = document.root_element();
        for node in root.children().filter(Node::is_element).chain([root]) {
            counts(node, "tests", "testcase");
            counts(node, "failures", "failure");
            counts(node, "errors", "error");
        }
        for node in root.children().filter(Node::is_element) {
            counts(node, "skipped", "skipped");
        }
        let mut names = BTreeSet::new();
        for case in document
            .descendants()
            .filter(|of| of.has_tag_name("testcase"))
        {
            let suite = case.parent().unwrap().attribute("name");
            let key = (suite, case.attribute("classname"), case.attribute("name"));
            assert!(names.insert(key), "{name}: {key:?} twice");
        }
    }
}

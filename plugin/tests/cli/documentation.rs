//! The reference of commands is generated.

use std::fs;
use std::path::Path;

use super::common::extreg;

const REFERENCE: &str = "docs/commands.md";

#[test]
fn reference_is_up_to_date() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(REFERENCE);
    let page = fs::read_to_string(page).unwrap();
    let run = extreg()
        .args(["completion", "reference"])
        .assert()
        .success();
    let generated = String::from_utf8(run.get_output().stdout.clone()).unwrap();
    let differs = page.lines().zip(generated.lines()).find(|(a, b)| a != b);
    let advice = "run: oc-extreg completion reference > docs/commands.md";
    assert_eq!(differs, None, "{advice}");
    assert_eq!(page.len(), generated.len(), "{advice}");
}

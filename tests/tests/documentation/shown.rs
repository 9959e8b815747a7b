//! Output that a page shows, compared with the real one.

/// What is wrong with the output that a page shows; `None` if the program printed it. A line that is `…` stands for
/// any lines, `…` at the end of a line for the rest of the line.
pub(crate) fn difference(shown: &[String], printed: &str) -> Option<String> {
    let mut printed = printed.lines();
    let mut can_skip = false;
    for line in shown {
        if line.trim() == "…" {
            can_skip = true;
            continue;
        }
        let found = printed
            .by_ref()
            .find(|real| !can_skip || equals(line, real));
        match found {
            Some(real) if equals(line, real) => can_skip = false,
            Some(real) => return Some(format!("shown   {line}\nprinted {real}")),
            None => return Some(format!("shown   {line}\nnot printed")),
        }
    }
    match printed.next() {
        Some(real) if !can_skip => Some(format!("not shown: {real}")),
        _ => None,
    }
}

fn equals(shown: &str, real: &str) -> bool {
    match shown.strip_suffix('…') {
        Some(start) if real.starts_with(start) => true,
        _ => timeless(shown) == timeless(real),
    }
}

/// Words, without times: a word that contains a digit and `:`, or is a number of seconds, is `TIME`.
fn timeless(line: &str) -> Vec<String> {
    let is_time = |word: &str| {
        let is_clock = word.contains(':')
            && word
                .chars()
                .all(|c| c.is_ascii_digit() || "-:TZ".contains(c));
        let is_age = word
            .strip_suffix('s')
            .is_some_and(|age| age.parse::<u32>().is_ok());
        is_clock || is_age
    };
    line.split_whitespace()
        .map(|word| {
            if is_time(word) {
                "TIME".to_owned()
            } else {
                word.to_owned()
            }
        })
        .collect()
}

#[test]
fn times_and_omissions_do_not_differ() {
    let shown = ["a 10s at 18:47", "…", "z"].map(str::to_owned);
    assert_eq!(difference(&shown, "a 6s at 09:00\nb\nc\nz\n"), None);
    assert_eq!(difference(&shown, "a 6s at 09:00\nz\n"), None);
    assert!(difference(&shown, "b 6s at 09:00\nz\n").is_some());
    assert!(difference(&shown, "a 6s at 09:00\nz\nmore\n").is_some());
    assert!(difference(&shown, "a 6s at 09:00\n").is_some());
}

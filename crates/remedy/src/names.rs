//! Names in an instruction.

/// The first few names and the number of the rest; none for an empty list.
pub fn first_names(names: &[&str]) -> Option<String> {
    const SHOWN: usize = 5;
    let (shown, more) = names.split_at(names.len().min(SHOWN));
    let shown = shown.join(", ");
    match more.len() {
        _ if names.is_empty() => None,
        0 => Some(shown),
        more => Some(format!("{shown} and {more} more")),
    }
}

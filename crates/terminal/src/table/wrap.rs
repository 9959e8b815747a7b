//! Text in lines that fit.

use unicode_width::UnicodeWidthStr as _;

/// In lines of at most this many columns, broken between words; a longer word is a separate line. At least one line.
pub fn wrap(text: &str, room: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut taken = 0;
    for word in text.split(' ') {
        let width = word.width();
        match lines.last_mut() {
            Some(line) if taken + 1 + width <= room => {
                line.push(' ');
                line.push_str(word);
                taken += 1 + width;
            }
            _ => {
                lines.push(word.to_owned());
                taken = width;
            }
        }
    }
    lines
}

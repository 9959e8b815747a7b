//! One event as one line.

use std::cell::RefCell;
use std::fmt::{self, Write as _};

use jiff::Timestamp;
use tracing::Event;
use tracing::field::{Field, Visit};

/// The format of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// A JSON object: `timestamp`, `level`, `message` and the event's own fields.
    Json,
    /// Time, level, message, and `field=value` pairs.
    Text,
}

impl Format {
    /// Formats an event into memory that is used again for the next one, ending in a newline.
    pub(super) fn with_line(self, event: &Event<'_>, take: impl FnOnce(&[u8])) {
        thread_local! {
            static LINE: RefCell<String> = const { RefCell::new(String::new()) };
        }
        LINE.with_borrow_mut(|line| {
            line.clear();
            let time = Timestamp::now();
            let level = event.metadata().level();
            // Writing to a string cannot fail.
            let _ = match self {
                Self::Json => write!(line, r#"{{"timestamp":"{time:.6}","level":"{level}""#),
                Self::Text => write!(line, "{time:.3} {level:>5}"),
            };
            event.record(&mut Fields { format: self, line });
            line.push_str(if self == Self::Json { "}\n" } else { "\n" });
            take(line.as_bytes());
        });
    }
}

struct Fields<'a> {
    format: Format,
    line: &'a mut String,
}

impl Fields<'_> {
    fn key(&mut self, name: &str) {
        let _ = match (self.format, name) {
            (Format::Json, _) => write!(self.line, r#","{name}":"#),
            (Format::Text, "message") => self.line.write_char(' '),
            (Format::Text, _) => write!(self.line, " {name}="),
        };
    }

    fn plain(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        self.key(field.name());
        let _ = self.line.write_fmt(value);
    }

    fn text(&mut self, field: &Field, value: &str) {
        self.key(field.name());
        let is_plain = |c: char| !c.is_control() && c != '"' && c != '\\';
        match self.format {
            Format::Json => push_json(self.line, value),
            // A value cannot imitate another field or another line.
            Format::Text if field.name() == "message" && value.chars().all(is_plain) => {
                self.line.push_str(value);
            }
            Format::Text if value.chars().all(|c| is_plain(c) && !c.is_whitespace()) => {
                self.line.push_str(value);
            }
            Format::Text => {
                let _ = write!(self.line, "{value:?}");
            }
        }
    }
}

impl Visit for Fields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.plain(field, format_args!("{value}"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.plain(field, format_args!("{value}"));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.plain(field, format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.text(field, &format!("{value:?}"));
    }
}

fn push_json(line: &mut String, text: &str) {
    line.push('"');
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_control() || c == '"' || c == '\\') {
        let (plain, special) = rest.split_at(at);
        line.push_str(plain);
        let mut characters = special.chars();
        if let Some(character) = characters.next() {
            let _ = match character {
                '"' | '\\' => write!(line, "\\{character}"),
                '\n' => line.write_str("\\n"),
                other => write!(line, "\\u{:04x}", u32::from(other)),
            };
        }
        rest = characters.as_str();
    }
    line.push_str(rest);
    line.push('"');
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use serde_json::{Value, json};
    use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

    use super::*;

    struct Capture(Format, Arc<Mutex<String>>);

    impl<S: tracing::Subscriber> Layer<S> for Capture {
        fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
            self.0.with_line(event, |line| {
                self.1
                    .lock()
                    .unwrap()
                    .push_str(std::str::from_utf8(line).unwrap());
            });
        }
    }

    fn lines(format: Format, log: impl FnOnce()) -> String {
        let text = Arc::<Mutex<String>>::default();
        let subscriber = tracing_subscriber::registry().with(Capture(format, Arc::clone(&text)));
        tracing::subscriber::with_default(subscriber, log);
        text.lock().unwrap().clone()
    }

    fn event() {
        let address: std::net::SocketAddr = "127.0.0.1:1".parse().unwrap();
        tracing::warn!(
            name = "a \"b\"\n\\c\u{1}é\u{85}",
            %address,
            wait = ?Some(1),
            micros = 7_u64,
            less = -1,
            dry_run = false,
            "the message"
        );
    }

    #[test]
    fn json_is_one_object_a_line() {
        let text = lines(Format::Json, event);
        assert_eq!(text.matches('\n').count(), 1, "{text}");
        let mut line: Value = serde_json::from_str(&text).unwrap();
        let time = line["timestamp"].take();
        assert!(
            time.as_str().unwrap().parse::<Timestamp>().is_ok(),
            "{time}"
        );
        let expected = json!({
            "timestamp": null, "level": "WARN", "message": "the message",
            "name": "a \"b\"\n\\c\u{1}é\u{85}", "address": "127.0.0.1:1", "wait": "Some(1)",
            "micros": 7, "less": -1, "dry_run": false,
        });
        assert_eq!(line, expected);
    }

    #[test]
    fn text_quotes_what_could_pass_for_something_else() {
        let text = lines(Format::Text, event);
        let (_, line) = text.split_once(' ').unwrap();
        let expected = " WARN the message name=\"a \\\"b\\\"\\n\\\\c\\u{1}é\\u{85}\" \
                        address=127.0.0.1:1 wait=Some(1) micros=7 less=-1 dry_run=false\n";
        assert_eq!(line, expected);
    }
}

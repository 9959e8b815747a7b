//! A terminal emulator for tests: the output of a program, and the resulting screen.

use std::{
    fs::File,
    io::Read as _,
    process::{Child, Command},
    sync::{Arc, Mutex},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use rustix::{
    fs::OFlags,
    process::{Pid, Signal, kill_process},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{Winsize, tcsetwinsize},
};

/// The limit of every wait.
const LONGEST: Duration = Duration::from_mins(1);

/// A program on its own terminal.
pub(crate) struct Pty {
    child: Child,
    written: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
    columns: usize,
    rows: usize,
}

impl Pty {
    /// Starts a program on a terminal of that size, with stdin, stdout, stderr and `TERM`.
    pub(crate) fn start(mut command: Command, columns: u16, rows: u16) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let slave = rustix::fs::open(
            name,
            OFlags::RDWR | OFlags::NOCTTY,
            rustix::fs::Mode::empty(),
        )
        .unwrap();
        let size = Winsize {
            ws_col: columns,
            ws_row: rows,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&slave, size).unwrap();
        let child = command
            .env("TERM", "xterm-256color")
            .stdin(slave.try_clone().unwrap())
            .stdout(slave.try_clone().unwrap())
            .stderr(slave)
            .spawn()
            .unwrap();
        // Close the copies of the program's end: while one is open, a read never ends.
        drop(command);
        let written = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&written);
        let reader = std::thread::spawn(move || {
            let mut master = File::from(master);
            let mut chunk = [0; 4096];
            // Linux reports the end as an error.
            while let Ok(count @ 1..) = master.read(&mut chunk) {
                kept.lock().unwrap().extend_from_slice(&chunk[..count]);
            }
        });
        Self {
            child,
            written,
            reader,
            columns: columns.into(),
            rows: rows.into(),
        }
    }

    /// The raw output.
    pub(crate) fn written(&self) -> String {
        String::from_utf8_lossy(&self.written.lock().unwrap()).into_owned()
    }

    /// The current screen.
    pub(crate) fn screen(&self) -> Vec<String> {
        screen(&self.written(), self.columns, self.rows)
    }

    /// Waits until the screen shows this text.
    pub(crate) fn wait_for(&self, text: &str) {
        let start = Instant::now();
        while !self.screen().iter().any(|line| line.contains(text)) {
            assert!(
                start.elapsed() < LONGEST,
                "{text:?} does not come: {:#?}",
                self.screen()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Presses Ctrl-C.
    pub(crate) fn interrupt(&self) {
        let id = i32::try_from(self.child.id()).unwrap();
        kill_process(Pid::from_raw(id).unwrap(), Signal::INT).unwrap();
    }

    /// Waits for the exit. Returns the exit code, the screen and the raw output.
    pub(crate) fn finish(mut self) -> (i32, Vec<String>, String) {
        let code = self.child.wait().unwrap().code().unwrap();
        self.reader.join().unwrap();
        let written = String::from_utf8_lossy(&self.written.lock().unwrap()).into_owned();
        let screen = screen(&written, self.columns, self.rows);
        (code, screen, written)
    }
}

/// The screen after this output: supports the part of VT100 that the plugin writes and rejects everything
/// else.
pub(crate) fn screen(written: &str, columns: usize, rows: usize) -> Vec<String> {
    let mut lines = vec![vec![' '; columns]; rows];
    let (mut row, mut column) = (0, 0);
    let mut rest = written.chars();
    while let Some(c) = rest.next() {
        match c {
            '\r' => column = 0,
            '\n' if row + 1 == rows => {
                lines.remove(0);
                lines.push(vec![' '; columns]);
            }
            '\n' => row += 1,
            '\u{1b}' => {
                assert_eq!(rest.next(), Some('['), "{written:?}");
                let mut parameters = String::new();
                let end = loop {
                    match rest.next().unwrap() {
                        c @ ('0'..='9' | ';' | '?') => parameters.push(c),
                        c => break c,
                    }
                };
                let count: usize = parameters.parse().unwrap_or(1);
                match (end, parameters.as_str()) {
                    ('m', _) => {}
                    ('A', _) => row = row.saturating_sub(count),
                    ('H', "") => (row, column) = (0, 0),
                    ('K', "") => lines[row][column..].fill(' '),
                    ('J', "") => {
                        lines[row][column..].fill(' ');
                        for line in &mut lines[row + 1..] {
                            line.fill(' ');
                        }
                    }
                    other => assert_eq!(other, ('m', ""), "not known, in {written:?}"),
                }
            }
            c => {
                if column == columns {
                    column = 0;
                    if row + 1 == rows {
                        lines.remove(0);
                        lines.push(vec![' '; columns]);
                    } else {
                        row += 1;
                    }
                }
                let at = column.min(columns - 1);
                lines[row][at] = c;
                column = at + 1;
            }
        }
    }
    let lines = lines.into_iter();
    let mut lines: Vec<String> = lines
        .map(|line| line.into_iter().collect::<String>().trim_end().to_owned())
        .collect();
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

#[test]
fn terminal_shows_the_last_write() {
    assert_eq!(screen("ab\r\ncd\r\n", 4, 3), ["ab", "cd"]);
    assert_eq!(
        screen("ab\r\ncd\r\n\r\u{1b}[2Ax\u{1b}[K\r\ny\u{1b}[J", 4, 3),
        ["x", "y"]
    );
    assert_eq!(screen("1\r\n2\r\n3\r\n4", 4, 3), ["2", "3", "4"]);
    assert_eq!(screen("abcdef", 4, 3), ["abcd", "ef"]);
}

//! An API server that writes down what it is asked and answers what it is told.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    sync::{Arc, Mutex},
};

use assert_cmd::Command;
use tempfile::NamedTempFile;

/// A request as it came in: the request line, the headers in lower case, and the body.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) line: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Vec<&str> {
        self.headers
            .iter()
            .filter(|(n, _)| n == name)
            .map(|(_, v)| v.as_str())
            .collect()
    }
}

/// Answers every request on loopback.
pub(crate) struct FakeApi {
    pub(crate) url: String,
    kubeconfig: NamedTempFile,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl FakeApi {
    /// `answer` gets the request and its number, and returns the whole response.
    pub(crate) fn start(answer: impl Fn(&Seen, usize) -> String + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let mut stream = stream;
                let Some(request) = read_request(&mut stream) else {
                    continue;
                };
                let number = {
                    let mut log = log.lock().unwrap();
                    log.push(request.clone());
                    log.len()
                };
                let _ = stream.write_all(answer(&request, number).as_bytes());
            }
        });
        Self::at(url, seen)
    }

    /// The same with a thread for each request, which `answer` may keep waiting.
    pub(crate) fn start_parallel(answer: impl Fn(&Seen) -> String + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let answer = Arc::new(answer);
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let answer = Arc::clone(&answer);
                std::thread::spawn(move || {
                    if let Some(request) = read_request(&mut stream) {
                        let _ = stream.write_all(answer(&request).as_bytes());
                    }
                });
            }
        });
        Self::at(url, Arc::default())
    }

    fn at(url: String, seen: Arc<Mutex<Vec<Seen>>>) -> Self {
        let mut kubeconfig = NamedTempFile::new().unwrap();
        write!(
            kubeconfig,
            "clusters: [{{name: c, cluster: {{server: '{url}'}}}}]\ncontexts: [{{name: x, context: \
             {{cluster: c}}}}]\ncurrent-context: x\n"
        )
        .unwrap();
        Self {
            url,
            kubeconfig,
            seen,
        }
    }

    /// A file that leads to it, for `KUBECONFIG`: unlike a flag it is not repeated in suggested commands.
    pub(crate) fn kubeconfig(&self) -> &Path {
        self.kubeconfig.path()
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

/// A response with a JSON body, and more header lines (each with its line end).
pub(crate) fn json(status: &str, headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\nconnection: close\r\n\
         content-length: {}\r\n{headers}\r\n{body}",
        body.len()
    )
}

/// A `Status` answer.
pub(crate) fn status(line: &str, code: u16, reason: &str, message: &str) -> String {
    let body = format!(
        r#"{{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"{reason}","message":"{message}","code":{code}}}"#
    );
    json(line, "", &body)
}

/// A text for people has these facts, in this order, whatever its sentences are.
#[track_caller]
pub(crate) fn has_facts(text: &str, facts: &[&str]) {
    let mut rest = text;
    for fact in facts {
        let found = rest.split_once(fact);
        assert!(found.is_some(), "{fact:?} is missing in\n{text}");
        rest = found.unwrap().1;
    }
}

/// The cells of a table for people, without its head.
pub(crate) fn rows(table: &str) -> Vec<Vec<&str>> {
    let rows = table.lines().skip(1);
    rows.map(|row| {
        row.split("  ")
            .map(str::trim)
            .filter(|cell| !cell.is_empty())
            .collect()
    })
    .collect()
}

/// How a command ended: its exit code, stdout and stderr.
pub(crate) fn ended(command: &mut Command) -> (i32, String, String) {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

/// The binary, without anything of this machine that could reach a cluster.
pub(crate) fn extreg() -> Command {
    let mut command = Command::cargo_bin("oc-extreg").unwrap();
    command
        .env_clear()
        .env("HOME", "/nonexistent")
        .current_dir("/");
    command
}

fn read_request(stream: &mut TcpStream) -> Option<Seen> {
    let mut data = Vec::new();
    let mut chunk = [0; 4096];
    let end = loop {
        if let Some(end) = data.windows(4).position(|w| w == b"\r\n\r\n") {
            break end;
        }
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => return None,
            Ok(n) => data.extend_from_slice(&chunk[..n]),
        }
    };
    let head = String::from_utf8_lossy(&data[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let line = lines.next()?.to_owned();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length = headers
        .iter()
        .find(|(name, _)| name == "content-length")
        .and_then(|(_, value)| value.parse().ok())
        .unwrap_or(0);
    while data.len() < end + 4 + length {
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => return None,
            Ok(n) => data.extend_from_slice(&chunk[..n]),
        }
    }
    let body = String::from_utf8_lossy(&data[end + 4..]).into_owned();
    Some(Seen {
        line,
        headers,
        body,
    })
}

//! The token in a file, reloaded while it is used.

use std::{
    fs, io,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use http::{HeaderValue, Request, header::AUTHORIZATION};
use kube::client::Body;

/// How long a token is used before the file is read again (client-go `transport/token_source.go`).
const PERIOD: Duration = Duration::from_secs(50);

/// A token file. White space around the token does not count.
#[derive(Clone, Debug)]
pub(crate) struct TokenFile {
    path: PathBuf,
    cached: Arc<Mutex<Cached>>,
}

#[derive(Debug)]
struct Cached {
    header: HeaderValue,
    read: Instant,
}

impl TokenFile {
    /// Reads it for the first time.
    ///
    /// # Errors
    /// If it cannot be read, is empty or contains no token.
    pub(crate) fn new(path: PathBuf) -> Result<Self, io::Error> {
        let header = header(&path)?;
        let cached = Cached {
            header,
            read: Instant::now(),
        };
        Ok(Self {
            path,
            cached: Arc::new(Mutex::new(cached)),
        })
    }

    /// The request with the token. If the file cannot be read again, the last token is used.
    pub(crate) fn authorize(&self, mut request: Request<Body>) -> Request<Body> {
        let header = {
            let mut cached = self.cached.lock().unwrap_or_else(PoisonError::into_inner);
            if cached.read.elapsed() > PERIOD {
                cached.read = Instant::now();
                if let Ok(header) = header(&self.path) {
                    cached.header = header;
                }
            }
            cached.header.clone()
        };
        request.headers_mut().insert(AUTHORIZATION, header);
        request
    }
}

fn header(path: &PathBuf) -> Result<HeaderValue, io::Error> {
    let invalid = |why| io::Error::new(io::ErrorKind::InvalidData, why);
    let text = fs::read_to_string(path)?;
    let token = text.trim();
    if token.is_empty() {
        return Err(invalid("it is empty"));
    }
    let mut header = HeaderValue::try_from(format!("Bearer {token}"))
        .map_err(|_| invalid("it contains no token"))?;
    header.set_sensitive(true);
    Ok(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_trimmed_and_outlives_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        for bad in ["", " \n", "a\nb"] {
            fs::write(&path, bad).unwrap();
            assert!(TokenFile::new(path.clone()).is_err(), "{bad:?}");
        }
        fs::write(&path, "\n t0ken \r\n").unwrap();
        let file = TokenFile::new(path.clone()).unwrap();
        fs::remove_file(&path).unwrap();
        file.cached.lock().unwrap().read -= 2 * PERIOD;
        let request = file.authorize(Request::new(Body::empty()));
        let header = &request.headers()[AUTHORIZATION];
        assert_eq!(header, "Bearer t0ken");
        assert!(header.is_sensitive());
        assert!(!format!("{file:?}").contains("t0ken"));
    }
}

//! A thread with a separate runtime, for tasks that have to continue while every worker is busy with
//! decisions: probes, metrics, the limits on connections, the Lease.

use std::io;
use std::thread;
use std::time::Duration;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Time for final work when the process stops, such as the release of a Lease.
const FINISH_WITHIN: Duration = Duration::from_secs(4);

/// The thread. Its tasks end when this is dropped.
#[derive(Debug)]
pub struct ReservedThread {
    handle: Handle,
    stop: CancellationToken,
    finishing: TaskTracker,
    _running: oneshot::Sender<()>,
}

impl ReservedThread {
    /// Starts the thread.
    pub fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (running, ended) = oneshot::channel::<()>();
        thread::Builder::new()
            .name("reserved".to_owned())
            .spawn(move || {
                // The error is the signal: the other end was dropped.
                let _ = runtime.block_on(ended);
            })?;
        Ok(Self {
            handle,
            stop: CancellationToken::new(),
            finishing: TaskTracker::new(),
            _running: running,
        })
    }

    /// Where to spawn tasks. A Kubernetes client that they use must be created there too: the
    /// runtime in which a client is created drives its connections.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Spawns a task that has final work when the token is canceled.
    pub fn spawn<F>(&self, task: impl FnOnce(CancellationToken) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.finishing
            .spawn_on(task(self.stop.clone()), &self.handle);
    }

    /// Cancels these tasks, and waits for them, four seconds at most.
    pub async fn finish(&self) {
        self.stop.cancel();
        self.finishing.close();
        let _ = timeout(FINISH_WITHIN, self.finishing.wait()).await;
    }
}

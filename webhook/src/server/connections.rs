//! The open connections: their limits, in total and from one address, and the choice of the one
//! that is closed when a limit is reached.
//!
//! At the limit, the connection that has been silent for the longest time is closed for a new one,
//! first those that never read an answer. A connection with a request is not closed; if all have
//! one, the new connection is refused.

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::metrics::{ConnectionEnd, Metrics, Port};

/// The time without data before a connection, a body or an unread answer is given up
/// for another. Longer than it takes to send a lost packet again.
pub(super) const QUIET: Duration = Duration::from_millis(250);
/// How often time limits are checked.
const REAP_EVERY: Duration = Duration::from_millis(250);

/// Limits on connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// Connections in total.
    pub total: usize,
    /// Connections from one address; of IPv6 addresses, from one network of 64 bits.
    pub per_peer: usize,
    /// Time from the end of the handshake to the end of the head of the first request.
    pub first_request: Duration,
    /// Time between two requests of a connection. Go's clients keep idle connections for 90 s.
    pub idle: Duration,
    /// Time for an answer to leave the process.
    pub unread: Duration,
}

/// All open connections of one port.
pub(super) struct Connections {
    port: Port,
    limits: ConnectionLimits,
    metrics: Metrics,
    open: Mutex<HashMap<u64, Arc<Connection>>>,
    next: AtomicU64,
}

impl Connections {
    pub(super) fn new(port: Port, limits: ConnectionLimits, metrics: Metrics) -> Self {
        Self {
            port,
            limits,
            metrics,
            open: Mutex::default(),
            next: AtomicU64::new(0),
        }
    }

    /// A place for a connection from `address`; `None` if all are taken and no connection can be closed.
    pub(super) fn admit(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let peer = Peer::new(address);
        let mut open = lock(&self.open);
        let of_peer = open.values().filter(|other| other.peer == peer).count();
        let full = if of_peer >= self.limits.per_peer {
            Some(ConnectionEnd::PeerLimit)
        } else if open.len() >= self.limits.total {
            Some(ConnectionEnd::TotalLimit)
        } else {
            None
        };
        if let Some(limit) = full {
            let rivals = open
                .values()
                .filter(|other| limit == ConnectionEnd::TotalLimit || other.peer == peer);
            let Some(victim) = longest_silent(rivals) else {
                self.ended(limit);
                return None;
            };
            self.close(&victim, ConnectionEnd::Evicted);
            open.remove(&victim.id);
        }
        let connection = Arc::new(Connection {
            id: self.next.fetch_add(1, Ordering::Relaxed),
            peer,
            cut: CancellationToken::new(),
            finish: CancellationToken::new(),
            life: Mutex::new(Life::new()),
        });
        open.insert(connection.id, Arc::clone(&connection));
        self.metrics.connections(self.port, open.len());
        Some(Place {
            connections: Arc::clone(self),
            connection,
        })
    }

    pub(super) fn count(&self) -> usize {
        lock(&self.open).len()
    }

    /// Closes all of them now.
    pub(super) fn cut_all(&self) {
        for connection in lock(&self.open).values() {
            connection.cut.cancel();
        }
    }

    /// Frees memory: cuts the connection whose answer has been unread for the longest
    /// time. Returns whether there was one.
    pub(super) fn relieve(&self) -> bool {
        let open = lock(&self.open);
        let unread = |connection: &&Arc<Connection>| connection.life().oldest_unread();
        let oldest = open
            .values()
            .filter(|other| unread(other).is_some_and(|since| since.elapsed() >= QUIET))
            .min_by_key(unread);
        if let Some(connection) = oldest {
            self.close(connection, ConnectionEnd::UnreadAnswer);
        }
        oldest.is_some()
    }

    /// Frees descriptors: closes the connection that has been silent for the longest time.
    pub(super) fn evict_one(&self) {
        if let Some(victim) = longest_silent(lock(&self.open).values()) {
            self.close(&victim, ConnectionEnd::Evicted);
        }
    }

    /// Counts a connection that is ended or not accepted.
    pub(super) fn ended(&self, end: ConnectionEnd) {
        self.metrics.connection_ended(self.port, end);
    }

    fn close(&self, connection: &Connection, end: ConnectionEnd) {
        // A well-behaved client learns that a request which it is about to send was not
        // handled.
        let graceful =
            matches!(end, ConnectionEnd::Evicted | ConnectionEnd::Idle) && connection.life().served;
        let token = if graceful {
            &connection.finish
        } else {
            &connection.cut
        };
        if !token.is_cancelled() {
            self.ended(end);
            token.cancel();
        }
    }

    /// Closes connections that have passed a time limit, forever.
    pub(super) async fn reap(self: Arc<Self>) {
        let mut ticks = interval(REAP_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            for connection in lock(&self.open).values() {
                let overdue = connection.life().overdue(&self.limits);
                if let Some(end) = overdue {
                    self.close(connection, end);
                }
            }
        }
    }
}

impl fmt::Debug for Connections {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Connections")
            .finish_non_exhaustive()
    }
}

fn longest_silent<'a>(
    connections: impl Iterator<Item = &'a Arc<Connection>>,
) -> Option<Arc<Connection>> {
    connections
        .filter_map(|connection| Some((connection.life().silent()?, connection)))
        .min_by_key(|(rank, _)| *rank)
        .map(|(_, connection)| Arc::clone(connection))
}

/// A connection's place, returned on drop.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) connections: Arc<Connections>,
    pub(super) connection: Arc<Connection>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = lock(&self.connections.open);
        open.remove(&self.connection.id);
        let connections = &self.connections;
        connections
            .metrics
            .connections(connections.port, open.len());
    }
}

/// One connection, as seen by its requests and the limits.
#[derive(Debug)]
pub(super) struct Connection {
    id: u64,
    peer: Peer,
    /// To be dropped now.
    pub(super) cut: CancellationToken,
    /// To be ended as its protocol requires, within [`QUIET`].
    pub(super) finish: CancellationToken,
    life: Mutex<Life>,
}

impl Connection {
    /// The number that identifies it.
    pub(super) fn id(&self) -> u64 {
        self.id
    }

    /// The handshake is done, or bytes of a body have arrived.
    pub(super) fn touch(&self) {
        self.life().heard = Instant::now();
    }

    /// A request has begun; it ends when the guard is dropped.
    pub(super) fn begin(self: &Arc<Self>) -> Exchange {
        let mut life = self.life();
        life.begun = true;
        life.requests += 1;
        Exchange(Arc::clone(self))
    }

    /// The body of a request is incomplete, until the guard is dropped.
    pub(super) fn arriving(self: &Arc<Self>) -> Arriving {
        self.life().arriving += 1;
        Arriving(Arc::clone(self))
    }

    /// An answer is being sent, until the guard is dropped: when TLS has taken the last byte of it.
    pub(super) fn answer(self: &Arc<Self>) -> Unread {
        let mut life = self.life();
        let number = life.answers;
        life.answers += 1;
        life.unread.push((number, Instant::now()));
        drop(life);
        Unread(Arc::clone(self), number)
    }

    fn life(&self) -> MutexGuard<'_, Life> {
        lock(&self.life)
    }
}

/// A request that is being handled.
#[derive(Debug)]
pub(super) struct Exchange(Arc<Connection>);

impl Drop for Exchange {
    fn drop(&mut self) {
        let mut life = self.0.life();
        life.requests = life.requests.saturating_sub(1);
        life.heard = Instant::now();
    }
}

/// A body that has not arrived yet.
#[derive(Debug)]
pub(super) struct Arriving(Arc<Connection>);

impl Arriving {
    /// Bytes of it have arrived.
    pub(super) fn progressed(&self) {
        self.0.touch();
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        let mut life = self.0.life();
        life.arriving = life.arriving.saturating_sub(1);
    }
}

/// An answer that has not left the process yet.
#[derive(Debug)]
pub(super) struct Unread(Arc<Connection>, u64);

impl Drop for Unread {
    fn drop(&mut self) {
        let mut life = self.0.life();
        life.unread.retain(|(number, _)| *number != self.1);
        life.served = true;
        life.heard = Instant::now();
    }
}

/// The state of a connection.
#[derive(Debug)]
struct Life {
    /// Whether it ever sent the head of a request.
    begun: bool,
    /// Whether it ever took an answer.
    served: bool,
    requests: u32,
    /// The number of these that wait for their body.
    arriving: u32,
    /// Answers being sent and since when, oldest first.
    unread: Vec<(u64, Instant)>,
    answers: u64,
    /// The last sign of life.
    heard: Instant,
}

impl Life {
    fn new() -> Self {
        Self {
            begun: false,
            served: false,
            requests: 0,
            arriving: 0,
            unread: Vec::new(),
            answers: 0,
            heard: Instant::now(),
        }
    }

    fn oldest_unread(&self) -> Option<Instant> {
        self.unread.first().map(|(_, since)| *since)
    }

    /// Its rank among the connections that can be closed, the smallest first; `None` if it cannot be closed.
    /// A connection that never sent a request can always be closed.
    fn silent(&self) -> Option<(bool, bool, Instant)> {
        let waits_for_client = self.requests == self.arriving && self.unread.is_empty();
        let gives_way = waits_for_client && (!self.begun || self.heard.elapsed() >= QUIET);
        gives_way.then_some((self.served, self.begun, self.heard))
    }

    fn overdue(&self, limits: &ConnectionLimits) -> Option<ConnectionEnd> {
        let is_unread = |since: Instant| since.elapsed() >= limits.unread;
        if self.oldest_unread().is_some_and(is_unread) {
            return Some(ConnectionEnd::UnreadAnswer);
        }
        if self.requests > 0 || !self.unread.is_empty() {
            return None;
        }
        let (limit, end) = if self.begun {
            (limits.idle, ConnectionEnd::Idle)
        } else {
            (limits.first_request, ConnectionEnd::NoRequest)
        };
        (self.heard.elapsed() >= limit).then_some(end)
    }
}

/// The client behind an address. A host commonly has a whole network of 64 bits of IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Peer(IpAddr);

impl Peer {
    fn new(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V6(address) => {
                let network = address.to_bits() & (u128::MAX << 64);
                Self(Ipv6Addr::from_bits(network).into())
            }
            address @ IpAddr::V4(_) => Self(address),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

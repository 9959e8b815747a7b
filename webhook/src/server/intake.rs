//! Reading bodies within limits: of one body, of the time between its bytes, of the number of
//! incomplete bodies, and of the memory that all bodies and answers use together.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody as _};
use futures::future::poll_immediate;
use http_body_util::BodyExt as _;
use tokio::time::{sleep, timeout};

use super::arrivals::{Arrival, Arrivals};
use super::budget::{Budget, Share};
use super::config::Limits;
use super::connections::{Connection, Connections, Unread};

/// Content-Length up to which memory is reserved before data arrives.
const TRUSTED: usize = 64 * 1024;
/// Bytes of a rejected body that are read and discarded, so that the client, which might not read
/// the answer before it has sent everything, receives it.
const DRAINED: usize = 32 << 20;
/// How long to wait for memory that other requests have to free.
const RELIEF: Duration = Duration::from_millis(250);
/// The interval between tries in this time.
const RETRY: Duration = Duration::from_millis(5);

/// State shared by all requests while they arrive and while their answers are sent.
#[derive(Debug)]
pub(super) struct Intake {
    body: usize,
    stall: Duration,
    budget: Budget,
    arrivals: Arrivals,
    connections: Arc<Connections>,
}

/// A whole body, and the memory reserved for it.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) bytes: Bytes,
    pub(super) share: Share,
}

/// Why a body was not read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// The client went away or broke the protocol.
    Broken,
    /// Too many bodies are incomplete.
    Crowded,
    /// All bodies and answers together would take too much memory.
    Memory,
    /// No data arrived for too long.
    Stalled,
    /// This one is larger than the limit.
    TooLarge,
}

impl Intake {
    pub(super) fn new(limits: &Limits, connections: Arc<Connections>) -> Self {
        Self {
            body: limits.body,
            stall: limits.stall,
            budget: Budget::new(limits.memory),
            arrivals: Arrivals::new(limits.arriving),
            connections,
        }
    }

    /// Reads a body that arrives over `connection`.
    pub(super) async fn receive(
        &self,
        mut body: Body,
        connection: &Arc<Connection>,
    ) -> Result<Received, Refused> {
        let received = self.read(&mut body, connection).await;
        match received {
            Err(Refused::TooLarge) => self.discard(&mut body, connection).await,
            // A connection that is closed with unread bytes is reset, and the client would not receive
            // the answer: the bytes that have arrived are discarded, without waiting for more.
            Err(_) => while let Some(Some(Ok(_))) = poll_immediate(body.frame()).await {},
            Ok(_) => {}
        }
        received
    }

    async fn read(
        &self,
        body: &mut Body,
        connection: &Arc<Connection>,
    ) -> Result<Received, Refused> {
        let hint = body.size_hint();
        if hint.lower() > self.body as u64 {
            return Err(Refused::TooLarge);
        }
        let mut share = Share::default();
        let mut arrival = None;
        let Some(first) = self.next(body, &mut arrival, connection).await? else {
            return Ok(Received {
                bytes: Bytes::new(),
                share,
            });
        };
        self.cover(&mut share, first.len()).await?;
        // The common case: everything arrived together, and nothing has to be copied.
        if body.is_end_stream() && first.len() <= self.body {
            return Ok(Received {
                bytes: first,
                share,
            });
        }

        let expected = usize::try_from(hint.lower())
            .unwrap_or(self.body)
            .min(TRUSTED);
        let mut bytes = Vec::with_capacity(expected.max(first.len()));
        bytes.extend_from_slice(&first);
        drop(first);
        while let Some(chunk) = self.next(body, &mut arrival, connection).await? {
            let length = bytes.len().saturating_add(chunk.len());
            if length > self.body {
                return Err(Refused::TooLarge);
            }
            if let Some(arrival) = &arrival {
                arrival.progressed(length);
            }
            self.cover(&mut share, length).await?;
            bytes.extend_from_slice(&chunk);
        }
        Ok(Received {
            bytes: bytes.into(),
            share,
        })
    }

    async fn discard(&self, body: &mut Body, connection: &Arc<Connection>) {
        let mut arrival = None;
        let mut left = DRAINED;
        while let Ok(Some(chunk)) = self.next(body, &mut arrival, connection).await {
            if let Some(arrival) = &arrival {
                arrival.progressed(0);
            }
            left = left.saturating_sub(chunk.len());
            if left == 0 {
                return;
            }
        }
    }

    /// The next bytes, `None` at the end. An incomplete body takes a place.
    async fn next<'a>(
        &'a self,
        body: &mut Body,
        arrival: &mut Option<Arrival<'a>>,
        connection: &Arc<Connection>,
    ) -> Result<Option<Bytes>, Refused> {
        loop {
            let frame = if let Some(frame) = poll_immediate(body.frame()).await {
                frame
            } else {
                let arrival = match arrival {
                    Some(arrival) => arrival,
                    None => {
                        arrival.insert(self.arrivals.enter(connection).ok_or(Refused::Crowded)?)
                    }
                };
                tokio::select! {
                    biased;
                    frame = body.frame() => frame,
                    () = arrival.given_up() => return Err(Refused::Crowded),
                    () = sleep(self.stall) => return Err(Refused::Stalled),
                }
            };
            let Some(frame) = frame else {
                return Ok(None);
            };
            // A frame without data is a trailer.
            match frame.map(|frame| frame.into_data().unwrap_or_default()) {
                Ok(data) if data.is_empty() => {}
                Ok(data) => return Ok(Some(data)),
                Err(_) => return Err(Refused::Broken),
            }
        }
    }

    /// Makes `share` cover `bytes`. If that much is not available, a silent body and an unread
    /// answer are given up for it.
    pub(super) async fn cover(&self, share: &mut Share, bytes: usize) -> Result<(), Refused> {
        if self.budget.try_cover(share, bytes) {
            return Ok(());
        }
        // Both: either can hold memory of the wrong part.
        if !(self.arrivals.relieve() | self.connections.relieve()) {
            return Err(Refused::Memory);
        }
        let returned = async {
            while !self.budget.try_cover(share, bytes) {
                sleep(RETRY).await;
            }
        };
        timeout(RELIEF, returned).await.map_err(|_| Refused::Memory)
    }
}

/// An answer. Its memory is returned when its last byte has been given to TLS, with either
/// protocol: both hold the [`Bytes`] until then.
pub(super) fn answer(json: Vec<u8>, share: Share, unread: Unread) -> Bytes {
    struct Answer {
        json: Vec<u8>,
        _share: Share,
        _unread: Unread,
    }
    impl AsRef<[u8]> for Answer {
        fn as_ref(&self) -> &[u8] {
            &self.json
        }
    }
    Bytes::from_owner(Answer {
        json,
        _share: share,
        _unread: unread,
    })
}

//! Reading a body within limits: of its own size, and of the memory that all bodies take together.

use axum::body::{Body, Bytes, HttpBody as _};
use futures::future::poll_immediate;
use http_body_util::BodyExt as _;
use tokio::sync::{Semaphore, SemaphorePermit};

const UNIT: usize = 1024;
/// Content-Length up to which memory is set aside before anything has arrived.
const TRUSTED: usize = 64 * 1024;
/// Bytes of a refused body that are read and thrown away, so that the client, which may not look
/// for an answer before it has sent everything, gets to see it.
const DRAINED: u64 = 32 << 20;

/// The memory that bodies may take together.
#[derive(Debug)]
pub(super) struct Budget(Semaphore);

impl Budget {
    pub(super) fn new(bytes: usize) -> Self {
        Self(Semaphore::new(
            (bytes / UNIT).clamp(1, Semaphore::MAX_PERMITS),
        ))
    }
}

/// A whole body; its share of the budget is returned with it.
#[derive(Debug)]
pub(super) struct Received<'a> {
    pub(super) bytes: Bytes,
    _share: Option<SemaphorePermit<'a>>,
}

/// Why there is no body.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// The client went away or broke the protocol.
    Broken,
    /// All bodies together would take too much.
    Busy,
    /// This one is larger than the limit.
    TooLarge,
}

/// Reads `body`, of at most `limit` bytes.
pub(super) async fn receive(
    mut body: Body,
    limit: usize,
    budget: &Budget,
) -> Result<Received<'_>, Refused> {
    let hint = body.size_hint();
    if hint.lower() > limit as u64 {
        drain(body).await;
        return Err(Refused::TooLarge);
    }
    let mut share = None;
    let Some(first) = next(&mut body).await? else {
        return Ok(Received {
            bytes: Bytes::new(),
            _share: None,
        });
    };
    reserve(budget, &mut share, first.len())?;
    // The common case: everything came at once, and nothing has to be copied.
    if body.is_end_stream() && first.len() <= limit {
        return Ok(Received {
            bytes: first,
            _share: share,
        });
    }

    let expected = usize::try_from(hint.lower()).unwrap_or(limit).min(TRUSTED);
    let mut bytes = Vec::with_capacity(expected.max(first.len()));
    bytes.extend_from_slice(&first);
    drop(first);
    while let Some(chunk) = next(&mut body).await? {
        if bytes.len() + chunk.len() > limit {
            drop(bytes);
            drop(share);
            drain(body).await;
            return Err(Refused::TooLarge);
        }
        reserve(budget, &mut share, bytes.len() + chunk.len())?;
        bytes.extend_from_slice(&chunk);
    }
    if bytes.len() > limit {
        return Err(Refused::TooLarge);
    }
    Ok(Received {
        bytes: bytes.into(),
        _share: share,
    })
}

/// Throws away what has already arrived of a body, without waiting for more: a connection that is
/// closed with unread bytes is reset, and the client would not see the answer.
pub(super) async fn discard_arrived(mut body: Body) {
    while let Some(Some(Ok(_))) = poll_immediate(body.frame()).await {}
}

async fn next(body: &mut Body) -> Result<Option<Bytes>, Refused> {
    while let Some(frame) = body.frame().await {
        match frame.map(|frame| frame.into_data().ok()) {
            Ok(Some(data)) if !data.is_empty() => return Ok(Some(data)),
            Ok(_) => {}
            Err(_) => return Err(Refused::Broken),
        }
    }
    Ok(None)
}

/// Grows `share` to cover `bytes`.
fn reserve<'a>(
    budget: &'a Budget,
    share: &mut Option<SemaphorePermit<'a>>,
    bytes: usize,
) -> Result<(), Refused> {
    let held = share.as_ref().map_or(0, SemaphorePermit::num_permits);
    let missing = bytes.div_ceil(UNIT).saturating_sub(held);
    if missing == 0 {
        return Ok(());
    }
    let missing = u32::try_from(missing).map_err(|_| Refused::Busy)?;
    let more = budget
        .0
        .try_acquire_many(missing)
        .map_err(|_| Refused::Busy)?;
    match share {
        Some(share) => share.merge(more),
        None => *share = Some(more),
    }
    Ok(())
}

async fn drain(mut body: Body) {
    let mut left = DRAINED;
    while let Ok(Some(chunk)) = next(&mut body).await {
        left = left.saturating_sub(chunk.len() as u64);
        if left == 0 {
            return;
        }
    }
}

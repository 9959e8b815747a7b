//! An address of this machine that is not loopback.

use std::net::{SocketAddr, TcpListener, UdpSocket};

/// An address of this machine that an EndpointSlice can contain, which excludes loopback, and a free port; `None` if
/// the machine has no other address.
pub fn outside_address() -> Option<SocketAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    // Sends nothing: only determines the address that would be used.
    socket.connect("198.51.100.1:9").ok()?;
    let ip = socket.local_addr().ok()?.ip();
    let listener = TcpListener::bind("0.0.0.0:0").ok()?;
    let port = listener.local_addr().ok()?.port();
    (!ip.is_loopback()).then_some(SocketAddr::new(ip, port))
}

//! `certificates`: the certificates of all servers of a run, so that TLS costs the same for each.

use std::fs;
use std::path::PathBuf;

use anyhow::Result;
use extreg_certs::host::Host;
use extreg_certs::issue::{Validity, issue};
use secrecy::ExposeSecret as _;

/// Writes ca.crt, tls.crt and tls.key for 127.0.0.1.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    folder: PathBuf,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let hosts = [Host::parse("127.0.0.1")?];
    let issued = issue(&hosts, Validity::default(), jiff::Timestamp::now())?;
    for (name, pem) in [
        ("ca.crt", issued.ca_bundle.as_str()),
        ("tls.crt", &issued.chain),
        ("tls.key", issued.key.expose_secret()),
    ] {
        fs::write(args.folder.join(name), pem)?;
    }
    println!("{{}}");
    Ok(())
}

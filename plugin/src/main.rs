//! The binary `oc-extreg`, also run as `kubectl-extreg`: see the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    extreg_plugin::main(std::env::args_os())
}

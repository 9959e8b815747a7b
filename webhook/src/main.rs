//! The admission webhook's binary.

fn main() -> std::process::ExitCode {
    extreg_webhook::run::main()
}

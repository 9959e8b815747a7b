//! The importer's binary.

fn main() -> std::process::ExitCode {
    extreg_webhook::importer::main()
}

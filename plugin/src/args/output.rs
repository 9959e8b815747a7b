//! `-o`, for every command that prints several formats.

use clap::ValueEnum;

/// `-o` with the formats of a command.
#[derive(clap::Args, Clone, Copy, Debug)]
pub(crate) struct OutputArgs<F: ValueEnum + Send + Sync + 'static> {
    // The requested format; `None` for text for people.
    #[arg(id = "output", short, long, value_enum, value_name = "FORMAT", help = help::<F>())]
    pub(crate) format: Option<F>,
}

impl<F: ValueEnum + Send + Sync + 'static> Default for OutputArgs<F> {
    fn default() -> Self {
        Self { format: None }
    }
}

/// `Format: name, json or yaml`.
fn help<F: ValueEnum>() -> String {
    let values = F::value_variants().iter();
    let names: Vec<String> = values
        .filter_map(ValueEnum::to_possible_value)
        .map(|value| value.get_name().to_owned())
        .collect();
    match names.split_last() {
        Some((last, [])) => format!("Format: {last}"),
        Some((last, others)) => format!("Format: {} or {last}", others.join(", ")),
        None => "Format".to_owned(),
    }
}

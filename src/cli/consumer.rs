//! stub
use crate::cli::exit::Exit;
use crate::cli::options::ConsumerCommand;
use crate::cli::output::Printer;
use crate::cli::settings::Settings;

pub(crate) async fn run(_: &ConsumerCommand, settings: &Settings, _: &Printer) -> Result<(), Exit> {
    crate::cli::database::open(settings).await?;
    Ok(())
}

//! stub
use crate::cli::exit::Exit;
use crate::cli::options::EventsCommand;
use crate::cli::output::Printer;
use crate::cli::settings::Settings;

pub(crate) async fn run(_: &EventsCommand, settings: &Settings, _: &Printer) -> Result<(), Exit> {
    crate::cli::database::open(settings).await?;
    Ok(())
}

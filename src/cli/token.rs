//! stub
use crate::cli::exit::Exit;
use crate::cli::options::TokenCommand;
use crate::cli::output::Printer;
use crate::cli::settings::Settings;

pub(crate) async fn run(_: &TokenCommand, settings: &Settings, _: &Printer) -> Result<(), Exit> {
    crate::cli::database::open(settings).await?;
    Ok(())
}

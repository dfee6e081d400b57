//! The command line with its commands.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::BoxError;
use crate::app::App;
use crate::doctor::Doctor;
use crate::flags::Flags;

/// The flags of the portal, and perhaps a command.
#[derive(Debug, Parser)]
#[command(
    name = "portal",
    about = "One open-data portal that takes every credential form of four platforms."
)]
pub(crate) struct Invocation {
    #[command(flatten)]
    pub(crate) flags: Flags,

    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// The commands of the portal other than serving.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Doctor(Doctor),
    App(App),
}

impl Command {
    pub(crate) async fn run(self, flags: &Flags) -> Result<ExitCode, BoxError> {
        match self {
            Self::Doctor(doctor) => doctor.run().await,
            Self::App(app) => app.run(flags).await,
        }
    }
}

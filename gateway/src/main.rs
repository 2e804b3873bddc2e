//! The gateway's command.

use std::io::IsTerminal;
use std::process::ExitCode;

use cc_gateway::Gateway;
use cc_gateway::settings::{LogFormat, Options, Settings, Unstartable};
use clap::Parser;
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let options = Options::parse();
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("cc-gateway: {why}");
            ExitCode::from(2)
        }
    }
}

#[tokio::main]
async fn run(options: &Options) -> Result<(), Unstartable> {
    let settings = Settings::load(options)?;
    begin_log(options.log.as_deref(), settings.log_format);
    let gateway = Gateway::bind(settings).await?;
    announce(gateway.origin());
    gateway.serve(told_to_stop()).await
}

/// The one line on standard output: programs that start the gateway wait for it.
#[expect(
    clippy::print_stdout,
    reason = "the address is what the command says; the log is on stderr"
)]
fn announce(origin: &str) {
    println!("cc-gateway listens on {origin}");
}

fn begin_log(filter: Option<&str>, format: LogFormat) {
    let filter = EnvFilter::new(filter.unwrap_or("info,str0m=warn"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    match format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
}

/// Ctrl-C, or what a supervisor sends.
async fn told_to_stop() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    // Without signals there is only the hard way to stop.
    if interrupt.await.is_err() {
        std::future::pending::<()>().await;
    }
}

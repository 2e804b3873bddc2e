//! The command line.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::Parser;

use super::{LogFormat, Settings};

/// One machine's gateway for cc-sdk: demo site, SIP registrar and proxy over WebSocket, and
/// service numbers with real media (9196 echo, 9197 tone, 9198 digits).
#[derive(Debug, Default, Parser)]
#[command(name = "cc-gateway", version)]
pub struct Options {
    /// Configuration file (TOML); what stands here overrides what stands there
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Address to listen on [default: 127.0.0.1]
    #[arg(long, value_name = "IP")]
    pub listen: Option<IpAddr>,
    /// TCP port; 0 takes any free one and prints it [default: 8080]
    #[arg(long, value_name = "PORT")]
    pub port: Option<u16>,
    /// SIP domain [default: localhost]
    #[arg(long, value_name = "NAME")]
    pub domain: Option<String>,
    /// Origin that browsers see, where a proxy with TLS stands in front
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,
    /// Origin of pages on another host that may use this gateway; may be repeated
    #[arg(long = "allow-origin", value_name = "ORIGIN")]
    pub allowed_origins: Vec<String>,
    /// Address that media candidates name [default: that of --listen]
    #[arg(long, value_name = "IP")]
    pub media_ip: Option<IpAddr>,
    /// Directory of the demo site [default: www/ of this directory or one above it]
    #[arg(long, value_name = "DIR")]
    pub www: Option<PathBuf>,
    /// Directory of the built bundles [default: dist/ beside the demo site]
    #[arg(long, value_name = "DIR")]
    pub dist: Option<PathBuf>,
    /// No demo seats and no /createAuth
    #[arg(long)]
    pub no_demo: bool,
    /// How the log is written [default: text]
    #[arg(long, value_enum)]
    pub log_format: Option<LogFormat>,
    /// What is logged, such as `debug`, or `info,cc_gateway::switch=debug` [default: info]
    #[arg(long, value_name = "FILTER", env = "CC_GATEWAY_LOG")]
    pub log: Option<String>,
}

impl Options {
    /// Puts what the command line says over what the file says.
    pub(crate) fn override_settings(&self, settings: &mut Settings) {
        replace(&mut settings.listen, self.listen);
        replace(&mut settings.port, self.port);
        replace(&mut settings.domain, self.domain.clone());
        replace(&mut settings.log_format, self.log_format);
        overlay(&mut settings.public_url, self.public_url.as_ref());
        overlay(&mut settings.media_ip, self.media_ip.as_ref());
        overlay(&mut settings.www, self.www.as_ref());
        overlay(&mut settings.dist, self.dist.as_ref());
        settings.allowed_origins.extend(self.allowed_origins.iter().cloned());
        settings.demo &= !self.no_demo;
    }
}

fn replace<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

fn overlay<T: Clone>(place: &mut Option<T>, value: Option<&T>) {
    if let Some(value) = value {
        *place = Some(value.clone());
    }
}

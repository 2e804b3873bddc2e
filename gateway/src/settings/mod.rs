//! Settings: the configuration file under the command line, checked before anything starts.

mod file;
mod options;

use std::fmt;
use std::path::PathBuf;

pub use file::{IceServer, Key, KeyAlgorithm, Limits, LogFormat, Platform, Seat, Settings};
pub use options::Options;

/// Why the gateway does not start. The text says what to do about it.
#[derive(Debug)]
#[non_exhaustive]
pub enum Unstartable {
    /// The configuration file, or one that it names, cannot be read.
    Unreadable(PathBuf, std::io::Error),
    /// The configuration file is not what it should be; with line and column.
    Malformed(PathBuf, Box<toml::de::Error>),
    /// Another address than loopback with what everybody knows.
    OpenDemo(&'static str),
    /// A `public_url` that leads here from other machines, with what everybody knows.
    PublicDemo(&'static str),
    /// A setting has a value that cannot be; its name and why.
    Bad(&'static str, String),
    /// The address cannot be listened on.
    Listen(std::net::SocketAddr, std::io::Error),
    /// Serving ended.
    Serve(std::io::Error),
}

impl fmt::Display for Unstartable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(path, why) => write!(f, "cannot read {}: {why}", path.display()),
            Self::Malformed(path, why) => write!(f, "{}: {why}", path.display()),
            Self::OpenDemo(what) => {
                write!(
                    f,
                    "other machines could reach {what}: listen on 127.0.0.1, or {OF_YOUR_OWN}"
                )
            }
            Self::PublicDemo(what) => write!(
                f,
                "public_url says that other machines reach {what}: leave it out or name localhost, \
                 or {OF_YOUR_OWN}"
            ),
            Self::Bad(name, why) => write!(f, "{name}: {why}"),
            Self::Listen(address, why) if why.kind() == std::io::ErrorKind::AddrInUse => write!(
                f,
                "port {} of {} is in use by another program: stop it, or choose another with --port",
                address.port(),
                address.ip()
            ),
            Self::Listen(address, why) => write!(f, "cannot listen on {address}: {why}"),
            Self::Serve(why) => write!(f, "serving ended: {why}"),
        }
    }
}

impl std::error::Error for Unstartable {}

impl Settings {
    /// Reads the file that the options name, puts the options over it, and checks the whole.
    ///
    /// # Errors
    ///
    /// [`Unstartable`] if the file cannot be read, or something in it or in the options cannot be.
    pub fn load(options: &Options) -> Result<Self, Unstartable> {
        let mut settings = match &options.config {
            None => Self::default(),
            Some(path) => {
                let text = std::fs::read_to_string(path)
                    .map_err(|why| Unstartable::Unreadable(path.clone(), why))?;
                toml::from_str(&text)
                    .map_err(|why| Unstartable::Malformed(path.clone(), Box::new(why)))?
            }
        };
        options.override_settings(&mut settings);
        settings.find_site();
        settings.check()?;
        Ok(settings)
    }

    /// The origin that browsers see when the gateway listens on `port`.
    pub fn origin(&self, port: u16) -> String {
        match &self.public_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None if self.listen.is_loopback() || self.listen.is_unspecified() => {
                format!("http://localhost:{port}")
            }
            None => format!("http://{}", std::net::SocketAddr::new(self.listen, port)),
        }
    }

    fn check(&mut self) -> Result<(), Unstartable> {
        for origin in self.allowed_origins.iter_mut().chain(self.public_url.as_mut()) {
            *origin = parse_origin(origin)?;
        }
        self.check_openness()?;
        if self.domain.is_empty() || !self.domain.bytes().all(is_host_byte) {
            return Err(Unstartable::Bad("domain", format!("not a host name: {:?}", self.domain)));
        }
        if self.media_ip.is_some_and(|ip| ip.is_unspecified()) {
            return Err(Unstartable::Bad("media-ip", "must be one that pages can reach".into()));
        }
        self.check_seats()
    }

    /// Nothing that everybody knows may be reached from another machine: neither by listening
    /// there, nor through a proxy of this one.
    fn check_openness(&self) -> Result<(), Unstartable> {
        let Some(what) = self.known_to_all() else { return Ok(()) };
        if !self.listen.is_loopback() {
            return Err(Unstartable::OpenDemo(what));
        }
        if self.public_url.as_deref().is_some_and(|url| !is_loopback_origin(url)) {
            return Err(Unstartable::PublicDemo(what));
        }
        Ok(())
    }

    /// What here is open to whoever has read the source.
    fn known_to_all(&self) -> Option<&'static str> {
        let default_key =
            self.platform.is_default().then_some("the token service with its default key");
        if self.demo { Some("the demo accounts") } else { default_key }
    }

    fn check_seats(&self) -> Result<(), Unstartable> {
        for (index, seat) in self.seats.iter().enumerate() {
            if !is_seat_name(&seat.name) {
                return Err(Unstartable::Bad(
                    "seats.name",
                    format!("not a user name: {:?}", seat.name),
                ));
            }
            if self.seats[..index].iter().any(|other| other.name == seat.name) {
                return Err(Unstartable::Bad(
                    "seats.name",
                    format!("{} stands there twice", seat.name),
                ));
            }
        }
        Ok(())
    }

    /// `www/` and `dist/` of the working directory, of one above it, or of one above the program.
    fn find_site(&mut self) {
        let here = std::env::current_dir().ok();
        let program = std::env::current_exe().ok();
        let roots = here.iter().flat_map(|dir| dir.ancestors());
        let roots = roots.chain(program.iter().flat_map(|path| path.ancestors()));
        let home =
            self.www.as_ref().and_then(|www| www.parent().map(PathBuf::from)).or_else(|| {
                roots
                    .map(PathBuf::from)
                    .find(|dir| dir.join("www").is_dir() && dir.join("gateway").is_dir())
            });
        if let Some(home) = home {
            self.www.get_or_insert_with(|| home.join("www"));
            self.dist.get_or_insert_with(|| home.join("dist"));
        }
    }
}

/// `http` or `https`, host and port, and nothing behind: as browsers write it.
fn parse_origin(text: &str) -> Result<String, Unstartable> {
    let bad = |why: &str| Unstartable::Bad("origin", format!("{why}: {text:?}"));
    let url = url::Url::parse(text).map_err(|_| bad("not a URL"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(bad("must begin with http:// or https://"));
    }
    if url.path() != "/" || url.query().is_some() || !url.username().is_empty() {
        return Err(bad("an origin has no path"));
    }
    Ok(url.origin().ascii_serialization())
}

/// The origin of a page on this machine: of a loopback address, or of a name that browsers lead
/// there without asking anybody (RFC 6761 §6.3).
fn is_loopback_origin(origin: &str) -> bool {
    let url = url::Url::parse(origin).ok();
    match url.as_ref().and_then(url::Url::host) {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-')
}

/// Letters, digits, `.`, `-` and `_`: what needs no escape in any of the places where it stands.
pub(crate) fn is_seat_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
}

const OF_YOUR_OWN: &str = "set demo = false, [platform] api_key and api_secret, and seats of your \
                           own in a configuration file";

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Settings, Unstartable> {
        let mut settings: Settings = toml::from_str(text).unwrap();
        settings.check()?;
        Ok(settings)
    }

    #[test]
    fn another_address_is_refused_with_demo_accounts_and_with_the_default_key() {
        assert!(matches!(load("listen = '0.0.0.0'"), Err(Unstartable::OpenDemo(_))));
        assert!(matches!(load("listen = '0.0.0.0'\ndemo = false"), Err(Unstartable::OpenDemo(_))));
        let own = "listen = '0.0.0.0'\ndemo = false\n[platform]\napi_key = 'k'\napi_secret = 's'";
        assert!(load(own).is_ok());
    }

    #[test]
    fn a_proxy_in_front_opens_neither_demo_accounts_nor_the_default_key() {
        let refused = |text: &str| load(text).unwrap_err().to_string();
        let url = "public_url = 'https://phone.example.com'";
        let demo = refused(url);
        assert!(demo.contains("public_url") && demo.contains("the demo accounts"), "{demo}");
        let key = refused(&format!("{url}\ndemo = false"));
        assert!(key.contains("public_url") && key.contains("default key"), "{key}");
        let half = format!("{url}\ndemo = false\n[platform]\napi_key = 'k'");
        assert!(refused(&half).contains("default key"), "its secret is the default one");
        let own = format!("{url}\ndemo = false\n[platform]\napi_key = 'k'\napi_secret = 's'");
        assert!(load(&own).is_ok());
        for other in ["https://192.0.2.1", "http://localhost.example.com", "https://[2001:db8::1]"]
        {
            assert!(load(&format!("public_url = '{other}'")).is_err(), "{other}");
        }
        for own in ["localhost:8443", "sdk.localhost", "127.0.0.1:8443", "[::1]:8443"] {
            assert!(load(&format!("public_url = 'https://{own}'")).is_ok(), "{own}");
        }
    }

    #[test]
    fn origins_are_kept_as_browsers_write_them() {
        let settings = load("allowed_origins = ['HTTPS://Shop.Example.com:443/']").unwrap();
        assert_eq!(settings.allowed_origins, ["https://shop.example.com"]);
        assert!(load("allowed_origins = ['shop.example.com']").is_err());
        assert!(load("allowed_origins = ['https://a.example/path']").is_err());
    }

    #[test]
    fn a_seat_that_stands_there_twice_is_an_error() {
        let text = "[[seats]]\nname = 'a'\n[[seats]]\nname = 'a'";
        assert!(load(text).unwrap_err().to_string().contains("twice"));
    }

    #[test]
    fn an_unknown_setting_is_named_with_its_line() {
        let error = toml::from_str::<Settings>("port = 1\npotr = 2").unwrap_err().to_string();
        assert!(error.contains("line 2") && error.contains("potr"), "{error}");
    }

    #[test]
    fn the_example_that_is_shipped_is_a_good_one() {
        let settings = load(include_str!("../../gateway.example.toml")).unwrap();
        assert_eq!(settings.seats[0].allow.out.as_deref().map(<[_]>::len), Some(2));
        assert!(crate::tokens::Authority::new(&settings).is_ok());
    }
}

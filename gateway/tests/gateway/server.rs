//! The program itself, on a free port, and a client for each of its doors.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::MaybeTlsStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{self, Message};

use crate::phone::{Heard, Phone};

/// A gateway that ends with its test.
pub(crate) struct Server {
    child: Child,
    pub(crate) port: u16,
}

/// An HTTP answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

pub(crate) type Socket = tokio_tungstenite::WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>;

/// A phone on a real WebSocket.
pub(crate) struct Caller {
    pub(crate) phone: Phone,
    pub(crate) socket: Socket,
    pub(crate) token: String,
}

impl Server {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_on(0, arguments)
    }

    /// As behind a proxy of this machine, whose `X-Forwarded-For` is believed.
    pub(crate) fn start_behind_proxy() -> Self {
        let free = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        Self::start_on(free, &["--public-url", &format!("http://localhost:{free}")])
    }

    fn start_on(port: u16, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_cc-gateway"))
            .args(["--port", &port.to_string()])
            .args(arguments)
            .env("CC_GATEWAY_LOG", "warn")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let port = line.trim().rsplit(':').next().and_then(|port| port.parse().ok());
        let port = port.unwrap_or_else(|| panic!("it said {line:?}"));
        Self { child, port }
    }

    pub(crate) fn post(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        self.ask("POST", path, headers, body)
    }

    pub(crate) fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.ask("GET", path, headers, "")
    }

    /// One request on a connection of its own.
    pub(crate) fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let mut buffer = [0; 4096];
        let mut text = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
        if !headers.iter().any(|(name, _)| *name == "Host") {
            text.push_str(&format!("Host: localhost:{}\r\n", self.port));
        }
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
        stream.write_all(text.as_bytes()).unwrap();
        let mut answer = Vec::new();
        // A connection that was refused may be reset behind its answer.
        while stream.read(&mut buffer).is_ok_and(|length| {
            answer.extend_from_slice(&buffer[..length]);
            length > 0
        }) {}
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
    }

    /// A connection that stays open after its answer.
    pub(crate) fn stays(&self) -> TcpStream {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let text = format!("GET /nothing HTTP/1.1\r\nHost: localhost:{}\r\n\r\n", self.port);
        stream.write_all(text.as_bytes()).unwrap();
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        stream
    }

    /// The token that `/createAuth` gives.
    pub(crate) fn token(&self, wish: &str) -> String {
        let answer = self.post("/createAuth", &[], wish);
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body
    }

    /// A WebSocket to `/sip`, or the answer that refused it.
    pub(crate) async fn dial(&self, headers: &[(&'static str, &str)]) -> Result<Socket, u16> {
        let mut request =
            format!("ws://localhost:{}/sip", self.port).into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        match tokio_tungstenite::connect_async(request).await {
            Ok((socket, _)) => Ok(socket),
            Err(tungstenite::Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    /// A phone of this seat, registered by an opaque token.
    pub(crate) async fn phone(&self, seat: &str) -> Caller {
        let token = self.token(&format!("{{\"seat\":\"{seat}\"}}"));
        let socket = self.dial(&[("Sec-WebSocket-Protocol", "sip")]).await.unwrap();
        let mut caller = Caller { phone: Phone::new(seat, seat), socket, token };
        let register = caller.phone.register(&format!("Authorization: {}", caller.token));
        caller.sends(register).await;
        caller.hears("200").await;
        caller
    }

    /// Tells it to stop, as a supervisor does, and gives its exit code and what it logged.
    pub(crate) fn stop(mut self) -> (Option<i32>, String) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        let code = self.child.wait().unwrap().code();
        let mut log = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        (code, log)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Caller {
    pub(crate) async fn sends(&mut self, text: impl Into<String>) {
        self.socket.send(Message::text(text.into())).await.unwrap();
    }

    /// The next message, which must be this method or status.
    #[track_caller]
    pub(crate) fn hears<'a>(
        &'a mut self,
        what: &'a str,
    ) -> impl std::future::Future<Output = Heard> + 'a {
        let place = std::panic::Location::caller();
        async move {
            let heard = self.next().await.unwrap_or_else(|| panic!("closed, at {place}"));
            assert_eq!(heard.what(), what, "at {place}: {}", heard.0);
            heard
        }
    }

    /// The next message but 100, which comes or not; `None` when the socket is closed.
    pub(crate) async fn next(&mut self) -> Option<Heard> {
        let patience = Duration::from_secs(20);
        loop {
            let message = tokio::time::timeout(patience, self.socket.next()).await;
            match message.unwrap_or_else(|_| panic!("{} heard nothing", self.phone.seat)) {
                Some(Ok(Message::Text(text))) if text.starts_with("SIP/2.0 100") => {}
                Some(Ok(Message::Text(text))) => return Some(Heard(text.to_string())),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    /// `Proxy-Authorization` with its token.
    pub(crate) fn credential(&self) -> String {
        format!("Proxy-Authorization: {}", self.token)
    }
}

//! One call's media: an `Rtc` of str0m, its sockets, and the task that drives both.

use std::collections::HashMap;
use std::future::poll_fn;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::task::Poll;
use std::time::{Duration, Instant};

use str0m::change::SdpOffer;
use str0m::format::{Codec, CodecExtra, FormatParams};
use str0m::media::{Frequency, MediaData, MediaTime, Mid, Pt};
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Event, Input, Output, Rtc, RtcConfig, RtcError};
use tokio::io::ReadBuf;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, sleep_until};

use super::codec::Encoder;
use super::joint::{End, Joints, Passed};
use super::sound::Player;
use super::{MediaId, MediaReply, MediaRequest, Sound};

/// Chooses the implementation of DTLS and SRTP; once, before the first call.
pub(crate) fn prepare() {
    str0m::crypto::from_feature_flags().install_process_default();
}

/// The media of all service calls.
pub(crate) struct Peers {
    addresses: Vec<IpAddr>,
    replies: mpsc::Sender<(MediaId, MediaReply)>,
    open: HashMap<MediaId, mpsc::Sender<MediaRequest>>,
    joints: Joints,
}

impl Peers {
    /// Each call gets a socket on every one of the addresses.
    pub(crate) fn new(
        addresses: Vec<IpAddr>,
        replies: mpsc::Sender<(MediaId, MediaReply)>,
    ) -> Self {
        Self { addresses, replies, open: HashMap::new(), joints: Joints::default() }
    }

    /// Passes a request on; the first one begins the call's media.
    pub(crate) fn request(&mut self, id: MediaId, request: MediaRequest) {
        if request == MediaRequest::Close {
            // The task ends when nobody can ask it any more.
            self.open.remove(&id);
            return;
        }
        if let (MediaRequest::Offer { sound, .. }, false) = (&request, self.open.contains_key(&id))
        {
            let (sender, requests) = mpsc::channel(REQUESTS);
            let joint = match sound {
                Sound::Joined(joint) => Some(self.joints.end(*joint)),
                Sound::Echo | Sound::Tone | Sound::Digits => None,
            };
            let link = Link { id, replies: self.replies.clone(), requests };
            tokio::spawn(watched(self.addresses.clone(), *sound, joint, link));
            self.open.insert(id, sender);
        }
        if let Some(peer) = self.open.get(&id) {
            // A call that asks faster than its media can follow loses what it asks.
            let _ = peer.try_send(request);
        }
    }
}

/// What ties the task to the switch.
struct Link {
    id: MediaId,
    replies: mpsc::Sender<(MediaId, MediaReply)>,
    requests: mpsc::Receiver<MediaRequest>,
}

impl Link {
    async fn tell(&self, reply: MediaReply) {
        // The switch only goes when everything ends.
        let _ = self.replies.send((self.id, reply)).await;
    }
}

/// Runs a call's media. Whatever goes wrong there, the switch hears that it is gone.
async fn watched(addresses: Vec<IpAddr>, sound: Sound, joint: Option<End>, link: Link) {
    let (id, replies) = (link.id, link.replies.clone());
    let failure = match tokio::spawn(run(addresses, sound, joint, link)).await {
        Ok(Ok(())) => return,
        Ok(Err(error)) => error,
        Err(panic) => panic.into(),
    };
    tracing::warn!(media = id.0, %failure, "media failed");
    // The switch only goes when everything ends.
    let _ = replies.send((id, MediaReply::Lost)).await;
}

async fn run(
    addresses: Vec<IpAddr>,
    sound: Sound,
    joint: Option<End>,
    mut link: Link,
) -> Result<(), Failure> {
    let mut peer = Peer::open(&addresses, sound).await?;
    peer.joint = joint;
    peer.drive(&mut link).await
}

/// Why media cannot go on.
type Failure = Box<dyn std::error::Error + Send + Sync>;

struct Peer {
    rtc: Rtc,
    /// With the address that its candidate names.
    sockets: Vec<(UdpSocket, SocketAddr)>,
    sound: Sound,
    joint: Option<End>,
    player: Option<Player>,
    voice: Option<Voice>,
    mid: Option<Mid>,
    connected: bool,
    /// The digit that is being heard: when it began, and its event.
    hearing: Option<(MediaTime, u8)>,
}

/// What is sent, once a codec was agreed.
struct Voice {
    pt: Pt,
    encoder: Encoder,
    /// Samples sent so far.
    sent: u64,
}

/// What woke the task.
enum Woken {
    Datagram { socket: usize, from: SocketAddr, length: usize },
    Time,
    Tick,
    Request(Option<MediaRequest>),
    Passed(Passed),
}

impl Peer {
    async fn open(addresses: &[IpAddr], sound: Sound) -> Result<Self, Failure> {
        let mut rtc = config().build(Instant::now());
        let mut sockets = Vec::new();
        for address in addresses {
            let (socket, named) = open_socket(*address).await?;
            rtc.add_local_candidate(Candidate::host(named, "udp")?);
            sockets.push((socket, named));
        }
        Ok(Self {
            rtc,
            sockets,
            sound,
            joint: None,
            player: Player::new(sound),
            voice: None,
            mid: None,
            connected: false,
            hearing: None,
        })
    }

    /// Runs until the switch has no further interest.
    async fn drive(&mut self, link: &mut Link) -> Result<(), Failure> {
        let mut tick = interval(Duration::from_millis(20));
        tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut buffer = vec![0; 2000];
        loop {
            let (timeout, digits) = self.drain()?;
            for digit in digits {
                self.play(digit);
                link.tell(MediaReply::Digit(digit)).await;
            }
            let timer = sleep_until(timeout.into());
            let woken = tokio::select! {
                (socket, from, length) = receive(&self.sockets, &mut buffer) => {
                    Woken::Datagram { socket, from, length }
                }
                () = timer => Woken::Time,
                _ = tick.tick(), if self.connected && self.player.is_some() => Woken::Tick,
                request = link.requests.recv() => Woken::Request(request),
                passed = End::next(&mut self.joint) => Woken::Passed(passed),
            };
            match woken {
                Woken::Datagram { socket, from, length } => {
                    self.on_datagram(socket, from, &buffer[..length])?;
                }
                Woken::Time => self.rtc.handle_input(Input::Timeout(Instant::now()))?,
                Woken::Tick => self.speak()?,
                Woken::Passed(passed) => self.say(passed)?,
                Woken::Request(None | Some(MediaRequest::Close)) => return Ok(()),
                Woken::Request(Some(MediaRequest::Digit(digit))) => self.play(digit),
                Woken::Request(Some(MediaRequest::Offer { sdp, .. })) => {
                    let reply = self.on_offer(&sdp);
                    link.tell(reply).await;
                }
            }
        }
    }

    /// Does all that the `Rtc` asks; gives when it is next due, and the digits that were heard.
    fn drain(&mut self) -> Result<(Instant, Vec<char>), RtcError> {
        let mut digits = Vec::new();
        loop {
            match self.rtc.poll_output()? {
                Output::Timeout(at) => return Ok((at, digits)),
                Output::Transmit(transmit) => {
                    let own = self.sockets.iter().find(|(_, named)| *named == transmit.source);
                    if let Some((socket, _)) = own {
                        // A datagram that finds no room is lost, as datagrams are.
                        let _ = socket.try_send_to(&transmit.contents, transmit.destination);
                    }
                }
                Output::Event(Event::Connected) => self.connected = true,
                Output::Event(Event::MediaAdded(added)) => {
                    self.mid.get_or_insert(added.mid);
                }
                Output::Event(Event::MediaData(data)) => digits.extend(self.on_media(&data)?),
                Output::Event(_) => {}
            }
        }
    }

    fn on_datagram(
        &mut self,
        socket: usize,
        from: SocketAddr,
        data: &[u8],
    ) -> Result<(), RtcError> {
        // What cannot be STUN, DTLS or SRTP is nobody's business here.
        let Ok(contents) = data.try_into() else { return Ok(()) };
        let destination = self.sockets[socket].1;
        let receive = Receive { proto: Protocol::Udp, source: from, destination, contents };
        let input = Input::Receive(Instant::now(), receive);
        if self.rtc.accepts(&input) {
            self.rtc.handle_input(input)?;
        }
        Ok(())
    }

    /// Takes an offer, the first or a later one.
    fn on_offer(&mut self, sdp: &str) -> MediaReply {
        let answer = SdpOffer::from_sdp_string(sdp)
            .ok()
            .and_then(|offer| self.rtc.sdp_api().accept_offer(offer).ok())
            .map(|answer| answer.to_sdp_string());
        // Without a common codec the section is answered with port 0, which is no error.
        match answer.filter(|answer| takes_audio(answer)) {
            Some(answer) => MediaReply::Answer(answer),
            None => MediaReply::Refused,
        }
    }

    /// A packet of sound, or of a digit; gives the digit when it begins.
    fn on_media(&mut self, data: &MediaData) -> Result<Option<char>, RtcError> {
        if let CodecExtra::Tele(event) = data.codec_extra {
            let heard = (data.time, event.event);
            let again = self.hearing.replace(heard) == Some(heard);
            tracing::debug!(?event, again, "telephone-event");
            return Ok(digit(event.event).filter(|_| !again));
        }
        if let Some(joint) = &self.joint {
            joint.pass(data);
        }
        let Some(writer) = self.rtc.writer(data.mid).filter(|_| self.sound == Sound::Echo) else {
            return Ok(None);
        };
        if let Some(pt) = writer.match_params(data.params) {
            writer.write(pt, data.network_time, data.time, data.data.clone())?;
        }
        Ok(None)
    }

    /// Sends what the other call of a joint heard, if both have the codec.
    fn say(&mut self, passed: Passed) -> Result<(), RtcError> {
        let Some(mid) = self.mid.filter(|_| self.connected) else { return Ok(()) };
        let Some(writer) = self.rtc.writer(mid) else { return Ok(()) };
        match writer.match_params(passed.params) {
            Some(pt) => writer.write(pt, passed.network_time, passed.time, passed.data),
            None => Ok(()),
        }
    }

    fn play(&mut self, digit: char) {
        if let (Some(player), Sound::Digits) = (&mut self.player, self.sound) {
            player.digit(digit);
        }
    }

    /// Sends the next 20 ms.
    fn speak(&mut self) -> Result<(), RtcError> {
        let now = Instant::now();
        self.rtc.handle_input(Input::Timeout(now))?;
        let (Some(mid), Some(player)) = (self.mid, &mut self.player) else { return Ok(()) };
        let Some(writer) = self.rtc.writer(mid) else { return Ok(()) };
        if self.voice.is_none() {
            self.voice = writer.payload_params().find_map(|params| {
                let encoder = Encoder::new(params.spec().codec)?;
                Some(Voice { pt: params.pt(), encoder, sent: 0 })
            });
        }
        let Some(voice) = &mut self.voice else { return Ok(()) };
        let samples = player.next_frame(voice.encoder.rate());
        let time = MediaTime::new(voice.sent, voice.encoder.clock());
        voice.sent += u64::from(voice.encoder.rate() / 50);
        match voice.encoder.encode(&samples) {
            Some(packet) => writer.write(voice.pt, now, time, packet),
            None => Ok(()),
        }
    }
}

/// A socket on this address and the name of it; where another machine has the address and
/// passes datagrams on, on any address of ours.
async fn open_socket(address: IpAddr) -> std::io::Result<(UdpSocket, SocketAddr)> {
    let socket = match UdpSocket::bind((address, 0)).await {
        Err(error) if error.kind() == std::io::ErrorKind::AddrNotAvailable => {
            UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).await?
        }
        bound => bound?,
    };
    let port = socket.local_addr()?.port();
    Ok((socket, SocketAddr::new(address, port)))
}

/// Waits for a datagram on any of the sockets: which, from where, how long.
async fn receive(
    sockets: &[(UdpSocket, SocketAddr)],
    buffer: &mut [u8],
) -> (usize, SocketAddr, usize) {
    poll_fn(|context| {
        for (index, (socket, _)) in sockets.iter().enumerate() {
            let mut datagram = ReadBuf::new(buffer);
            if let Poll::Ready(Ok(from)) = socket.poll_recv_from(context, &mut datagram) {
                return Poll::Ready((index, from, datagram.filled().len()));
            }
        }
        Poll::Pending
    })
    .await
}

/// Opus and PCMU, and digits for either; telephone-event comes last, since answers keep the order.
fn config() -> RtcConfig {
    let mut config = RtcConfig::new()
        .clear_codecs()
        .set_reordering_size_audio(0)
        .enable_opus(true, false)
        .enable_pcmu(true, false);
    let codecs = config.codec_config();
    for (pt, clock) in [(110, Frequency::FORTY_EIGHT_KHZ), (126, Frequency::EIGHT_KHZ)] {
        codecs.add_config(pt.into(), None, Codec::Tele, clock, None, FormatParams::default());
    }
    config
}

/// The answer takes audio, and with more than digits.
fn takes_audio(answer: &str) -> bool {
    let spoken = ["opus/48000", "PCMU/8000"];
    let mut accepted = false;
    answer.lines().any(|line| {
        if let Some(media) = line.strip_prefix("m=") {
            accepted = media.strip_prefix("audio ").is_some_and(|rest| !rest.starts_with("0 "));
        }
        accepted && line.starts_with("a=rtpmap:") && spoken.iter().any(|codec| line.contains(codec))
    })
}

/// The digit of an event (RFC 4733 §3.2).
fn digit(event: u8) -> Option<char> {
    "0123456789*#ABCD".chars().nth(event.into())
}

/// Requests that may wait for a call's media.
const REQUESTS: usize = 32;

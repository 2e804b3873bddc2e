//! Service calls with real media: a WebRTC client of the test's own hears what the gateway plays.

use std::f64::consts::TAU;
use std::time::{Duration, Instant};

use opus_rs::OpusDecoder;
use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::format::{Codec, FormatParams};
use str0m::media::{Direction, Frequency, MediaKind, MediaTime, Mid, TelephoneEvent};
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Event, Input, Output, Rtc, RtcConfig};
use tokio::net::UdpSocket;

use crate::phone::Heard;
use crate::server::{Caller, Server};

/// A browser's half of the media.
struct Ear {
    rtc: Rtc,
    socket: UdpSocket,
    mid: Mid,
    codec: Codec,
    decoder: OpusDecoder,
    connected: bool,
    /// What was heard so far, at 48,000 or 8,000 samples a second.
    heard: Vec<f32>,
    /// Frames sent so far.
    sent: u64,
}

impl Ear {
    /// With an offer of this codec and telephone-event.
    async fn open(codec: Codec) -> (Self, SdpOffer, SdpPendingOffer) {
        str0m::crypto::from_feature_flags().install_process_default();
        let mut config = RtcConfig::new()
            .clear_codecs()
            .enable_opus(codec == Codec::Opus, false)
            .enable_pcmu(codec == Codec::PCMU, false)
            .enable_g722(codec == Codec::G722, false);
        let clock =
            if codec == Codec::Opus { Frequency::FORTY_EIGHT_KHZ } else { Frequency::EIGHT_KHZ };
        let codecs = config.codec_config();
        codecs.add_config(101.into(), None, Codec::Tele, clock, None, FormatParams::default());
        let mut rtc = config.build(Instant::now());
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        rtc.add_local_candidate(Candidate::host(socket.local_addr().unwrap(), "udp").unwrap());
        let mut change = rtc.sdp_api();
        let mid = change.add_media(MediaKind::Audio, Direction::SendRecv, None, None, None);
        let (offer, pending) = change.apply().unwrap();
        let decoder = OpusDecoder::new(48_000, 1).unwrap();
        let heard = Vec::new();
        let ear = Self { rtc, socket, mid, codec, decoder, connected: false, heard, sent: 0 };
        (ear, offer, pending)
    }

    fn rate(&self) -> u32 {
        if self.codec == Codec::Opus { 48_000 } else { 8_000 }
    }

    /// Runs the media, sending a tone if there is one, until `enough` says so.
    async fn listens(&mut self, tone: Option<f64>, enough: impl Fn(&Self) -> bool) {
        let patience = Instant::now() + Duration::from_secs(20);
        let mut tick = tokio::time::interval(Duration::from_millis(20));
        let mut buffer = vec![0; 2000];
        while !enough(self) {
            assert!(Instant::now() < patience, "not heard in time");
            let due = self.drain();
            tokio::select! {
                datagram = self.socket.recv_from(&mut buffer) => {
                    let (length, source) = datagram.unwrap();
                    let destination = self.socket.local_addr().unwrap();
                    let contents = buffer[..length].try_into().unwrap();
                    let receive = Receive { proto: Protocol::Udp, source, destination, contents };
                    self.rtc.handle_input(Input::Receive(Instant::now(), receive)).unwrap();
                }
                () = tokio::time::sleep_until(due.into()) => {
                    self.rtc.handle_input(Input::Timeout(Instant::now())).unwrap();
                }
                _ = tick.tick(), if self.connected => {
                    if let Some(hertz) = tone {
                        self.speak(hertz, None);
                    }
                }
            }
        }
    }

    fn drain(&mut self) -> Instant {
        loop {
            match self.rtc.poll_output().unwrap() {
                Output::Timeout(due) => return due,
                Output::Transmit(transmit) => {
                    // A datagram may be lost.
                    let _ = self.socket.try_send_to(&transmit.contents, transmit.destination);
                }
                Output::Event(Event::Connected) => self.connected = true,
                Output::Event(Event::MediaData(data)) => match data.params.spec().codec {
                    Codec::Opus => {
                        let mut samples = vec![0.0; 960];
                        let length = self.decoder.decode(&data.data, 960, &mut samples).unwrap();
                        self.heard.extend(&samples[..length]);
                    }
                    Codec::PCMU => self.heard.extend(data.data.iter().map(|byte| linear(*byte))),
                    _ => {}
                },
                Output::Event(_) => {}
            }
        }
    }

    /// Sends 20 ms of µ-law, with the beginning of a digit where one is given.
    fn speak(&mut self, hertz: f64, digit: Option<u8>) {
        let now = Instant::now();
        self.rtc.handle_input(Input::Timeout(now)).unwrap();
        self.drain();
        let from = self.sent * u64::from(self.rate() / 50);
        let writer = self.rtc.writer(self.mid).unwrap();
        let pt = writer.payload_params().next().unwrap().pt();
        let (time, samples) = (MediaTime::new(from, Frequency::EIGHT_KHZ), from..from + 160);
        let sine = |at: u64| (TAU * hertz * at as f64 / 8000.0).sin() * 0.5;
        let packet: Vec<_> = samples.map(|at| ulaw(sine(at))).collect();
        match digit {
            None => writer.write(pt, now, time, packet).unwrap(),
            Some(event) => {
                let duration = Duration::from_millis(100);
                let event = TelephoneEvent { event, end: true, volume: 10, duration };
                writer.telephone_event(event).write(pt, now, time, Vec::new()).unwrap();
            }
        }
        self.sent += 1;
    }

    /// The strength of a frequency in the last so many milliseconds.
    fn strength(&self, hertz: f64, millis: usize) -> f64 {
        let count = self.rate() as usize / 1000 * millis;
        if self.heard.len() < count {
            return 0.0;
        }
        let samples = &self.heard[self.heard.len() - count..];
        let step = TAU * hertz / f64::from(self.rate());
        let (re, im) = samples.iter().enumerate().fold((0.0, 0.0), |(re, im), (at, sample)| {
            let angle = step * at as f64;
            (re + f64::from(*sample) * angle.cos(), im + f64::from(*sample) * angle.sin())
        });
        re.hypot(im) * 2.0 / count as f64
    }
}

/// The linear value of a µ-law byte (ITU-T G.711), from -1 to 1.
fn linear(byte: u8) -> f32 {
    let byte = !byte;
    let magnitude = ((i32::from(byte & 15) << 3) + 0x84) << (byte >> 4 & 7);
    let value = if byte & 0x80 == 0 { magnitude - 0x84 } else { 0x84 - magnitude };
    value as f32 / 32_768.0
}

/// The µ-law byte whose value is nearest.
fn ulaw(value: f64) -> u8 {
    let far = |byte: &u8| (f64::from(linear(*byte)) - value).abs();
    (0..=255).min_by(|a, b| far(a).total_cmp(&far(b))).unwrap()
}

/// Calls a number with media, up to the ACK.
async fn call(caller: &mut Caller, number: &str, codec: Codec) -> (Ear, Heard) {
    let (mut ear, offer, pending) = Ear::open(codec).await;
    let credential = caller.credential();
    let sdp = offer.to_sdp_string();
    let invite = caller.phone.ask("INVITE", number, &credential, &sdp);
    caller.sends(invite).await;
    caller.hears("180").await;
    let ok = caller.hears("200").await;
    let ack = caller.phone.within("ACK", &ok, "", "");
    caller.sends(ack).await;
    let answer = SdpAnswer::from_sdp_string(&ok.body()).unwrap();
    ear.rtc.sdp_api().accept_answer(pending, answer).unwrap();
    (ear, ok)
}

async fn hang_up(caller: &mut Caller, ok: &Heard) {
    let bye = caller.phone.within("BYE", ok, "", "");
    caller.sends(bye).await;
    caller.hears("200").await;
}

#[tokio::test]
async fn the_tone_is_heard_at_its_frequency_in_both_codecs() {
    let server = Server::start(&[]);
    let mut alice = server.phone("alice").await;
    for codec in [Codec::Opus, Codec::PCMU] {
        let (mut ear, ok) = call(&mut alice, "9197", codec).await;
        ear.listens(None, |ear| ear.strength(440.0, 400) > 0.3).await;
        assert!(ear.strength(554.0, 400) < 0.05, "{codec:?}");
        hang_up(&mut alice, &ok).await;
    }
}

#[tokio::test]
async fn the_echo_brings_back_what_was_said_and_nothing_else() {
    let server = Server::start(&[]);
    let mut alice = server.phone("alice").await;
    let (mut ear, ok) = call(&mut alice, "9196", Codec::PCMU).await;
    ear.listens(Some(700.0), |ear| ear.strength(700.0, 400) > 0.3).await;
    assert!(ear.strength(440.0, 400) < 0.05);
    hang_up(&mut alice, &ok).await;
}

#[tokio::test]
async fn a_digit_in_the_media_comes_back_as_its_two_tones_and_as_text() {
    let server = Server::start(&[]);
    let mut alice = server.phone("alice").await;
    let (mut ear, ok) = call(&mut alice, "9198", Codec::PCMU).await;
    ear.listens(None, |ear| ear.heard.len() > 8000).await;
    ear.speak(0.0, Some(5));
    ear.listens(None, |ear| ear.strength(770.0, 200) > 0.1 && ear.strength(1336.0, 200) > 0.1)
        .await;
    assert!(ear.strength(697.0, 200) < 0.05 && ear.strength(1477.0, 200) < 0.05);
    let text = alice.hears("MESSAGE").await;
    assert_eq!(text.body(), "5");
    alice.sends(alice.phone.answer(200, &text, "")).await;
    hang_up(&mut alice, &ok).await;
}

#[tokio::test]
async fn an_offer_without_a_common_codec_or_without_audio_is_refused_488() {
    let server = Server::start(&[]);
    let mut alice = server.phone("alice").await;
    let (_ear, offer, _) = Ear::open(Codec::G722).await;
    let no_audio = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n";
    for sdp in [offer.to_sdp_string(), no_audio.to_owned(), "nonsense".to_owned()] {
        let credential = alice.credential();
        let invite = alice.phone.ask("INVITE", "9196", &credential, &sdp);
        alice.sends(invite).await;
        let refused = alice.hears("488").await;
        assert!(refused.header("To").contains("tag="));
    }
}

#[tokio::test]
async fn a_new_offer_holds_the_call_and_another_resumes_it() {
    let server = Server::start(&[]);
    let mut alice = server.phone("alice").await;
    let (mut ear, ok) = call(&mut alice, "9197", Codec::PCMU).await;
    ear.listens(None, |ear| ear.strength(440.0, 400) > 0.3).await;
    for (direction, answered) in
        [(Direction::SendOnly, "recvonly"), (Direction::SendRecv, "sendrecv")]
    {
        let mut change = ear.rtc.sdp_api();
        change.set_direction(ear.mid, direction);
        let (offer, pending) = change.apply().unwrap();
        let kind = "Content-Type: application/sdp";
        let invite = alice.phone.within("INVITE", &ok, kind, &offer.to_sdp_string());
        alice.sends(invite).await;
        let again = alice.hears("200").await;
        assert!(again.body().contains(&format!("a={answered}")), "{}", again.body());
        let ack = alice.phone.within("ACK", &again, "", "");
        alice.sends(ack).await;
        let answer = SdpAnswer::from_sdp_string(&again.body()).unwrap();
        ear.rtc.sdp_api().accept_answer(pending, answer).unwrap();
    }
    ear.heard.clear();
    ear.listens(None, |ear| ear.strength(440.0, 400) > 0.3).await;
    hang_up(&mut alice, &ok).await;
}

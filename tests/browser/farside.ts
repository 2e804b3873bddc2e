/**
 * A far side that does what a test tells it: SIP over a WebSocket in this process, its media from
 * bare peer connections in the page under test.
 */

import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocketServer, type WebSocket } from "ws";

import type { Evaluates } from "./sound.js";

/** A SIP message, as far as the tests look into it. */
export interface Message {
  /** The method of a request, the status of a response as text. */
  readonly what: string;
  readonly head: string;
  readonly body: string;
  header(name: string): string;
}

/** The server and what arrived at it. */
export class FarSide {
  readonly #heard: Message[] = [];
  readonly #waiting = new Set<() => void>();
  readonly #http: Server;
  #socket: WebSocket | undefined;

  private constructor(http: Server) {
    this.#http = http;
    const sockets = new WebSocketServer({ server: http, handleProtocols: () => "sip" });
    sockets.on("connection", (socket) => {
      this.#socket = socket;
      socket.on("message", (data: Buffer) => {
        this.#onFrame(data.toString("utf8"));
      });
    });
  }

  /** Serves an empty page with the classic script, and listens for SIP beside it. */
  static async start(): Promise<FarSide> {
    const script = readFileSync("dist/sip-sdk.js");
    const http = createServer((request, response) => {
      const isScript = request.url === "/sip-sdk.js";
      response.setHeader("Content-Type", `text/${isScript ? "javascript" : "html"}; charset=utf-8`);
      response.end(isScript ? script : '<!doctype html><title>x</title><script src="/sip-sdk.js"></script>');
    });
    http.listen(0, "127.0.0.1");
    await once(http, "listening");
    return new FarSide(http);
  }

  get port(): number {
    return (this.#http.address() as AddressInfo).port;
  }

  stop(): void {
    this.#socket?.terminate();
    this.#http.closeAllConnections();
    this.#http.close();
  }

  /** The oldest message of this kind that was not taken yet. */
  async hears(what: string): Promise<Message> {
    for (;;) {
      const index = this.#heard.findIndex((message) => message.what === what);
      const [message] = index < 0 ? [] : this.#heard.splice(index, 1);
      if (message) return message;
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  /** Answers a request, with more header lines where there are some. */
  answers(request: Message, status: string, tag: string, sdp = "", more: readonly string[] = []): void {
    const copied = request.head
      .split("\r\n")
      .filter((line) => /^(via|from|call-id|cseq|record-route):/i.test(line));
    const to = request.header("To");
    this.says(
      `SIP/2.0 ${status}`,
      [...copied, `To: ${to}${to.includes("tag=") ? "" : `;tag=${tag}`}`, ...more],
      tag,
      sdp,
    );
  }

  /** Sends a message with these header lines; Contact and the body's headers are added. */
  says(start: string, lines: readonly string[], tag: string, sdp = ""): void {
    const contact = `Contact: <sip:far-${tag}@far.invalid;transport=ws>`;
    const type = sdp ? ["Content-Type: application/sdp"] : [];
    const head = [start, ...lines, contact, ...type, `Content-Length: ${String(Buffer.byteLength(sdp))}`];
    this.#socket?.send(`${head.join("\r\n")}\r\n\r\n${sdp}`);
  }

  #onFrame(text: string): void {
    if (text.trim() === "") {
      this.#socket?.send("\r\n");
      return;
    }
    const [head = "", ...rest] = text.split("\r\n\r\n");
    const [first = "", second = ""] = head.split(" ");
    const message: Message = {
      what: first.startsWith("SIP/") ? second : first,
      head,
      body: rest.join("\r\n\r\n"),
      header: (name) => new RegExp(`^${name}: *(.*)$`, "im").exec(head)?.[1] ?? "",
    };
    if (message.what === "REGISTER") {
      const contact = `Contact: ${message.header("Contact")};expires=600`;
      this.says("SIP/2.0 200 OK", [...copyForRegister(message), contact], "registrar");
      return;
    }
    this.#heard.push(message);
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}

function copyForRegister(request: Message): string[] {
  const kept = request.head.split("\r\n").filter((line) => /^(via|from|call-id|cseq):/i.test(line));
  return [...kept, `To: ${request.header("To")};tag=registrar`];
}

/**
 * A bare peer connection in the page, named, that sends a tone of `hertz`.
 *
 * @returns its complete description: the answer to `offer`, or an offer where there is none.
 */
export async function farPeer(page: Evaluates, name: string, hertz: number, offer?: string): Promise<string> {
  return (await page.evaluate(openFarPeer, { name, hertz, offer })) as string;
}

/** Gives the answer to a named peer that offered. */
export async function farApplies(page: Evaluates, name: string, answer: string): Promise<void> {
  await page.evaluate(
    async ({ peer, sdp }) => {
      const peers = (window as unknown as { farPeers: Record<string, RTCPeerConnection> }).farPeers;
      await peers[peer]?.setRemoteDescription({ type: "answer", sdp });
    },
    { peer: name, sdp: answer },
  );
}

/** A named peer sends a picture too from now on; its offer of that. */
export async function farAddsVideo(page: Evaluates, name: string): Promise<string> {
  const offer = await page.evaluate(async (peer) => {
    const peers = (window as unknown as { farPeers: Record<string, RTCPeerConnection> }).farPeers;
    const canvas = document.createElement("canvas");
    canvas.getContext("2d");
    const picture = canvas.captureStream();
    for (const track of picture.getTracks()) peers[peer]?.addTrack(track, picture);
    await peers[peer]?.setLocalDescription();
    return peers[peer]?.localDescription?.sdp;
  }, name);
  return offer as string;
}

/** Runs in the page. */
async function openFarPeer(wanted: {
  name: string;
  hertz: number;
  offer: string | undefined;
}): Promise<string> {
  const peer = new RTCPeerConnection();
  const known = (window as unknown as { farPeers?: Record<string, RTCPeerConnection> }).farPeers ?? {};
  Object.assign(window, { farPeers: { ...known, [wanted.name]: peer } });
  const context = new AudioContext();
  const tone = new OscillatorNode(context, { frequency: wanted.hertz });
  const output = new MediaStreamAudioDestinationNode(context);
  tone.connect(new GainNode(context, { gain: 0.5 })).connect(output);
  tone.start();
  for (const track of output.stream.getTracks()) peer.addTrack(track, output.stream);
  if (wanted.offer === undefined) {
    await peer.setLocalDescription();
  } else {
    await peer.setRemoteDescription({ type: "offer", sdp: wanted.offer });
    await peer.setLocalDescription();
  }
  if (peer.iceGatheringState !== "complete") {
    await new Promise<void>((resolve) => {
      peer.addEventListener("icegatheringstatechange", () => {
        if (peer.iceGatheringState === "complete") resolve();
      });
    });
  }
  return peer.localDescription?.sdp ?? "";
}

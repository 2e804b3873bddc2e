/** As much of SIP as a server and a far side need that talk to our own phone only. */
export interface Message {
  /** Of a request. */
  method?: string;
  uri?: string;
  /** Of a response. */
  status?: number;
  reason?: string;
  headers: [name: string, value: string][];
  body: string;
}

export function parse(text: string): Message | undefined {
  const end = text.indexOf("\r\n\r\n");
  const [start = "", ...lines] = text.slice(0, end < 0 ? undefined : end).split("\r\n");
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
  });
  const body = end < 0 ? "" : text.slice(end + 4);
  const response = /^SIP\/2\.0 (\d{3}) ?(.*)$/.exec(start);
  if (response) return { status: Number(response[1]), reason: response[2] ?? "", headers, body };
  const request = /^([A-Z]+) (\S+) SIP\/2\.0$/.exec(start);
  return request ? { method: request[1] ?? "", uri: request[2] ?? "", headers, body } : undefined;
}

export function print(message: Message): string {
  const start =
    message.status === undefined
      ? `${message.method ?? ""} ${message.uri ?? ""} SIP/2.0`
      : `SIP/2.0 ${String(message.status)} ${message.reason ?? ""}`;
  const length = String(new TextEncoder().encode(message.body).length);
  const headers = message.headers.filter(([name]) => name.toLowerCase() !== "content-length");
  const lines = [...headers, ["Content-Length", length]].map(
    ([name, value]) => `${name ?? ""}: ${value ?? ""}`,
  );
  return [start, ...lines, "", message.body].join("\r\n");
}

/** The first header of this name. */
export function header(message: Message, name: string): string | undefined {
  return message.headers.find(([other]) => other.toLowerCase() === name.toLowerCase())?.[1];
}

export function all(message: Message, name: string): string[] {
  return message.headers
    .filter(([other]) => other.toLowerCase() === name.toLowerCase())
    .map(([, value]) => value);
}

/** A copy without the first header of this name. */
export function without(message: Message, name: string): Message {
  const at = message.headers.findIndex(([other]) => other.toLowerCase() === name.toLowerCase());
  return { ...message, headers: message.headers.filter((_, index) => index !== at) };
}

/** The URI in a name-addr, or the text itself. */
export function uriOf(address: string): string {
  return /<([^>]*)>/.exec(address)?.[1] ?? address.split(";")[0]?.trim() ?? "";
}

/** `alice` of `sip:alice@example.com;x=y`. */
export function userOf(uri: string): string {
  return /^[a-z]+:([^@;?]*)@/i.exec(uri)?.[1] ?? "";
}

/** A parameter behind `;`, outside of angle brackets. */
export function param(value: string, name: string): string | undefined {
  const outside = value.replace(/^[^>]*>/, "");
  return new RegExp(`;\\s*${name}\\s*=\\s*"?([^;",]*)`, "i").exec(outside)?.[1];
}

export const branch = (message: Message): string => param(header(message, "Via") ?? "", "branch") ?? "";

/** The answer to a request; `tag` goes into a To that has none. */
export function reply(request: Message, status: number, tag: string, more: [string, string][] = []): Message {
  const copied = request.headers.flatMap(([name, value]): [string, string][] => {
    if (!/^(via|from|to|call-id|cseq|record-route)$/i.test(name)) return [];
    const isBare = /^to$/i.test(name) && param(value, "tag") === undefined && status > 100;
    return [[name, isBare ? `${value};tag=${tag}` : value]];
  });
  return { status, reason: REASONS[status] ?? "", headers: [...copied, ...more], body: "" };
}

/** A message in one line of a ladder. */
export function summary(text: string): string {
  const message = parse(text);
  if (!message) return `${String(text.length)} characters`;
  const start =
    message.status === undefined
      ? `${message.method ?? ""} ${message.uri ?? ""}`
      : `${String(message.status)} ${message.reason ?? ""}`;
  return `${start}  (${header(message, "CSeq") ?? ""})`;
}

const REASONS: Record<number, string> = {
  100: "Trying",
  180: "Ringing",
  200: "OK",
  202: "Accepted",
  302: "Moved Temporarily",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  480: "Temporarily Unavailable",
  481: "Call/Transaction Does Not Exist",
  486: "Busy Here",
  487: "Request Terminated",
  488: "Not Acceptable Here",
  500: "Server Internal Error",
  503: "Service Unavailable",
  600: "Busy Everywhere",
  603: "Decline",
};

/** What presses do. What the phone refuses is thrown; the element shows it. */
import type { Model } from "./model.js";
import { digitsOf, tidy } from "./number.js";
import type { Act } from "./pieces.js";

/** What of the element a press may need. */
export interface Hand {
  /** In the form `button`: what the attributes tell to call. */
  readonly visit: { readonly phone: string; readonly info: string | undefined } | undefined;
  /** Puts the cursor into the number field. */
  toNumber(): void;
  /** Tells the page of the notes of a call that is put away. */
  tellNotes(notes: string): void;
  /** Lets a key be heard. */
  hear(digit: string): void;
}

/** Carries out a press. */
export function perform(act: Act, model: Model, hand: Hand): void {
  const { call, phone, waiting } = model;
  switch (act) {
    case "call":
      return begin(model, hand);
    case "again":
      return again(model, hand);
    case "answer":
      return call?.answer();
    case "reject":
      return call?.reject();
    case "hangup":
      return model.hangup();
    case "close":
      return close(model, hand);
    case "mute":
      return call?.muted === true ? call.unmute() : call?.mute();
    case "keys":
    case "notes":
      return model.open(model.pane === act ? "none" : act);
    case "erase":
      return fillIn(model.number.slice(0, -1), model, hand);
    case "redial":
      return fillIn(model.lastNumber, model, hand);
    case "pause":
    case "resume":
      return phone.setSeatStatus(act === "pause" ? 5 : 2);
    case "dismiss":
      return model.dismiss();
    case "swap":
      return model.swap();
    case "reject-waiting":
      return waiting?.reject();
    case "play":
      // The press itself is all that is needed: the phone listens for one.
      return undefined;
    default:
      return press(act.slice(4), model, hand);
  }
}

function begin(model: Model, hand: Hand): void {
  if (hand.visit) return dial(hand.visit.phone, hand.visit.info, model);
  const number = tidy(model.number);
  // With an empty field Call shows the last number; the next press calls it.
  if (number === "") return fillIn(model.lastNumber, model, hand);
  dial(number, undefined, model);
}

function again(model: Model, hand: Hand): void {
  if (hand.visit) return begin(model, hand);
  const number = model.call?.remote.number ?? model.lastNumber;
  close(model, hand);
  if (number !== "") dial(number, undefined, model);
}

function dial(phone: string, info: string | undefined, model: Model): void {
  // The model shows what goes wrong.
  model.dial(info === undefined ? { phone } : { phone, info }).catch(() => undefined);
}

function close(model: Model, hand: Hand): void {
  const { notes } = model;
  if (model.call?.state === "ended" && notes !== "") hand.tellNotes(notes);
  model.close();
}

function fillIn(number: string, model: Model, hand: Hand): void {
  model.type(number);
  hand.toNumber();
}

function press(digit: string, model: Model, hand: Hand): void {
  const { call } = model;
  if (call && call.state !== "ended") {
    if (digitsOf(digit) !== "") model.send(digit);
  } else {
    close(model, hand);
    model.type(model.number + digit);
  }
  hand.hear(digit);
}

/** Draws every face for `www/faces.html`. Built as a bundle of its own; no phone runs there. */
import { fixtures, type Fixture } from "./faces.js";
import { faceOf } from "./state.js";
import { sheet } from "./styles.js";
import { patch } from "./tree.js";
import { view } from "./view.js";

const place = document.getElementById("faces");
const choices = document.getElementById("choices");

function draw(): void {
  if (!place || !(choices instanceof HTMLFormElement)) return;
  const chosen = new FormData(choices);
  const language = chosen.getAll("language").map(String)[0] ?? "en";
  const themes = chosen.getAll("theme").map(String);
  document.documentElement.dir = chosen.has("rtl") ? "rtl" : "ltr";
  place.replaceChildren(...fixtures().map((fixture) => figure(fixture, themes, language)));
}

function figure(fixture: Fixture, themes: readonly string[], language: string): HTMLElement {
  const figure = document.createElement("figure");
  const caption = document.createElement("figcaption");
  caption.textContent = `${fixture.name} · ${faceOf(fixture.state)}`;
  const pair = document.createElement("div");
  pair.className = "pair";
  pair.append(...themes.map((theme) => still(fixture, theme, language)));
  figure.append(caption, pair);
  return figure;
}

/** A picture of the element: the same tree and sheet on a plain host, with nothing behind it. */
function still(fixture: Fixture, theme: string, language: string): HTMLElement {
  const frame = document.createElement("div");
  frame.className = `frame ${theme}`;
  const host = document.createElement("div");
  host.setAttribute("mode", fixture.state.form);
  host.setAttribute("state", faceOf(fixture.state));
  host.setAttribute("theme", theme);
  host.lang = language;
  const root = host.attachShadow({ mode: "open" });
  root.adoptedStyleSheets = [sheet()];
  patch(root, view(fixture.state, language));
  root.querySelector("[data-level=you]")?.setAttribute("data-live-level", "3");
  root.querySelector("[data-level=them]")?.setAttribute("data-live-level", "4");
  frame.append(host);
  return frame;
}

choices?.addEventListener("change", draw);
draw();

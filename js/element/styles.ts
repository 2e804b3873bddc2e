/**
 * The element's look, as one constructable style sheet: strict CSP needs no exception for it.
 *
 * Dark and light follow the page's `color-scheme`, so that a page without a dark form gets no dark
 * phone; the attribute `theme` overrides that.
 */

/** The sheet, made once for all elements of a page. */
export function sheet(): CSSStyleSheet {
  if (!made) {
    made = new CSSStyleSheet();
    made.replaceSync(css);
  }
  return made;
}
let made: CSSStyleSheet | undefined;

const colours = `
:host {
  --_accent: var(--cc-accent, #0b6b57); --_on-accent: var(--cc-on-accent, #fff);
  --_danger: var(--cc-danger, #b3261e); --_on-danger: var(--cc-on-danger, #fff);
  --_surface: var(--cc-surface, #fff); --_text: var(--cc-text, #1b1f24);
  --_warn: var(--cc-warning, #8a5a00);
}
@supports (color: light-dark(red, blue)) {
  :host {
    --_accent: var(--cc-accent, light-dark(#0b6b57, #5cc9ab)); --_on-accent: var(--cc-on-accent, light-dark(#fff, #06251d));
    --_danger: var(--cc-danger, light-dark(#b3261e, #f08a80)); --_on-danger: var(--cc-on-danger, light-dark(#fff, #35080a));
    --_surface: var(--cc-surface, light-dark(#fff, #1a1d21)); --_text: var(--cc-text, light-dark(#1b1f24, #e8eaed));
    --_warn: var(--cc-warning, light-dark(#8a5a00, #e2b05a));
  }
}
:host {
  --_quiet: color-mix(in srgb, var(--_text) 72%, var(--_surface));
  --_line: color-mix(in srgb, var(--_text) 16%, var(--_surface));
  --_edge: color-mix(in srgb, var(--_text) 56%, var(--_surface));
  --_raised: color-mix(in srgb, var(--_text) 6%, var(--_surface));
  --_pressed: color-mix(in srgb, var(--_text) 14%, var(--_surface));
  --_space: var(--cc-space, 0.25rem);
  --_radius: var(--cc-radius, 0.625rem);
  --_target: 2.75rem;
}`;

const frame = `
:host { display: block; container-type: inline-size; inline-size: 100%; min-inline-size: 15rem; max-inline-size: 26.25rem;
  font-family: var(--cc-font, inherit); font-size: var(--cc-font-size, 1rem); line-height: 1.4; color: var(--_text); text-align: start; }
:host([mode="button"]) { display: inline-block; inline-size: 17.5rem; max-inline-size: 100%; min-inline-size: 0; position: relative; vertical-align: top; }
:host([theme="light"]) { color-scheme: light; }
:host([theme="dark"]) { color-scheme: dark; }
:host([hidden]) { display: none; }
*, *::before, *::after { box-sizing: border-box; }
p, h2, h3, dl, dd { margin: 0; font: inherit; }
.unseen { position: absolute; inline-size: 1px; block-size: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.icon { inline-size: 1.25em; block-size: 1.25em; flex: none; fill: none; stroke: currentColor; stroke-width: 1.75; stroke-linecap: round; stroke-linejoin: round; }
.icon.turned { transform: rotate(135deg); }
.phone { display: flex; flex-direction: column; min-block-size: 34rem; border: 1px solid var(--_line); border-radius: var(--_radius); background: var(--_surface); overflow: hidden; }
.head { display: flex; align-items: center; gap: calc(2 * var(--_space)); min-block-size: 3.25rem; padding: 0 calc(3 * var(--_space)) 0 calc(4 * var(--_space)); padding-inline: calc(4 * var(--_space)) calc(2 * var(--_space)); border-block-end: 1px solid var(--_line); font-size: 0.875em; }
.head .face { flex: 1; font-weight: 600; }
.head .press { min-block-size: 2.25rem; padding-inline: calc(2.5 * var(--_space)); }
.dot { flex: none; inline-size: 0.625em; block-size: 0.625em; border-radius: 50%; border: 2px solid currentColor; color: var(--_edge); }
.dot.good { color: var(--_accent); background: currentColor; }
.dot.warn { color: var(--_warn); background: currentColor; }
.dot.bad { color: var(--_danger); background: currentColor; }
.dial, .call { flex: 1; display: flex; flex-direction: column; gap: calc(3 * var(--_space)); padding: calc(4 * var(--_space)); outline: none; }
.dial .pad { flex: 1; }
.scroll { flex: 1; display: flex; flex-direction: column; gap: calc(4 * var(--_space)); min-block-size: 0; }
.primary { display: grid; grid-template-columns: 1fr 2fr; gap: calc(2 * var(--_space)); margin-block-start: auto; }
.primary .press { min-block-size: 3.5rem; }
.primary .end .icon { inline-size: 1.625em; block-size: 1.625em; }
.primary .end { flex-direction: column; gap: 2px; font-size: 0.8125em; }
slot[name="logo"], slot[name="header"], slot[name="footer"] { display: contents; }`;

const pressing = `
.press { display: inline-flex; align-items: center; justify-content: center; gap: calc(2 * var(--_space)); min-inline-size: var(--_target); min-block-size: var(--_target); margin: 0; padding: calc(1 * var(--_space)) calc(2 * var(--_space));
  border: 1px solid transparent; border-radius: var(--_radius); background: transparent; color: inherit; font: inherit; font-weight: 600; line-height: 1.2; cursor: pointer; touch-action: manipulation; user-select: none; -webkit-tap-highlight-color: transparent; }
.press .text { overflow-wrap: break-word; min-inline-size: 0; }
.press:hover { background: var(--_raised); }
.press:active { background: var(--_pressed); }
.press:focus-visible, input:focus-visible, textarea:focus-visible, summary:focus-visible { outline: 2px solid var(--_accent); outline-offset: 2px; }
.press:disabled { cursor: default; opacity: 0.45; }
.press:disabled:hover { background: transparent; }
.tile { border-color: var(--_line); background: var(--_surface); }
.go { background: var(--_accent); color: var(--_on-accent); }
.go:hover, .go:disabled:hover { background: color-mix(in srgb, var(--_accent) 90%, var(--_text)); }
.go:active { background: color-mix(in srgb, var(--_accent) 80%, var(--_text)); }
.go:disabled, .go:disabled:hover { background: var(--_pressed); color: var(--_text); }
.end { background: var(--_danger); color: var(--_on-danger); }
.end:hover { background: color-mix(in srgb, var(--_danger) 90%, var(--_text)); }
.end:active { background: color-mix(in srgb, var(--_danger) 80%, var(--_text)); }
.press[aria-pressed="true"], .press[aria-expanded="true"] { background: color-mix(in srgb, var(--_accent) 14%, var(--_surface)); border-color: var(--_accent); color: var(--_text); }
.pad { display: grid; grid-template-columns: repeat(3, 1fr); grid-auto-rows: minmax(2.375rem, 1fr); gap: calc(2 * var(--_space)); }
.key { flex-direction: column; gap: 0; padding: 0; border-color: var(--_line); background: var(--_surface); }
.key .digit { display: grid; justify-items: center; font-size: 1.375em; font-weight: 500; line-height: 1.15; font-variant-numeric: tabular-nums; }
.key .digit::after { content: ""; min-block-size: 1.1em; font-size: 0.4546em; font-weight: 600; letter-spacing: 0.08em; color: var(--_quiet); }
.key .digit[data-letters]::after { content: attr(data-letters); content: attr(data-letters) / ""; }
.field { position: relative; display: flex; }
.field input { flex: 1; inline-size: 100%; min-block-size: 3.25rem; margin: 0; padding: 0 calc(3 * var(--_space)); padding-inline-end: 3.25rem; border: 1px solid var(--_edge); border-radius: var(--_radius); background: var(--_surface); color: inherit; font: inherit; font-size: 1.25em; font-variant-numeric: tabular-nums; text-overflow: ellipsis; }
:host(:dir(rtl)) .field input { text-align: end; }
.field input::placeholder { color: var(--_quiet); opacity: 1; font-size: 0.8em; }
.field input[aria-invalid] { border-color: var(--_danger); }
.field .press { position: absolute; inset-block: 0; right: calc(1 * var(--_space)); margin-block: auto; color: var(--_quiet); }`;

const talking = `
.who { display: grid; justify-items: center; gap: calc(3 * var(--_space)); padding-block-start: calc(3 * var(--_space)); text-align: center; }
.names { display: grid; gap: calc(1 * var(--_space)); min-inline-size: 0; max-inline-size: 100%; }
.avatar { display: grid; place-items: center; inline-size: 4rem; block-size: 4rem; border-radius: 50%; background: var(--_raised); color: var(--_quiet); font-size: 1.375em; font-weight: 600; letter-spacing: 0.02em; }
.avatar .icon { inline-size: 1.75em; block-size: 1.75em; }
.name { font-size: 1.25em; font-weight: 600; line-height: 1.25; overflow-wrap: anywhere; }
.number { color: var(--_quiet); font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.who.small { grid-template-columns: auto 1fr auto; justify-items: start; align-items: center; padding: 0; text-align: start; }
.who.small .names { gap: 0; }
.who.small .avatar { inline-size: 2.5rem; block-size: 2.5rem; font-size: 0.875em; }
.who.small .name { font-size: 1em; }
.who.small .number { font-size: 0.875em; }
.progress { display: grid; justify-items: center; gap: calc(1 * var(--_space)); text-align: center; }
.timer { font-size: 1.25em; font-variant-numeric: tabular-nums; }
.stage { color: var(--_quiet); }
.remark { color: var(--_warn); font-size: 0.875em; font-weight: 600; }
.tiles { display: grid; grid-auto-flow: column; grid-auto-columns: 1fr; gap: calc(2 * var(--_space)); }
.tiles .press { flex-direction: column; gap: calc(1 * var(--_space)); min-block-size: 3.75rem; font-size: 0.8125em; font-weight: 500; }
.tiles .icon { inline-size: 1.625em; block-size: 1.625em; }
.keys { display: grid; gap: calc(3 * var(--_space)); }
.keys .pad { grid-auto-rows: 2.75rem; }
.exchanged { display: grid; grid-template-columns: auto 1fr; gap: calc(0.5 * var(--_space)) calc(3 * var(--_space)); font-size: 0.875em; }
.exchanged dt { color: var(--_quiet); }
.exchanged dd { font-weight: 600; white-space: pre-line; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.info { padding: calc(3 * var(--_space)); border-radius: var(--_radius); background: var(--_raised); font-size: 0.875em; max-block-size: 9rem; overflow: auto; }
.info h3, .notes label { color: var(--_quiet); font-size: 0.8125rem; }
.info p { overflow-wrap: anywhere; white-space: pre-line; }
.notes { display: grid; gap: calc(1 * var(--_space)); }
textarea { min-block-size: 6rem; resize: vertical; padding: calc(2 * var(--_space)) calc(3 * var(--_space)); border: 1px solid var(--_edge); border-radius: var(--_radius); background: var(--_surface); color: inherit; font: inherit; font-size: 0.9375em; }
textarea::placeholder { color: var(--_quiet); opacity: 1; }
.result { display: grid; justify-items: center; gap: calc(1 * var(--_space)); text-align: center; }
.what { font-weight: 600; }
.next { color: var(--_quiet); }
.levels { display: grid; grid-template-columns: 1fr 1fr; gap: calc(3 * var(--_space)); align-items: center; padding-inline: calc(3 * var(--_space)); font-size: 0.75em; color: var(--_quiet); }
.level { display: grid; gap: calc(1 * var(--_space)); justify-items: start; }
.bars { display: inline-grid; grid-auto-flow: column; gap: 3px; align-items: end; block-size: 1.25rem; }
.bars i { inline-size: 5px; block-size: 30%; border-radius: 2px; background: var(--_line); }
.bars i:nth-child(2) { block-size: 45%; } .bars i:nth-child(3) { block-size: 60%; } .bars i:nth-child(4) { block-size: 80%; } .bars i:nth-child(5) { block-size: 100%; }
[data-live-level="1"] i:nth-child(-n+1), [data-live-level="2"] i:nth-child(-n+2), [data-live-level="3"] i:nth-child(-n+3), [data-live-level="4"] i:nth-child(-n+4), [data-live-level="5"] i { background: var(--_accent); }
.wait { display: flex; gap: calc(2 * var(--_space)); align-items: center; justify-content: center; }
.wait i { inline-size: 0.5rem; block-size: 0.5rem; border-radius: 50%; background: var(--_edge); animation: wait 1.4s ease-in-out infinite; }
.wait i:nth-child(2) { animation-delay: 0.2s; } .wait i:nth-child(3) { animation-delay: 0.4s; }
@keyframes wait { 0%, 60%, 100% { opacity: 0.25; } 30% { opacity: 1; } }`;

const telling = `
.notice, .trouble, .banner { display: flex; flex-wrap: wrap; align-items: flex-start; gap: calc(2 * var(--_space)); padding: calc(3 * var(--_space)) calc(4 * var(--_space)); font-size: 0.875em; }
.notice { border-block-end: 1px solid var(--_line); background: color-mix(in srgb, var(--_danger) 7%, var(--_surface)); }
.notice > .icon, .trouble > .icon { color: var(--_danger); }
.notice .words, .trouble .words { flex: 1 1 10rem; }
.notice > .plain { order: 1; margin: calc(-2 * var(--_space)) calc(-2 * var(--_space)) 0 0; }
.notice > .tile { order: 2; flex-basis: 100%; }
.trouble { padding: calc(3 * var(--_space)); border-radius: var(--_radius); background: color-mix(in srgb, var(--_danger) 7%, var(--_surface)); }
.trouble.mild { background: var(--_raised); }
.banner { display: grid; border-block-end: 1px solid var(--_line); background: color-mix(in srgb, var(--_accent) 10%, var(--_surface)); }
.choices { display: grid; grid-template-columns: 1fr 2fr; gap: calc(2 * var(--_space)); }
details { font-size: 0.8125rem; color: var(--_quiet); overflow-wrap: anywhere; }
summary { inline-size: fit-content; padding-block: calc(1 * var(--_space)); cursor: pointer; border-radius: 4px; }
.result details { text-align: center; }
.result summary { margin-inline: auto; }`;

const visiting = `
.visit { display: grid; grid-template-columns: minmax(0, 1fr); gap: calc(2 * var(--_space)); outline: none; }
.visit > .go { inline-size: 100%; min-block-size: 3.25rem; border-radius: var(--cc-radius, 1.625rem); font-size: 1.0625em; }
.bar { display: flex; align-items: center; gap: calc(1 * var(--_space)); min-block-size: 3.25rem; padding: 3px; padding-inline-start: calc(5 * var(--_space)); border: 1px solid var(--_edge); border-radius: var(--cc-radius, 1.625rem); background: var(--_surface); }
.bar .status { flex: 1; min-inline-size: 0; font-weight: 600; font-size: 1.0625em; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.bar .press { inline-size: var(--_target); padding: 0; border-radius: var(--cc-radius, 50%); }
.bar .end, .bar .go { margin-inline-start: calc(2 * var(--_space)); }
.below { padding-inline: calc(2 * var(--_space)); min-block-size: 1.25rem; font-size: 0.875em; text-align: center; display: grid; justify-items: center; gap: calc(1 * var(--_space)); }
.below .what { font-weight: 400; color: var(--_quiet); }
.weighty .what { color: var(--_text); font-weight: 600; }
.floating { position: absolute; z-index: 1; inset-block-start: 3.75rem; inset-inline: 0; padding: calc(3 * var(--_space)); border: 1px solid var(--_line); border-radius: var(--_radius); background: var(--_surface); box-shadow: 0 4px 16px rgb(0 0 0 / 12%); }`;

const circumstances = `
@container (max-width: 19rem) { .primary .go, .choices .press { font-size: 0.875em; } .levels { padding-inline: 0; } }
@media (pointer: coarse) { .head .press { min-block-size: var(--_target); } summary { padding-block: calc(3 * var(--_space)); } .pad { grid-auto-rows: minmax(var(--_target), 1fr); } }
@media (prefers-reduced-motion: no-preference) { .press { transition: background-color 0.1s; } }
@media (prefers-reduced-motion: reduce) { .wait i { animation: none; } }
@media (prefers-contrast: more) { :host { --_quiet: var(--_text); --_line: var(--_edge); } }
@media (forced-colors: active) {
  .press, .go, .end { border-color: ButtonText; background: ButtonFace; color: ButtonText; forced-color-adjust: none; }
  .press:hover { border-color: Highlight; }
  .press:disabled { opacity: 1; border-color: GrayText; color: GrayText; }
  .go { background: Highlight; color: HighlightText; border-color: Highlight; }
  .press[aria-pressed="true"], .press[aria-expanded="true"] { background: Highlight; color: HighlightText; border-color: Highlight; }
  .dot, .bars i, .wait i { forced-color-adjust: none; }
  .dot.good, .dot.warn, .dot.bad { color: CanvasText; } .bars i, .wait i { background: GrayText; }
  [data-live-level="1"] i:nth-child(-n+1), [data-live-level="2"] i:nth-child(-n+2), [data-live-level="3"] i:nth-child(-n+3), [data-live-level="4"] i:nth-child(-n+4), [data-live-level="5"] i { background: CanvasText; }
  .notice, .trouble, .banner, .info { border: 1px solid CanvasText; }
}`;

const css = [colours, frame, pressing, talking, telling, visiting, circumstances].join("\n");

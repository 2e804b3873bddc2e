// The team's dashboard: a seat signs in, the page shows what its phone tells.

const sdk = document.getElementById("sdk");
const ccSdk = window.ccSdk;
const seat = document.getElementById("seat");
const enter = document.getElementById("enter");
const leave = document.getElementById("leave");
const log = document.getElementById("log");
const passOn = document.getElementById("pass-on");

const statuses = { 1: "Offline", 2: "Available", 3: "In a call", 4: "After a call", 5: "Paused" };
const steps = { 1: "calling", 2: "ringing", 3: "talking", 4: "ended", 5: "ended before it was answered" };
const registrations = { none: "Signed out", registering: "Signing in…", registered: "Signed in", failed: "Refused" };
const time = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });

const asked = new URLSearchParams(location.search).get("seat");
if ([...seat.options].some(({ value }) => value === asked)) seat.value = asked;

/** The customer's back end signs the seat in; the phone asks again when the token is about to expire. */
function tokenFor(name) {
  return async () => {
    const answer = await fetch("/createAuth", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ seat: name }),
    });
    if (!answer.ok) throw new Error(`createAuth: ${answer.status}`);
    return (await answer.text()).trim();
  };
}

document.getElementById("sign-in").addEventListener("submit", (event) => {
  event.preventDefault();
  ccSdk.register({ token: tokenFor(seat.value) });
});
leave.addEventListener("click", () => ccSdk.unregister());
document.getElementById("clear").addEventListener("click", () => log.replaceChildren());
document.getElementById("people").addEventListener("click", ({ target }) => {
  const phone = target.closest("[data-phone]")?.dataset.phone;
  if (!phone) return;
  if (passOn.checked) ccSdk.calls.at(-1)?.transfer(phone);
  else sdk.callPhone({ phone });
  passOn.checked = false;
});

// Colleagues pass calls on to each other, and whoever is passed on goes along without a question.
ccSdk.configure({ acceptTransfers: true });

ccSdk.addEventListener("registrationchange", ({ state, reason, expiresIn }) => {
  document.getElementById("registration").textContent =
    state === "registered" ? `Signed in as ${seat.selectedOptions[0].text}` : registrations[state];
  const on = state === "registered" || state === "registering";
  seat.disabled = on;
  enter.disabled = on;
  leave.disabled = !on;
  write("registration", [state, reason?.code, expiresIn && `for ${expiresIn} s`]);
});
sdk.addEventListener("onSeatStatus", ({ detail }) => {
  document.getElementById("status").textContent = statuses[detail];
  write("onSeatStatus", [`${detail}`, statuses[detail]]);
});
sdk.addEventListener("onCall", ({ detail: { callStatus, calledNumber } }) => {
  const over = callStatus > 3;
  document.getElementById("in-call").textContent = over ? "None" : `${calledNumber}, ${steps[callStatus]}`;
  write("onCall", [`${callStatus}`, steps[callStatus], calledNumber]);
});
sdk.addEventListener("cc-notes", ({ detail }) => write("notes", [detail.notes]));
ccSdk.addEventListener("call", ({ call }) => {
  call.addEventListener("statechange", ({ state }) => {
    passOn.disabled = !ccSdk.calls.some((each) => each.state === "connected");
    if (passOn.disabled) passOn.checked = false;
    if (state === "ended") write("end", [call.endReason?.by, call.endReason?.cause, call.endReason?.sipStatus]);
  });
  call.addEventListener("transfer", ({ state, to, cause }) => write("transfer", [to, state, cause]));
  call.addEventListener("digit", ({ digit }) => write("digit", [digit]));
  call.addEventListener("message", ({ body }) => write("message", [body]));
});
for (const name of ["started", "reconnecting", "reconnected", "stopped", "tokenwillexpire"]) {
  ccSdk.addEventListener(name, () => write(name, []));
}
ccSdk.addEventListener("startfailed", ({ text }) => write("startfailed", [text]));
ccSdk.addEventListener("warning", ({ code, text }) => write("warning", [code, text]));
ccSdk.addEventListener("error", ({ error }) => write("error", [error.code, error.message]));

/** One line of the log, newest first. */
function write(name, details) {
  const row = log.insertRow(0);
  const cells = [time.format(new Date()), name, details.filter(Boolean).join(" · ")];
  for (const text of cells) row.insertCell().textContent = text;
  while (log.rows.length > 200) log.deleteRow(-1);
}

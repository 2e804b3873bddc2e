// The shop's own script: what a website writes to be called from its page.

const sdk = document.getElementById("sdk");
const choice = document.getElementById("choice");
const number = document.getElementById("number");

/** The shop's back end gives a token; asked again whenever a fresh one is due. */
async function token() {
  const answer = await fetch("/createAuth", { method: "POST" });
  if (!answer.ok) throw new Error(`createAuth: ${answer.status}`);
  return (await answer.text()).trim();
}

// Whoever is passed on from one colleague to another goes along without a question.
window.ccSdk.configure({ acceptTransfers: true });

// A page may ignore this promise: the button shows what went wrong.
window.ccSdk.register({ token, noWorkMode: true });

function choose() {
  const { to } = Object.fromEntries(new FormData(choice));
  document.getElementById("other").hidden = to !== "other";
  sdk.setAttribute("phone", to === "other" ? number.value : to);
}
choice.addEventListener("change", choose);
choice.addEventListener("input", choose);
choice.addEventListener("submit", (event) => {
  event.preventDefault();
  sdk.shadowRoot.querySelector("[part~=call]")?.click();
});
choose();

// Digits that left, and what the far side tells of those that it heard.
window.ccSdk.addEventListener("call", ({ call }) => {
  show("sent", "");
  show("back", "");
  let sent = "";
  let back = "";
  call.addEventListener("digitsent", ({ digit }) => show("sent", (sent += digit)));
  call.addEventListener("digit", ({ digit }) => show("back", (back += digit)));
  call.addEventListener("message", ({ body }) => show("back", (back = body.length > 1 ? body : back + body)));
});

function show(name, text) {
  document.getElementById(`${name}-digits`).textContent = text;
  document.getElementById(name).hidden = text === "";
  document.getElementById("digits").hidden =
    document.getElementById("sent").hidden && document.getElementById("back").hidden;
}

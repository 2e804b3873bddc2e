// Stands in for `axios` in cc-sdk-document.html, the page «Making Calls» of the CC SDK document.
//
// The page is the document's byte for byte, except for the script's host (/sip-sdk.js) and the token
// URL (/createAuth), and beside one import map that points `axios` here. As printed it cannot run
// anywhere: a bare import resolves to nothing in a browser, and the real axios takes no callback
// (`http.post(url, body)` would send the arrow function and call nothing back). This file does what
// the document evidently means: it posts, and calls back with `{ data }`.
export default {
  async post(url, callback) {
    const answer = await fetch(url, { method: "POST" });
    callback({ data: (await answer.text()).trim() });
  },
};

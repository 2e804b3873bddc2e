/** What the pages under test offer to the tests. */

import type { Call, Phone } from "../../js/index.js";

declare global {
  interface Window {
    ccSdk: Phone;
    /** The call that began last, see `openPhone`. */
    lastCall?: Call;
    /** Every track that the page's microphone gave, see `pageWithTone`. */
    localTracks?: MediaStreamTrack[];
  }
}

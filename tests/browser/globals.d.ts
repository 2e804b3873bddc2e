/** What the pages under test offer to the tests. */

import type * as Sdk from "../../js/index.js";
import type { Call, Phone } from "../../js/index.js";

declare global {
  interface Window {
    ccSdk: Phone;
    /** All that the module exports. */
    CcSdk: typeof Sdk;
    /** The call that began last, see `openPhone`. */
    lastCall?: Call;
    /** The call whose sound is looked at; the first of the default phone's unless told. */
    listenTo?: Call | undefined;
    /** Phones that a test made. */
    phones?: Phone[];
    /** Every WebSocket of the page, and the names of events that it should not have had. */
    sockets?: WebSocket[];
    noticed?: string[];
    /** Every track that the page's microphone gave, see `pageWithTone`. */
    localTracks?: MediaStreamTrack[];
  }
}

/** `cc-sdk/element`: importing it defines `<cc-sdk>` over the one core of `cc-sdk`. */
import { CcSdkElement } from "./element/element.js";

export type { CallDetail, CallSays, SeatDetail } from "./element/compat.js";
export { CcSdkElement };

CcSdkElement.define();

/** The classic script: the phone and the element at once, the wasm inside. */
import { CcSdkElement } from "./element/element.js";
import * as sdk from "./index.js";

// Before anything else of the page runs: `ccSdk.register` may follow in the next line.
Object.assign(globalThis, { ccSdk: sdk.ccSdk, CcSdk: { ...sdk, CcSdkElement } });
CcSdkElement.define();

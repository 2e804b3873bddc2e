/** Of the SDK; `0.0.0` where its sources run without having been built. */
export const version: string = typeof __CC_SDK_VERSION__ === "string" ? __CC_SDK_VERSION__ : "0.0.0";

/** The same for the same sources, wherever they were built. */
export const buildId: string = typeof __CC_SDK_BUILD__ === "string" ? __CC_SDK_BUILD__ : "unbuilt";

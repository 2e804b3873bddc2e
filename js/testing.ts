/**
 * A simulated browser, network, server and far side, so that a page's call handling can be tested in
 * plain Node: the SDK that runs in it is the one that is published, wasm and all.
 */
import { Simulation, type SimulationOptions } from "./testing/simulation.js";

export { Chance } from "./testing/chance.js";
export type { FarCallOptions, FarSide } from "./testing/far-side.js";
export type { Media, Microphone } from "./testing/media.js";
export type { Faults, Network } from "./testing/network.js";
export type { Server } from "./testing/server.js";
export type { Census, Simulation, SimulationOptions } from "./testing/simulation.js";

/** Sets a simulation up and takes its place among the globals; `end()` gives them back. */
export function createSimulation(options: SimulationOptions = {}): Simulation {
  return new Simulation(options);
}

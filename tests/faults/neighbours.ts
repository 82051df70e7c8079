/**
 * Two peers that have nothing to do with a scene, but live in the same process.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import type { RPCPeer } from "../../mod.ts";
import { settled } from "../fakes/time.ts";
import type { Stage } from "./stage.ts";
import { tell } from "./tell.ts";

/** Whether they wait for one another all the while, or do nothing until the scene is over; or are not there. */
export type NeighbourKind = "busy" | "idle" | "none";

/** Two peers that must not notice anything. */
export class Neighbours {
  readonly #stage: Stage;
  readonly #caller: RPCPeer;
  readonly #called: RPCPeer;
  readonly #answer = Promise.withResolvers<string>();
  #outcome: Promise<unknown> | undefined;

  /**
   * @param stage Where they live.
   */
  constructor(stage: Stage) {
    this.#stage = stage;
    this.#called = stage.open("neighbour", { port: 90 });
    this.#caller = stage.open("neighbour", { port: 91 });
    this.#called.registerFunction(() => this.#answer.promise, "later");
    this.#called.registerFunction(() => "here", "there");
  }

  /** One calls the other, and waits for the answer until the end of the scene. */
  async call(): Promise<void> {
    this.#called.runServerForever().catch(() => {});
    this.#outcome = this.#caller.call(90, "later");
    this.#outcome.catch(() => {});
    await settled();
  }

  /** Notes what they have noticed: that an answer does not come, or that the next call does not work. */
  async finish(): Promise<void> {
    this.#answer.resolve("later");
    try {
      if (this.#outcome !== undefined) assertEquals(await this.#stage.within(this.#outcome), "later");
      else this.#called.runServerForever().catch(() => {});
      assertEquals(await this.#stage.within(this.#caller.call(90, "there")), "here");
    } catch (error) {
      this.#stage.note(`neighbours: ${tell(error)}`);
    }
  }
}

/**
 * What a peer can do with methods of its own.
 *
 * @module
 */
import { TracingPeer } from "./tracing_peer.ts";
import type { HandlerOf, ParamsSchema } from "./method_schema.ts";
import { conversationOf } from "./named_peer.ts";
import type { RPCPeerOptions } from "./options.ts";
import type { Handler, ObjectOptions, RegisterOptions } from "./register_options.ts";
import type { StandardSchemaV1 } from "./standard_schema.ts";

/** What an {@linkcode RPCPeer} can do with methods of its own. */
export class OfferingPeer extends TracingPeer {
  readonly #base: object;

  /**
   * {@linkcode RPCPeer} opens peers.
   *
   * @param options How the peer is opened.
   * @param base What of a peer that is offered itself is none of its methods: this prototype, and those that it inherits from.
   * @ignore
   */
  constructor(options: RPCPeerOptions, base: object) {
    super(options);
    this.#base = base;
  }

  /**
   * Offers a function as a method.
   *
   * @typeParam Params Validators of its params, which its parameters follow.
   * @typeParam Result Validator of its result.
   * @param fn The function. It may be async; `currentCall()` tells it who calls.
   * @param name Name of the method. Names that begin with `_` or `rpc.` are refused.
   * @param options How the params of a request become arguments and are validated, who may call it, and what `rpc.discover` tells.
   * @throws {TypeError} If it is not a function, its name cannot be called, or its schema does not fit its parameters.
   * @throws {DuplicateMethodError} If the name is registered already.
   * @example
   * ```ts
   * import { RPCPeer } from "@procslink/procslink";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = new RPCPeer();
   * server.registerFunction((a: number, b: number) => a + b, "add");
   * server.runServerForever();
   *
   * await using client = new RPCPeer();
   * assertEquals(await client.call(server.nlPid, "add", { b: 2, a: 1 }), 3);
   * ```
   */
  registerFunction<
    const Params extends ParamsSchema | undefined = undefined,
    Result extends StandardSchemaV1 | undefined = undefined,
  >(
    fn: HandlerOf<Params, Result>,
    name: string = (fn as Handler | undefined)?.name!,
    options: RegisterOptions<Params, Result> = {},
  ): void {
    conversationOf(this).methods.register(fn as Handler, name, undefined, options);
  }

  /**
   * Offers the methods of an object's classes; of a plain object, its own functions. Names that begin with `_` are left
   * out, as is what every object inherits, such as `toString`.
   *
   * @typeParam T Its class.
   * @param object The object: `this` in its methods.
   * @param options Options of its methods.
   * @throws {TypeError} If it is not an object, has no method to offer or not one that there are options for, or a schema does not
   * fit its parameters; then none is offered.
   * @throws {DuplicateMethodError} If one of the names is registered already; then none of them is.
   */
  registerFunctionsInObject<T extends object>(object: T, options: ObjectOptions<T> = {}): void {
    conversationOf(this).methods.registerObject(
      object,
      this.#base,
      options.methods as Readonly<Record<string, RegisterOptions>>,
    );
  }
}

/**
 * The function of a method whose arguments are validated first.
 *
 * @module
 */
import { currentCall, runAsCurrentCall } from "./current_call.ts";
import type { Method } from "./methods.ts";
import type { ParamsCheck } from "./params_check.ts";

/**
 * Puts a check in front of a method.
 *
 * @param method The method.
 * @param check The check of its arguments.
 * @returns The method, whose function is called only with arguments that have passed.
 */
export function checkedMethod(method: Method, check: ParamsCheck): Method {
  const handler = (...args: unknown[]) => {
    const checked = check.check(args);
    if (!(checked instanceof Promise)) return Reflect.apply(method.handler, method.receiver, checked);
    const { request } = currentCall()!;
    // What nobody waits for any more is not begun.
    return checked.then((args) => request.isAnswered ? undefined : runAsCurrentCall(request, method, args));
  };
  return { ...method, handler };
}

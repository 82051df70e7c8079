/**
 * The name of a method as others have sent it, in a text for a person.
 *
 * @module
 */

/** The longest name that is shown. */
const SHOWN = 100;

/**
 * Shows the name of a method.
 *
 * @param request What calls it.
 * @returns Its name in quotes, cut where it is long.
 */
export function nameOf({ method }: { readonly method: string }): string {
  return JSON.stringify(method.slice(0, SHOWN));
}

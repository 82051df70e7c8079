/**
 * Where trouble is listened to.
 *
 * @module
 */
import { TROUBLE_KINDS, TroubleEvent, type TroubleKind } from "../link/trouble.ts";

/** An `EventTarget` with `trouble` events: what was malformed, refused or lost, and belongs to no call. */
export class TroubleTarget extends EventTarget {
  /** How much trouble there was of each kind, whether somebody listened or not. */
  protected readonly troubles: Record<TroubleKind, number> = Object.fromEntries(
    TROUBLE_KINDS.map((kind) => [kind, 0]),
  ) as Record<TroubleKind, number>;
  #listening = false;

  /**
   * Listens to trouble that belongs to no call: what was malformed, refused, lost.
   *
   * @param type `"trouble"`.
   * @param listener Told of each, or null.
   * @param options As with every `EventTarget`.
   */
  override addEventListener(
    type: "trouble",
    listener: ((event: TroubleEvent) => void) | { handleEvent(event: TroubleEvent): void } | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
  /**
   * Listens to events.
   *
   * @param type Name of the event.
   * @param listener Told of each, or null.
   * @param options As with every `EventTarget`.
   */
  override addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
  override addEventListener(
    type: string,
    listener: ((event: never) => void) | { handleEvent(event: never): void } | null,
    options?: boolean | AddEventListenerOptions,
  ): void {
    this.#listening = true;
    super.addEventListener(type, listener as EventListener, options);
  }

  /**
   * Listens to trouble no longer.
   *
   * @param type `"trouble"`.
   * @param listener The listener, or null.
   * @param options As with every `EventTarget`.
   */
  override removeEventListener(
    type: "trouble",
    listener: ((event: TroubleEvent) => void) | { handleEvent(event: TroubleEvent): void } | null,
    options?: boolean | EventListenerOptions,
  ): void;
  /**
   * Listens to events no longer.
   *
   * @param type Name of the event.
   * @param listener The listener, or null.
   * @param options As with every `EventTarget`.
   */
  override removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | EventListenerOptions,
  ): void;
  override removeEventListener(
    type: string,
    listener: ((event: never) => void) | { handleEvent(event: never): void } | null,
    options?: boolean | EventListenerOptions,
  ): void {
    super.removeEventListener(type, listener as EventListener, options);
  }

  /**
   * Tells the listeners of trouble.
   *
   * @param kind What kind of trouble.
   * @param reason The same for a person to read.
   * @param port Port on the other side, where it is known.
   * @param error What was thrown, where something was.
   */
  protected reportTrouble(kind: TroubleKind, reason: string, port?: number, error?: unknown): void {
    this.troubles[kind]++;
    // An event that nobody listens to would cost the more, the more rubbish arrives.
    if (this.#listening) this.dispatchEvent(new TroubleEvent(kind, reason, port, error));
  }
}

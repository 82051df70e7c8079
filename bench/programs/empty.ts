/**
 * A script that does nothing.
 *
 * @module
 */
export {};

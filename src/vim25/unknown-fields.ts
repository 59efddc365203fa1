/**
 * On a decoded object: the names of the fields that its type does not have. They are there to be read; an object
 * that goes back to the server (a device that is edited) goes without them.
 */
export const UNKNOWN_FIELDS: unique symbol = Symbol('fields that the type tables do not have');

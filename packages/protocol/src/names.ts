/**
 * Rules for names (protocol 5.1.2).
 * @pure
 */
const EVENT_TYPE_NAME = /^[a-zA-Z][-0-9a-zA-Z_]*(?:\.[0-9a-zA-Z][-0-9a-zA-Z_]*)*$/;
const UUID = /^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$/;

export const MAX_EVENT_TYPE_NAME_LENGTH = 255;

export function isEventTypeName(text: string): boolean {
  return text.length <= MAX_EVENT_TYPE_NAME_LENGTH && EVENT_TYPE_NAME.test(text);
}

export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/**
 * What servers, events and files say, so that it steers no terminal: a control character is shown, not obeyed.
 * @pure
 */
// oxlint-disable no-control-regex -- they are what is looked for
const LINE_BREAKS = /\s*[\r\n]+\s*/g;
const CONTROLS = /[\u0000-\u001F\u007F-\u009F]/g;
const BEYOND_JSON = /[\u007F-\u009F]/g;

/** Words in one line. */
export function visible(text: string): string {
  return text.trim().replace(LINE_BREAKS, "; ").replace(CONTROLS, escaped);
}

/** One word: a space is shown too. */
export function visibleWord(text: string): string {
  return visible(text).replace(/\s/g, escaped);
}

/** JSON or YAML with the same meaning. Both have escaped the others already. */
export function visibleData(text: string): string {
  return text.replace(BEYOND_JSON, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

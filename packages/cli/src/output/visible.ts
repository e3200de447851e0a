/**
 * What servers, events and files say, so that it steers no terminal and hides nothing from a reader: a control character is
 * shown, not obeyed; so is one that is not seen, or that changes the order in which others are.
 * Each expression matches a single character: what repeats one would take time by the square of a hostile text.
 * @pure
 */
// oxlint-disable no-control-regex -- they are what is looked for
/**
 * C0, C1 and DEL; formats, as those of direction and of no width; line and paragraph separators; halves of a pair; what is
 * ignored where it is shown, save the selectors that choose how a sign looks.
 */
const HIDDEN = /(?![\uFE00-\uFE0F])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;
const SPACE = /\s/g;
/** The same without what JSON and YAML have escaped already, or lay a text out with. */
const HIDDEN_IN_DATA =
  /(?![\u0000-\u001F]|[\uFE00-\uFE0F])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;

/** Words in one line. */
export function visible(text: string): string {
  const lines = text.trim().split("\n");
  const words = lines.length === 1 ? lines : lines.flatMap((line) => line.trim() || []);
  return visibleLine(words.join("; "));
}

/** A line as it is laid out. */
export function visibleLine(text: string): string {
  return text.replace(HIDDEN, escaped);
}

/** One word: a space is shown too. */
export function visibleWord(text: string): string {
  return visible(text).replace(SPACE, escaped);
}

/** JSON, or YAML of which each text that has such a character is quoted, with the same meaning. */
export function visibleData(text: string): string {
  return text.replace(HIDDEN_IN_DATA, escaped);
}

/** Whether `visibleData` changes anything. */
export function hasHidden(text: string): boolean {
  return text.search(HIDDEN_IN_DATA) !== -1;
}

/** As JSON writes it: a character beyond the first 65,536 is a pair. */
function escaped(character: string): string {
  return Array.from({ length: character.length }, (_, at) => {
    const code = character.charCodeAt(at).toString(16);
    return `\\u${code.padStart(4, "0")}`;
  }).join("");
}

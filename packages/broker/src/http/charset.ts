/**
 * Known charsets, for media types that name one (protocol 0.2).
 * @pure
 */

/** Charsets of Java that the Encoding Standard lacks. */
const OTHERS =
  /^(?:utf-?32(?:[bl]e)?|cesu-8|iso-2022-(?:cn|kr)|(?:cp|ibm)-?0*(?:37|437|500|737|775|8[5-7]\d|1047|114\d))$/i;

export function isKnownCharset(name: string): boolean {
  try {
    return new TextDecoder(name).encoding !== "";
  } catch {
    return OTHERS.test(name);
  }
}

/** The charset that a `Content-Type` names, if it is unknown. */
export function unknownCharset(contentType: string | undefined): string | undefined {
  const [, quoted, plain] = /;\s*charset\s*=\s*(?:"([^"]*)"|([^\s;]*))/i.exec(contentType ?? "") ?? [];
  const name = quoted ?? plain;
  return name === undefined || isKnownCharset(name) ? undefined : name;
}

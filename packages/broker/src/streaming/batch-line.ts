/**
 * A batch as a line of the stream, members in the server's order, events as they were stored (protocol 3.3, 5.10).
 * @pure
 */

const OPEN_EVENTS = Buffer.from(',"events":[');
const COMMA = Buffer.from(",");
const CLOSE_EVENTS = Buffer.from("]");

/**
 * The whole line with its `\n`, in one buffer, so that it goes out in one write.
 * @param cursor the cursor's JSON
 * @param events stored events; none leaves the member out
 * @param debug text of `info.debug`; it is never escaped, as the server does not either
 */
export function batchLine(cursor: string, events: readonly { value: Uint8Array }[], debug: string | undefined): Buffer {
  const info = debug === undefined ? "" : `,"info":{"debug":"${debug}"}`;
  const parts: Uint8Array[] = [Buffer.from(`{"cursor":${cursor}`)];
  if (events.length > 0) {
    parts.push(OPEN_EVENTS);
    events.forEach(({ value }, index) => parts.push(...(index > 0 ? [COMMA, value] : [value])));
    parts.push(CLOSE_EVENTS);
  }
  parts.push(Buffer.from(`${info}}\n`));
  return Buffer.concat(parts);
}

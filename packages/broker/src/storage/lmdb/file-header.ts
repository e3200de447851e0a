/**
 * The first two pages of an LMDB file, read without LMDB: a file that is too short kills the process that maps it.
 * @pure
 */

const MAGIC = 0xbeefc0de;
const VERSION = 2;
/** From the beginning of a page. */
const AT = { magic: 24, version: 28, pageSize: 48, lastPage: 144, transaction: 152 } as const;
const META_END = 160;

/** How much is needed of a file: two pages, whatever their size is. */
export const HEADER_BYTES: number = 2 * 65_536;

/**
 * The bytes that a file with this beginning should have, as of its last transaction; undefined if it is not one of LMDB's,
 * or damaged. A file may rightly be a little shorter, where pages at its end were given back before they were written.
 */
export function expectedBytes(header: Uint8Array): number | undefined {
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  if (header.length < META_END) return undefined;
  const pageSize = view.getUint32(AT.pageSize, true);
  if (pageSize < 256 || pageSize > 65_536 || (pageSize & (pageSize - 1)) !== 0) return undefined;
  if (header.length < pageSize + META_END) return undefined;
  let newest = -1n;
  let lastPage = 0n;
  for (const page of [0, pageSize]) {
    if (view.getUint32(page + AT.magic, true) !== MAGIC) return undefined;
    if ((view.getUint32(page + AT.version, true) & 0xffff) !== VERSION) return undefined;
    if (view.getUint32(page + AT.pageSize, true) !== pageSize) return undefined;
    const transaction = view.getBigUint64(page + AT.transaction, true);
    if (transaction <= newest) continue;
    newest = transaction;
    lastPage = view.getBigUint64(page + AT.lastPage, true);
  }
  return (Number(lastPage) + 1) * pageSize;
}

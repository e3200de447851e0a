/**
 * The first two pages of an LMDB file, read without LMDB: a file that is too short kills the process that maps it.
 * @pure
 */

const MAGIC = 0xbeefc0de;
const VERSION = 2;
/** From the beginning of a page. */
const AT = { magic: 24, version: 28, pageSize: 48, tables: 96, lastPage: 144, transaction: 152 } as const;
const META_END = 160;
const USUAL_PAGE_SIZE = 4_096;

/** How much is needed of a file: two pages, whatever their size is. */
export const HEADER_BYTES: number = 2 * 65_536;

/** One of the two descriptions of the whole file, which transactions write in turns. */
interface Meta {
  transaction: number;
  /** The last page that belongs to the file. */
  lastPage: number;
  /** What describes the table of all tables. */
  tables: Uint8Array;
}

export interface FileHeader {
  pageSize: number;
  /** Those that can be read, the newest first. */
  metas: readonly Meta[];
}

/** What can be read of the beginning of a file; no metas if it is none of LMDB's. */
export function readHeader(header: Uint8Array): FileHeader {
  const pageSize = pageSizeOf(header);
  const metas = [0, pageSize].flatMap((page) => metaAt(header, page, pageSize) ?? []);
  return { pageSize, metas: metas.sort((a, b) => b.transaction - a.transaction) };
}

/**
 * The bytes that a file with this beginning should have, as of its last transaction; undefined if it is not one of LMDB's,
 * or damaged. A file may rightly be a little shorter, where pages at its end were given back before they were written.
 */
export function expectedBytes(header: Uint8Array): number | undefined {
  const { pageSize, metas } = readHeader(header);
  const [newest] = metas;
  return newest && metas.length === 2 ? (newest.lastPage + 1) * pageSize : undefined;
}

/** What the first page says, or else the size that nearly all machines have. */
function pageSizeOf(header: Uint8Array): number {
  const pageSize = header.length < META_END ? 0 : viewOf(header).getUint32(AT.pageSize, true);
  return pageSize < 256 || pageSize > 65_536 || (pageSize & (pageSize - 1)) !== 0 ? USUAL_PAGE_SIZE : pageSize;
}

function metaAt(header: Uint8Array, page: number, pageSize: number): Meta | undefined {
  if (header.length < page + META_END) return undefined;
  const view = viewOf(header);
  if (view.getUint32(page + AT.magic, true) !== MAGIC) return undefined;
  if ((view.getUint32(page + AT.version, true) & 0xffff) !== VERSION) return undefined;
  if (view.getUint32(page + AT.pageSize, true) !== pageSize) return undefined;
  return {
    transaction: Number(view.getBigUint64(page + AT.transaction, true)),
    lastPage: Number(view.getBigUint64(page + AT.lastPage, true)),
    tables: header.subarray(page + AT.tables, page + AT.lastPage),
  };
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

/** The line is not what a server sends. Its content is not part of the message. */
export class BatchLineError extends Error {
  override readonly name = "BatchLineError";
}

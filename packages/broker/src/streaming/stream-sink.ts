/** Where a stream's lines go: a response's body, or a test. */
export interface StreamSink {
  /** False while the client has not read what it was sent, and just after the head. */
  readonly writable: boolean;
  write(line: Uint8Array): void;
  end(): void;
  /** Called whenever `writable` becomes true again. */
  onWritable(resume: () => void): void;
  /** Called once when the client is gone. */
  onGone(gone: () => void): void;
}

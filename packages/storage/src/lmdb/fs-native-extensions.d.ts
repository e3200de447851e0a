/** Of this package, which has no types, the functions that are used. */
declare module "fs-native-extensions" {
  /** Takes the exclusive lock of an open file, or says that somebody else has it. */
  export function tryLock(handle: number): boolean;

  /** Gives the lock of an open file back, whoever else has a copy of the handle. */
  export function unlock(handle: number): void;
}

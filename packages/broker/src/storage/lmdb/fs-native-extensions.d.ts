/** Of this package, which has no types, the one function that is used. */
declare module "fs-native-extensions" {
  /** Takes the exclusive lock of an open file, or says that somebody else has it. */
  export function tryLock(handle: number): boolean;
}

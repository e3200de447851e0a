/**
 * This package's version; a test compares it with package.json.
 * @pure
 */
export const VERSION = "0.1.0";

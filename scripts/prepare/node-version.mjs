// Imported first, so that an old Node gets one clear line instead of a syntax error from whatever comes next.
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`nakadi-ts needs Node 20.19 or later; this is Node ${process.versions.node}.`);
  process.exit(1);
}

/** Loaded before anything else by a process that gets a planted bug. */
import { register } from "node:module";

register("./loading.js", { parentURL: import.meta.url, data: process.env["CHAOS_PLANT"] });

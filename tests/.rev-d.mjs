import http from "node:http"; import net from "node:net"; import { inspect } from "node:util";
import { NakadiClient } from "nakadi-client";
const which = process.argv[2];
const listen = (s) => new Promise((r) => s.listen(0, "127.0.0.1", () => r(`http://127.0.0.1:${s.address().port}`)));
if (which === "exit") {
  const nakadi = new NakadiClient({ baseUrl: "http://127.0.0.1:9" });
  const stream = nakadi.stream("s", { onRetry: (e, d) => console.log(e.code, Math.round(d)) });
  await stream.nextBatch();
}
if (which === "redirect") {
  const s = http.createServer((q, r) => { r.writeHead(302, { location: "https://elsewhere/" }); r.end(); });
  const nakadi = new NakadiClient({ baseUrl: await listen(s) });
  await nakadi.eventTypes.delete("x").then(() => console.log("DELETE on 302 RESOLVED"), (e) => console.log(e.code, e.message));
  await nakadi.close(); s.close();
}
if (which === "leak") {
  const s = net.createServer((c) => { c.on("error",()=>{}); c.once("data", () => c.write("HTTP/1.1 200 OK\r\nX-Nakadi-StreamId: 7b7c7100-0559-11e6-a837-0800200c9a66\r\ntransfer-encoding: chunked\r\n\r\nZZ{\"cursor\":{},\"events\":[{\"iban\":\"DE-SECRET\"}]}\r\n")); });
  const nakadi = new NakadiClient({ baseUrl: await listen(s) });
  await new Promise((done) => nakadi.stream("s", { onRetry: (e) => { console.log("leaks:", inspect(e, { depth: 9 }).includes("SECRET"), e.message); done(); } }));
  await nakadi.close(); s.close();
}
if (which === "publish") {
  const s = http.createServer((q, r) => { q.resume(); r.writeHead(422, {"content-type":"application/json"}); r.end(JSON.stringify([{publishing_status:"failed",detail:"#/iban: DE-SECRET is not a valid enum value",step:"validating",eid:"",partition:null}])); });
  const nakadi = new NakadiClient({ baseUrl: await listen(s) });
  await nakadi.publisher("x").publish([{ iban: "DE-SECRET" }]).catch((e) => console.log(e.message));
  await nakadi.publisher("x").publish([{ n: 1n }]).catch((e) => console.log(e.code, e.retryable, e.message));
  await nakadi.subscriptions.resetCursors("s", []).catch((e) => console.log(e.code));
  await nakadi.close();
  await nakadi.publisher === undefined;
  s.close();
}
if (which === "observer") {
  const nakadi = new NakadiClient({ baseUrl: "http://127.0.0.1:9" });
  nakadi.stream("s", { onRetry: async () => { throw new Error("mine"); } });
  setTimeout(() => { console.log("alive"); process.exit(0); }, 300);
}
if (which === "misc") {
  const s = http.createServer((q, r) => { q.resume(); r.writeHead(409, {"content-type":"application/problem+json"}); r.end('{"title":"Conflict","status":409}'); });
  const nakadi = new NakadiClient({ baseUrl: await listen(s) });
  await nakadi.subscriptions.resetCursors("s", [{event_type:"e",partition:"0",offset:"BEGIN"}]).catch((e) => console.log("reset 409:", e.name, e.code));
  let n = 0; s.removeAllListeners("request"); s.on("request", (q, r) => { q.resume(); n++; if (n === 1) { r.writeHead(409); r.end(); } else { r.writeHead(200, {"content-type":"application/json"}); r.end('{"id":"x"}'); } });
  await nakadi.subscriptions.create({ owning_application: "a", event_types: ["e"] }).then(() => console.log("created after race"), (e) => console.log("create 409 race:", e.code));
  const p = nakadi.publisher("x"); await nakadi.close();
  await p.publish([{}]).catch((e) => console.log("after close:", e.code, e.retryable));
  try { new NakadiClient({ baseUrl: "http://x", headers: { "x-a": "b\nc" } }); console.log("bad header accepted"); } catch (e) { console.log(e.code); }
  s.close();
}

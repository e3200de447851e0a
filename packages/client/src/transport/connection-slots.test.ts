import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConnectionSlots } from "./connection-slots.ts";

interface Request {
  n: number;
  urgent: boolean;
  state: "waiting" | "active" | "over";
  leave: () => void;
}

const step = fc.oneof(
  fc.record({ do: fc.constant("enter" as const), urgent: fc.boolean(), endsAtOnce: fc.boolean() }),
  fc.record({ do: fc.constant("leave" as const), which: fc.nat(40) }),
);

describe("connections for requests", () => {
  it("are never more than the limit; none is idle while a request may have it; each kind is in order; some are for urgent ones", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.array(step, { maxLength: 80 }), (limit, steps) => {
        const slots = new ConnectionSlots(limit);
        const requests: Request[] = [];
        const ending: Request[] = [];
        const those = (state: Request["state"], urgent?: boolean): Request[] =>
          requests.filter((one) => one.state === state && (urgent === undefined || one.urgent === urgent));
        const forOthers = limit === 1 ? 1 : limit - Math.ceil(limit / 8);
        for (const one of steps) {
          if (one.do === "enter") {
            const request: Request = {
              n: requests.length,
              urgent: one.urgent,
              state: "waiting",
              leave: () => undefined,
            };
            requests.push(request);
            request.leave = slots.enter(one.urgent, () => {
              expect(request.state).toBe("waiting");
              const before = those("waiting", one.urgent)[0];
              expect(before).toBe(request);
              if (!one.urgent) expect(those("waiting", true)).toEqual([]);
              request.state = "active";
              if (one.endsAtOnce) ending.push(request);
            });
          } else {
            const request = requests[one.which];
            if (request) {
              request.state = "over";
              request.leave();
              request.leave();
            }
          }
          for (let over = ending.shift(); over; over = ending.shift()) {
            over.state = "over";
            over.leave();
          }
          const active = those("active").length;
          const others = those("active", false).length;
          expect(active).toBeLessThanOrEqual(limit);
          expect(others).toBeLessThanOrEqual(forOthers);
          if (those("waiting", true).length > 0) expect(active).toBe(limit);
          else if (those("waiting").length > 0) expect(active === limit || others === forOthers).toBe(true);
        }
      }),
    );
  });

  it("a hundred thousand that end as soon as they begin need no deep stack", () => {
    const slots = new ConnectionSlots(1);
    const leaveFirst = slots.enter(false, () => undefined);
    let begun = 0;
    for (let n = 0; n < 100_000; n += 1) {
      const leave: () => void = slots.enter(false, () => {
        begun += 1;
        leave();
      });
    }
    leaveFirst();
    expect(begun).toBe(100_000);
  });
});

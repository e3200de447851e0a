import fc from "fast-check";
import { expect, it } from "vitest";
import { bisect } from "./bisect.ts";

it("finds the place wherever it is, with no more questions than there are bits", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(100_000), fc.nat(100_000), async (count, place) => {
      let questions = 0;
      const found = await bisect(count, async (n) => {
        questions += 1;
        expect(n).toBeLessThan(count);
        return n < place;
      });
      expect(found).toBe(Math.min(place, count));
      expect(questions).toBeLessThanOrEqual(Math.ceil(Math.log2(count + 1)));
    }),
  );
});

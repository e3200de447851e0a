/**
 * From two samples of a subscription to what a person wants to know: how far behind, how fast, how long still.
 * @pure
 */
export interface PartitionSample {
  eventType: string;
  partition: string;
  state: "assigned" | "reassigning" | "unassigned";
  /** The stream that reads it; empty where no stream does. */
  streamId: string;
  /** Events between the committed position and the end; `undefined` before positions are fixed. */
  unconsumed: number | undefined;
  timeLagSeconds: number | undefined;
  /** Events that were committed since the sample before; `undefined` in the first. */
  committed: number | undefined;
}

export interface Sample {
  atMs: number;
  partitions: readonly PartitionSample[];
}

export interface PartitionLag extends PartitionSample {
  /** Events a second, committed. */
  rate: number | undefined;
  /** 0 where nothing is left; `undefined` where it is not known, or the lag grows. */
  catchUpSeconds: number | undefined;
}

export interface TotalLag {
  /** `undefined` where it is not known of a partition: an unknown number is not 0. */
  unconsumed: number | undefined;
  /** Of the partitions of which it is known. */
  leastUnconsumed: number;
  /** The longest; `undefined` where `unconsumed` is. */
  timeLagSeconds: number | undefined;
  rate: number | undefined;
  catchUpSeconds: number | undefined;
  streams: number;
  partitions: number;
}

export function partitionLags(sample: Sample, before: Sample | undefined): PartitionLag[] {
  const seconds = before && (sample.atMs - before.atMs) / 1_000;
  return sample.partitions.map((one) => {
    const earlier = before?.partitions.find((other) => sameLane(one, other));
    const rate = perSecond(one.committed, seconds);
    return { ...one, rate, catchUpSeconds: catchUp(one.unconsumed, earlier?.unconsumed, seconds) };
  });
}

export function totalLag(sample: Sample, before: Sample | undefined): TotalLag {
  const { partitions } = sample;
  const seconds = before && (sample.atMs - before.atMs) / 1_000;
  const unconsumed = sumOfAll(partitions.map((one) => one.unconsumed));
  const earlier = before && sumOfAll(before.partitions.map((one) => one.unconsumed));
  return {
    unconsumed,
    leastUnconsumed: sum(partitions.map((one) => one.unconsumed)) ?? 0,
    timeLagSeconds: unconsumed === undefined ? undefined : longest(partitions.map((one) => one.timeLagSeconds)),
    rate: perSecond(sum(partitions.map(({ committed }) => committed)), seconds),
    catchUpSeconds: catchUp(unconsumed, earlier, seconds),
    streams: new Set(partitions.map(({ streamId }) => streamId).filter((id) => id !== "")).size,
    partitions: partitions.length,
  };
}

export function sameLane(
  a: { eventType: string; partition: string },
  b: { eventType: string; partition: string },
): boolean {
  return a.eventType === b.eventType && a.partition === b.partition;
}

/** At the speed at which it shrank, which includes the events that are published. */
function catchUp(now: number | undefined, before: number | undefined, seconds: number | undefined): number | undefined {
  if (now === 0) return 0;
  if (now === undefined || before === undefined || !seconds) return undefined;
  const shrinking = (before - now) / seconds;
  return shrinking > 0 ? now / shrinking : undefined;
}

function perSecond(count: number | undefined, seconds: number | undefined): number | undefined {
  return count === undefined || !seconds ? undefined : count / seconds;
}

/** `undefined` where one of them is not known. */
function sumOfAll(values: readonly (number | undefined)[]): number | undefined {
  return values.includes(undefined) ? undefined : (sum(values) ?? 0);
}

/** Of those that are known; `undefined` where none is. */
function sum(values: readonly (number | undefined)[]): number | undefined {
  return values.reduce((total, value) => (value === undefined ? total : (total ?? 0) + value), undefined);
}

function longest(values: readonly (number | undefined)[]): number | undefined {
  return values.reduce((most, value) => (value === undefined ? most : Math.max(most ?? 0, value)), undefined);
}

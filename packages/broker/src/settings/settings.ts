/** The settings that an operator reads and changes while the broker runs (protocol 6.2 to 6.5). */
import type { Clock } from "nakadi-protocol";
import type { MetadataPort } from "nakadi-storage";
import type { Snapshots } from "../metadata-snapshot.ts";
import { Administrators } from "./administrators.ts";
import { Blacklist } from "./blacklist.ts";
import { ConsumerGate } from "./consumer-gate.ts";
import { type FeatureName, Features } from "./features.ts";
import { Storages } from "./storages.ts";

export class Settings implements Disposable {
  readonly features: Features;
  readonly blacklist: Blacklist;
  readonly gate: ConsumerGate;
  readonly administrators: Administrators;
  readonly storages: Storages;

  /**
   * @param app the application's name in the blacklist
   * @param featuresOn features that are on unless an operator has switched them off
   */
  constructor(
    metadata: MetadataPort,
    snapshots: Snapshots,
    clock: Clock,
    app: string,
    featuresOn?: readonly FeatureName[],
  ) {
    this.features = new Features(metadata, snapshots, featuresOn);
    this.blacklist = new Blacklist(metadata, snapshots, clock);
    this.gate = new ConsumerGate(this.blacklist, app);
    this.administrators = new Administrators(metadata);
    this.storages = new Storages(metadata, snapshots);
  }

  [Symbol.dispose](): void {
    this.blacklist[Symbol.dispose]();
  }
}

/** What `gobs store upgrade` found and did: a boss's program makes it, the command line shows it. */

export interface KindVersion {
  readonly kind: string;
  readonly version: number;
}

/** Rows of one vat that went the same way. */
export interface UpgradedRows {
  readonly vat: string;
  readonly from: KindVersion;
  readonly to: KindVersion;
  readonly rows: number;
  /** How many actors of each kind were made for them, all together. */
  readonly spawned: Readonly<Record<string, number>>;
}

/** Rows that are of a kind without successors, and stay as they are. */
export interface RetiredRows {
  readonly vat: string;
  readonly kind: string;
  readonly version: number;
  readonly rows: number;
}

export interface FailedRow {
  readonly vat: string;
  readonly key: string;
  readonly code: string;
  readonly message: string;
}

export interface StoreUpgrade {
  /** Nothing was written: this is what would have been. */
  readonly dryRun: boolean;
  readonly upgraded: readonly UpgradedRows[];
  readonly retired: readonly RetiredRows[];
  /** How many rows could not be upgraded, and stay as they are. */
  readonly failed: number;
  /** The first of them. */
  readonly failures: readonly FailedRow[];
}

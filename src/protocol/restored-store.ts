/** What a restore says of itself to whoever asked for it. */
export interface RestoredStore {
  /** When the backup was taken, ISO 8601. */
  readonly taken: string;
  readonly rows: number;
  /** How often this store has been restored by now. */
  readonly restores: number;
  /** Where the store that was there is now. */
  readonly replaced: string | null;
}

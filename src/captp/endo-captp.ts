/**
 * As much of @endo/captp as is used here, with types: it ships none. Slots are written as this side sees them.
 */
import { makeCapTP } from '@endo/captp';
import type { Body, Message } from './message.ts';
import type { Slot } from './slots.ts';

/** What it does to a promise of the other side's; kept by it until the settlement comes. */
export interface Settler {
  resolveWithPresence(): object;
}

export interface RemoteKit {
  readonly promise: Promise<unknown>;
  readonly settler: Settler;
}

/** What it wants to know of, and keep in, the tables of a session. */
export interface EndoTables {
  makeSlotForValue(value: object): Slot;
  makeValueForSlot(
    slot: Slot,
    iface: string | undefined,
  ): { readonly val: object; readonly settler: Settler | undefined };
  hasImport(slot: Slot): boolean;
  getImport(slot: Slot): object | undefined;
  markAsImported(slot: Slot, value: object): void;
  hasExport(slot: Slot): boolean;
  getExport(slot: Slot): object | undefined;
  markAsExported(slot: Slot, value: object): void;
  deleteExport(slot: Slot): void;
  didDisconnect(): void;
}

/** What it offers to the tables. */
export interface EndoTablesOptions {
  /** Forgets what it has counted of a slot, and sends a CTP_DROP, which is not passed on: ours has the right count. */
  readonly releaseSlot: (slot: Slot) => void;
  readonly makeRemoteKit: (slot: Slot) => RemoteKit;
}

export interface EndoCapTP {
  /** False for a message that it could not take: what it would have answered, it will never answer. */
  dispatch(message: object): boolean;
  getBootstrap(): Promise<unknown>;
  /** Rejects all that waits, with this reason. */
  abort(reason: Error): void;
  serialize(value: unknown): Body;
  readonly makeRemoteKit: EndoTablesOptions['makeRemoteKit'];
}

export interface EndoCapTPOptions {
  readonly onReject: (reason: unknown) => void;
  readonly gcImports: boolean;
  readonly makeCapTPImportExportTables: (options: EndoTablesOptions) => EndoTables;
}

export const makeEndoCapTP = makeCapTP as (
  name: string,
  send: (message: Message) => void,
  bootstrap: object,
  options: EndoCapTPOptions,
) => EndoCapTP;
harden(makeEndoCapTP);

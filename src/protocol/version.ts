/**
 * The version of what boss, hob and clients say to each other: the wire and the guards in this folder. A peer announces the
 * lowest and highest that it speaks; see docs/explanation/wire.md.
 */
export const protocolVersions = harden({ lowest: 1, highest: 1 } as const);
harden(protocolVersions);

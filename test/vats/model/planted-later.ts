/** Bugs of what happens to rows over the lives of their processes: upgrades, vats that turns make, garbage, backups, restores. */
import type { PlantedBug } from '../../support/planted-bugs.ts';

const upgradeBugs: readonly PlantedBug[] = [
  {
    name: 'an upgrade that is undone stays in memory',
    file: 'actors.ts',
    find: 'forgetIfUndone(turn, actor, () => cache.delete(actor.id));',
    replace: '',
  },
  {
    name: 'an upgrade is not written',
    file: 'actors.ts',
    find: 'write(turn, actor, actor.state);\n      forgetIfUndone',
    replace: 'forgetIfUndone',
  },
  {
    name: 'an upgrade is no change',
    file: 'actors.ts',
    find: 'makeState(portrait, row.change + 1)',
    replace: 'makeState(portrait, row.change)',
  },
  {
    name: 'steps that a row has behind it are run again',
    file: 'upgrade.ts',
    find: '= [from, row.version, first];',
    replace: '= [from, 1, first];',
  },
  {
    name: 'an upgraded row is still of its old version',
    file: 'actors.ts',
    find: 'codec.encode({ kind: label, version, change }, portrait)',
    replace: 'codec.encode({ kind: label, version: Math.min(version, 2), change }, portrait)',
  },
  {
    name: 'what a step spawns is lost',
    file: 'actors.ts',
    find: 'write(turn, actor, actor.state);\n    if',
    replace: 'if (!upgrader.isStepping()) write(turn, actor, actor.state);\n    if',
  },
  {
    name: 'former labels are not known',
    file: 'kind-registry.ts',
    find: 'const labels = [kind.label, ...kind.formerly];',
    replace: 'const labels = [kind.label];',
  },
  {
    name: 'an upgraded actor gets the address of its new label',
    file: 'actors.ts',
    find: 'makeActor(kinds.requireRegistered(kind), address, ',
    replace: 'makeActor(kinds.requireRegistered(kind), { ...address, kind: kind.label }, ',
  },
  {
    name: 'what becomes of a kind that was retired is a failure',
    file: 'upgrade.ts',
    find: 'if (definition.replace === undefined) {',
    replace: 'if (false) {',
  },
  {
    name: 'kinds that are new in a vat are not written down',
    file: 'kinds-manifest.ts',
    find: 'writeKinds(turn, vat, codec, next);\n',
    replace: '',
  },
  {
    name: 'kinds are taken for written though their turn was undone',
    file: 'kinds-manifest.ts',
    find: 'turn.changed(() => {\n        known = before;\n      });',
    replace: '',
  },
  {
    name: 'a newer version of a kind is no reason to refuse a store',
    file: 'known-kinds.ts',
    find: 'if (found > version) {',
    replace: 'if (found < 0) {',
  },
  {
    name: 'a kind that is not known is no reason to refuse a store',
    file: 'known-kinds.ts',
    find: 'if (version === undefined) {',
    replace: 'if (version === null) {',
  },
  {
    name: 'a store is written to, and then refused',
    file: '../persistence/ledger.ts',
    find: 'await options.examine?.(examinable(store, checksum), storeId);',
    replace:
      'await store.write([putHeader(checksum, stateKey, stateRecord({ ...before, commits: before.commits + 1 }))]);\n' +
      'await options.examine?.(examinable(store, checksum), storeId);',
  },
];

const madeVatBugs: readonly PlantedBug[] = [
  {
    name: 'a vat that is not open gets no messages',
    file: 'kernel.ts',
    find: 'vats.get(actor.vat) ?? vatTypes.open(actor.vat)',
    replace: 'vats.get(actor.vat)!',
  },
  {
    name: 'the first actor of a vat is not counted',
    file: 'found-vat.ts',
    find: 'actors: 1, type',
    replace: 'actors: 0, type',
  },
  {
    name: 'the first actor of a vat has a number that was given before a restore',
    file: 'vat-types.ts',
    find: 'Math.max(firstInstance, (undone.get(found) ?? 0) + 1)',
    replace: '(undone.get(found) ?? 0) + 1',
  },
  {
    name: 'the kinds of a new vat are not written down',
    file: 'found-vat.ts',
    find: 'writeKinds(turn, name, codec, { versions: harden({ [root.label]: root.version }), change: 1 });',
    replace: '',
  },
];

const garbageBugs: readonly PlantedBug[] = [
  {
    name: 'no vat is held by what can be reached in it',
    file: 'collector-marking.ts',
    find: 'limits.has(vat) && !held.has(vat)',
    replace: 'limits.has(vat)',
  },
  {
    name: 'a vat of which nothing is left stays',
    file: 'collector-sweep.ts',
    find: 'if (isUnheld(vat) && isEmpty(vat)) await takeVatAway(vat);',
    replace: '',
  },
  {
    name: 'actors that go away are still counted',
    file: 'collector-sweep.ts',
    find: ", ...lower(vatHeaderKey(vat), 'actors', ops.length)]",
    replace: ']',
  },
  {
    name: 'a vat goes on with the count that it had before the sweep',
    file: 'collector-sweep.ts',
    find: 'headerChanged(vat);\n    await written;\n    swept',
    replace: 'await written;\n    swept',
  },
  {
    name: 'what a reference holds whose kind was renamed since is not found',
    file: 'collector-marking.ts',
    find: 'const row = decodeRow(key, value);\n    for',
    replace: 'const row = decodeRow(key, value);\n    if (row.kind !== kind) return;\n    for',
  },
];

const restoreBugs: readonly PlantedBug[] = [
  {
    name: 'a backup has rows of two moments',
    file: '../persistence/ledger.ts',
    find: 'return store.snapshot();',
    replace: 'return { page: (request) => store.page(request), close: async () => {} };',
  },
  {
    name: 'a row that lies across two chunks of a backup loses its beginning',
    file: '../persistence/archive-reader.ts',
    find: 'take(waiting === 0 ? tail : Buffer.concat([...rest, tail]))',
    replace: 'take(tail)',
  },
  {
    name: 'numbers of actors leave no gap',
    file: '../persistence/numbers-after.ts',
    find: 'instances: highest.instances + GAP',
    replace: 'instances: highest.instances',
  },
  {
    name: 'actors get numbers from where the backup had them',
    file: 'vat-header.ts',
    find: 'Math.max(next, firstInstance, given + 1)',
    replace: 'Math.max(next, given + 1)',
  },
  {
    name: 'a restore does not know where the one before let numbers go on',
    file: '../persistence/restore-store.ts',
    find: 'watchNumbers(before)',
    replace: 'watchNumbers()',
  },
  {
    name: 'a restore is not counted',
    file: '../persistence/restore-store.ts',
    find: 'restores: state.restores + 1',
    replace: 'restores: Math.max(1, state.restores)',
  },
  {
    name: 'restores before the backup are not counted',
    file: '../persistence/restore-store.ts',
    find: 'if (key === stateKey) state = { ...state, restores: parseState(where, checksum, value).restores };',
    replace: '',
  },
  {
    name: 'the rows of the last batch of a restore are not written',
    file: '../persistence/restore-store.ts',
    find: 'if (!own.has(key)) ops.push',
    replace: 'if (!own.has(key) && rows < trailer.rows) ops.push',
  },
];

export const laterBugs: readonly PlantedBug[] = [...upgradeBugs, ...madeVatBugs, ...garbageBugs, ...restoreBugs];

/**
 * Bugs that vats and their store could have, as small changes of the source. The model test must find each: a test that cannot fail proves nothing. Those
 * of upgrades, backups and restores are in planted-later.ts; more of the collector's are in ../garbage/planted.ts.
 */
import type { PlantedBug } from '../../support/planted-bugs.ts';
import { laterBugs } from './planted-later.ts';

const vatBugs: readonly PlantedBug[] = [
  {
    name: 'a near call that throws is not undone',
    file: 'vat.ts',
    find: 'turn.undoOnThrow(() => actors.invoke(name, ref, method, args))',
    replace: 'actors.invoke(name, ref, method, args)',
  },
  {
    name: 'a turn that throws is not undone',
    file: 'vat.ts',
    find: 'turn.undoOnThrow(() => border.requireSendable(body()))',
    replace: 'border.requireSendable(body())',
  },
  {
    name: 'the sends of an undone near call are kept',
    file: 'turn.ts',
    find: 'outputs.length = to.outputs;',
    replace: '',
  },
  {
    name: 'the rows of an undone near call are kept',
    file: 'turn.ts',
    find: 'if (had) writes.set(key, old);\n        else writes.delete(key);',
    replace: '',
  },
  {
    name: 'an undone become stays in memory',
    file: 'actors.ts',
    find: 'state.undone = true;\n        setState(actor, old);',
    replace: 'state.undone = true;',
  },
  {
    name: 'an undone actor stays in memory',
    file: 'actors.ts',
    find: 'cache.delete(actor.id);\n      for',
    replace: 'for',
  },
  {
    name: 'an undone ephemeral actor lives on',
    file: 'actors.ts',
    find: 'for (const ref of refs) ephemeral.delete(ref);',
    replace: '',
  },
  {
    name: 'the number of an undone actor is given again',
    file: 'vat-header.ts',
    find: 'Math.max(next, firstInstance, given + 1)',
    replace: 'Math.max(next, firstInstance)',
  },
  {
    name: 'an actor is not counted',
    file: 'vat-header.ts',
    find: 'actors: actors + 1 }',
    replace: 'actors: Math.max(1, actors) }',
  },
  {
    name: 'a stale become is let through',
    file: 'actors.ts',
    find: 'latest === from || (latest',
    replace: 'true || (latest',
  },
  {
    name: 'a become from a portrait that was undone is let through',
    file: 'actors.ts',
    find: ' && !from.undone)',
    replace: ')',
  },
  {
    name: 'a become from a portrait that was lost is let through',
    file: 'actors.ts',
    find: ' && latest.incarnation === from.incarnation',
    replace: '',
  },
  {
    name: 'change numbers begin again after an eviction',
    file: 'actors.ts',
    find: 'makeState(portrait, row.change, value.length)',
    replace: 'makeState(portrait, 1, value.length)',
  },
  {
    name: 'reads do not see what is on its way',
    file: 'group-commit.ts',
    find: 'if (writing?.rows.has(key) === true) return writing.rows.get(key);',
    replace: '',
  },
  {
    name: 'outputs leave before they are durable',
    file: 'group-commit.ts',
    find: 'if (open.rows.size > 0) open.outputs.push(...outputs);',
    replace: 'if (open.rows.size > 0) each(outputs, (output) => output.release());',
  },
  {
    name: 'a turn that only read does not wait for what is being written',
    file: 'group-commit.ts',
    find: 'else if (writing !== undefined) writing.outputs.push(...outputs);',
    replace: '',
  },
  {
    name: 'outputs of a failed batch leave all the same',
    file: 'group-commit.ts',
    find: "each(lost, (output) => output.fail(makeError('COMMIT_FAILED', message, details)));",
    replace: 'each(lost, (output) => output.release());',
  },
  {
    name: 'what was open beside a failed batch is written',
    file: 'group-commit.ts',
    find: 'companion?.failed();\n    open = newGroup();',
    replace: 'companion?.failed();',
  },
  {
    name: 'vats do not forget after a failed batch',
    file: 'kernel.ts',
    find: 'for (const vat of vats.values()) vat.reset();',
    replace: '',
  },
  {
    name: 'only one vat forgets after a failed batch',
    file: 'kernel.ts',
    find: 'for (const vat of vats.values()) vat.reset();',
    replace: 'for (const vat of vats.values()) if (vat.name === "a") vat.reset();',
  },
  {
    name: 'continuations go on after a failed batch',
    file: 'continuations.ts',
    find: 'if (since !== incarnation) kit.reject(dropped());\n      else runTurn(asked, handle, kit);',
    replace: 'runTurn(asked, handle, kit);',
  },
  {
    name: 'a handler gets the portrait of the turn that asked for it',
    file: 'actors.ts',
    find: 'return { portrait: actor.state.portrait, bcom: become(actor, actor.state) };',
    replace: 'return { portrait: made.state.portrait, bcom: become(made, made.state) };',
  },
  {
    name: 'rows that go away are not deleted',
    file: 'group-commit.ts',
    find: 'store.write([...group.rows].map(toOp))',
    replace: 'store.write([...group.rows].filter(([, value]) => value !== undefined).map(toOp))',
  },
  {
    name: 'a map does not count a deletion',
    file: 'durable-map.ts',
    find: 'bcom({ size: size - 1 });',
    replace: '',
  },
  {
    name: 'a full page says that it is the last',
    file: 'entry-rows.ts',
    find: 'found.length < limit ? undefined',
    replace: 'found.length <= limit ? undefined',
  },
  {
    name: 'a page begins with the key that it is to begin after',
    file: 'entry-rows.ts',
    find: 'page({ gt: prefix + after, lt, limit })',
    replace: 'page({ gt: prefix + after.slice(0, -1), lt, limit })',
  },
  {
    name: 'messages are taken last in, first out',
    file: 'fifo.ts',
    find: 'outgoing = incoming.reverse();',
    replace: 'outgoing = incoming;',
  },
  {
    name: 'a value in a durable portrait may be ephemeral',
    file: 'names.ts',
    find: "name.startsWith('vat:') ||",
    replace: "name.startsWith('vat:') || name.startsWith('eph:') ||",
  },
  {
    name: 'near calls reach actors of other vats',
    file: 'vat.ts',
    find: 'return parsed?.vat === vatName ? parsed : undefined;',
    replace: 'return parsed;',
  },
];

export const plantedBugs: readonly PlantedBug[] = [...vatBugs, ...laterBugs];

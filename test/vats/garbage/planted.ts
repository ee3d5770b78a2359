/**
 * Bugs that the collector could have, each of which the garbage test must find. What takes a rare meeting (the target of a message that waits, what a turn
 * moves to where marking has been, a batch that fails, a sweep that is cut off, garbage that is not stripped) has a test of its own in collector.test.ts.
 */
import type { PlantedBug } from '../../support/planted-bugs.ts';

export const plantedBugs: readonly PlantedBug[] = [
  {
    name: 'what is written is not marked',
    file: 'collector.ts',
    find: 'for (const [key, value] of rows) if (value !== undefined) marking.shadeRow(key, value);',
    replace: '',
  },
  {
    name: 'what the host world writes is not marked',
    file: 'collector.ts',
    find: 'if (value !== undefined) marking.shadeRow(key, value);',
    replace: "if (value !== undefined && key.startsWith('v/')) marking.shadeRow(key, value);",
  },
  {
    name: 'references that are made are not marked',
    file: 'collector.ts',
    find: 'cycle.marking?.shade(name);',
    replace: '',
  },
  {
    name: 'what memory holds is not looked at',
    file: 'collector.ts',
    find: 'await lookAtMemory(of, marking);',
    replace: '',
  },
  {
    name: 'what the host world holds is not looked at',
    file: 'collector.ts',
    find: 'of [hostLiving, ...[...vats.values()]',
    replace: 'of [...[...vats.values()]',
  },
  {
    name: 'what vats hold is not looked at',
    file: 'collector.ts',
    find: '[hostLiving, ...[...vats.values()].map((vat) => vat.living)]',
    replace: '[hostLiving]',
  },
  {
    name: 'what memory holds is not traced',
    file: 'collector.ts',
    find: 'await lookAtMemory(of, marking);\n    while (!marking.done) await traceSome(of, marking);',
    replace: 'await lookAtMemory(of, marking);',
  },
  {
    name: 'what peers were given is not held',
    file: 'collector-rows.ts',
    find: "{ gt: 'p/', lt: 'p0' },",
    replace: '',
  },
  {
    name: 'what locators lead to is not held',
    file: 'collector-rows.ts',
    find: "{ gt: 's/', lt: 's0' },",
    replace: '',
  },
  {
    name: 'entries of maps are not followed',
    file: 'collector-marking.ts',
    find: 'if (row.kind === mapKind.label) grey.push(entryRange(vat, instance));',
    replace: '',
  },
  {
    name: 'only the first page of a map is followed',
    file: 'collector-marking.ts',
    find: 'if (page.length === pace) grey.push({ gt: lastKey(page, gt), lt });',
    replace: '',
  },
  {
    name: 'references to other vats are not followed',
    file: 'collector-marking.ts',
    find: 'for (const name of row.slots) shade(name);',
    replace: 'for (const name of row.slots) if (name.slice(4, 6) === vat + "/") shade(name);',
  },
  {
    name: 'the roots of vats are not held',
    file: 'collector-marking.ts',
    find: 'grey.push(rootRange(vat));',
    replace: '',
  },
  {
    name: 'an actor that was found once is not followed the next time',
    file: 'number-set.ts',
    find: 'if (after === before) return false;',
    replace: 'if (before !== 0) return false;',
  },
  {
    name: 'caches keep garbage',
    file: 'collector.ts',
    find: 'forgetUnmarked(marking);\n    const',
    replace: 'const',
  },
  {
    name: 'the entries of a map stay when it goes',
    file: 'collector-sweep.ts',
    find: 'if (row.kind === mapKind.label) await empty(vat, key);\n      else if',
    replace: 'if',
  },
];

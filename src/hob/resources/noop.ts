/**
 * Manages nothing, and is always as wanted. It is the template for a resource: copy this file, its definition
 * (src/protocol/resources/noop.ts) and its test (test/hob/resources/noop.test.ts), and name it in both lists of what ships.
 */
import { noopDefinition } from '../../protocol/resources/noop.ts';
import type { Change } from '../../protocol/shapes.ts';
import type { ResourceType } from './contract.ts';

export const noopType: ResourceType = {
  definition: noopDefinition,
  converge: async () => {
    // 1. Look at the host, and compare it with what the resource says.
    const changes: readonly Change[] = [];
    // 2. and 3. Nothing differs, or nobody asked to mend it:
    //    if (changes.length === 0 || !apply) return changes;
    // 4. Make each so.
    return changes;
  },
};
harden(noopType);

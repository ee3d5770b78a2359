/** A host in memory for rounds: pages that have a text, and bells that ring when they are told. Every step that it takes is told. */
import type { ResourceType, ResourceTypes } from '../../../src/hob/resources/contract.ts';
import type { ResourceDefinition } from '../../../src/protocol/resources/definition.ts';
import type { Resource } from '../../../src/protocol/shapes.ts';

export interface BellTower {
  readonly pages: Map<string, string>;
  /** In order: `look a`, `change a`, `ring b`. */
  readonly steps: string[];
  /** By step: thrown instead of taking it. */
  readonly failing: Map<string, Error>;
  readonly types: ResourceTypes;
}

const anything = (): undefined => undefined;
const definition = (type: string, more: Partial<ResourceDefinition> = {}): ResourceDefinition => ({
  type,
  required: {},
  optional: { text: anything },
  ...more,
});

/** `before` is awaited before each step. */
export const makeBellTower = (before: (step: string) => Promise<void> = async () => {}): BellTower => {
  const pages = new Map<string, string>();
  const steps: string[] = [];
  const failing = new Map<string, Error>();
  const step = async (name: string): Promise<void> => {
    await before(name);
    const error = failing.get(name);
    if (error !== undefined) throw error;
    steps.push(name);
  };
  const convergePage = async ({ id, text }: Resource, apply: boolean) => {
    await step(`look ${id}`);
    const from = pages.get(id) ?? '';
    if (from === text) return [];
    if (apply) {
      await step(`change ${id}`);
      pages.set(id, text as string);
    }
    return [{ what: 'text', from, to: text as string }];
  };
  const page: ResourceType = {
    definition: definition('page'),
    converge: (resource, _, apply) => convergePage(resource, apply),
  };
  const many: ResourceType = {
    definition: definition('many'),
    converge: () => Promise.reject(new TypeError('they are to be converged together')),
    convergeTogether: async (resources, _, apply) => {
      steps.push(`${apply ? 'apply' : 'check'} ${resources.map(({ id }) => id).join(' ')}`);
      return Promise.all(
        resources.map(async (resource) => {
          try {
            return { changes: await convergePage(resource, apply) };
          } catch (error) {
            return { error };
          }
        }),
      );
    },
  };
  const bell: ResourceType = {
    definition: definition('bell', { effect: () => 'ring' }),
    converge: async ({ id }, _, apply, circumstances) => {
      await step(`look ${id}`);
      if (apply && circumstances?.notified === true) await step(`ring ${id}`);
      return [];
    },
  };
  const parallel: ResourceType = { ...page, definition: definition('parallel'), parallel: true };
  return { pages, steps, failing, types: { page, many, bell, parallel } };
};

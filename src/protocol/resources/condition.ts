/**
 * On which hosts a resource is wanted: `when: system=debian,architecture!=arm64`. The grammar is that of selectors (../selectors.ts), compared with
 * facts of the host, looked at by its hob. Pure.
 */
import { isSelected, parseSelector, selectorRule, type Traits } from '../selectors.ts';
import type { Facts } from '../shapes.ts';
import type { PropertyRule } from './definition.ts';

/** Texts that say what a host is, and stay so while it runs. */
const traitNames = ['architecture', 'codename', 'hob', 'hostname', 'kernel', 'release', 'system'] as const;

export const whenRule: PropertyRule = selectorRule(traitNames);
harden(whenRule);

/** `condition`: as the rule takes it. What a host does not know of itself is not there. */
export const conditionHolds = (condition: string, facts: Facts): boolean => {
  const entries = traitNames.map((name) => [name, facts[name]] as const).filter(([, value]) => value !== 'unknown');
  const traits: Traits = Object.fromEntries(entries);
  const { selector } = parseSelector(condition);
  return selector !== undefined && isSelected(selector, traits);
};
harden(conditionHolds);

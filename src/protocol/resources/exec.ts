/**
 * A command that is run when it is due. Whether it is due must be seen without running it:
 *   - `creates`: a path that is there once it was run;
 *   - `unless`: a command that changes nothing, and ends with 0 once it was run;
 *   - `only-notified`: it is due when something that names it in `notify` was changed, and only then.
 * With none of them nobody knows, and it is never run. With any of them it is also run when it is told.
 */
import type { Resource, ResourceRecord } from '../shapes.ts';
import { commandRule, environmentRule, userNameRule } from './command-rules.ts';
import type { PropertyProblem, PropertyRule, ResourceDefinition } from './definition.ts';
import { onlyTrueRule, pathRule } from './property-rules.ts';
import { quoted } from '../plain-text.ts';

export interface ExecResource extends Resource {
  readonly type: 'exec';
  /** The program and what it is told; no shell. */
  readonly command: readonly string[];
  readonly creates?: string;
  readonly unless?: readonly string[];
  readonly 'only-notified'?: true;
  /** By name. Left out: the hob's own, root. */
  readonly user?: string;
  /** A directory. Left out: `/`. */
  readonly cwd?: string;
  /** Everybody who is the same user on the host can read it. */
  readonly environment?: ResourceRecord;
  /** Seconds; left out, 300. */
  readonly deadline?: number;
}

const LONGEST_DEADLINE = 3_600;

const deadlineRule: PropertyRule = (value) =>
  typeof value === 'number' && value >= 1 && value <= LONGEST_DEADLINE
    ? undefined
    : `must be a number of seconds from 1 to ${LONGEST_DEADLINE}, not ${quoted(value)}`;

const directoryRule: PropertyRule = (value) => (value === '/' ? undefined : pathRule(value));

const checks = ['creates', 'unless', 'only-notified'] as const;

const conflict = (resource: Resource): PropertyProblem | undefined => {
  const [one, other] = checks.filter((name) => resource[name] !== undefined);
  if (one === undefined || other === undefined) return undefined;
  return { property: other, message: `must not stand beside ${one}: one says whether it is due` };
};

export const execDefinition = {
  type: 'exec',
  required: { command: commandRule },
  optional: {
    creates: pathRule,
    unless: commandRule,
    'only-notified': onlyTrueRule,
    user: userNameRule,
    cwd: directoryRule,
    environment: environmentRule,
    deadline: deadlineRule,
  },
  conflict,
  effect: () => 'run',
} as const satisfies ResourceDefinition;
harden(execDefinition);

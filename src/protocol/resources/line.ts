/**
 * One line in a text file that belongs to somebody else. Without `prefix`: the line is somewhere in the file, or it is added at the end. With
 * `prefix`: the last line that begins with it is this one, or is replaced by it. `absent`: no line is this one.
 *
 * A prefix is plain text and no pattern: docs/decisions/0080-lines-by-prefix.md.
 */
import type { Resource } from '../shapes.ts';
import type { PropertyProblem, PropertyRule, ResourceDefinition } from './definition.ts';
import { besideAbsent, onlyTrueRule, pathRule, textRule } from './property-rules.ts';

export interface LineResource extends Resource {
  readonly type: 'line';
  readonly path: string;
  readonly line: string;
  readonly prefix?: string;
  readonly absent?: true;
}

const LONGEST_LINE = 4_000;
/** All that is no text within one line, save the tab. */
const UNFIT = /[\p{Cc}\p{Zl}\p{Zp}]/u;

const wholeLineRule: PropertyRule = (value) => {
  const problem = textRule(LONGEST_LINE)(value);
  if (problem !== undefined) return problem;
  if (value === '') return 'must not be empty';
  return UNFIT.test((value as string).replaceAll('\t', '')) ? 'must be one line without control characters' : undefined;
};

/** Is this one of the lines that the resource is about? */
export const isAbout = ({ line, prefix }: Pick<LineResource, 'line' | 'prefix'>, other: string): boolean =>
  prefix === undefined ? other === line : other.startsWith(prefix);
harden(isAbout);

const beside = besideAbsent('prefix');

const conflict = (resource: Resource): PropertyProblem | undefined => {
  const { line, prefix } = resource as LineResource;
  if (prefix === undefined || line.startsWith(prefix)) return beside(resource);
  return {
    property: 'prefix',
    message: 'must be what the line begins with',
    hint: 'else each round would add the line again',
  };
};

/** One may take away what the other's prefix is about, as long as it is not the other's line: both are as wanted afterwards. */
const areAtOdds = (a: LineResource, b: LineResource): boolean => {
  if (a.absent === true || b.absent === true) return a.absent !== b.absent && a.line === b.line;
  return isAbout(a, b.line) || isAbout(b, a.line);
};

export const lineDefinition = {
  type: 'line',
  required: { path: pathRule, line: wholeLineRule },
  optional: { prefix: wholeLineRule, absent: onlyTrueRule },
  conflict,
  edits: (resource: Resource) => (resource as LineResource).path,
  clashes: (one: Resource, other: Resource) => areAtOdds(one as LineResource, other as LineResource),
} as const satisfies ResourceDefinition;
harden(lineDefinition);

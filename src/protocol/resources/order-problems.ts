/** What makes no sense about `after`, beyond its form: names that there are not, and circles. Pure. */
import { plainText, quoted } from '../plain-text.ts';
import type { PropertyProblem } from './definition.ts';
import { nearestName } from './nearest-name.ts';
import { orderOf, predecessorsOf, type Circle, type OrderLink } from './order.ts';

/** More are not looked through for one that was meant. */
const MOST_CANDIDATES = 1_000;

const after = (message: string, hint?: string): PropertyProblem => ({
  property: 'after',
  message,
  ...(hint === undefined ? {} : { hint }),
});

/** Of each resource the first name; a suggestion for the first of all only, as it costs a look at each id. */
const nameProblems = (links: readonly OrderLink[]): readonly (readonly [number, PropertyProblem])[] => {
  const ids = new Set(links.flatMap(({ id }) => id ?? []));
  let suggested = false;
  const hintFor = (name: string): string | undefined => {
    if (suggested) return undefined;
    suggested = true;
    const nearest = nearestName(name, [...ids].slice(0, MOST_CANDIDATES));
    return nearest === undefined ? undefined : `did you mean ${quoted(nearest)}?`;
  };
  return links.flatMap(({ id, after: names = [] }, index) => {
    if (id !== undefined && names.includes(id)) return [[index, after('must not name the resource itself')] as const];
    const missing = names.find((name) => !ids.has(name));
    if (missing === undefined) return [];
    return [[index, after(`this machine has no resource ${quoted(missing)}`, hintFor(missing))] as const];
  });
};

/** `a → b → a`; of a long one `a → … → x → y → z → a`. */
const circleText = ({ to, way }: Circle, links: readonly OrderLink[]): string => {
  const nameOf = (index: number): string => plainText(links[index]!.id ?? '', 60);
  const middle = way[0] === to ? way.slice(1).map(nameOf) : ['…', ...way.slice(1).map(nameOf)];
  return [nameOf(to), ...middle, nameOf(to)].join(' → ');
};

/** By index of the resource. Of a circle the resource has it whose `after` closes it, when they are followed in document order. */
export const findOrderProblems = (links: readonly OrderLink[]): ReadonlyMap<number, readonly PropertyProblem[]> => {
  const problems = new Map<number, readonly PropertyProblem[]>();
  for (const [index, problem] of nameProblems(links)) problems.set(index, [problem]);
  const sound = links.map((link, index) => (problems.has(index) ? { ...link, after: [] } : link));
  for (const circle of orderOf(predecessorsOf(sound)).circles) {
    problems.set(circle.index, [after(`must not go in a circle: ${circleText(circle, links)}`)]);
  }
  return problems;
};
harden(findOrderProblems);

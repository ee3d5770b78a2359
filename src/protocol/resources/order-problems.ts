/** What makes no sense about `after` and `notify`, beyond their form: names that there are not, who does nothing when told, and circles. Pure. */
import { plainText, quoted } from '../plain-text.ts';
import type { PropertyProblem } from './definition.ts';
import { nearestName } from './nearest-name.ts';
import { orderOf, predecessorsOf, type Circle, type OrderLink } from './order.ts';

export interface OrderCandidate extends OrderLink {
  /** Its type, if that does nothing when it is told. */
  readonly deaf?: string;
}

type Property = 'after' | 'notify';
type Found = readonly [number, PropertyProblem];

/** More are not looked through for one that was meant. */
const MOST_CANDIDATES = 1_000;

const about = (property: Property, message: string, hint?: string): PropertyProblem => ({
  property,
  message,
  ...(hint === undefined ? {} : { hint }),
});

const deafness = (id: string, type: string): PropertyProblem =>
  about(
    'notify',
    `${quoted(id)} is a ${type}, and does nothing when it is told`,
    `to come before it only, write after there`,
  );

/** Of each resource and property the first name; a suggestion for the first of all only, as it costs a look at each id. */
const nameProblems = (links: readonly OrderCandidate[]): readonly Found[] => {
  const named = new Map<string, OrderCandidate>();
  for (const link of links) if (link.id !== undefined && !named.has(link.id)) named.set(link.id, link);
  let suggested = false;
  const hintFor = (name: string): string | undefined => {
    if (suggested) return undefined;
    suggested = true;
    const nearest = nearestName(name, [...named.keys()].slice(0, MOST_CANDIDATES));
    return nearest === undefined ? undefined : `did you mean ${quoted(nearest)}?`;
  };
  const problemOf = (property: Property, names: readonly string[], own?: string): PropertyProblem | undefined => {
    if (own !== undefined && names.includes(own)) return about(property, 'must not name the resource itself');
    const missing = names.find((name) => !named.has(name));
    if (missing !== undefined) {
      return about(property, `this machine has no resource ${quoted(missing)}`, hintFor(missing));
    }
    const deaf = property === 'notify' ? names.find((name) => named.get(name)!.deaf !== undefined) : undefined;
    return deaf === undefined ? undefined : deafness(deaf, named.get(deaf)!.deaf!);
  };
  return links.flatMap(({ id, after = [], notify = [] }, index) => {
    const problem = problemOf('after', after, id) ?? problemOf('notify', notify, id);
    return problem === undefined ? [] : [[index, problem] as const];
  });
};

/** `a → b → a`; of a long one `a → … → x → y → z → a`. */
const circleText = ({ to, way }: Circle, links: readonly OrderLink[]): string => {
  const nameOf = (index: number): string => plainText(links[index]!.id ?? '', 60);
  const middle = way[0] === to ? way.slice(1).map(nameOf) : ['…', ...way.slice(1).map(nameOf)];
  return [nameOf(to), ...middle, nameOf(to)].join(' → ');
};

/** Whoever says that the last one comes after the first has the problem. */
const circleProblem = (circle: Circle, links: readonly OrderLink[]): Found => {
  const { index, to } = circle;
  const message = `must not go in a circle: ${circleText(circle, links)}`;
  const says = links[index]!.after?.includes(links[to]!.id ?? '') === true;
  return says ? [index, about('after', message)] : [to, about('notify', message)];
};

/** By index of the resource. Of a circle the one has it that closes it, when they are followed in document order. */
export const findOrderProblems = (
  links: readonly OrderCandidate[],
): ReadonlyMap<number, readonly PropertyProblem[]> => {
  const problems = new Map<number, readonly PropertyProblem[]>();
  for (const [index, problem] of nameProblems(links)) problems.set(index, [problem]);
  const sound = links.map((link, index) => (problems.has(index) ? { ...link, after: [], notify: [] } : link));
  for (const circle of orderOf(predecessorsOf(sound)).circles) {
    const [index, problem] = circleProblem(circle, sound);
    problems.set(index, [...(problems.get(index) ?? []), problem]);
  }
  return problems;
};
harden(findOrderProblems);

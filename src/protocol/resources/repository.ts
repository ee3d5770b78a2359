/**
 * A repository of packages for apt: /etc/apt/sources.list.d/NAME.sources, and its key in /etc/apt/keyrings/NAME.gpg, which is good for this repository
 * only. One without a key is not taken: whoever is between would decide what is installed.
 */
import { quoted } from '../plain-text.ts';
import type { Resource } from '../shapes.ts';
import type { PropertyProblem, PropertyRule, ResourceDefinition } from './definition.ts';
import { binaryKey } from './openpgp-key.ts';
import { besideAbsent, onlyTrueRule, pathRule, textRule, textsRule } from './property-rules.ts';

export interface RepositoryResource extends Resource {
  readonly type: 'repository';
  /** Of its files. */
  readonly name: string;
  readonly uris?: readonly string[];
  readonly suites?: readonly string[];
  /** Not of a flat repository, whose suite ends with `/`. */
  readonly components?: readonly string[];
  readonly architectures?: readonly string[];
  /** Left out: `deb`. */
  readonly types?: readonly string[];
  /** Armored, or binary in base64. */
  readonly key?: string;
  /** In the place of `key`: the path of one that is on the host. */
  readonly 'signed-by'?: string;
  readonly absent?: true;
}

const LONGEST_KEY = 200_000;

const nameRule: PropertyRule = (value) =>
  typeof value === 'string' && /^[a-z0-9][a-z0-9_-]{0,99}$/.test(value)
    ? undefined
    : `must be lower-case letters, digits, "-" and "_", not ${quoted(value)}`;

const itemRule =
  (pattern: RegExp, example: string): PropertyRule =>
  (value) =>
    typeof value === 'string' && pattern.test(value) ? undefined : `must be such as ${example}, not ${quoted(value)}`;

/** At least one. */
const someRule =
  (what: string, rule: PropertyRule): PropertyRule =>
  (value) =>
    Array.isArray(value) && value.length === 0 ? 'must not be empty' : textsRule(what, rule)(value);

const keyRule: PropertyRule = (value) => {
  const problem = textRule(LONGEST_KEY)(value);
  if (problem !== undefined) return problem;
  // What is no public key is not repeated: it may be a private one.
  return binaryKey(value as string) === undefined ? 'must be a public key of OpenPGP, armored or in base64' : undefined;
};

const beside = besideAbsent('uris', 'suites', 'components', 'architectures', 'types', 'key', 'signed-by');

const conflict = (resource: Resource): PropertyProblem | undefined => {
  const { uris, suites, components, key, absent, 'signed-by': signedBy } = resource as RepositoryResource;
  if (absent === true) return beside(resource);
  if (uris === undefined) return { property: 'uris', message: 'is missing; a repository needs it, or absent: true' };
  if (suites === undefined) return { property: 'suites', message: 'is missing; a repository needs it' };
  if ((key === undefined) === (signedBy === undefined)) {
    return { property: 'key', message: 'must be there, or signed-by in its place: the key that signs the repository' };
  }
  const flat = suites.filter((suite) => suite.endsWith('/'));
  if (flat.length > 0 && flat.length < suites.length) {
    return { property: 'suites', message: 'must end with "/" all, or none' };
  }
  if (flat.length > 0 && components !== undefined) {
    return { property: 'components', message: 'must not stand beside a suite that ends with "/"' };
  }
  return flat.length === 0 && components === undefined
    ? { property: 'components', message: 'is missing; only a suite that ends with "/" has none' }
    : undefined;
};

export const sourcesPath = ({ name }: Pick<RepositoryResource, 'name'>): string =>
  `/etc/apt/sources.list.d/${name}.sources`;
harden(sourcesPath);

export const repositoryDefinition = {
  type: 'repository',
  required: { name: nameRule },
  optional: {
    uris: someRule('URIs', itemRule(/^[a-z][a-z0-9+.-]*:[\x21-\x7e]+$/, '"https://deb.example.org/debian"')),
    suites: someRule('suites', itemRule(/^[A-Za-z0-9./][A-Za-z0-9_./+~-]*$/, '"bookworm", or "./" of a flat one')),
    components: someRule('components', itemRule(/^[A-Za-z0-9][A-Za-z0-9_./+-]*$/, '"main"')),
    architectures: someRule('architectures', itemRule(/^[a-z0-9][a-z0-9-]*$/, '"amd64"')),
    types: someRule('types', itemRule(/^deb(-src)?$/, '"deb" or "deb-src"')),
    key: keyRule,
    'signed-by': pathRule,
    absent: onlyTrueRule,
  },
  conflict,
  owns: (resource: Resource) => sourcesPath(resource as RepositoryResource),
} as const satisfies ResourceDefinition;
harden(repositoryDefinition);

/**
 * Who may import whom (dependency-cruiser; `npm run arrows`). The same table, in words, is in docs/design.md.
 * test/arrows.test.ts plants a violation of each rule.
 *
 * Types count as imports here: an arrow is knowledge, not only code. The one exception is a type of a Node module, which
 * is how a power is described by whoever receives it.
 */

/** What each folder may import of ours, beside itself. A folder named here is not part of the one that it lies in. */
const table = {
  'src/errors': [],
  'src/protocol': [],
  'src/sealing': ['src/errors'],
  'src/vats': ['src/errors'],
  'src/vats/actor-lib': ['src/vats', 'src/errors'],
  'src/persistence': ['src/vats', 'src/errors'],
  'src/captp': ['src/captp/netlayers/contract.ts', 'src/vats', 'src/errors'],
  'src/captp/netlayers': ['src/captp/peer-id.ts', 'src/errors'],
  'src/boss': [
    'src/vats',
    'src/vats/actor-lib',
    'src/captp',
    'src/captp/netlayers',
    'src/persistence',
    'src/protocol',
    'src/sealing',
    'src/errors',
    'src/providers/contract.ts',
    'src/providers/shipped.ts',
  ],
  'src/boss/repl': ['src/protocol', 'src/errors'],
  'src/hob': [
    'src/hob/resources',
    'src/vats',
    'src/vats/actor-lib',
    'src/captp',
    'src/captp/netlayers',
    'src/persistence',
    'src/protocol',
    'src/sealing',
    'src/errors',
  ],
  'src/hob/resources': [
    'src/hob/accounts.ts',
    'src/hob/commands.ts',
    'src/hob/rooted-files.ts',
    'src/protocol',
    'src/errors',
  ],
  'src/providers': ['src/protocol', 'src/errors'],
  'src/cli': [
    'src/boss/repl',
    'src/persistence',
    'src/captp',
    'src/captp/netlayers',
    'src/protocol',
    'src/sealing',
    'src/errors',
  ],
};

/** Entry points may import each other and lockdown, and may use what only they may use. */
const entryPoint = ['^src/lockdown\\.ts$', '^src/.+/main\\.ts$'];

/** Modules of Node that give no authority: they compute. (Which names of `crypto`, says authority.config.mjs.) */
const pureModules = '^(assert|buffer|crypto|events|path|stream|string_decoder|url|util|zlib)(/|$)';

const pattern = (place) => `^${place.replaceAll('.', '\\.')}${place.endsWith('.ts') ? '$' : '/'}`;

/** The folders of the table that lie in this one, and so are not it. */
const inside = (folder) => Object.keys(table).filter((other) => other.startsWith(`${folder}/`));

const foldersRules = Object.entries(table).map(([folder, places]) => {
  const allowed = [folder, ...places].map((place) => {
    const carvedOut = inside(place)
      .map((other) => `(?!${other}/)`)
      .join('');
    return place.endsWith('.ts') ? pattern(place) : `^${carvedOut}${place}/`;
  });
  return {
    name: folder,
    comment: `${folder} may import only: ${places.join(', ') || 'nothing of ours'}`,
    severity: 'error',
    from: { path: pattern(folder), pathNot: inside(folder).map(pattern) },
    to: { path: '^src/', pathNot: [...allowed, ...entryPoint] },
  };
});

export default {
  forbidden: [
    ...foldersRules,
    {
      name: 'one-provider-from-another',
      comment:
        'A provider folder knows its own files, the contract and what is beside it; only shipped.ts lists them all.',
      severity: 'error',
      from: { path: '^src/providers/([^/]+)/' },
      to: { path: '^src/providers/', pathNot: ['^src/providers/$1/', '^src/providers/(contract|one-at-a-time)\\.ts$'] },
    },
    {
      name: 'entry-points',
      comment: 'Entry points are at the top: only another one, or the command line, may import them or lockdown.',
      severity: 'error',
      from: { path: '^src/', pathNot: [...entryPoint, '^src/cli/'] },
      to: { path: entryPoint },
    },
    {
      name: 'entry-point-of-another-part',
      comment: 'Only the command line starts other parts.',
      severity: 'error',
      from: { path: '^src/([^/]+)/', pathNot: '^src/cli/' },
      to: { path: '^src/.+/main\\.ts$', pathNot: '^src/$1/' },
    },
    {
      name: 'ambient-modules',
      comment: 'Only main.ts may import modules that reach outside; everything else receives powers (types are free).',
      severity: 'error',
      from: { path: '^src/', pathNot: entryPoint },
      to: {
        dependencyTypes: ['core'],
        dependencyTypesNot: ['type-only', 'type-import'],
        pathNot: pureModules,
      },
    },
    {
      name: 'protocol-packages',
      comment: 'src/protocol stands on @endo/patterns alone.',
      severity: 'error',
      from: { path: '^src/protocol/' },
      to: { pathNot: ['^src/', 'node_modules/@endo/patterns/'] },
    },
    {
      name: 'vat-packages',
      comment: 'Vats stand on Endo alone.',
      severity: 'error',
      from: { path: '^src/vats/' },
      to: { path: 'node_modules/', pathNot: 'node_modules/@endo/' },
    },
    {
      name: 'unlisted-package',
      comment: 'What runs is listed in package.json under dependencies.',
      severity: 'error',
      from: { path: '^src/' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown', 'unknown', 'undetermined'],
        dependencyTypesNot: ['type-only', 'type-import'],
      },
    },
    {
      name: 'cycle',
      comment: 'No module waits for itself. Types may point both ways.',
      severity: 'error',
      from: { path: '^src/' },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only', 'type-import'] } },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: 'specify',
    combinedDependencies: false,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};

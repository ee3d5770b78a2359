/**
 * What code below the entry points may name without having been given it (ESLint; `npm run arrows`). Modules of Node are
 * arrows.config.mjs's; this is about globals, and about what the pure modules and the intrinsics hide: clocks, randomness.
 * test/arrows.test.ts plants a violation of each rule. Comments in the code cannot turn these rules off.
 */
import tseslint from 'typescript-eslint';

const words = (text) => text.trim().split(/\s+/);
const globals = (value, names) => Object.fromEntries(names.map((name) => [name, value]));

/**
 * Beside the language itself. ESLint knows the language's own names, so these lists hold what goes beyond it, and those of
 * its names that tell time or place, reach the global object, or are not in a compartment.
 */
const vatGlobals = words('harden');
const kernelGlobals = words('FinalizationRegistry WeakRef queueMicrotask');
const hostGlobals = words(
  `AbortController AbortSignal Buffer BufferEncoding FinalizationRegistry NodeJS TextDecoder TextEncoder URL
  URLSearchParams WeakRef queueMicrotask structuredClone`,
);
const notForVats = words('FinalizationRegistry WeakRef');
const notForAnybody = words('Atomics Intl SharedArrayBuffer escape eval globalThis unescape');

/** Of node:crypto, what computes the same from the same. Keys and random bytes are powers. */
const pureCrypto = [
  'KeyObject',
  'X509Certificate',
  'createCipheriv',
  'createDecipheriv',
  'createHash',
  'createHmac',
  'createPrivateKey',
  'createPublicKey',
  'createSecretKey',
  'hash',
  'hkdfSync',
  'scryptSync',
  'sign',
  'timingSafeEqual',
  'verify',
];

const given = 'It must be given as a power, not reached for.';
const keysAndBytes = ['node:crypto', 'crypto'].map((name) => ({
  name,
  allowImportNames: pureCrypto,
  allowTypeImports: true,
  message: given,
}));

/** In a turn it loses calls that are undone, and the other way round: docs/decisions/0010-own-eventual-send.md. */
const foreignE = ['@endo/far', '@endo/eventual-send'].map((name) => ({
  name,
  importNames: ['E'],
  message: 'Code of vats sends with the E of src/vats/eventual-send.ts.',
}));

const reachedFor = [
  { selector: 'NewExpression[callee.name="Date"][arguments.length=0]', message: given },
  { selector: 'CallExpression[callee.name="Date"]', message: given },
  { selector: 'MetaProperty[meta.name="import"]', message: 'Where a file lies is known to entry points.' },
];

const restrict = {
  'no-undef': 'error',
  'no-eval': 'error',
  'no-new-func': 'error',
  '@typescript-eslint/no-restricted-imports': ['error', { paths: keysAndBytes }],
  'no-restricted-properties': [
    'error',
    { object: 'Date', property: 'now', message: given },
    { object: 'Math', property: 'random', message: given },
    { object: 'AbortSignal', property: 'timeout', message: given },
    { property: 'constructor', message: 'It leads to what makes functions.' },
  ],
  'no-restricted-syntax': [
    'error',
    ...reachedFor,
    { selector: 'ImportExpression', message: 'Imports stand at the top of a file.' },
  ],
};

/** For a command, which loads what it does when it is chosen: the arrows hold for a file of ours that is named there and then. */
const loadedLater = {
  selector: 'ImportExpression:not([source.value=/^[.][.]?[/]/])',
  message: 'Only a file of ours can be loaded later, under its own name.',
};

const entryPoints = ['src/lockdown.ts', 'src/**/main.ts'];

/** Code that runs in vats. */
const vatCode = ['src/vats/**/*.ts', 'src/boss/**/*.ts', 'src/hob/**/*.ts'];

/** Code in the same folders that does not: it is called by an entry point, or drives for an actor. */
const notVatCode = ['src/boss/repl/**', 'src/hob/resources/**'];

export default [
  { ignores: ['**/*.d.ts'] },
  {
    files: ['src/**/*.ts'],
    languageOptions: { parser: tseslint.parser, parserOptions: { lib: ['es2024', 'esnext.disposable'] } },
    plugins: { '@typescript-eslint': tseslint.plugin },
  },
  {
    files: ['src/**/*.ts'],
    ignores: entryPoints,
    languageOptions: { globals: globals('readonly', [...vatGlobals, ...hostGlobals]) },
    rules: { ...restrict, 'no-restricted-globals': ['error', ...notForAnybody] },
  },
  {
    files: ['src/cli/run.ts'],
    rules: { 'no-restricted-syntax': ['error', ...reachedFor, loadedLater] },
  },
  {
    files: vatCode,
    ignores: [...entryPoints, ...notVatCode],
    languageOptions: { globals: { ...globals('off', hostGlobals), ...globals('readonly', vatGlobals) } },
    rules: {
      'no-restricted-globals': ['error', ...notForAnybody, ...notForVats],
      '@typescript-eslint/no-restricted-imports': ['error', { paths: [...keysAndBytes, ...foreignE] }],
    },
  },
  {
    files: ['src/vats/**/*.ts'],
    languageOptions: { globals: globals('readonly', kernelGlobals) },
    rules: { 'no-restricted-globals': ['error', ...notForAnybody] },
  },
  {
    // The kernel itself, whose E this is.
    files: ['src/vats/*.ts'],
    rules: { '@typescript-eslint/no-restricted-imports': ['error', { paths: keysAndBytes }] },
  },
  {
    files: ['src/**/main.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: 'Program > :first-child:not(ImportDeclaration[source.value=/[/]lockdown\\.ts$/])',
          message: 'The first import of an entry point is lockdown.',
        },
      ],
    },
  },
];

/**
 * `npm run lint`: the rules of Endo, those of TypeScript that need types, and a few of our own. Layout is Prettier's.
 * What code may reach is in arrows.config.mjs and authority.config.mjs. Why there are two TypeScripts: docs/decisions/0004.
 */
import endo from '@endo/eslint-plugin';
import tseslint from 'typescript-eslint';
import authority from './authority.config.mjs';

/** Of the recommended rules, those that are taste and not safety, or that TypeScript does better. */
const notTaken = [
  'default-case', // switches over unions are checked to be complete
  'dot-notation',
  'no-await-in-loop', // order is often the point
  'no-bitwise',
  'no-continue',
  'no-control-regex', // names from outside are searched for them on purpose
  'no-nested-ternary',
  'no-plusplus',
  'no-shadow',
  'no-undef',
  'no-underscore-dangle',
  'no-unused-vars',
  'no-use-before-define',
  'no-void', // marks a promise that is left alone on purpose
  'prefer-promise-reject-errors',
];

const typed = {
  '@endo/restrict-comparison-operands': 'error',
  '@typescript-eslint/await-thenable': 'error',
  '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
  '@typescript-eslint/no-explicit-any': 'error',
  '@typescript-eslint/no-floating-promises': 'error',
  '@typescript-eslint/no-misused-promises': 'error',
  '@typescript-eslint/no-unsafe-argument': 'error',
  '@typescript-eslint/no-unsafe-return': 'error',
  '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
  '@typescript-eslint/only-throw-error': ['error', { allowThrowingUnknown: true }],
  '@typescript-eslint/prefer-promise-reject-errors': ['error', { allowThrowingUnknown: true }],
  '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
};

export default [
  { ignores: ['dist/', 'coverage/', '**/*.d.ts'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  ...endo.configs['flat/recommended'],
  { rules: Object.fromEntries(notTaken.map((rule) => [rule, 'off'])) },
  ...authority,
  {
    files: ['**/*.ts'],
    languageOptions: {
      parser: tseslint.parser,
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    plugins: { '@typescript-eslint': tseslint.plugin },
    rules: typed,
  },
  {
    files: ['src/**/*.ts'],
    rules: { '@endo/harden-exports': 'error' },
  },
];

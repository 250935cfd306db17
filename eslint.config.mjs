// The rules of the house: typed lint, no floating promises, and the directions in which rooms may import.
import tseslint from 'typescript-eslint';

/** Forbids imports whose path leads into one of the given top-level rooms. */
const notInto = (rooms, message) => ({
  'no-restricted-imports': ['error', { patterns: [{ regex: `(^|/)\\.\\./(.*/)?(${rooms.join('|')})(/|$)`, message }] }],
});

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', '.local/', '**/*.cjs', 'bot/local-teams/page/', 'eslint.config.mjs'] },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      'no-restricted-syntax': ['error',
        { selector: 'TSEnumDeclaration', message: 'Use a union of literals.' },
        { selector: 'ExportDefaultDeclaration', message: 'Name what you export.' }],
    },
  },
  { files: ['storage/**/*.ts'], rules: notInto(['bot', 'engine', 'cards'], 'storage imports nobody.') },
  { files: ['cards/**/*.ts'], rules: notInto(['bot', 'engine', 'storage'], 'cards see view models only.') },
  { files: ['bot/**/*.ts'], rules: notInto(['engine'], 'bot and engine meet in the database only.') },
  { files: ['engine/**/*.ts'], rules: notInto(['bot', 'cards', 'edge'], 'engine imports storage only, and its edge is a process of its own.') },
  { files: ['engine/core/**/*.ts'], rules: notInto(['calls', 'sip', 'media', 'continuity', 'edge', 'bot', 'cards'], 'core is pure: it imports storage/model only.') },
  { files: ['engine/edge/**/*.ts'], rules: notInto(['core', 'calls', 'sip', 'continuity', 'bot', 'cards'], 'the edge knows nothing of queues.') },
  { files: ['engine/edge/{control,relay}/**/*.ts'], rules: notInto(['core', 'calls', '\\.\\./sip', '\\.\\./continuity', 'bot', 'cards'], 'the edge has a SIP stack of its own.') },
  { files: ['test/**/*.ts'], rules: { '@typescript-eslint/no-unsafe-assignment': 'off', '@typescript-eslint/no-unsafe-member-access': 'off' } },
);

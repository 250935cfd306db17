// Prints the JSON schema of an Adaptive Card, made from the types that Teams publishes. Takes some seconds, so its caller keeps the result.
const { dirname, join } = require('node:path');
const { createGenerator } = require('ts-json-schema-generator');

const generator = createGenerator({
  path: join(dirname(require.resolve('@microsoft/teams.cards')), 'core.d.ts'),
  tsconfig: join(__dirname, 'card-schema.tsconfig.json'),
  type: 'IAdaptiveCard', skipTypeCheck: true, additionalProperties: false, expose: 'all',
});
process.stdout.write(JSON.stringify(generator.createSchema('IAdaptiveCard')));

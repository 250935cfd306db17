// Who speaks, as the environment says: nothing half-set is taken.
import { azureSpeechOf, ENGINE_VARIABLES } from '../../../engine/settings';
import { maskedSettings, readEnvironment } from '../../../storage/process/environment';

const read = (env: Record<string, string>) => readEnvironment(ENGINE_VARIABLES, { MONGODB_URI: 'mongodb://localhost', DRACHTIO_SECRET: 'x', ...env });

test.each([
  ['nothing', {}, undefined],
  ['a key, and the local voice', { AZURE_SPEECH_KEY: 'k', AZURE_SPEECH_REGION: 'westeurope' }, undefined],
  ['Azure and its region', { SPEECH: 'azure', AZURE_SPEECH_KEY: 'k', AZURE_SPEECH_REGION: 'westeurope' }, { key: 'k', endpoint: 'https://westeurope.tts.speech.microsoft.com' }],
  ['Azure and an endpoint', { SPEECH: 'azure', AZURE_SPEECH_KEY: 'k', AZURE_SPEECH_ENDPOINT: 'http://speech.example:5000' }, { key: 'k', endpoint: 'http://speech.example:5000' }],
])('%s', (_what, env, expected) => {
  expect(azureSpeechOf(read(env))).toEqual(expected);
});

test('Azure without key and place: both are named at once', () => {
  expect(() => azureSpeechOf(read({ SPEECH: 'azure' }))).toThrow(/AZURE_SPEECH_KEY.*\n.*AZURE_SPEECH_REGION/);
});

test.each([['SPEECH', 'google'], ['AZURE_SPEECH_REGION', 'West Europe'], ['AZURE_SPEECH_ENDPOINT', 'https://host/path']])('%s=%s: refused, naming it', (name, value) => {
  expect(() => read({ [name]: value })).toThrow(name);
});

test('the key is never shown', () => {
  expect(JSON.stringify(maskedSettings(ENGINE_VARIABLES, read({ SPEECH: 'azure', AZURE_SPEECH_KEY: 'very-secret', AZURE_SPEECH_REGION: 'x' })))).not.toContain('very-secret');
});

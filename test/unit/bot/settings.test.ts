// Which environments the bot starts with, and which it refuses because strangers could speak as anyone.
import { allowedTenants, publicUrl, readBotSettings } from '../../../bot/settings';
import { EnvironmentFault } from '../../../storage/process/environment';

const BASE = { MONGODB_URI: 'mongodb://127.0.0.1:27017/?replicaSet=x' };
const APP = { ...BASE, MICROSOFT_APP_ID: '11111111-0000-4000-8000-000000000001', MICROSOFT_APP_TYPE: 'SingleTenant', MICROSOFT_APP_TENANT_ID: '22222222-0000-4000-8000-000000000001', MICROSOFT_APP_PASSWORD: 'secret' };

describe('readBotSettings', () => {
  it.each([['127.0.0.1'], ['127.8.9.1'], ['::1'], ['localhost']])('without an app id listens on %s', (address) => {
    expect(readBotSettings({ ...BASE, BOT_ADDRESS: address }).BOT_ADDRESS).toBe(address);
  });

  it.each([['0.0.0.0'], ['::'], ['192.0.2.1'], ['bot.example.org'], ['127.0.0.1.example.org'], ['128.0.0.1']])('without an app id refuses to listen on %s', (address) => {
    expect(() => readBotSettings({ ...BASE, BOT_ADDRESS: address })).toThrow(/without MICROSOFT_APP_ID the bot believes whoever speaks to it/);
  });

  it('with an app id listens anywhere', () => {
    expect(readBotSettings({ ...APP, BOT_ADDRESS: '0.0.0.0' }).BOT_ADDRESS).toBe('0.0.0.0');
  });

  it.each<[string, Record<string, string | undefined>, RegExp]>([
    ['a misspelt app type', { ...APP, MICROSOFT_APP_TYPE: 'SingelTenant' }, /MICROSOFT_APP_TYPE \("SingelTenant"\): must be SingleTenant or UserAssignedMSI/],
    ['MultiTenant', { ...APP, MICROSOFT_APP_TYPE: 'MultiTenant' }, /MICROSOFT_APP_TYPE/],
    ['no app type', { ...APP, MICROSOFT_APP_TYPE: undefined }, /MICROSOFT_APP_TYPE \(not set\)/],
    ['no tenant', { ...APP, MICROSOFT_APP_TENANT_ID: undefined }, /MICROSOFT_APP_TENANT_ID \(not set\)/],
    ['no password', { ...APP, MICROSOFT_APP_PASSWORD: undefined }, /MICROSOFT_APP_PASSWORD \(not set\)/],
    ['a password for a managed identity', { ...APP, MICROSOFT_APP_TYPE: 'UserAssignedMSI' }, /MICROSOFT_APP_PASSWORD \(set\)/],
    ['an app id that is none', { ...APP, MICROSOFT_APP_ID: 'x' }, /MICROSOFT_APP_ID \("x"\)/],
    ['a password without an app id', { ...BASE, MICROSOFT_APP_PASSWORD: 'secret' }, /MICROSOFT_APP_ID \(not set\)/],
    ['an administrator who is none', { ...BASE, ADMINISTRATORS: 'ada' }, /ADMINISTRATORS/],
    ['no database', { MONGODB_URI: undefined }, /MONGODB_URI \(not set\)/],
    ['a public URL that is none', { ...BASE, BOT_PUBLIC_URL: 'bot' }, /BOT_PUBLIC_URL/],
  ])('refuses %s by name', (_what, env, words) => {
    expect(() => readBotSettings(env)).toThrow(words);
    expect(() => readBotSettings(env)).toThrow(EnvironmentFault);
  });

  it('never says a secret', () => {
    const fault = ((): unknown => { try { readBotSettings({ ...APP, MICROSOFT_APP_TYPE: 'x' }); return null; } catch (caught) { return caught; } })();
    expect(String(fault)).not.toContain('secret');
  });

  it('reads lists with spaces, in lower case', () => {
    expect(readBotSettings({ ...BASE, ADMINISTRATORS: ' AAAAAAAA-0000-4000-8000-000000000001 ,, aaaaaaaa-0000-4000-8000-000000000002' }).ADMINISTRATORS)
      .toEqual(['aaaaaaaa-0000-4000-8000-000000000001', 'aaaaaaaa-0000-4000-8000-000000000002']);
  });
});

describe('allowedTenants', () => {
  it('is the app’s own tenant, unless others are named', () => {
    expect([...allowedTenants(readBotSettings(APP))]).toEqual([APP.MICROSOFT_APP_TENANT_ID]);
    expect([...allowedTenants(readBotSettings({ ...APP, TENANTS: '33333333-0000-4000-8000-000000000001' }))]).toEqual(['33333333-0000-4000-8000-000000000001']);
  });
});

describe('publicUrl', () => {
  it.each([[{}, 'http://127.0.0.1:3978'], [{ BOT_ADDRESS: '::1', BOT_PORT: '4000' }, 'http://[::1]:4000'], [{ BOT_PUBLIC_URL: 'https://bot.example.org/' }, 'https://bot.example.org']])('of %j is %s', (env, url) => {
    expect(publicUrl(readBotSettings({ ...BASE, ...env }))).toBe(url);
  });
});

// What every process shares: environment, log, health.
import { z } from 'zod';
import { EnvironmentFault, maskCredentials, maskedSettings, port, readEnvironment } from '../../../storage/process/environment';
import { serveHealth } from '../../../storage/process/health';
import { createLog } from '../../../storage/process/log';
import { ROOT, VERSION } from '../../../storage/process/root';

const VARIABLES = {
  SIP_PORT: { schema: port(5060), describe: 'A port from 1 to 65535.' },
  DRACHTIO_SECRET: { schema: z.string().min(8, 'needs 8 characters or more').optional(), describe: 'What an engine must present.', secret: true },
  MONGODB_URI: { schema: z.string().optional(), describe: 'Where the database is.' },
};

describe('readEnvironment', () => {
  test('nothing set gives the defaults, frozen', () => {
    const settings = readEnvironment(VARIABLES, {});
    expect(settings).toEqual({ SIP_PORT: 5060, DRACHTIO_SECRET: undefined, MONGODB_URI: undefined });
    expect(Object.isFrozen(settings)).toBe(true);
  });

  test('an empty string counts as not set', () => {
    expect(readEnvironment(VARIABLES, { SIP_PORT: '' }).SIP_PORT).toBe(5060);
  });

  test('every fault is listed at once, with name and value, and no secret is shown', () => {
    let fault: unknown;
    try {
      readEnvironment(VARIABLES, { SIP_PORT: '70000', DRACHTIO_SECRET: 'short' });
    } catch (thrown) {
      fault = thrown;
    }
    expect(fault).toBeInstanceOf(EnvironmentFault);
    const { message, faults } = fault as EnvironmentFault;
    expect(faults).toHaveLength(2);
    expect(message).toContain('SIP_PORT ("70000")');
    expect(message).toContain('DRACHTIO_SECRET (set): needs 8 characters or more');
    expect(message).not.toContain('short');
  });

  test('effective configuration masks secrets and credentials inside URIs', () => {
    const settings = readEnvironment(VARIABLES, { DRACHTIO_SECRET: 'correct horse', MONGODB_URI: 'mongodb://user:pass@db:27017/?replicaSet=a' });
    expect(maskedSettings(VARIABLES, settings)).toEqual({ SIP_PORT: 5060, DRACHTIO_SECRET: '***', MONGODB_URI: 'mongodb://***@db:27017/?replicaSet=a' });
    expect(maskCredentials('mongodb://db:27017')).toBe('mongodb://db:27017');
  });
});

describe('createLog', () => {
  test('numbers, names, passwords and bodies of a call never reach a line', () => {
    let written = '';
    const log = createLog('engine', 'info', { write: (line) => { written += line; } });
    log.info({ call: { callerNumber: '+15550100', callerName: 'Jo Caller', sdp: 'v=0 private' }, password: 'hunter2', headers: { authorization: 'Digest x' }, dialled: 'sip:help-desk@example.com' }, 'call refused');
    for (const personal of ['+15550100', 'Jo Caller', 'v=0 private', 'hunter2', 'Digest x']) expect(written).not.toContain(personal);
    expect(JSON.parse(written)).toMatchObject({ name: 'engine', msg: 'call refused', dialled: 'sip:help-desk@example.com' });
  });
});

describe('serveHealth', () => {
  test('answers 200 while well, 503 while not, 404 elsewhere', async () => {
    let ok = true;
    const server = await serveHealth('127.0.0.1', 0, () => ({ ok, calls: 3 }));
    try {
      const url = `http://127.0.0.1:${server.port}`;
      const well = await fetch(`${url}/healthz`);
      expect([well.status, await well.json()]).toEqual([200, { ok: true, calls: 3 }]);
      ok = false;
      expect((await fetch(`${url}/healthz`)).status).toBe(503);
      expect((await fetch(`${url}/elsewhere`)).status).toBe(404);
      expect((await fetch(`${url}/healthz`, { method: 'POST' })).status).toBe(404);
    } finally {
      await server.close();
    }
  });

  test('a port in use is the listen error EADDRINUSE', async () => {
    const first = await serveHealth('127.0.0.1', 0, () => ({ ok: true }));
    await expect(serveHealth('127.0.0.1', first.port, () => ({ ok: true }))).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await first.close();
  });
});

test('the root folder holds package.json, and the version is its', () => {
  expect(ROOT).not.toMatch(/dist$/);
  expect(VERSION).toMatch(/^\d+\.\d+\.\d+/);
});

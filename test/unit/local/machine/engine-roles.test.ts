// Who is active is told when it changes, from what the engines themselves answer.
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { EngineRoles, rolesWords } from '../../../../storage/local/machine/engine-roles';

interface Engine { readonly server: Server; readonly healthUrl: string; answer: object | null }
const engines: Engine[] = [];
async function engine(answer: object | null): Promise<Engine> {
  const one: { answer: object | null } = { answer };
  const server = createServer((_, response) => {
    if (one.answer === null) {
      response.destroy();
      return;
    }
    response.statusCode = 'ok' in one.answer && one.answer.ok === true ? 200 : 503;
    response.end(JSON.stringify(one.answer));
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const made = Object.assign(one, { server, healthUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/healthz` });
  engines.push(made);
  return made;
}
let roles: EngineRoles | undefined;
afterEach(() => {
  roles?.close();
  for (const { server } of engines.splice(0)) server.close();
});

test('The active one dies, the other takes over, and the first comes back to stand by: each is told once', async () => {
  const [first, second] = [await engine({ ok: true, role: 'active' }), await engine({ ok: true, role: 'standby' })];
  const told: string[] = [];
  let wake = (): void => undefined;
  roles = new EngineRoles([{ name: 'engine', healthUrl: first.healthUrl }, { name: 'second engine', healthUrl: second.healthUrl }], (words) => { told.push(words); wake(); });
  const next = (): Promise<void> => new Promise((resolve) => { wake = resolve; });
  await roles.begin();
  expect(rolesWords(roles.roles)).toBe('The engine is active; the second engine stands by.');
  first.answer = null;
  await next();
  second.answer = { ok: true, role: 'active' };
  await next();
  first.answer = { ok: true, role: 'standby' };
  await next();
  expect(told).toEqual([
    'The engine does not answer; the second engine stands by.',
    'The engine does not answer; the second engine is active.',
    'The engine stands by; the second engine is active.',
  ]);
});

test('An engine that is not well says its role all the same; one without a role has none', async () => {
  const [ill, odd] = [await engine({ ok: false, role: 'active' }), await engine({ ok: true })];
  roles = new EngineRoles([{ name: 'a', healthUrl: ill.healthUrl }, { name: 'b', healthUrl: odd.healthUrl }], () => undefined);
  await roles.begin();
  expect(roles.roles).toEqual([{ name: 'a', role: 'active' }, { name: 'b', role: 'away' }]);
});

// What a person reads when everything runs: honest about availability, and enough to make the first call.
import { screen, type ScreenFacts } from '../../../../storage/local/machine/screen';

const facts: ScreenFacts = {
  version: '1.2.3', dataDirectory: '/home/someone/.local', database: { kind: 'embedded', port: 27217 }, engines: [{ name: 'engine', role: 'active' }],
  chatUrl: 'http://127.0.0.1:3979/', botUrl: 'http://127.0.0.1:3978/api/messages',
  people: [{ personId: 'p-1', name: 'Ada Park', roles: ['administrator'] }, { personId: 'p-2', name: 'Max Reuter', roles: ['manager of Help Desk'] }],
  groups: [{ name: 'Help Desk', sipUser: 'help-desk', active: true }, { name: 'Sales', sipUser: 'sales', active: false }],
  phones: [{ name: 'Alice Moreau', user: 'alice', password: 'secret-1' }, { name: 'Bob Okafor', user: 'bob', password: null }],
  sip: { host: '127.0.0.1', port: 5060, domain: 'response-group.local' }, notices: [],
};

test('an embedded database is said to have no high availability', () => {
  expect(screen(facts)).toMatch(/embedded, on 127\.0\.0\.1:27217, one node: NO high availability/);
});

test.each([[1, 'NO high availability'], [2, 'NO high availability'], [3, 'High availability: yes'], [5, 'High availability: yes']])('a replica set of %i: %s', (members, words) => {
  expect(screen({ ...facts, database: { kind: 'external', shownUri: 'mongodb://***@db/x', replicaSet: 'rs0', members } })).toContain(words);
});

test('what the loss of the primary does is said of a set of three, and that one machine is one machine', () => {
  const set = screen({ ...facts, database: { kind: 'replica-set', ports: [27317, 27318, 27319] } });
  expect(set).toContain('3 members: the loss of the primary changes nothing. The loss of this machine is the loss of all.');
});

test('of two engines it says which is active, of one how to have another', () => {
  expect(screen(facts)).toMatch(/Engines +one, .*--standby/);
  expect(screen({ ...facts, engines: [{ name: 'engine', role: 'standby' }, { name: 'second engine', role: 'active' }] })).toMatch(/Engines +The engine stands by; the second engine is active\./);
});

test('each person has a role and a link of their own', () => {
  const text = screen(facts);
  expect(text).toMatch(/Ada Park +administrator +http:\/\/127\.0\.0\.1:3979\/#\/as\/p-1/);
  expect(text).toMatch(/Max Reuter +manager of Help Desk +http:\/\/127\.0\.0\.1:3979\/#\/as\/p-2/);
});

test('groups have addresses to dial, with the port only where it is not the usual one', () => {
  expect(screen(facts)).toMatch(/Help Desk +sip:help-desk@127\.0\.0\.1\n/);
  expect(screen({ ...facts, sip: { ...facts.sip, port: 5070 } })).toMatch(/Sales +sip:sales@127\.0\.0\.1:5070 {2}\(not active\)/);
});

test('phones have what a softphone asks for; a forgotten password is told how to get', () => {
  const text = screen(facts);
  expect(text).toContain('server 127.0.0.1, domain response-group.local');
  expect(text).toMatch(/Alice Moreau +user alice +password secret-1/);
  expect(text).toMatch(/Bob Okafor +user bob +password: reset it with "my phone" in chat/);
});

test('an empty database says where the first group comes from', () => {
  expect(screen({ ...facts, groups: [], phones: [] })).toMatch(/Groups +none yet: write "help"/);
});

test('with the real Teams no local page is offered', () => {
  const text = screen({ ...facts, chatUrl: null });
  expect(text).toContain('The bot answers Teams at http://127.0.0.1:3978/api/messages');
  expect(text).not.toContain('3979');
});

test('notices and the command for traffic are on it', () => {
  const text = screen({ ...facts, notices: ['First.\nMore of it.'] });
  expect(text).toMatch(/Note +First\.\n +More of it\./);
  expect(text).toContain('npm run traffic -- --calls-per-minute 30 --agents 5');
});

// Who calls, and what a trunk is told of it: tables.
import { callerOf, invitedBy } from '../../../engine/sip/identity';
import { historyOf, historyWith, timesNamed } from '../../../engine/sip/history-info';
import { type Caller } from '../../../engine/sip/routes';
import { trunk as schema } from '../../../storage/model/trunk';

const received = (headers: Readonly<Record<string, string>>) => ({ header: (name: string) => headers[name] ?? null });
const trunk = (more: object = {}) => schema.parse({ id: 't1', pool: 'main', version: 1, name: 'Trunk', host: 'sbc.test', ...more });
const DOMAIN = 'example.test';

describe('who is believed to call', () => {
  const from = '"Alice" <sip:alice@home.test>;tag=a';
  const asserted = '"Bob" <sip:+441632960001@sbc.test>';
  test.each([
    ['From, from anybody: shown, and vouched for to nobody', false, { from }, { number: 'alice', name: 'Alice', uri: null, private: false }],
    ['P-Asserted-Identity from anybody: not believed', false, { from, 'p-asserted-identity': asserted }, { number: 'alice', name: 'Alice', uri: null }],
    ['P-Asserted-Identity from a trunk', true, { from, 'p-asserted-identity': asserted }, { number: '+441632960001', name: 'Bob', uri: 'sip:+441632960001@sbc.test' }],
    ['both kinds: the first', true, { from, 'p-asserted-identity': `${asserted}, <tel:+441632960002>` }, { number: '+441632960001' }],
    ['a tel URI', true, { from, 'p-asserted-identity': '<tel:+44-1632-960002>' }, { number: '+441632960002', name: 'Alice' }],
    ['one that is no address: From', true, { from, 'p-asserted-identity': 'nonsense here' }, { number: 'alice' }],
    ['none: From', true, { from }, { number: 'alice', uri: 'sip:alice@home.test' }],
    ['Privacy: id', true, { from, 'p-asserted-identity': asserted, privacy: 'id' }, { number: '+441632960001', private: true }],
    ['Privacy: header;id;critical', true, { from, 'p-asserted-identity': asserted, privacy: 'header; ID ;critical' }, { private: true }],
    ['Privacy: user, from anybody', false, { from, privacy: 'user' }, { private: true }],
    ['Privacy: none, and an anonymous From', true, { from: '<sip:anonymous@anonymous.invalid>;tag=a', 'p-asserted-identity': asserted, privacy: 'none' }, { number: '+441632960001', private: false }],
    ['an anonymous From, asserted all the same', true, { from: '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=a', 'p-asserted-identity': '<sip:+441632960001@sbc.test>' }, { number: '+441632960001', name: '', private: true }],
    ['an anonymous From', false, { from: 'Anonymous <sip:Anonymous@home.test>;tag=a' }, { number: '', name: '', uri: null, private: true }],
    ['no From at all', false, {}, { number: '', name: '', uri: null, private: false }],
  ] as const)('%s', (_what, trusted, headers, caller) => {
    expect(callerOf(received(headers as Record<string, string>), trusted)).toMatchObject(caller);
  });

  test("From of an agent's own phone: vouched for, its P-Asserted-Identity is not", () => {
    expect(callerOf(received({ from, 'p-asserted-identity': asserted }), false, true)).toMatchObject({ number: 'alice', uri: 'sip:alice@home.test' });
  });

  test.each([['70', 69], ['1', 0], ['0', 0], ['500', 70], ['many', 69], [null, 69]])('Max-Forwards %s: %i may go out', (came, left) => {
    expect(callerOf(received(came === null ? {} : { 'max-forwards': came }), false).maxForwards).toBe(left);
  });
});

describe('what a trunk is told', () => {
  const caller = (more: Partial<Caller> = {}): Caller => ({ uri: 'sip:+441632960001@elsewhere.test', number: '+441632960001', name: 'Alice', private: false, maxForwards: 60, history: [], ...more });
  const TARGET = 'sip:+441632960999@sbc.test:5060;user=phone';
  const told = (about: object, more: object = {}) => invitedBy(trunk(more), TARGET, { fromName: 'Help: Alice', fromUser: '+441632960001', caller: caller(), ...about }, DOMAIN, 'tag1');
  const number = '"Alice" <sip:+441632960001@sbc.test>';

  test.each([
    ['the caller', {}, {}, { From: '"Help: Alice" <sip:+441632960001@sbc.test>;tag=tag1', 'P-Asserted-Identity': number, Privacy: undefined, To: `<${TARGET}>`, 'Max-Forwards': '60' }],
    ['the caller, in the domain configured', {}, { fromDomain: 'pbx.test' }, { From: '"Help: Alice" <sip:+441632960001@pbx.test>;tag=tag1', 'P-Asserted-Identity': '"Alice" <sip:+441632960001@pbx.test>' }],
    ['a caller with an address elsewhere: it stays that', { caller: caller({ uri: 'sip:al@home.test', number: 'al' }) }, {}, { From: '"Help: Alice" <sip:al@sbc.test>;tag=tag1', 'P-Asserted-Identity': '"Alice" <sip:al@home.test>' }],
    ['a caller who is not to be shown', { caller: caller({ private: true }) }, {}, { From: '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=tag1', 'P-Asserted-Identity': number, Privacy: 'id' }],
    ['a caller who is not to be shown, and nothing known', { caller: caller({ private: true, uri: null, number: '', name: '' }) }, {}, { From: '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=tag1', 'P-Asserted-Identity': undefined, Privacy: 'id' }],
    ['a caller without a number', { caller: caller({ uri: null, number: '', name: '' }) }, {}, { From: '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=tag1', 'P-Asserted-Identity': undefined, Privacy: undefined }],
    ['a number of ours', {}, { identityNumber: '+441632960100' }, { From: '"Help: Alice" <sip:+441632960100@sbc.test>;tag=tag1', 'P-Asserted-Identity': '"Help: Alice" <sip:+441632960100@sbc.test>', Privacy: undefined }],
    ['a number of ours, for a caller who is not to be shown', { fromName: 'Help', caller: caller({ private: true }) }, { identityNumber: '+441632960100' }, { From: '"Help" <sip:+441632960100@sbc.test>;tag=tag1', Privacy: undefined }],
    ['nobody known any more', { caller: null }, {}, { From: '"Help: Alice" <sip:+441632960001@sbc.test>;tag=tag1', 'P-Asserted-Identity': undefined, 'Max-Forwards': '70' }],
    ['nobody known any more, and none was shown', { caller: null, fromUser: 'anonymous' }, {}, { From: '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=tag1' }],
    ['a name that would break the header', { fromName: 'a" <sip:x@y>\r\nX: 1' }, {}, { From: '"a\\" <sip:x@y> X: 1" <sip:+441632960001@sbc.test>;tag=tag1' }],
  ])('%s', (_what, about, more, headers) => {
    for (const [name, value] of Object.entries(headers)) expect([name, told(about, more)[name]]).toEqual([name, value]);
  });

  test('nothing of a private caller but the asserted identity', () => {
    const { 'P-Asserted-Identity': _asserted, ...others } = told({ caller: caller({ private: true }), fromName: 'Help' });
    expect(JSON.stringify(others)).not.toMatch(/Alice|960001/);
  });

  test('a diverted call: where it was dialled, and where it goes', () => {
    expect(told({ diverted: `sip:help@${DOMAIN}` })['History-Info']).toEqual([`<sip:help@${DOMAIN}>;index=1`, `<${TARGET};cause=302>;index=1.1;mp=1`]);
  });

  test('not diverted: what came goes on, and nothing is added', () => {
    expect(told({})['History-Info']).toBeUndefined();
    expect(told({ caller: caller({ history: ['<sip:a@b>;index=1'] }) })['History-Info']).toEqual(['<sip:a@b>;index=1']);
  });

  test('no Diversion, whatever', () => {
    expect(Object.keys(told({ diverted: 'tel:+441632960100' })).map((name) => name.toLowerCase())).not.toContain('diversion');
  });
});

describe('history', () => {
  const isOurs = ({ host, user }: { host: string; user: string }): boolean => host === DOMAIN || user === '+441632960100';

  test.each([
    ['nothing', null, null, 0],
    ['us once', '<sip:help@example.test>;index=1, <sip:+44@sbc.test;cause=302>;index=1.1', null, 1],
    ['us twice, once by our number', '<sip:help@EXAMPLE.test>;index=1,<sip:+44@sbc.test>;index=1.1,<sip:+441632960100@sbc.test>;index=1.1.1', null, 2],
    ['with a reason and privacy inside', '<sip:help@example.test?Reason=SIP%3Bcause%3D302&Privacy=history>;index=1', null, 1],
    ['others only', '<sip:a@b.test>;index=1', '<sip:c@d.test>;reason=unconditional', 0],
    ['Diversion', null, '"Help" <sip:help@example.test>;reason=no-answer;counter=1, <sip:+441632960100@x>;reason=unconditional', 2],
    ['both tell of the same journey: the longer tale', '<sip:help@example.test>;index=1', '<sip:help@example.test>, <sip:help@example.test>', 2],
    ['what is no address', 'nonsense, ;;;, <>', '<mailto:x@example.test>', 0],
  ])('%s', (_what, historyInfo, diversion, times) => {
    expect(timesNamed({ historyInfo, diversion }, isOurs)).toBe(times);
  });

  test('round and round: each time counts, and the list stays short', () => {
    let came: readonly string[] = [];
    for (let round = 1; round <= 12; round += 1) {
      came = historyOf(historyWith(came, 'sip:+441632960100@127.0.0.1', DOMAIN, 'sip:+44@sbc.test').join(', '));
      expect(timesNamed({ historyInfo: came.join(', '), diversion: null }, ({ host }) => host === DOMAIN)).toBe(Math.min(round, 10));
    }
    expect(came).toHaveLength(20);
  });

  test('the index goes on below the last one; one that is none begins anew', () => {
    expect(historyWith(['<sip:a@b>;index=1', '<sip:c@d>;index=1.2'], 'tel:+44', DOMAIN, 'sip:x@y').slice(2)).toEqual(['<sip:+44@example.test>;index=1.2.1', '<sip:x@y;cause=302>;index=1.2.1.1;mp=1.2.1']);
    expect(historyWith(['<sip:a@b>;index=x'], 'nonsense', DOMAIN, 'sip:x@y')[1]).toBe('<sip:example.test>;index=1');
  });
});

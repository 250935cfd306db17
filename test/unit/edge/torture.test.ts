// Each torture message of RFC 4475 meets the fate that document asks for.
import { listOf } from '../../../engine/edge/sip/headers';
import { parseDatagram } from '../../../engine/edge/sip/parser';
import { request, rig } from './support';
import { TORTURE } from './torture';

test('all 49 are here, each once', () => {
  expect([TORTURE.length, new Set(TORTURE.map(({ name }) => name)).size, new Set(TORTURE.map(({ section }) => section)).size]).toEqual([49, 49, 49]);
});

test.each(TORTURE.map((each) => [each.name, each.section, each.asks, each] as const))('%s (%s): %s', (_name, _section, _asks, { message, fate, fields = {}, values = {} }) => {
  const bench = rig();
  const read = parseDatagram(message);
  if (fate === 'dropped') {
    expect(read).toBeUndefined();
    return;
  }
  if (!read) throw new Error('it was dropped');
  expect(read).toMatchObject(fields);
  for (const [key, wanted] of Object.entries(values)) expect(listOf(read.headers, key)).toEqual(wanted);
  // A To tag would put it in a dialog that does not stand here: what counts is what is read.
  if (fate === 'engine' && read.toTag !== '') {
    expect(read).toMatchObject({ fault: undefined });
    return;
  }
  bench.agent.receive(read, bench.peer);
  const sent = [...bench.network.flows.values()].flatMap((flow) => flow.take()).map((text) => Number(/^SIP\/2\.0 (\d{3})/.exec(text)?.[1])).filter((status) => status > 100);
  expect([bench.told.requested.length, sent, bench.told.faults]).toEqual([fate === 'engine' ? 1 : 0, typeof fate === 'number' ? [fate] : [], []]);
});

test('two requests whose branch is the cookie alone are two transactions', () => {
  const bench = rig();
  for (const callId of ['one', 'two', 'two']) bench.receive(request('OPTIONS', { callId, branch: 'z9hG4bK' }));
  expect(bench.told.requested.map(({ incoming }) => incoming.request.callId)).toEqual(['one', 'two']);
});

test('what an INVITE accepts is asked for in any of the ways that cover SDP', () => {
  const answered = (accept: string): number => {
    const bench = rig();
    bench.receive(request('INVITE', { extra: [accept] }));
    return bench.told.requested.length;
  };
  expect(['Accept: text/plain, Application/SDP;level=1', 'Accept: application/*', 'Accept: */*', 'Accept: multipart/mixed, application/sdp'].map(answered)).toEqual([1, 1, 1, 1]);
  expect(['Accept: text/plain', 'Accept: application/sdp;q=0.0', 'Accept: application/sdpx'].map(answered)).toEqual([0, 0, 0]);
});

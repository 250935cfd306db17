// Inside the call, over real SIP: hold with music, transfers of every kind, and what a caller never learns.
import { describeWith } from '../support/needs';
import { audioSdp, type Leg, type Phone } from '../support/phone';
import { toneShare } from '../support/rtp-peer';
import { hungUpOn, pickUp, Scene } from '../support/scene';
import { freePort, sipp, type SippOptions } from '../support/sipp';

jest.setTimeout(90_000);

const scene = new Scene();

/** A caller and an agent who hear each other. */
async function conversation(form: Record<string, unknown> = {}) {
  const agent = await scene.system.agent();
  const group = await scene.system.group({ agentIds: [agent.id], ...form });
  const [agentSound, phone] = [await scene.sound(), await scene.open(scene.system.phone(agent))];
  const { phone: caller, leg: callerLeg, sound: callerSound } = await scene.audibleCall(group.user);
  const agentLeg = await pickUp(phone, agentSound.sdp());
  agentSound.follow(agentLeg.remoteSdp);
  await scene.talking(group.id, agent);
  return { agent, group, caller, callerLeg, callerSound, phone, agentLeg, agentSound };
}

/** Sends a re-INVITE and acknowledges its answer; resolves to the answer's SDP. */
async function reinvite(phone: Phone, leg: Leg, sdp?: string, ackSdp?: string): Promise<string> {
  phone.send(phone.inDialog(leg, 'INVITE', sdp));
  const seq = leg.cseq;
  const ok = await phone.next('the answer to a re-INVITE', (message) => message.status !== undefined && message.status >= 200 && message.headers.cseq.method === 'INVITE' && message.headers.cseq.seq === seq);
  expect(ok.status).toBe(200);
  phone.send(phone.inDialog(leg, 'ACK', ackSdp));
  return ok.content ?? '';
}

const refer = (phone: Phone, leg: Leg, to: string): void => { phone.send(phone.inDialog(leg, 'REFER', undefined, { 'refer-to': `<${to}>` })); };

/** The NOTIFYs of a transfer up to the last, each answered; resolves to the last one's status line. */
async function notified(phone: Phone): Promise<string> {
  for (;;) {
    const notify = await phone.request('NOTIFY');
    phone.respond(notify, 200, 'OK');
    if (String(notify.headers['subscription-state']).startsWith('terminated')) return (notify.content ?? '').trim();
  }
}

async function accepted(phone: Phone, leg: Leg): Promise<void> {
  expect((await phone.response('REFER', (status) => status >= 200, leg.callId)).status).toBe(202);
}

describe('hold', () => {
  test('the agent holds and resumes: the caller hears music and not the agent, then the agent again', async () => {
    const { caller, callerLeg, callerSound, phone, agentLeg, agentSound } = await conversation();
    agentSound.tone(660);
    callerSound.tone(440);
    await callerSound.untilTone(660);
    expect(await reinvite(phone, agentLeg, agentSound.sdp({ direction: 'sendonly' }))).toContain('a=recvonly');
    callerSound.forget();
    await callerSound.until((heard) => heard.length > 60, 'a second of music');
    const held = callerSound.samples(callerSound.heard.slice(10));
    expect(toneShare(held, 660)).toBeLessThan(0.2);
    expect(held.some((sample) => Math.abs(sample) > 500)).toBe(true);
    expect(await reinvite(phone, agentLeg, agentSound.sdp())).toContain('a=sendrecv');
    callerSound.forget();
    await callerSound.untilTone(660);
    await agentSound.untilTone(440);
    await caller.hangUp(callerLeg);
    await hungUpOn(phone);
  });

  test('the caller holds while talking: the agent hears music; an offerless re-INVITE resumes', async () => {
    const { caller, callerLeg, callerSound, phone, agentSound } = await conversation();
    callerSound.tone(440);
    await agentSound.untilTone(440);
    await reinvite(caller, callerLeg, callerSound.sdp({ direction: 'inactive' }));
    agentSound.forget();
    await agentSound.until((heard) => heard.length > 60, 'a second of music');
    expect(toneShare(agentSound.samples(agentSound.heard.slice(10)), 440)).toBeLessThan(0.2);
    expect(await reinvite(caller, callerLeg, undefined, callerSound.sdp())).toContain('a=sendrecv');
    agentSound.forget();
    await agentSound.untilTone(440);
    await caller.hangUp(callerLeg);
    await hungUpOn(phone);
  });

  test('a caller holds while queued and resumes: the place is kept, the music goes on', async () => {
    const group = await scene.system.group();
    const { phone: caller, leg, sound } = await scene.audibleCall(group.user);
    await scene.system.live(group.id, 'the caller to wait', (live) => live.callers[0]?.state === 'waiting');
    expect(await reinvite(caller, leg, sound.sdp({ direction: 'sendonly' }))).toContain('a=recvonly');
    await reinvite(caller, leg, sound.sdp());
    sound.forget();
    await sound.until((heard) => heard.length > 50, 'music again');
    await caller.hangUp(leg);
    expect(await scene.system.record(group.id)).toMatchObject({ outcome: 'abandoned' });
  });

  describeWith(['sipp'], 'hold by sipp', () => {
    test('an agent’s phone holds, resumes, holds by an offerless re-INVITE, resumes and hangs up', async () => {
      const agent = await scene.system.agent();
      const group = await scene.system.group({ agentIds: [agent.id] });
      const options: SippOptions = { server: scene.system.sip, service: agent.user, port: await freePort() };
      await sipp('register-expect-200', { ...options, login: agent, keys: { domain: scene.system.sip.domain } }).done;
      const phone = sipp('uas-answer-hold-resume-hold-offerless-then-hang-up', { ...options, pauseMs: 300 });
      await Promise.all([phone.done, sipp('uac-expect-200-then-bye', { server: scene.system.sip, service: group.user }).done]);
      expect(await scene.system.record(group.id)).toMatchObject({ outcome: 'answered', endedBy: 'agent' });
    });
  });
});

describe('transfers', () => {
  test('blind to another agent: the caller hears music until the target answers, then the target; the first agent is let go and free', async () => {
    const one = await conversation();
    const target = await scene.system.agent();
    const [targetPhone, targetSound] = [await scene.open(scene.system.phone(target)), await scene.sound()];
    refer(one.phone, one.agentLeg, `sip:${target.user}@${scene.system.sip.domain}`);
    await accepted(one.phone, one.agentLeg);
    const invite = await targetPhone.request('INVITE');
    targetPhone.respond(invite, 180, 'Ringing');
    one.callerSound.forget();
    await one.callerSound.until((heard) => heard.length > 25, 'music');
    targetSound.follow(invite.content ?? '');
    targetPhone.respond(invite, 200, 'OK', targetSound.sdp());
    await targetPhone.request('ACK');
    expect(await notified(one.phone)).toContain('200');
    await hungUpOn(one.phone);
    targetSound.tone(880);
    one.callerSound.forget();
    await one.callerSound.untilTone(880);
    await scene.system.live(one.group.id, 'the first agent to be free', (live) => live.agents.some(({ agentId, activity }) => agentId === one.agent.id && activity === 'free'));
    await one.caller.hangUp(one.callerLeg);
    await hungUpOn(targetPhone);
    expect(await scene.system.record(one.group.id)).toMatchObject({ outcome: 'answered', steps: [{ why: 'transferred', to: `agent:${target.id}` }] });
  });

  test('blind, and the target declines: told so, and joined with the caller again', async () => {
    const one = await conversation();
    const target = await scene.system.agent();
    const targetPhone = await scene.open(scene.system.phone(target));
    refer(one.phone, one.agentLeg, `sip:${target.user}@${scene.system.sip.domain}`);
    await accepted(one.phone, one.agentLeg);
    const invite = await targetPhone.request('INVITE');
    targetPhone.respond(invite, 603, 'Decline');
    await targetPhone.request('ACK');
    expect(await notified(one.phone)).toMatch(/SIP\/2\.0 [3-6]\d\d/);
    await scene.talking(one.group.id, one.agent);
    one.agentSound.tone(660);
    one.callerSound.forget();
    await one.callerSound.untilTone(660);
    await one.caller.hangUp(one.callerLeg);
    await hungUpOn(one.phone);
    expect(await scene.system.record(one.group.id)).toMatchObject({ outcome: 'answered', agentId: one.agent.id });
  });

  test('blind, the agent hangs up at once and the target is busy: the caller waits again and is offered to the group', async () => {
    const one = await conversation();
    const target = await scene.system.agent();
    const targetPhone = await scene.open(scene.system.phone(target));
    refer(one.phone, one.agentLeg, `sip:${target.user}@${scene.system.sip.domain}`);
    await accepted(one.phone, one.agentLeg);
    const invite = await targetPhone.request('INVITE');
    await one.phone.hangUp(one.agentLeg);
    targetPhone.respond(invite, 486, 'Busy Here');
    await targetPhone.request('ACK');
    const again = await one.phone.next('an INVITE', (message) => message.method === 'INVITE' && message.headers['call-id'] !== one.agentLeg.callId);
    one.phone.respond(again, 200, 'OK', one.agentSound.sdp());
    await one.phone.request('ACK', again.headers['call-id']);
    await scene.talking(one.group.id, one.agent);
    await one.caller.hangUp(one.callerLeg);
    await hungUpOn(one.phone);
    expect(await scene.system.record(one.group.id)).toMatchObject({ outcome: 'answered', agentId: one.agent.id });
  });

  test('blind to another group: its agent answers the same caller', async () => {
    const one = await conversation();
    const other = await scene.system.agent();
    const group = await scene.system.group({ agentIds: [other.id] });
    const otherPhone = await scene.open(scene.system.phone(other));
    refer(one.phone, one.agentLeg, `sip:${group.user}@${scene.system.sip.domain}`);
    await accepted(one.phone, one.agentLeg);
    expect(await notified(one.phone)).toContain('200');
    await hungUpOn(one.phone);
    const sound = await scene.sound();
    const leg = await pickUp(otherPhone, sound.sdp());
    sound.follow(leg.remoteSdp);
    one.callerSound.tone(440);
    await sound.untilTone(440);
    await one.caller.hangUp(one.callerLeg);
    await hungUpOn(otherPhone);
    const record = await scene.system.record(one.group.id);
    expect(record.outcome).toBe('answered');
    expect(record.steps?.map(({ why }) => why)).toContain('transferred');
  });

  test('blind to a number: dialled through the trunk, and the caller talks to whoever answers there; outside the policy: 403', async () => {
    await scene.system.allowNumbers();
    const { phone: outside } = await scene.open(scene.system.trunk());
    const one = await conversation();
    refer(one.phone, one.agentLeg, `sip:+15550100@${scene.system.sip.domain}`);
    expect((await one.phone.response('REFER', (status) => status >= 200, one.agentLeg.callId)).status).toBe(403);
    refer(one.phone, one.agentLeg, `sip:+442079460001@${scene.system.sip.domain}`);
    await accepted(one.phone, one.agentLeg);
    const invite = await outside.request('INVITE');
    expect(invite.uri).toContain('+442079460001');
    const outsideSound = await scene.sound();
    outsideSound.follow(invite.content ?? '');
    outside.respond(invite, 200, 'OK', outsideSound.sdp());
    await outside.request('ACK');
    expect(await notified(one.phone)).toContain('200');
    await hungUpOn(one.phone);
    outsideSound.tone(880);
    one.callerSound.forget();
    await one.callerSound.untilTone(880);
    await one.caller.hangUp(one.callerLeg);
    await hungUpOn(outside);
    expect(await scene.system.record(one.group.id)).toMatchObject({ outcome: 'answered', steps: [{ why: 'transferred', to: 'tel:+442079460001' }] });
  });

  test('attended: the agent consults another group’s agent, then joins the two: they hear each other, both other legs end', async () => {
    const one = await conversation();
    const other = await scene.system.agent();
    const group = await scene.system.group({ agentIds: [other.id] });
    const [otherPhone, otherSound] = [await scene.open(scene.system.phone(other)), await scene.sound()];
    await reinvite(one.phone, one.agentLeg, one.agentSound.sdp({ direction: 'sendonly' }));
    const consultSound = await scene.sound();
    const consult = one.phone.invite(group.user, consultSound.sdp());
    await one.phone.answered(consult);
    const otherLeg = await pickUp(otherPhone, otherSound.sdp());
    otherSound.follow(otherLeg.remoteSdp);
    await scene.talking(group.id, other);
    const replaces = encodeURIComponent(`${consult.callId};to-tag=${consult.remoteTag};from-tag=${consult.localTag}`);
    refer(one.phone, one.agentLeg, `sip:${group.user}@${scene.system.sip.domain}?Replaces=${replaces}`);
    await accepted(one.phone, one.agentLeg);
    const moved = await otherPhone.next('a re-INVITE', (message) => message.method === 'INVITE' && message.headers.to.params['tag'] !== undefined);
    otherPhone.respond(moved, 200, 'OK', otherSound.sdp());
    otherSound.follow(moved.content ?? '');
    expect(await notified(one.phone)).toContain('200');
    const byes = [await one.phone.request('BYE'), await one.phone.request('BYE')];
    for (const bye of byes) one.phone.respond(bye, 200, 'OK');
    expect(new Set(byes.map((bye) => bye.headers['call-id']))).toEqual(new Set([one.agentLeg.callId, consult.callId]));
    one.callerSound.tone(440);
    otherSound.tone(880);
    one.callerSound.forget();
    await Promise.all([one.callerSound.untilTone(880), otherSound.untilTone(440)]);
    await one.caller.hangUp(one.callerLeg);
    await hungUpOn(otherPhone);
    expect(await scene.system.record(one.group.id)).toMatchObject({ outcome: 'answered' });
    expect((await scene.system.record(group.id)).outcome).toBe('answered');
  });

  test('a REFER from a caller is declined', async () => {
    const one = await conversation();
    refer(one.caller, one.callerLeg, 'sip:elsewhere@example.com');
    expect((await one.caller.response('REFER', (status) => status >= 200, one.callerLeg.callId)).status).toBe(603);
    await one.caller.hangUp(one.callerLeg);
    await hungUpOn(one.phone);
  });

  describeWith(['sipp'], 'transfers by sipp', () => {
    test('an agent’s phone transfers to another group and is hung up on when that is done', async () => {
      const [agent, other] = [await scene.system.agent(), await scene.system.agent()];
      const [group, second] = [await scene.system.group({ agentIds: [agent.id] }), await scene.system.group({ agentIds: [other.id] })];
      const options: SippOptions = { server: scene.system.sip, service: agent.user, port: await freePort() };
      await sipp('register-expect-200', { ...options, login: agent, keys: { domain: scene.system.sip.domain } }).done;
      const otherOptions: SippOptions = { server: scene.system.sip, service: other.user, port: await freePort() };
      await sipp('register-expect-200', { ...otherOptions, login: other, keys: { domain: scene.system.sip.domain } }).done;
      const phones = [sipp('uas-answer-then-refer-expect-done', { ...options, pauseMs: 300, keys: { referto: `sip:${second.user}@${scene.system.sip.domain}` } }).done, sipp('uas-answer-expect-bye', otherOptions).done];
      await Promise.all([...phones, sipp('uac-expect-200-then-hang-up', { server: scene.system.sip, service: group.user, pauseMs: 4000 }).done]);
      expect(await scene.system.record(group.id)).toMatchObject({ outcome: 'answered', endedBy: 'caller' });
    });
  });
});

describe('what a caller never learns', () => {
  test('no byte sent to the caller names the agent: not its user, its name, its phone’s port, in ring, talk, hold and transfer', async () => {
    const one = await conversation({ agentAnonymity: true });
    await reinvite(one.phone, one.agentLeg, one.agentSound.sdp({ direction: 'sendonly' }));
    await reinvite(one.phone, one.agentLeg, one.agentSound.sdp());
    const target = await scene.system.agent();
    const targetPhone = await scene.open(scene.system.phone(target));
    refer(one.phone, one.agentLeg, `sip:${target.user}@${scene.system.sip.domain}`);
    await accepted(one.phone, one.agentLeg);
    const targetLeg = await pickUp(targetPhone, audioSdp(40_010));
    expect(await notified(one.phone)).toContain('200');
    await hungUpOn(one.phone);
    await targetPhone.hangUp(targetLeg);
    await hungUpOn(one.caller);
    const seen = JSON.stringify(one.caller.received);
    for (const secret of [one.agent.user, target.user, String(one.phone.port), String(targetPhone.port), String(one.agentSound.port), 'Agent ']) expect(seen).not.toContain(secret);
  });
});

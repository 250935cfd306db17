// The engine is killed while one call is in a state, once for every state of the transition table; then the call goes on, and is counted.
import { type Collection } from 'mongodb';
import { TRANSITIONS } from '../../engine/core/transitions';
import { type CallState, type Leg as CallLeg } from '../../engine/core/call';
import { type CallRecord } from '../../storage/model/record';
import { startFaultSystem, type FaultSystem } from '../support/fault-system';
import { audioSdp, type Leg, type Phone } from '../support/phone';
import { type Message } from 'sip';
import { eventually, type System } from '../support/system';
import { type Row } from './run';

/** Who is to be called back is not on the phone; the lives of test/unit/calls/takeover.test.ts end engines in these states. */
type OnThePhone = Exclude<CallState, 'promised' | 'calling' | 'returning'>;
const NOT_ON_THE_PHONE: readonly CallState[] = ['promised', 'calling', 'returning'];

export const CALL_STATES = (Object.keys(TRANSITIONS) as CallState[]).filter((state): state is OnThePhone => !NOT_ON_THE_PHONE.includes(state));

const TAKEOVER_LIMIT_MS = 20_000;
const RTP_PORTS = 400;

/** A call in the state wanted, and how it goes on with another engine. */
interface Driven {
  readonly workflowId: string;
  readonly caller: Phone;
  readonly leg: Leg;
  /** What is done just before the kill, once the state is in the journal; what it returns is done after the takeover. */
  readonly meanwhile?: () => Promise<void>;
  /** After the takeover: until the call has gone where it was going. @throws when it does not get there */
  readonly goesOn: () => Promise<void>;
  /** The caller is gone already, or is hung up on by us. */
  readonly over?: true;
  readonly outcome: readonly CallRecord['outcome'][];
  readonly close: () => Promise<void>;
}

type Driver = (faults: FaultSystem) => Promise<Driven>;

const LONG_TEXT = 'Thank you for calling. All of our people are very busy today, and every one of them will be glad to help you. Please stay on the line, somebody will be with you soon. '.repeat(2);

// ── People ──

/** The caller is answered; the leg is ready for a BYE. */
async function callTo(system: System, user: string): Promise<{ readonly caller: Phone; readonly leg: Leg }> {
  const caller = await system.caller();
  const leg = caller.invite(user, audioSdp(40_000));
  await caller.answered(leg);
  return { caller, leg };
}

interface Answered { readonly invite: Message; readonly leg: Leg }

/** Whoever is rung answers; what is withdrawn meanwhile is left, and the next ring is answered. */
async function pickUp(phone: Phone, sdpPort = 40_002): Promise<Answered> {
  const seen = new Set<string>();
  for (;;) {
    const invite = await phone.next('a call', ({ method, headers }) => method === 'INVITE' && headers.to.params['tag'] === undefined && !seen.has(headers['call-id']));
    const callId = invite.headers['call-id'];
    seen.add(callId);
    phone.respond(invite, 180, 'Ringing');
    const answer = phone.respond(invite, 200, 'OK', audioSdp(sdpPort));
    const next = await phone.next('ACK or CANCEL', ({ method, headers }) => headers['call-id'] === callId && (method === 'ACK' || method === 'CANCEL'));
    if (next.method === 'ACK') return { invite, leg: phone.legOf(invite, answer) };
    phone.respond(next, 200, 'OK');
  }
}

async function ring(phone: Phone): Promise<Message> {
  const invite = await phone.request('INVITE');
  phone.respond(invite, 180, 'Ringing');
  return invite;
}

/** The caller and that agent talk, as the engine sees it. */
const talking = (system: System, workflowId: string): Promise<unknown> => system.live(workflowId, 'both to talk', ({ callers }) => callers.some(({ state }) => state === 'talking'));

async function queueOf(system: System, agentIds: readonly string[]): Promise<string> {
  const { value: { id: agentGroupId } } = await system.perform('agentGroup.create', { name: system.name('agents'), agentIds: [...agentIds] });
  return (await system.perform('queue.create', { name: system.name('queue'), agentGroupIds: [agentGroupId] })).value.id;
}

async function closeAll(...phones: readonly Phone[]): Promise<void> { await Promise.all(phones.map((phone) => phone.close())); }

// ── One driver a state ──

const DRIVERS: Readonly<Record<OnThePhone, Driver>> = {
  /** An offer of ours that the caller has not acknowledged. */
  arriving: async (faults) => {
    const { system } = faults;
    const agent = await system.agent();
    const group = await system.group({ agentIds: [agent.id] });
    const phone = await system.phone(agent);
    const caller = await system.caller();
    const leg = caller.invite(group.user, null);
    const ok = await caller.response('INVITE', (status) => status === 200, leg.callId);
    leg.remoteTag = ok.headers.to.params['tag'];
    leg.target = ok.headers.contact?.[0]?.uri ?? leg.target;
    leg.route = [...(ok.headers['record-route'] ?? [])].reverse();
    return {
      workflowId: group.id, caller, leg, outcome: ['answered'], close: () => closeAll(caller, phone),
      goesOn: async () => {
        // The answer is repeated until it is acknowledged, which happens once the next engine is at work.
        await eventually('the next engine to be well', async () => (await faults.active()).isWell());
        caller.send(caller.inDialog(leg, 'ACK', audioSdp(40_000)));
        // The answer that came with the ACK may have been for the engine before: the next one asks again.
        void caller.request('INVITE', leg.callId).then((again) => { caller.respond(again, 200, 'OK', audioSdp(40_000)); }, () => undefined);
        await pickUp(phone);
        await talking(system, group.id);
      },
    };
  },
  welcoming: async ({ system }) => {
    const agent = await system.agent();
    const group = await system.group({ agentIds: [agent.id], welcomeText: 'Welcome. Somebody will be with you very soon indeed, please wait a moment.' });
    const phone = await system.phone(agent);
    const call = await callTo(system, group.user);
    return { workflowId: group.id, ...call, outcome: ['answered'], close: () => closeAll(call.caller, phone), goesOn: async () => {
      await pickUp(phone);
      await talking(system, group.id);
    } };
  },
  asking: async ({ system }) => {
    const agent = await system.agent();
    const queueId = await queueOf(system, [agent.id]);
    const user = system.name('menu');
    const { value: { id } } = await system.perform('workflow.create', {
      displayName: user, sipUser: user, active: true, defaultAction: { kind: 'question', questionId: 'top' },
      questions: [{ id: 'top', name: 'Top', prompt: { text: 'For sales press one.', audio: null }, answerSeconds: 3, attempts: 2, fallback: { kind: 'queue', queueId, prompt: null }, answers: [{ name: 'Sales', key: '1', action: { kind: 'queue', queueId, prompt: null } }] }],
    });
    const phone = await system.phone(agent);
    const call = await callTo(system, user);
    return { workflowId: id, ...call, outcome: ['answered'], close: () => closeAll(call.caller, phone), goesOn: async () => {
      // Nobody presses a key: the question is asked again and leads to its fallback.
      await eventually('the menu to lead on', async () => phone.has(({ method }) => method === 'INVITE'));
      await pickUp(phone);
      await talking(system, id);
    } };
  },
  queued: async ({ system }) => {
    const agent = await system.agent(false);
    const group = await system.group({ agentIds: [agent.id] });
    const phone = await system.phone(agent);
    const call = await callTo(system, group.user);
    return { workflowId: group.id, ...call, outcome: ['answered'], close: () => closeAll(call.caller, phone), goesOn: async () => {
      await system.duty(agent.id, true);
      await pickUp(phone);
      await talking(system, group.id);
    } };
  },
  offering: async ({ system }) => {
    const agent = await system.agent();
    const group = await system.group({ agentIds: [agent.id] });
    const phone = await system.phone(agent);
    const call = await callTo(system, group.user);
    const invite = await ring(phone);
    return { workflowId: group.id, ...call, outcome: ['answered'], close: () => closeAll(call.caller, phone), goesOn: async () => {
      // The edge cancels what nobody owns, and the phone is offered the call again.
      const cancel = await phone.request('CANCEL', invite.headers['call-id']);
      phone.respond(cancel, 200, 'OK');
      phone.respond(invite, 487, 'Request Terminated');
      await pickUp(phone);
      await talking(system, group.id);
    } };
  },
  forwarding: async ({ system }) => {
    const target = await system.agent();
    const phone = await system.phone(target);
    const queueId = await queueOf(system, []);
    const { value: { id: businessHoursId } } = await system.perform('businessHours.create', { name: system.name('never') });
    const user = system.name('forward');
    const { value: { id } } = await system.perform('workflow.create', { displayName: user, sipUser: user, active: true, defaultAction: { kind: 'queue', queueId }, businessHoursId, closedAction: { kind: 'sipUri', uri: `sip:${target.user}@${system.sip.domain}`, prompt: null } });
    const call = await callTo(system, user);
    const invite = await ring(phone);
    return { workflowId: id, ...call, outcome: ['forwarded'], close: () => closeAll(call.caller, phone), goesOn: async () => {
      const cancel = await phone.request('CANCEL', invite.headers['call-id']);
      phone.respond(cancel, 200, 'OK');
      phone.respond(invite, 487, 'Request Terminated');
      await pickUp(phone);
      await talking(system, id);
    } };
  },
  /** The media server does not answer: the phone has answered, and the two cannot be joined. */
  connecting: async ({ system, proxies }) => {
    const agent = await system.agent();
    const group = await system.group({ agentIds: [agent.id] });
    const phone = await system.phone(agent);
    const call = await callTo(system, group.user);
    const invite = await ring(phone);
    proxies?.media.set('stall');
    phone.respond(invite, 200, 'OK', audioSdp(40_002));
    return { workflowId: group.id, ...call, outcome: ['answered'], close: () => closeAll(call.caller, phone), meanwhile: async () => { proxies?.media.set('open'); }, goesOn: async () => { await talking(system, group.id); } };
  },
  talking: async ({ system }) => {
    const agent = await system.agent();
    const group = await system.group({ agentIds: [agent.id] });
    const phone = await system.phone(agent);
    const call = await callTo(system, group.user);
    await pickUp(phone);
    await talking(system, group.id);
    return { workflowId: group.id, ...call, outcome: ['answered'], close: () => closeAll(call.caller, phone), goesOn: async () => {
      if (phone.has(({ method }) => method === 'BYE')) throw new Error('the agent was hung up on');
      await talking(system, group.id);
    } };
  },
  transferring: async ({ system }) => {
    const [agent, target] = [await system.agent(), await system.agent()];
    const group = await system.group({ agentIds: [agent.id] });
    const [phone, other] = [await system.phone(agent), await system.phone(target)];
    const call = await callTo(system, group.user);
    const answered = await pickUp(phone);
    await talking(system, group.id);
    phone.send(phone.inDialog(answered.leg, 'REFER', undefined, { 'refer-to': `<sip:${target.user}@${system.sip.domain}>` }));
    const invite = await ring(other);
    return { workflowId: group.id, ...call, outcome: ['answered'], close: () => closeAll(call.caller, phone, other), goesOn: async () => {
      const cancel = await other.request('CANCEL', invite.headers['call-id']);
      other.respond(cancel, 200, 'OK');
      other.respond(invite, 487, 'Request Terminated');
      // Either the target is rung again, or the caller is back with the agent: nobody is left alone.
      await Promise.race([pickUp(other), talking(system, group.id)]);
      await talking(system, group.id);
    } };
  },
  leaving: async ({ system }) => {
    const queueId = await queueOf(system, []);
    const { value: { id: businessHoursId } } = await system.perform('businessHours.create', { name: system.name('never') });
    const user = system.name('closed');
    const { value: { id } } = await system.perform('workflow.create', { displayName: user, sipUser: user, active: true, defaultAction: { kind: 'queue', queueId }, businessHoursId, closedAction: { kind: 'disconnect', prompt: { text: LONG_TEXT, audio: null } } });
    const call = await callTo(system, user);
    return { workflowId: id, ...call, over: true, outcome: ['closed'], close: () => closeAll(call.caller), goesOn: async () => {
      const bye = await eventually('the message to end', () => call.caller.next('BYE', ({ method }) => method === 'BYE').catch(() => null));
      call.caller.respond(bye, 200, 'OK');
    } };
  },
  /** The caller has hung up, and the agent's phone does not answer the BYE. */
  ending: async ({ system }) => {
    const agent = await system.agent();
    const group = await system.group({ agentIds: [agent.id] });
    const phone = await system.phone(agent);
    const call = await callTo(system, group.user);
    const answered = await pickUp(phone);
    await talking(system, group.id);
    await call.caller.hangUp(call.leg);
    const bye = await phone.request('BYE', answered.invite.headers['call-id']);
    return { workflowId: group.id, ...call, over: true, outcome: ['answered'], close: () => closeAll(call.caller, phone), goesOn: async () => { phone.respond(bye, 200, 'OK'); } };
  },
};

/** What agents' phones do in each state, which the journal must say as well: together everything that a leg can be in. */
const LEGS: Readonly<Record<OnThePhone, readonly CallLeg['phase'][]>> = {
  arriving: [], welcoming: [], asking: [], queued: [], leaving: [],
  offering: ['ringing'], forwarding: ['ringing'], connecting: ['answered'], talking: ['answered'], transferring: ['answered', 'ringing'], ending: ['ending'],
};

// ── The kill ──

interface JournalDocument { readonly _id: string; readonly ended: boolean; readonly body: { readonly call?: { readonly workflowId?: string | null; readonly phase?: { readonly state?: string }; readonly legs?: readonly { readonly phase: string }[] } } | null }

/** Resolves when the journal says that the call of this workflow, and agents' legs with it, are in that state. */
async function inState({ system }: FaultSystem, workflowId: string, state: OnThePhone): Promise<void> {
  const journal: Collection<JournalDocument> = system.connection.db.collection<JournalDocument>('journalCalls');
  await eventually(`the journal to say ${state}`, async () => {
    const calls = await journal.find({ ended: false }).toArray();
    return calls.some(({ body }) => {
      const call = body?.call;
      return call?.workflowId === workflowId && call.phase?.state === state && call.legs?.map(({ phase }) => phase).sort().join() === LEGS[state].join();
    });
  });
}

/** One row a state; one system for all of them. `standby`: another engine takes over, else the same is started again. */
export async function killInEveryState(standby: boolean, options: { readonly states?: readonly OnThePhone[]; readonly told?: (row: Row) => void; readonly interrupted?: AbortSignal } = {}): Promise<readonly Row[]> {
  const faults = await startFaultSystem({ standby, proxied: true, rtpPorts: RTP_PORTS });
  try {
    const rows: Row[] = [];
    for (const state of options.states ?? CALL_STATES) {
      if (options.interrupted?.aborted === true) break;
      const row = await killInState(faults, state, standby);
      options.told?.(row);
      rows.push(row);
    }
    return rows;
  } finally {
    await faults.stop();
  }
}

async function killInState(faults: FaultSystem, state: OnThePhone, standby: boolean): Promise<Row> {
  const { system } = faults;
  const [failed, words]: [string[], string[]] = [[], []];
  let [records, lost, takeoverMs]: [number, number, number | null] = [0, 0, null];
  let driven: Driven | null = null;
  try {
    driven = await DRIVERS[state](faults);
    const { caller, leg, workflowId } = driven;
    await inState(faults, workflowId, state);
    const active = await faults.active();
    const taken = faults.takenOver(faults.epoch, TAKEOVER_LIMIT_MS);
    active.signal('SIGKILL');
    await driven.meanwhile?.();
    takeoverMs = await taken;
    await driven.goesOn();
    if (driven.over !== true) {
      if (caller.has(({ method }) => method === 'BYE')) throw new Error('the caller was hung up on');
      await caller.hangUp(leg);
    }
  } catch (fault) {
    lost = 1;
    failed.push(fault instanceof Error ? fault.message : String(fault));
  } finally {
    faults.proxies?.media.set('open');
  }
  if (driven !== null) {
    const { workflowId, outcome } = driven;
    if (lost > 0) driven.caller.send(driven.caller.inDialog(driven.leg, 'BYE'));
    const found = await eventually('the record', async () => {
      const all = await system.connection.db.collection<CallRecord>('records').find({ workflowId }).toArray();
      return all.length > 0 ? all : null;
    }).catch((): CallRecord[] => []);
    records = found.length;
    if (failed.length > 0) words.push(`recorded as ${found.map((one) => one.outcome).join(', ') || 'nothing'}`);
    if (records === 0) failed.push('no record');
    if (records > 1) failed.push('more than one record');
    for (const record of found) if (lost === 0 && !outcome.includes(record.outcome)) failed.push(`outcome ${record.outcome} in place of ${outcome.join(' or ')}`);
    await driven.close();
  }
  await eventually('an engine to be well', async () => (await faults.active()).isWell()).catch(() => { failed.push('no engine is well'); });
  if (standby) await eventually('two engines to be well', async () => (await Promise.all(faults.engines.map((engine) => engine.isWell()))).every((well) => well)).catch(() => { failed.push('no standby'); });
  return {
    fault: `engine: kill -9 while ${state}${LEGS[state].length === 0 ? '' : ` (agents: ${LEGS[state].join(', ')})`}, ${standby ? 'with standby' : 'alone'}`, calls: 1, records, lost: lost + (records === 0 && driven !== null ? 1 : 0), doubled: Math.max(0, records - 1), refused: 0, changes: 0, changesLost: 0,
    stuck: 0, outOfOrder: 0, silenceWaiting: 0, silenceTalking: 0, takeoverMs, lagMs: 0, failed, words,
  };
}

// Takes calls up that another engine left: what the edge says exists, joined with what the journal says it means.
import { type JournalEntry } from '../../storage/journal';
import { type Logger } from '../../storage/process/log';
import { type Carrier } from '../calls/carrier';
import { type MediaPort } from '../calls/ports';
import { type CallJournal } from '../core/journal';
import { type Arrival, type CoreEvent, type Now } from '../core/types';
import { type Adopted, standingOf } from '../sip/kept';
import { type Switchboard } from '../sip/switchboard';
import { promiseOf, wholeBodyOf } from './documents';
import { type Inventory } from './inventory';

export interface TakeUpDeps {
  readonly carrier: Pick<Carrier, 'adopt' | 'missing' | 'answeredMeanwhile' | 'acknowledged' | 'lost' | 'mediaLost' | 'arrivedAgain'>;
  readonly switchboard: Pick<Switchboard, 'adopt' | 'adoptCaller' | 'liveDialogs'>;
  readonly media: Pick<MediaPort, 'adopt'>;
  restore(call: CallJournal): void;
  tell(event: CoreEvent): void;
  /** The civil part in database time, as everything in the journal. */
  now(): Now;
  readonly log: Logger;
}

type GoneCause = 'hungUp' | 'cancelled' | 'failed' | 'endedByUs';

/** What was taken up. Nothing has been told to the core yet: that waits for the connection to the edge, so that what the core asks for can be done. */
export interface TakenUp {
  /** Calls that go on, and calls whose caller is gone. */
  readonly carried: number;
  readonly closed: number;
  /** Entries nobody can go on with; to be closed truthfully. */
  readonly unreadable: readonly JournalEntry[];
  /** Agents' dialogs that belong to no leg, as of who was asked to press 1 first. To be ended before any phone is rung, or an agent who is free by the journal would be rung in a call. */
  readonly strayLegs: readonly string[];
  /** Tells of callers who are gone: first, so that no phone rings for any of them. */
  tellGone(): void;
  /** Tells of legs that are gone, and of callers no journal knows. */
  tellRest(): void;
}

/** A call that goes on. The engine before may have heard of more than it had decided on, as one that stood still for a moment, or hands over. */
interface Here {
  readonly callId: string;
  readonly adopted: Adopted;
  readonly heard: readonly CoreEvent[];
  readonly deaf: boolean;
  /** Whether the caller has acknowledged, which the core does not know. */
  readonly acknowledged: boolean;
  /** Legs that were answered, which the core does not know. */
  readonly answered: readonly string[];
}

/** Before the connection to the edge is begun, so that no request of the network is early. */
export function takeUp(entries: readonly JournalEntry[], inventory: Inventory, deps: TakeUpDeps): TakenUp {
  const { carrier, switchboard, media, log } = deps;
  const standing = standingOf(inventory.dialogs.filter(({ state }) => state === 'confirmed'));
  const unreadable: JournalEntry[] = [];
  let promises = 0;
  const gone: { readonly callId: string; readonly adopted: Adopted; readonly heard: readonly CoreEvent[]; readonly cause: GoneCause }[] = [];
  const here: Here[] = [];
  const legs = new Map<string, readonly string[]>();
  for (const entry of entries) {
    const promise = promiseOf(entry);
    if (promise !== null) {
      deps.restore(promise);
      promises += 1;
      continue;
    }
    const body = wholeBodyOf(entry);
    if (body === null) {
      unreadable.push(entry);
      continue;
    }
    const { call, sip, room, heard } = body;
    const { callId } = call;
    deps.restore(call);
    carrier.adopt(callId, room);
    const deaf = body.media != null && !media.adopt(callId, body.media, deps.now().civil);
    const adopted = adoptedAs(call, switchboard.adopt(callId, sip, standing, deps.now()));
    legs.set(callId, call.legs.map(({ offerId }) => offerId));
    if (adopted.caller === 'gone') {
      gone.push({ callId, adopted, heard, cause: causeOf(sip.caller?.dialog.name.id ?? null, inventory) });
      continue;
    }
    const answered = call.legs.filter(({ offerId, phase }) => phase === 'ringing' && adopted.legs.has(offerId)).map(({ offerId }) => offerId);
    here.push({ callId, adopted, heard, deaf, answered, acknowledged: call.phase.state === 'arriving' && adopted.caller === 'up' && sip.caller?.state === 'up' });
  }
  const strays = straysOf(inventory, deps);
  const ours = switchboard.liveDialogs();
  const missing = new Map([...gone, ...here].map(({ callId, adopted }) => [callId, carrier.missing(callId, adopted.legs, legs.get(callId) ?? [])]));
  const lost = (callId: string, { caller }: Adopted, cause: GoneCause): void => { carrier.lost(callId, caller, missing.get(callId) ?? [], cause); };
  return {
    carried: promises + here.length + strays.length, closed: gone.length + unreadable.length, unreadable,
    strayLegs: [...standing.byId.values()].filter(({ id, role }) => role === 'uac' && !ours.has(id)).map(({ id }) => id),
    tellGone: () => {
      for (const { callId, adopted, heard, cause } of gone) {
        // What is told a second time below changes nothing.
        for (const event of heard) deps.tell(event);
        lost(callId, adopted, cause);
      }
    },
    tellRest: () => {
      for (const { callId, adopted, heard, answered, acknowledged } of here) {
        for (const event of heard) deps.tell(event);
        // First, so that nobody else is rung for this caller.
        for (const legId of answered) carrier.answeredMeanwhile(legId);
        if (acknowledged) carrier.acknowledged(callId, null);
        lost(callId, adopted, 'failed');
      }
      const deaf = here.filter((each) => each.deaf).map(({ callId }) => callId);
      if (deaf.length > 0) {
        log.warn({ calls: deaf.length }, 'what was kept of the sound of some calls cannot be read; their phones are asked anew');
        carrier.mediaLost(deaf);
      }
      for (const { arrival, at } of strays) carrier.arrivedAgain(arrival, at);
    },
  };
}

/** Of a caller who is being called back there is no dialog to be gone. */
export function adoptedAs({ phase }: Pick<CallJournal, 'phase'>, adopted: Adopted): Adopted { return phase.state === 'calling' ? { ...adopted, caller: 'awaited' } : adopted; }

/** Callers who were answered in the moment before the other engine ended: new arrivals, at the time of their INVITE. */
function straysOf({ dialogs }: Inventory, deps: TakeUpDeps): { readonly arrival: Arrival; readonly at: Date }[] {
  const { switchboard, log } = deps;
  const ours = switchboard.liveDialogs();
  return dialogs.flatMap(({ id, callId, localTag, remoteTag, role, state, arrival: told, createdAtMs }) => {
    if (role !== 'uas' || state !== 'confirmed' || told === null || ours.has(id)) return [];
    const arrival = switchboard.adoptCaller({ id, callId, localTag, remoteTag, arrival: told }, deps.now());
    if (arrival === null) log.warn({}, 'nobody can tell who a caller is whom no journal knows; the call is ended');
    return arrival === null ? [] : [{ arrival, at: new Date(createdAtMs) }];
  });
}

/** As the edge saw the caller's end; an edge that saw none has been started anew, and the call has ended with it. */
function causeOf(dialogId: string | null, { events }: Inventory): GoneCause {
  const cause = dialogId === null ? undefined : events.find(({ dialog }) => dialog === dialogId)?.cause;
  switch (cause) {
    case 'bye': return 'hungUp';
    case 'cancel': return 'cancelled';
    case undefined: return 'endedByUs';
    default: return 'failed';
  }
}

// An engine and its edge: the connection, what is made of its loss, and the comparing of what each of them knows.
//
//   down ─▶ decisions wait; people talk on, and the edge keeps what happens ─┬─ up ─▶ asked first what exists and what happened ─▶ decisions go on
//                                                                            └─ lost ─▶ every call is closed, agents are free ─▶ decisions go on
import { type Logger } from '../../storage/process/log';
import { type EdgeReport } from '../../storage/model/engine-report';
import { type Timers } from '../calls/ports';
import { Link, type LinkOptions } from '../sip/link';
import { type Registrar } from '../sip/registrar';
import { type Switchboard } from '../sip/switchboard';
import { type Trunks } from '../sip/trunks';
import { type EdgeLoss, EdgeWatch } from './edge-watch';
import { type EdgeInventory, type Inventory } from './inventory';
import { reconcileLegs, RESTARTED } from './reconcile';

export interface EdgeContactDeps {
  readonly edge: Omit<LinkOptions, 'tags'>;
  readonly inventory: EdgeInventory;
  readonly switchboard: Pick<Switchboard, 'request' | 'linkDown' | 'edgeLost' | 'caughtUp' | 'liveDialogs' | 'vanished'>;
  readonly registrar: Pick<Registrar, 'tellAll'>;
  readonly trunks: Pick<Trunks, 'linkUp' | 'linkDown'>;
  readonly timers: Timers;
  readonly log: Logger;
  civil(): Date;
  /** Nothing is decided from now on, until what is returned is called. */
  pause(): () => void;
  ownsAnchor(anchorId: string): boolean;
  releaseAnchor(anchorId: string): Promise<void>;
  /** What happened while no engine listened, each time it was asked for; before it is forgotten. */
  happened(events: Inventory['events']): void;
  /** `report` says something that people wait to see. */
  reported(): void;
  /** The edge has been out of reach for a while. */
  cutOff(): void;
}

/** What an engine takes up when it begins. */
export interface TakingUp {
  /** What exists, before the connection is begun; returns dialogs to be ended first. */
  exists(read: Inventory): readonly string[];
  /** Connected for the first time, and no request of the network has come yet. */
  firstUp(): void;
}

/** `catchUp`: an edge that takes requests, and does not say for so long what exists, holds nothing up any longer. */
const MS = { reconcileEvery: 60_000, reconcileRetry: 2_000, ask: 250, catchUp: 5_000, whileDown: 500 } as const;

const WORDS: Readonly<Record<EdgeLoss, string>> = {
  startedAnew: 'the edge was started anew, and its calls are no more',
  notRunning: 'the edge is not running, and its calls are no more',
  silent: 'nothing has been heard of the edge for so long that it is taken for lost, and its calls with it',
};

export class EdgeContact {
  private link: Link | null = null;
  private readonly watch: EdgeWatch;
  private unwatch: (() => void) | null = null;
  private goOn: (() => void) | null = null;
  private cancelReconcile: (() => void) | null = null;
  private cancelAsking: (() => void) | null = null;
  private cancelCatchUp: (() => void) | null = null;
  private stopped = false;
  report: EdgeReport;

  constructor(private readonly deps: EdgeContactDeps) {
    const { edge, timers } = deps;
    this.report = { address: `${edge.host}:${edge.port}`, connected: false, since: deps.civil(), dialogs: null, anchors: null };
    this.watch = new EdgeWatch({ timers, lost: (why) => { this.lost(why); }, cutOff: () => { deps.cutOff(); } });
  }

  get isUp(): boolean { return this.link?.isUp ?? false; }

  send(...[outgoing, outcome]: Parameters<Link['send']>): boolean {
    this.link?.send(outgoing, outcome);
    return this.link !== null;
  }

  /** Asks the edge what exists, as often as it takes, and only then connects to it: so no request comes for a call that is not known yet. */
  begin(epoch: number, taking: TakingUp): void {
    const { inventory, log } = this.deps;
    this.link = this.newLink(epoch, taking);
    inventory.read().then((read) => {
      if (this.stopped) return;
      // Known from here on, and nothing can be done for anybody before there is a connection.
      this.goOn ??= this.deps.pause();
      const strays = taking.exists(read);
      this.watch.begin(read.startedAtMs);
      this.unwatch = inventory.watch({ reached: (reach) => { this.watch.reached(reach); } });
      if (strays.length > 0) log.warn({ legs: strays.length }, 'agents talk whom no journal tells of; they are let go');
      // One that cannot be ended now is ended when both accounts are compared.
      void Promise.allSettled(strays.map((id) => inventory.end(id, RESTARTED))).then(() => { if (!this.stopped) this.link?.start(); });
    }, (fault: unknown) => {
      if (this.stopped) return;
      log.warn({ fault: wordsOf(fault) }, 'the edge could not be asked what exists; tried again');
      this.cancelAsking = this.deps.timers.after(MS.ask, () => { this.begin(epoch, taking); });
    });
  }

  /** Lets go of the edge without a word; nothing is told any more. */
  stop(): void {
    this.stopped = true;
    for (const cancel of [this.cancelReconcile, this.cancelAsking, this.cancelCatchUp, this.unwatch]) cancel?.();
    this.watch.stop();
    this.link?.stop();
  }

  private newLink(epoch: number, taking: TakingUp): Link {
    const { deps } = this;
    const { log, switchboard, trunks } = deps;
    let isFirst = true;
    return new Link({ ...deps.edge, tags: [`epoch:${epoch}`] }, {
      request: (incoming) => { switchboard.request(incoming); },
      up: () => {
        log.info({}, 'connected to the edge');
        this.watch.linkUp();
        this.report = { ...this.report, connected: true, since: deps.civil() };
        if (isFirst) {
          taking.firstUp();
          this.resume();
          this.reconcileAfter(0);
        } else this.catchUp();
        isFirst = false;
        trunks.linkUp();
      },
      // Or the core would have rung again at once what the edge takes back.
      breaks: () => { if (!this.stopped) this.goOn ??= deps.pause(); },
      down: () => {
        log.warn({}, 'the connection to the edge was lost');
        this.report = { ...this.report, connected: false, since: deps.civil() };
        this.cancelAsking?.();
        this.cancelCatchUp?.();
        trunks.linkDown();
        switchboard.linkDown();
        this.watch.linkDown();
        // Where the edge stands before a SIP server of its own, that one may be gone alone.
        this.reconcileAfter(MS.whileDown);
      },
      turnedAway: (reason) => { log.error({ reason }, 'the edge does not let this engine in: another holds it, or DRACHTIO_SECRET is not the same on both sides'); },
    }, deps);
  }

  private lost(why: EdgeLoss): void {
    const { deps } = this;
    deps.log.error({ why }, WORDS[why]);
    deps.switchboard.edgeLost();
    deps.reported();
    this.resume();
  }

  /** Back on an edge that kept everything: what happened there meanwhile comes before anything is decided. */
  private catchUp(): void {
    const { deps } = this;
    this.goOn ??= deps.pause();
    this.cancelCatchUp = deps.timers.after(MS.catchUp, () => { this.caughtUp(); });
    const ask = (): void => {
      deps.inventory.read().then(({ dialogs, events }) => {
        if (!this.isUp) return;
        deps.switchboard.caughtUp(new Map(events.map(({ dialog, cause }) => [dialog, cause])), new Map(dialogs.filter(({ state }) => state === 'confirmed').map((dialog) => [dialog.id, dialog])));
        this.caughtUp();
      }, () => { this.cancelAsking = deps.timers.after(MS.ask, ask); });
    };
    ask();
  }

  private caughtUp(): void {
    this.cancelCatchUp?.();
    this.cancelAsking?.();
    this.resume();
    this.deps.registrar.tellAll();
    this.reconcileAfter(0);
  }

  private resume(): void {
    const { goOn } = this;
    this.goOn = null;
    goOn?.();
  }

  private reconcileAfter(ms: number): void {
    this.cancelReconcile?.();
    this.cancelReconcile = this.deps.timers.after(ms, () => {
      this.reconcile().then(() => { this.again(this.isUp ? MS.reconcileEvery : MS.reconcileRetry); }, (fault: unknown) => {
        if (this.isUp) this.deps.log.warn({ fault: wordsOf(fault) }, 'the edge could not be asked what exists; tried again');
        this.again(MS.reconcileRetry);
      });
    });
  }

  private again(ms: number): void {
    if (!this.stopped) this.reconcileAfter(ms);
  }

  private async reconcile(): Promise<void> {
    const { deps } = this;
    const { inventory, switchboard } = deps;
    const { events, dialogs, anchors } = await inventory.read();
    if (this.stopped) return;
    this.report = { ...this.report, dialogs: dialogs.length, anchors: anchors.length };
    deps.happened(events);
    const last = events.at(-1);
    if (last !== undefined) await inventory.forget(last.sequence);
    await reconcileLegs({ ...deps, legs: switchboard, ownsAnchor: (anchorId) => deps.ownsAnchor(anchorId), releaseAnchor: (anchorId) => deps.releaseAnchor(anchorId) }, events);
    // Nothing is left to wait for.
    if (!this.isUp && switchboard.liveDialogs().size === 0) this.resume();
  }
}

function wordsOf(fault: unknown): string { return fault instanceof Error ? fault.message : String(fault); }

// The edge put together: media, SIP, and the two control ports, from nothing but its settings.
import { readFileSync } from 'node:fs';
import { type Logger } from '../../storage/process/log';
import { VERSION } from '../../storage/process/root';
import { DrachtioPort } from './control/drachtio-port';
import { InventoryPort } from './control/inventory';
import { type InventoryMessage } from './control/inventory-types';
import { dialogInfos } from './control/dialog-infos';
import { OwnerWatch } from './control/owner';
import { startMedia } from './media/server';
import { Networks } from './networks';
import { EDGE_VARIABLES, type EdgeSettings } from './settings';
import { machineClock } from './sip/clock';
import { ownCredentials } from './sip/own-certificate';
import { Gate, type GateOptions } from './sip/gate';
import { systemLookup } from './sip/hops';
import { SocketTransport, type TlsOptions } from './sip/transport';
import { UserAgent } from './sip/user-agent';

/** Who gets in: what is left out is as the environment has it by default. */
type TlsSettings = Pick<EdgeSettings, 'SIP_TLS_PORT' | 'SIP_TLS_CERTIFICATE' | 'SIP_TLS_KEY' | 'SIP_TLS_AUTHORITIES' | 'SIP_TLS_DIRECTORY'>;
type GateSettings = Pick<EdgeSettings, 'SIP_CALLERS' | 'SIP_STRANGERS' | 'SIP_SOURCE_RATE' | 'SIP_OVERLOAD_MS' | 'SIP_LOCKOUT_FAILURES' | 'SIP_LOCKOUT_SECONDS' | 'CONTROL_SOURCES'>;
/** Without MEDIA_THREADS no thread is begun. */
export type EdgeStart = Omit<EdgeSettings, 'LOG_LEVEL' | 'EDGE_HEALTH_PORT' | 'MEDIA_THREADS' | keyof GateSettings | keyof TlsSettings> & Partial<GateSettings> & Partial<TlsSettings> & { readonly MEDIA_THREADS?: number };

export interface Edge {
  readonly sipPort: number;
  /** Undefined where TLS is not spoken. */
  readonly tlsPort: number | undefined;
  readonly drachtioPort: number;
  readonly controlPort: number;
  readonly ngPort: number;
  /** Sizes and states for /healthz; nothing personal. */
  status(): Readonly<Record<string, unknown>>;
  close(): Promise<void>;
}

/** Starts everything; port 0 picks a free one. @throws the listen error of whichever port is taken, the rest closed again. */
export async function startEdge(settings: EdgeStart, log: Logger): Promise<Edge> {
  const opened: Array<() => Promise<void>> = [];
  const close = async (): Promise<void> => { for (const closing of opened.splice(0).reverse()) await closing(); };
  try {
    const media = await startMedia(settings, log);
    opened.push(() => media.close());

    const clock = machineClock(log);
    const allowed = new Networks(settings.CONTROL_SOURCES ?? []);
    const gate = new Gate({ clock, log, ...gateOptions(settings) });
    opened.push(async () => gate.close());
    let announce: (message: InventoryMessage) => void = () => undefined;
    let receive: UserAgent['receive'] = () => undefined;
    const transport = await SocketTransport.open({
      address: settings.SIP_ADDRESS, port: settings.SIP_PORT, externalAddress: settings.SIP_EXTERNAL_ADDRESS, log, clock, received: (message, flow) => receive(message, flow), hears: (address) => gate.hears(address),
      ...tlsOptions(settings, clock.civilMs()),
    });
    opened.push(() => transport.close());
    const owner = new OwnerWatch(clock, (event) => announce(event));
    const drachtio = new DrachtioPort({
      address: settings.DRACHTIO_ADDRESS, port: settings.DRACHTIO_PORT, secret: settings.DRACHTIO_SECRET, allowed, clock, log, sipHost: transport.host, sipPort: transport.port,
      owner, kept: (event) => announce(event),
    });
    const sip = new UserAgent({ transport, clock, log, lookup: systemLookup(log), listener: drachtio, gate });
    receive = (message, flow) => sip.receive(message, flow);
    opened.push(async () => sip.close());
    const drachtioPort = await drachtio.open(sip);
    opened.push(() => drachtio.close());

    const inventory = new InventoryPort({
      address: settings.DRACHTIO_ADDRESS, port: settings.EDGE_CONTROL_PORT, secret: settings.DRACHTIO_SECRET, allowed, version: VERSION, startedAtMs: clock.civilMs(),
      edge: `${transport.host}:${transport.port}`, owner,
      dialogs: () => dialogInfos(sip.dialogs.values(), (session) => drachtio.engines.has(session)), anchors: () => media.anchors(), events: () => drachtio.continuity.keptEvents,
      end: (dialog, reason) => sip.end(dialog, reason, 'asked'), forget: (upTo) => drachtio.continuity.forget(upTo), callersAre: (networks) => gate.callersAre(networks),
    });
    announce = (message) => inventory.announce(message);
    const controlPort = await inventory.open();
    opened.push(() => inventory.close());

    return {
      sipPort: transport.port, tlsPort: transport.tlsPort, drachtioPort, controlPort, ngPort: media.ngPort, close,
      status: () => ({
        engineConnected: drachtio.engines.connected, epoch: drachtio.engines.epoch, ...sip.sizes, held: drachtio.continuity.heldCount, connections: transport.connectionCount, anchors: media.anchors().length,
        ...gate.status,
      }),
    };
  } catch (fault) {
    await close();
    throw fault;
  }
}

function gateOptions(settings: Partial<GateSettings>): Omit<GateOptions, 'clock' | 'log'> {
  const { SIP_CALLERS, SIP_STRANGERS, SIP_SOURCE_RATE, SIP_OVERLOAD_MS, SIP_LOCKOUT_FAILURES, SIP_LOCKOUT_SECONDS } = EDGE_VARIABLES;
  return {
    callers: settings.SIP_CALLERS ?? SIP_CALLERS.schema.parse(undefined),
    strangers: settings.SIP_STRANGERS ?? SIP_STRANGERS.schema.parse(undefined),
    perSecond: settings.SIP_SOURCE_RATE ?? SIP_SOURCE_RATE.schema.parse(undefined),
    overloadMs: settings.SIP_OVERLOAD_MS ?? SIP_OVERLOAD_MS.schema.parse(undefined),
    lockoutFailures: settings.SIP_LOCKOUT_FAILURES ?? SIP_LOCKOUT_FAILURES.schema.parse(undefined),
    lockoutSeconds: settings.SIP_LOCKOUT_SECONDS ?? SIP_LOCKOUT_SECONDS.schema.parse(undefined),
  };
}

/** @throws Error for a certificate without its key, or the file system's error for a file that cannot be read. */
function tlsOptions(settings: Partial<TlsSettings> & Pick<EdgeStart, 'SIP_EXTERNAL_ADDRESS'>, nowMs: number): { readonly tls?: TlsOptions } {
  const { SIP_TLS_PORT: port, SIP_TLS_CERTIFICATE: certificate, SIP_TLS_KEY: key, SIP_TLS_AUTHORITIES: authorities } = settings;
  if (port === undefined) return {};
  if ((certificate === undefined) !== (key === undefined)) throw new Error('SIP_TLS_CERTIFICATE and SIP_TLS_KEY go together: set both, or neither for a certificate of our own.');
  const credentials = certificate !== undefined && key !== undefined ? { cert: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8') }
    : ownCredentials(settings.SIP_TLS_DIRECTORY ?? EDGE_VARIABLES.SIP_TLS_DIRECTORY.schema.parse(undefined), settings.SIP_EXTERNAL_ADDRESS, nowMs);
  return { tls: { port, ...credentials, ...(authorities === undefined ? {} : { ca: readFileSync(authorities, 'utf8') }) } };
}

// The media half of the edge: RTP anchors driven over the rtpengine NG protocol, and what the inventory says of them.
import { type Logger } from '../../../storage/process/log';
import { Networks } from '../networks';
import { AudioFiles } from './audio-files';
import { Commands } from './commands';
import { FreePorts } from './free-ports';
import { MediaThreads } from './media-threads';
import { type AnchorInfo, type MediaEvents, type MediaWork } from './media-work';
import { listenNg, type NgTransport } from './ng-transport';
import { PortPairs } from './port-pairs';

/** The part of the edge's environment that media reads. Port 0 for NG_PORT picks a free one (tests). */
export interface MediaSettings {
  readonly NG_ADDRESS: string;
  readonly NG_PORT: number;
  readonly RTP_PORT_MIN: number;
  readonly RTP_PORT_MAX: number;
  /** Only files inside this folder are played. */
  readonly MEDIA_DIRECTORY: string;
  /** Where RTP sockets are bound. */
  readonly SIP_ADDRESS: string;
  /** What stands in the c= lines of SDP. */
  readonly SIP_EXTERNAL_ADDRESS: string;
  /** How many threads carry RTP; 0, or left out: the one that calls carries it. */
  readonly MEDIA_THREADS?: number;
  /** Networks that NG is answered beside this machine. */
  readonly CONTROL_SOURCES?: readonly string[];
}

export interface MediaOptions {
  /** How node runs a thread's file when that is TypeScript. */
  readonly execArgv?: readonly string[];
  /** Threads die one after another. Thrown where nobody minds it, so that the process ends and is started again. */
  readonly lost?: (fault: Error) => void;
}

export interface MediaServer {
  /** Where NG listens, UDP and TCP alike. */
  readonly ngPort: number;
  anchors(): AnchorInfo[];
  /** Deletes an anchor whose call is over while no engine is there to say so. False when there was none. */
  forget(ngCallId: string): Promise<boolean>;
  close(): Promise<void>;
}

/** All threads together keep this much sound in memory. */
const CACHE_BYTES = 256 * 1024 * 1024;

/** Listens for NG over UDP and TCP. @throws the listen error, code EADDRINUSE when the port is taken, or what a thread died of before it was ready. */
export async function startMedia(settings: MediaSettings, log: Logger, options: MediaOptions = {}): Promise<MediaServer> {
  let ng: NgTransport | null = null;
  const work = await startWork(settings, log, options, {
    tell: (notice) => ng?.tell(notice),
    failed: (fault, callId) => log.error({ err: fault, callId }, 'an NG request failed in a way nobody thought of'),
    forgotten: () => ng?.disconnect(),
  });
  try {
    ng = await listenNg(settings.NG_ADDRESS, settings.NG_PORT, (request) => work.handle(request), log, new Networks(settings.CONTROL_SOURCES ?? []));
  } catch (fault) {
    await work.close();
    throw fault;
  }
  const listening = ng;
  return {
    ngPort: listening.port,
    anchors: () => work.list(),
    forget: async (ngCallId) => {
      const known = work.list().some(({ callId }) => callId === ngCallId);
      await work.handle(new Map([['command', 'delete'], ['call-id', ngCallId]]));
      return known;
    },
    close: async () => {
      await listening.close();
      await work.close();
    },
  };
}

/** `forgotten`: engines are to compare what they know with what there is, as after any connection that broke. */
async function startWork(settings: MediaSettings, log: Logger, options: MediaOptions, events: MediaEvents & { readonly forgotten: () => void }): Promise<MediaWork> {
  const { SIP_ADDRESS: address, SIP_EXTERNAL_ADDRESS: externalAddress, MEDIA_DIRECTORY: mediaDirectory, MEDIA_THREADS: count = 0 } = settings;
  const ports = FreePorts.ofRange(settings.RTP_PORT_MIN, settings.RTP_PORT_MAX);
  if (count === 0) return new Commands({ ...events, ports: new PortPairs(address, ports), files: new AudioFiles(mediaDirectory, CACHE_BYTES), address: externalAddress });
  return MediaThreads.start({
    ...events, count, ports, log, execArgv: options.execArgv ?? [],
    start: { address, externalAddress, mediaDirectory, cacheBytes: Math.floor(CACHE_BYTES / count) },
    lost: options.lost ?? ((fault) => { throw fault; }),
  });
}

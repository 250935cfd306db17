// The media half of the edge: RTP anchors driven over the rtpengine NG protocol, and what the inventory says of them.
import { type Logger } from '../../../storage/process/log';
import { AudioFiles } from './audio-files';
import { Commands } from './commands';
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
}

/** One anchor, as the edge's inventory tells it. */
export interface AnchorInfo {
  /** The NG call-id, which is the call id. */
  readonly callId: string;
  /** Civil time in milliseconds. */
  readonly createdAtMs: number;
  readonly playing: boolean;
  /** Local RTP ports in use. */
  readonly ports: readonly number[];
}

export interface MediaServer {
  /** Where NG listens, UDP and TCP alike. */
  readonly ngPort: number;
  anchors(): AnchorInfo[];
  /** Deletes an anchor whose call is over while no engine is there to say so. False when there was none. */
  forget(ngCallId: string): boolean;
  close(): Promise<void>;
}

/** Listens for NG over UDP and TCP. @throws the listen error, code EADDRINUSE when the port is taken. */
export async function startMedia(settings: MediaSettings, log: Logger): Promise<MediaServer> {
  let ng: NgTransport | null = null;
  const commands = new Commands({
    tell: (notice) => ng?.tell(notice),
    ports: new PortPairs(settings.SIP_ADDRESS, settings.RTP_PORT_MIN, settings.RTP_PORT_MAX),
    files: new AudioFiles(settings.MEDIA_DIRECTORY),
    address: settings.SIP_EXTERNAL_ADDRESS,
    log,
  });
  const listening = (ng = await listenNg(settings.NG_ADDRESS, settings.NG_PORT, (request) => commands.handle(request), log));
  return {
    ngPort: listening.port,
    anchors: () => [...commands.list()].map((anchor) => ({
      callId: anchor.callId,
      createdAtMs: anchor.createdAtMs,
      playing: anchor.sides.some((side) => side.isPlaying),
      ports: anchor.sides.map((side) => side.port),
    })),
    forget: (ngCallId) => commands.forget(ngCallId),
    close: async () => {
      await listening.close();
      commands.close();
    },
  };
}

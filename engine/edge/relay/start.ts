// The relay put together: drachtio-server behind, engines and who watches in front.
import { type Settings } from '../../../storage/process/environment';
import { type Logger } from '../../../storage/process/log';
import { VERSION } from '../../../storage/process/root';
import { InventoryPort } from '../control/inventory';
import { type InventoryMessage } from '../control/inventory-types';
import { OwnerWatch } from '../control/owner';
import { Networks } from '../networks';
import { machineClock } from '../sip/clock';
import { Relay } from './relay';
import { type RELAY_VARIABLES } from './settings';

export type RelayStart = Omit<Settings<typeof RELAY_VARIABLES>, 'LOG_LEVEL' | 'EDGE_HEALTH_PORT' | 'CONTROL_SOURCES'> & { readonly CONTROL_SOURCES?: readonly string[] };

export interface RunningRelay {
  readonly drachtioPort: number;
  readonly controlPort: number;
  /** Whether drachtio-server serves us. */
  connected(): boolean;
  /** Sizes and states for /healthz; nothing personal. */
  status(): Readonly<Record<string, unknown>>;
  close(): Promise<void>;
}

/** Starts everything; port 0 picks a free one. @throws the listen error of whichever port is taken, the rest closed again. */
export async function startRelay(settings: RelayStart, log: Logger): Promise<RunningRelay> {
  const clock = machineClock(log);
  let announce: (message: InventoryMessage) => void = () => undefined;
  const owner = new OwnerWatch(clock, (event) => announce(event));
  const allowed = new Networks(settings.CONTROL_SOURCES ?? []);
  const relay = new Relay({
    address: settings.DRACHTIO_ADDRESS, port: settings.DRACHTIO_PORT, secret: settings.DRACHTIO_SECRET, allowed, clock, log, owner, kept: (event) => announce(event),
    server: { host: settings.DRACHTIO_SERVER_HOST, port: settings.DRACHTIO_SERVER_PORT, secret: settings.DRACHTIO_SERVER_SECRET },
  });
  const drachtioPort = await relay.open();
  const inventory = new InventoryPort({
    address: settings.DRACHTIO_ADDRESS, port: settings.EDGE_CONTROL_PORT, secret: settings.DRACHTIO_SECRET, allowed, version: VERSION, startedAtMs: clock.civilMs(),
    edge: `${settings.DRACHTIO_SERVER_HOST}:${settings.DRACHTIO_SERVER_PORT}`, owner,
    // Media stands beside the relay, not behind it: who made an anchor knows it.
    dialogs: () => relay.dialogInfos(), anchors: () => [], events: () => relay.continuity.keptEvents,
    end: (dialog, reason) => relay.end(dialog, reason), forget: (upTo) => relay.continuity.forget(upTo),
  });
  announce = (message) => inventory.announce(message);
  try {
    const controlPort = await inventory.open();
    return {
      drachtioPort, controlPort, connected: () => relay.connected,
      status: () => ({ serverConnected: relay.connected, engineConnected: relay.engines.connected, epoch: relay.engines.epoch, held: relay.continuity.heldCount, ...relay.sizes }),
      close: async () => {
        await relay.close();
        await inventory.close();
      },
    };
  } catch (fault) {
    await relay.close();
    throw fault;
  }
}

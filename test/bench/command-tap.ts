// Counts what goes to a database and comes back: a TCP connection in between that reads the driver's messages (OP_MSG) as they pass.
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { BSON } from 'mongodb';

export interface CommandTap {
  /** The address to give to whoever is to be counted. */
  readonly uri: string;
  /** What passed since the last time this was asked: commands by name and collection, documents that came back, and bytes both ways. */
  taken(): { readonly commands: ReadonlyMap<string, number>; readonly documents: number; readonly bytes: number };
  close(): Promise<void>;
}

const HEADER_BYTES = 16;
const OP_MSG = 2013;
/** What drivers say by themselves, whatever anybody does. */
const OF_ITSELF: ReadonlySet<string> = new Set(['hello', 'ismaster', 'isMaster', 'endSessions', 'ping']);

/** Collections with a change stream on them, which asks again and again. */
const WATCHED: ReadonlySet<string> = new Set(['liveGroups']);

/** Puts each whole message of a connection's one direction before `see`. */
function messages(see: (message: Buffer) => void): (data: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (data) => {
    rest = Buffer.concat([rest, data]);
    while (rest.length >= HEADER_BYTES) {
      const length = rest.readInt32LE(0);
      if (rest.length < length) return;
      if (rest.readInt32LE(12) === OP_MSG) see(rest.subarray(0, length));
      rest = rest.subarray(length);
    }
  };
}

/** The body, which is what the first section is. */
const bodyOf = (message: Buffer): BSON.Document => BSON.deserialize(message.subarray(HEADER_BYTES + 5, HEADER_BYTES + 5 + message.readInt32LE(HEADER_BYTES + 5)));

export async function openCommandTap(uri: string): Promise<CommandTap> {
  const target = new URL(uri.replace(/^mongodb:/, 'http:'));
  let commands = new Map<string, number>();
  let [documents, bytes] = [0, 0];
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname);
    const asked = messages((message) => {
      const body = bodyOf(message);
      const [[name, collection] = ['', '']] = Object.entries(body);
      if (OF_ITSELF.has(name) || (name === 'getMore' && WATCHED.has(String(body['collection'])))) return;
      const key = typeof collection === 'string' ? `${name} ${collection}` : name;
      commands.set(key, (commands.get(key) ?? 0) + 1);
    });
    const answered = messages((message) => {
      const { cursor } = bodyOf(message) as { readonly cursor?: { readonly firstBatch?: readonly unknown[]; readonly nextBatch?: readonly unknown[] } };
      documents += (cursor?.firstBatch ?? cursor?.nextBatch ?? []).length;
    });
    for (const [from, to, look] of [[near, far, asked], [far, near, answered]] as const) {
      sockets.add(from);
      from.setNoDelay(true);
      from.on('data', (data: Buffer) => { bytes += data.length; to.write(data); look(data); });
      from.on('error', () => undefined);
      from.on('close', () => { sockets.delete(from); to.destroy(); });
    }
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const { port } = server.address() as AddressInfo;
  return {
    // Told directly: a replica set would tell the driver the address behind the tap.
    uri: `mongodb://127.0.0.1:${port}${target.pathname}?directConnection=true`,
    taken: () => {
      const passed = { commands, documents, bytes };
      [commands, documents, bytes] = [new Map(), 0, 0];
      return passed;
    },
    close: async () => {
      for (const one of sockets) one.destroy();
      await new Promise<void>((resolve) => { server.close(() => { resolve(); }); });
    },
  };
}

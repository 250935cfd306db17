// A media thread: carries out what it is asked, with sockets and a clock of its own, so that sending sound never holds up SIP.
import { parentPort, workerData } from 'node:worker_threads';
import { AudioFiles } from './audio-files';
import { Commands } from './commands';
import { FreePorts } from './free-ports';
import { text } from './ng-request';
import { PortPairs } from './port-pairs';
import { type FromThread, type ThreadStart, type ToThread } from './thread-messages';

function serve(port: NonNullable<typeof parentPort>, start: ThreadStart): void {
  const say = (message: FromThread): void => port.postMessage(message);
  const commands = new Commands({
    ports: new PortPairs(start.address, new FreePorts(start.ports), start.thread),
    files: new AudioFiles(start.mediaDirectory, start.cacheBytes),
    address: start.externalAddress,
    tell: (notice) => say({ kind: 'notice', notice }),
    failed: (fault, callId) => say({ kind: 'failed', fault: fault instanceof Error ? fault : String(fault), callId }),
    ended: (callId) => say({ kind: 'ended', callId, anchor: commands.anchor(callId) }),
  });
  port.on('message', (message: ToThread) => {
    if (message.kind === 'close') {
      commands.close();
      port.close();
      return;
    }
    const { id, request } = message;
    void commands.handle(request).then((reply) => say({ kind: 'reply', id, reply, anchor: commands.anchor(text(request, 'call-id') ?? '') }));
  });
  say({ kind: 'ready' });
}

if (!parentPort) throw new Error('A media thread is started by the edge.');
serve(parentPort, workerData as ThreadStart);

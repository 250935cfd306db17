// The process that renders sound, so that the engine never waits for it. One job at a time, answered by its number.
import { composeMusic } from './music';
import { renderMusic, renderRecording } from './recording';
import { type RenderAnswer, type RenderJob, type RenderRequest } from './renderer';
import { composeRingback } from './ringback';
import { renderSpoken, speak } from './speech';

if (!process.send) throw new Error('This file is run by the renderer.');
const send = process.send.bind(process);
// The engine is gone.
process.on('disconnect', () => process.exit(0));

// The voice looks for its files over HTTP first where it can, and complains when that fails.
Reflect.deleteProperty(globalThis, 'fetch');

process.on('message', ({ id, job }: RenderRequest) => {
  perform(job).then(
    (samples) => answer({ id, samples }),
    (fault: unknown) => answer({ id, fault: fault instanceof Error ? fault.message : String(fault) }),
  );
});

async function perform(job: RenderJob): Promise<Int16Array | null> {
  switch (job.kind) {
    case 'speech': return speak(job.text, job.voice);
    case 'spoken': return renderSpoken(job.file);
    case 'recording': return renderRecording(job.file);
    case 'loop': return renderMusic(job.file);
    case 'music': return composeMusic();
    case 'ringback': return composeRingback();
  }
}

function answer(message: RenderAnswer): void {
  // Each time it speaks, the voice adds listeners of its own to the process.
  process.removeAllListeners('uncaughtException');
  process.removeAllListeners('unhandledRejection');
  send(message);
}

// Audio files that objects name must have been kept: a prompt that cannot be played is noticed here, never at the call.
import { type ObjectChange, type ObjectKind } from '../model/configuration';
import { type AudioFile } from '../model/prompt';
import { promptsOfQueue, promptsOfWorkflow } from '../reach';
import { type Draft } from './draft';
import { faultOf, type Fault } from './results';

interface PlacedAudio { readonly field: string; readonly audio: AudioFile }

function audioIn({ kind, ...change }: ObjectChange, side: 'before' | 'after'): PlacedAudio[] {
  const object = { kind, object: change[side] } as { [K in ObjectKind]: { readonly kind: K; readonly object: (ObjectChange & { readonly kind: K })['after'] } }[ObjectKind];
  if (object.object === null) return [];
  const placed = (field: string, audio: AudioFile | null): PlacedAudio[] => (audio === null ? [] : [{ field, audio }]);
  switch (object.kind) {
    case 'workflows': return [...placed('music', object.object.music), ...promptsOfWorkflow(object.object).flatMap(({ field, prompt }) => placed(`${field}.audio`, prompt.audio))];
    case 'queues': return promptsOfQueue(object.object).flatMap(({ field, prompt }) => placed(`${field}.audio`, prompt.audio));
    case 'settings': return placed('defaultMusic', object.object.defaultMusic);
    default: return [];
  }
}

/** A fault for each audio file that the change adds and that is not there. */
export async function missingAudio(draft: Draft, change: ObjectChange): Promise<Fault[]> {
  const standing = new Set(audioIn(change, 'before').map((one) => one.audio.audioId));
  const added = audioIn(change, 'after').filter((one) => !standing.has(one.audio.audioId));
  const kept = await draft.keptAudio(added.map((one) => one.audio.audioId));
  return added.filter((one) => !kept.has(one.audio.audioId)).map(({ field, audio }) => faultOf(field, audio.fileName, 'audioMissing'));
}

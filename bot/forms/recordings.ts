// Where a recording can be put in a group: its welcome and music, each question's prompts, each target's message. Pure.
import { type AudioFile, type Prompt } from '../../storage/model/prompt';
import { type Workflow } from '../../storage/model/workflow';
import { type ObjectView, type WorkflowView } from '../../storage/administration/views';
import { type Reading } from './readings';
import { audioOf } from './object-form';
import { type Field } from './field';

/** `of`: the workflow, a question of it, or a queue. `key` names the place in words; `name` is the question's or queue's. */
export interface RecordingPlace { readonly id: string; readonly key: string; readonly name: string }
export interface PlacedRecording { readonly verb: 'workflow.change' | 'queue.change'; readonly id: string; readonly version: number; readonly changes: Readonly<Record<string, unknown>> }

const OF_QUESTION = ['prompt', 'invalidPrompt', 'noAnswerPrompt', 'fallback'] as const;
const OF_WORKFLOW = ['welcome', 'music', 'closedAction', 'holidayAction'] as const;
const OF_QUEUE = ['timeoutAction', 'overflowAction', 'noAgentsAction', 'leaveAction'] as const;

/** An action that is not set has no message to record. */
export function placesIn(view: WorkflowView): readonly RecordingPlace[] {
  const { workflow } = view;
  return [
    ...OF_WORKFLOW.map((field) => ({ id: `workflow:${field}`, key: field, name: '' })),
    ...workflow.questions.flatMap((question) => OF_QUESTION.filter((field) => field !== 'fallback' || question.fallback !== null).map((field) => ({ id: `question:${question.id}:${field}`, key: field, name: question.name }))),
    ...view.queues.filter((one) => one.rights.change).flatMap((one) => OF_QUEUE.filter((field) => one.object[field] !== null).map((field) => ({ id: `queue:${one.id}:${field}`, key: field, name: one.name }))),
  ];
}

/** What is to be changed so that the recording is heard there; `null` when there is no such place. Words that stand there stay beside it. */
export function placeRecording(view: WorkflowView, place: string, audio: AudioFile): PlacedRecording | null {
  const { workflow } = view;
  if (!placesIn(view).some((one) => one.id === place)) return null;
  const [kind = '', first = '', second = ''] = place.split(':');
  if (kind === 'workflow') return { verb: 'workflow.change', id: view.id, version: view.version, changes: { [first]: first === 'music' ? audio : recorded(workflow[first as keyof Workflow], audio) } };
  if (kind === 'question') {
    const questions = workflow.questions.map((one) => (one.id === first ? { ...one, [second]: recorded(one[second as keyof typeof one], audio) } : one));
    return { verb: 'workflow.change', id: view.id, version: view.version, changes: { questions } };
  }
  const queue: ObjectView<'queues'> | undefined = view.queues.find((one) => one.id === first);
  return queue ? { verb: 'queue.change', id: queue.id, version: queue.version, changes: { [second]: recorded(queue.object[second as keyof typeof queue.object], audio) } } : null;
}

/** A prompt, or an action with its prompt. */
function recorded(value: unknown, audio: AudioFile): unknown {
  if (typeof value === 'object' && value !== null && 'kind' in value) return { ...value, prompt: promptWith((value as { readonly prompt?: Prompt | null }).prompt ?? null, audio) };
  return promptWith(value as Prompt | null, audio);
}
const promptWith = (prompt: Prompt | null, audio: AudioFile): Prompt => ({ text: prompt?.text ?? '', audio });

/** Where a recording is heard, the form can take it out again, so that the words are spoken. */
export function withRecording(field: Field, value: unknown): Field {
  if (audioOf(value) === null || !field.inputs.some((input) => input.heard === true)) return field;
  return {
    ...field,
    inputs: [...field.inputs, { suffix: '-drop', look: 'toggle', label: 'dropRecording' }],
    markedAt: field.markedAt ?? field.inputs.at(-1)?.suffix ?? '',
    show: (shown) => ({ ...field.show(shown), '-drop': 'false' }),
    read: (typed, before): Reading<unknown> => field.read(typed, typed['-drop'] === 'true' ? silent(before) : before),
  };
}

function silent(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if ('kind' in value) return { ...value, prompt: silent((value as { readonly prompt?: unknown }).prompt ?? null) };
  return { ...value, audio: null };
}

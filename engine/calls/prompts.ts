// Makes ready what callers will hear before anybody calls, so that no call waits for speech or for a file.
import { type AnswerAction } from '../../storage/model/call-action';
import { type Configuration } from '../../storage/model/configuration';
import { type AudioFile, type Prompt } from '../../storage/model/prompt';
import { type Logger } from '../../storage/process/log';
import { callBackWords, confirmation } from './announcements';
import { type SoundPort } from './ports';
import { ENGINE_LANGUAGE, TEXTS } from './texts';

/** Something that may have to be heard: a prompt in a language, or music. */
export type Heard = { readonly kind: 'prompt'; readonly prompt: Prompt; readonly language: string } | { readonly kind: 'music'; readonly audio: AudioFile };

/**
 * Everything that may be heard under this configuration, each as often as it is mentioned. A queue's prompts are said in the language of the
 * workflow its caller came by, so in that of every workflow that leads there. Only places and waits are missing: there are too many.
 */
export function heardUnder(configuration: Configuration): Heard[] {
  const { workflows, agents, queues, settings } = configuration.objects;
  const heard: Heard[] = [];
  const confirms = [...agents.values()].some(({ contacts }) => contacts.some(({ confirm }) => confirm));
  const callsBack = [...queues.values()].some(({ callBackKey }) => callBackKey != null);
  for (const workflow of workflows.values()) {
    const { language } = workflow;
    const say = (prompt: Prompt | null): void => { if (prompt !== null) heard.push({ kind: 'prompt', prompt, language }); };
    say(workflow.welcome);
    for (const { prompt, invalidPrompt, noAnswerPrompt } of workflow.questions) [prompt, invalidPrompt, noAnswerPrompt].forEach(say);
    for (const action of actionsFrom(configuration, workflow.id)) say(action.prompt);
    if (workflow.music !== null) heard.push({ kind: 'music', audio: workflow.music });
    for (const promised of callsBack ? [true, false] : []) {
      const { text, language: spoken } = callBackWords(language, promised);
      heard.push({ kind: 'prompt', prompt: { text, audio: null }, language: spoken });
    }
    if (confirms) {
      const { text, language: spoken } = confirmation(language, workflow.displayName);
      heard.push({ kind: 'prompt', prompt: { text, audio: null }, language: spoken });
    }
  }
  for (const { defaultMusic } of settings.values()) if (defaultMusic !== null) heard.push({ kind: 'music', audio: defaultMusic });
  return [...heard, { kind: 'prompt', prompt: { text: TEXTS[ENGINE_LANGUAGE].phoneTest, audio: null }, language: ENGINE_LANGUAGE }];
}

/** The actions of a workflow, and those of every queue that it and its queues lead to, however far. */
function actionsFrom({ objects: { workflows, queues } }: Configuration, workflowId: string): AnswerAction[] {
  const workflow = workflows.get(workflowId);
  if (workflow === undefined) return [];
  const actions: AnswerAction[] = [workflow.closedAction, workflow.holidayAction, ...workflow.questions.flatMap(({ answers, fallback }) => [...answers.map(({ action }) => action), ...(fallback === null ? [] : [fallback])])];
  const toVisit = [...(workflow.defaultAction.kind === 'queue' ? [workflow.defaultAction.queueId] : []), ...queuesOf(actions)];
  const visited = new Set<string>();
  for (let queueId = toVisit.pop(); queueId !== undefined; queueId = toVisit.pop()) {
    const queue = queues.get(queueId);
    if (visited.has(queueId) || queue === undefined) continue;
    visited.add(queueId);
    const more = [queue.timeoutAction, queue.overflowAction, queue.leaveAction, ...(queue.noAgentsAction === null ? [] : [queue.noAgentsAction])];
    actions.push(...more);
    toVisit.push(...queuesOf(more));
  }
  return actions;
}

function queuesOf(actions: readonly AnswerAction[]): string[] { return actions.flatMap((action) => (action.kind === 'queue' ? [action.queueId] : [])); }

function nameOf(heard: Heard): string {
  if (heard.kind === 'music') return `music\n${heard.audio.audioId}`;
  // The audio file wins over the text, and sounds the same in every language.
  return heard.prompt.audio === null ? `${heard.language}\n${heard.prompt.text}` : heard.prompt.audio.audioId;
}

/** Asks for each sound once, one after the other; what cannot be had is asked for again when a call needs it. */
export class PromptsAhead {
  private asked = new Set<string>();
  private line: Promise<void> = Promise.resolve();

  constructor(private readonly sounds: Pick<SoundPort, 'prompt' | 'music'>, private readonly log: Logger) {}

  prepare(configuration: Configuration): void {
    const now = new Map(heardUnder(configuration).map((heard) => [nameOf(heard), heard]));
    for (const [name, heard] of now) {
      if (this.asked.has(name)) continue;
      this.line = this.line.then(async () => {
        try {
          await (heard.kind === 'music' ? this.sounds.music(heard.audio) : this.sounds.prompt(heard.prompt, heard.language));
        } catch (fault) {
          this.log.warn({ kind: heard.kind, fault: fault instanceof Error ? fault.message : String(fault) }, 'a sound could not be made ready ahead');
        }
      });
    }
    this.asked = new Set(now.keys());
  }

  /** Resolves when everything asked for so far is ready or has failed. */
  ready(): Promise<void> { return this.line; }
}

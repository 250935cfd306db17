// Renders what callers will be told before anybody calls, so that no call waits for speech.
import { type Configuration } from '../../storage/model/configuration';
import { type CallAction } from '../../storage/model/prompt';
import { type Logger } from '../../storage/process/log';
import { type SoundPort } from './ports';
import { ENGINE_LANGUAGE, TEXTS } from './texts';

export interface Spoken { readonly text: string; readonly language: string }

/** Everything that may have to be said under this configuration: welcomes, last messages, and the engine's own sentence. */
export function spokenTexts(configuration: Configuration): Spoken[] {
  const { workflows, queues } = configuration.objects;
  const ofAction = (action: CallAction): string[] => action.prompt === null ? [] : [action.prompt.text];
  const ofGroups = [...workflows.values()].flatMap(({ welcome, language, defaultAction }) => {
    const queue = queues.get(defaultAction.queueId);
    const texts = [...(welcome === null ? [] : [welcome.text]), ...(queue === undefined ? [] : [...ofAction(queue.timeoutAction), ...ofAction(queue.overflowAction)])];
    return texts.map((text) => ({ text, language }));
  });
  return [...ofGroups, { text: TEXTS[ENGINE_LANGUAGE].phoneTest, language: ENGINE_LANGUAGE }];
}

/** Asks for each text once, one after the other; a text that cannot be said is asked for again when a call needs it. */
export class PromptsAhead {
  private asked = new Set<string>();
  private line: Promise<void> = Promise.resolve();

  constructor(private readonly sounds: Pick<SoundPort, 'prompt'>, private readonly log: Logger) {}

  prepare(configuration: Configuration): void {
    const now = new Map(spokenTexts(configuration).map((spoken) => [`${spoken.language}\n${spoken.text}`, spoken]));
    for (const [key, spoken] of now) {
      if (this.asked.has(key)) continue;
      this.line = this.line.then(async () => {
        try {
          await this.sounds.prompt(spoken.text, spoken.language);
        } catch (fault) {
          this.log.warn({ language: spoken.language, fault: fault instanceof Error ? fault.message : String(fault) }, 'a text could not be rendered ahead');
        }
      });
    }
    this.asked = new Set(now.keys());
  }

  /** Resolves when everything asked for so far is rendered or has failed. */
  ready(): Promise<void> { return this.line; }
}

// Shows what is being done while things start: a live list in a terminal, plain lines elsewhere.
import { Listr } from 'listr2';

export interface Step<Context> {
  readonly title: string;
  /** `say` shows a few words beside the title. */
  readonly run: (context: Context, say: (words: string) => void) => Promise<void>;
}

/** Runs the steps one after another. @throws what a step throws; nothing after it is run */
export async function showProgress<Context>(context: Context, steps: ReadonlyArray<Step<Context>>): Promise<void> {
  const list = new Listr<Context, 'default', 'simple'>(
    steps.map(({ title, run }) => ({
      title,
      task: (given: Context, task: { title?: string }) => run(given, (words) => { task.title = `${title}: ${words}`; }).then(() => { task.title = title; }),
    })),
    { registerSignalListeners: false, exitOnError: true, renderer: 'default', fallbackRenderer: 'simple', rendererOptions: { showErrorMessage: false } },
  );
  await list.run(context);
}

// Shows what is being done while things start: a live list in a terminal, plain lines elsewhere.
import { Listr } from 'listr2';

export interface Step<Context> {
  readonly title: string;
  /** `say` shows a few words beside the title. */
  readonly run: (context: Context, say: (words: string) => void) => Promise<void>;
}

/** Runs the steps one after another. @throws what a step throws; nothing after it is run */
export async function showProgress<Context extends object>(context: Context, steps: ReadonlyArray<Step<Context>>): Promise<void> {
  if (!process.stdout.isTTY) {
    for (const { title, run } of steps) {
      process.stdout.write(`${title} …\n`);
      await run(context, (words) => void process.stdout.write(`${title}: ${words}\n`));
    }
    return;
  }
  const list = new Listr<Context, 'default', 'simple'>(
    steps.map(({ title, run }) => ({
      title,
      task: async (given, task) => {
        await run(given, (words) => { task.title = `${title}: ${words}`; });
        task.title = title;
      },
    })),
    // The fault's words are printed once, by whoever called.
    { registerSignalListeners: false, rendererOptions: { showErrorMessage: false } },
  );
  await list.run(context);
}
